//! The summary for people.

use std::io::{self, Write};

use anstyle::Style;

use super::{
    count::Counter,
    summary::{Report, Summary, timestamp},
};
use crate::{quantity, terminal::printable};

/// How many names or keys of one list are shown.
const TOP: usize = 10;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes files, then signals.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for file in &report.files {
        let wrapped = match file.codec {
            "none" => String::new(),
            codec => format!(" under {codec}"),
        };
        let size = match file.bytes {
            Some(bytes) if file.codec != "none" => {
                format!("{} ({} inside)", quantity::bytes(bytes), quantity::bytes(file.content_bytes))
            }
            _ => quantity::bytes(file.bytes.unwrap_or(file.content_bytes)),
        };
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}  {}{wrapped}, {size}, {}",
            printable(&file.name),
            file.format,
            quantity::counted(file.messages, "message"),
        )?;
    }
    for (signal, summary) in report.signals() {
        writeln!(out, "\n{BOLD}{signal}{BOLD:#}")?;
        let items = format!("{} {}", quantity::count(summary.items), signal.item_name());
        let bytes = quantity::bytes(summary.encoded_bytes);
        let each = summary
            .encoded_bytes
            .checked_div(summary.items)
            .map_or_else(String::new, |each| format!(", {each} B each"));
        line(out, "items", &format!("{items} in {}", quantity::counted(summary.messages, "message")))?;
        line(out, "encoded", &format!("{bytes}{each}"))?;
        for (name, number) in summary.numbers() {
            line(out, name, &quantity::count(number))?;
        }
        time(out, summary)?;
        let distinct = quantity::count(summary.distinct_resources.len() as u64);
        line(out, "resources", &format!("{} ({distinct} distinct)", quantity::count(summary.resources)))?;
        list(out, "services", &summary.services)?;
        list(out, "scopes", &summary.scopes)?;
        list(out, "names", &summary.names)?;
        list(out, "kinds", &summary.kinds)?;
        list(out, "resource attributes", &summary.resource_keys)?;
        list(out, "scope attributes", &summary.scope_keys)?;
        list(out, "item attributes", &summary.item_keys)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<10} {value}")
}

fn time(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    let Some((from, to)) = summary.times.get() else { return line(out, "time", "unknown") };
    let length = quantity::duration(to - from);
    line(out, "time", &format!("{} to {} ({length})", timestamp(from), timestamp(to)))
}

fn list(out: &mut impl Write, title: &str, counter: &Counter) -> io::Result<()> {
    let sorted = counter.sorted();
    let Some((_, most)) = sorted.first() else { return Ok(()) };
    let width = quantity::count(*most).len();
    writeln!(out, "  {title} ({})", quantity::count(counter.distinct() as u64))?;
    for (name, count) in sorted.iter().take(TOP) {
        writeln!(out, "    {:>width$}  {}", quantity::count(*count), printable(name))?;
    }
    if sorted.len() > TOP {
        writeln!(
            out,
            "    {DIM}{:>width$}  {} more{DIM:#}",
            "",
            quantity::count((sorted.len() - TOP) as u64)
        )?;
    }
    Ok(())
}
