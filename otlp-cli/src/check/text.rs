//! The report for people: by level, then by what is wrong, each key once with what to do and where.

use std::io::{self, Write};

use otlp::{
    Signal,
    check::{Finding, FindingId, Item, Level, Report},
};

use super::Outcome;
use crate::{
    quantity,
    render::{
        clean::clean,
        style::{BAD, DIM, GOOD, TITLE, WARN, heading, paint},
        text::clip,
    },
};

/// How many places of one finding are named.
const PLACES: usize = 2;
/// How many keys under one id are listed, unless all are asked for.
const KEYS: usize = 12;
const COLUMNS: usize = 100;

/// Findings of one id about one key.
struct Group<'a> {
    findings: Vec<&'a Finding>,
}

/// Writes findings, what was seen, and the verdict.
pub(super) fn write(outcome: &Outcome, all: bool, out: &mut impl Write) -> io::Result<()> {
    let report = &outcome.report;
    for level in Level::ALL {
        let findings: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.level() == level)
            .filter(|finding| all || !is_said_otherwise(finding, report))
            .collect();
        if findings.is_empty() {
            continue;
        }
        if level == Level::Information && !all {
            write!(out, "{}", information(&findings))?;
            continue;
        }
        write!(out, "{}", heading(&format!("{level}s"), "", COLUMNS))?;
        for (id, groups) in grouped(&findings) {
            write_id(id, &groups, all, out)?;
        }
        writeln!(out)?;
    }
    write_seen(report, out)?;
    writeln!(out, "{}", verdict(outcome))
}

/// Whether another finding says it better: a slip says that the attribute is unknown.
fn is_said_otherwise(finding: &Finding, report: &Report) -> bool {
    matches!(finding.id, FindingId::MissingAttribute | FindingId::ExtendsNamespace)
        && report.findings.iter().any(|other| {
            other.id == FindingId::MisspelledAttribute
                && other.key == finding.key
                && other.place == finding.place
        })
}

/// Findings by id and key, both in the order of the report.
fn grouped<'a>(findings: &[&'a Finding]) -> Vec<(FindingId, Vec<Group<'a>>)> {
    let mut ids: Vec<(FindingId, Vec<Group<'a>>)> = Vec::new();
    for finding in findings {
        if ids.last().is_none_or(|(id, _)| *id != finding.id) {
            ids.push((finding.id, Vec::new()));
        }
        let Some((_, groups)) = ids.last_mut() else { continue };
        match groups.last_mut() {
            Some(group)
                if group.findings[0].key == finding.key
                    && group.findings[0].suggestion == finding.suggestion =>
            {
                group.findings.push(finding);
            }
            _ => groups.push(Group { findings: vec![finding] }),
        }
    }
    ids
}

fn write_id(id: FindingId, groups: &[Group<'_>], all: bool, out: &mut impl Write) -> io::Result<()> {
    let style = if id.level() == Level::Violation { BAD } else { WARN };
    writeln!(out, "{}  {}", paint(style, id), paint(DIM, id.meaning()))?;
    let shown = if all { groups.len() } else { KEYS };
    for group in groups.iter().take(shown) {
        write_group(group, all, out)?;
    }
    if groups.len() > shown {
        writeln!(out, "  {}", paint(DIM, format!("and {} more; --all lists them", groups.len() - shown)))?;
    }
    Ok(())
}

fn write_group(group: &Group<'_>, all: bool, out: &mut impl Write) -> io::Result<()> {
    let first = group.findings[0];
    let times: u64 = group.findings.iter().map(|finding| finding.count).sum();
    writeln!(
        out,
        "  {} {}",
        clean(&clip(&first.message, 300)),
        paint(DIM, format!("({} ×)", quantity::count(times)))
    )?;
    if let Some(fix) = &first.suggestion {
        writeln!(out, "    {} {}", paint(GOOD, "fix:"), clean(&clip(fix, 300)))?;
    }
    let shown = if all { group.findings.len() } else { PLACES };
    for finding in group.findings.iter().take(shown) {
        let position =
            format!("{}, entry {}, {}", finding.first.input, finding.first.message, finding.first.path);
        let place = clean(&finding.place.to_string()).into_owned();
        writeln!(out, "    {place}  {}", paint(DIM, clean(&position)))?;
    }
    if group.findings.len() > shown {
        writeln!(out, "    {}", paint(DIM, format!("and {} more places", group.findings.len() - shown)))?;
    }
    Ok(())
}

/// Information as counts only.
fn information(findings: &[&Finding]) -> String {
    let mut text = heading("information", "--all lists it", COLUMNS);
    for (id, groups) in grouped(findings) {
        let keys = quantity::counted(groups.len() as u64, "kind");
        text += &format!("  {id}  {}\n", paint(DIM, format!("{keys}; {}", id.meaning())));
    }
    text + "\n"
}

/// What was looked at.
fn write_seen(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let statistics = &report.statistics;
    write!(out, "{}", heading("seen", "", COLUMNS))?;
    let items: Vec<String> = Signal::ALL
        .into_iter()
        .map(|signal| (statistics.items[signal as usize], signal.item_name()))
        .chain([(statistics.span_events, Item::SpanEvent.as_str()), (statistics.metrics, "metrics")])
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| {
            format!("{} {}{}", quantity::count(count), name, if name.ends_with('s') { "" } else { "s" })
        })
        .collect();
    writeln!(out, "  {}", if items.is_empty() { "nothing".to_owned() } else { items.join(", ") })?;
    let spans = statistics.items[Signal::Traces as usize];
    if spans > 0 {
        let matched = statistics.matches.certain + statistics.matches.likely;
        let types: Vec<String> = statistics
            .registry_spans
            .iter()
            .map(|(name, count)| format!("{name} {}", quantity::count(*count)))
            .collect();
        let list = if types.is_empty() { String::new() } else { format!(": {}", types.join(", ")) };
        writeln!(
            out,
            "  {} of {} spans matched with a definition{list}",
            quantity::count(matched),
            quantity::count(spans)
        )?;
    }
    if !statistics.namespaces.is_empty() {
        let list: Vec<String> = statistics
            .namespaces
            .iter()
            .map(|(name, coverage)| format!("{name} {}/{}", coverage.seen, coverage.known))
            .collect();
        writeln!(out, "  attributes of the registry by namespace: {}", list.join(", "))?;
    }
    if statistics.suppressed > 0 {
        writeln!(out, "  {} more findings were not kept", quantity::count(statistics.suppressed))?;
    }
    writeln!(out)
}

/// How it ends, in one line.
pub(super) fn verdict(outcome: &Outcome) -> String {
    let count =
        |level| outcome.report.findings.iter().filter(|finding| finding.level() == level).count() as u64;
    let violations = count(Level::Violation);
    let improvements = count(Level::Improvement);
    let known = match outcome.known {
        0 => String::new(),
        known => format!("; {} of the baseline left out", quantity::counted(known as u64, "finding")),
    };
    let text = format!(
        "{}, {}, {} of information{known}",
        quantity::counted(violations, "violation"),
        quantity::counted(improvements, "improvement"),
        quantity::counted(count(Level::Information), "finding"),
    );
    let style = match (violations, improvements) {
        (0, 0) => GOOD,
        (0, _) => TITLE,
        _ => BAD,
    };
    paint(style, text)
}
