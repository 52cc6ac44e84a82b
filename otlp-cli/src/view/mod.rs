//! `otlp view`: telemetry files as pictures, in the terminal or in one page.

pub(crate) mod distribution;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod log;
pub(crate) mod metric;
pub(crate) mod profile;
pub(crate) mod trace;

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use otlp::{Batch, Signal};

use self::trace::{Summary, assemble, summaries};
use crate::exit::{Exit, Failure};
use crate::render::clean::clean;
use crate::render::html::{Page, page};
use crate::render::number::{self, count, date_time, duration, plural};
use crate::render::style::{BAD, DIM, heading, paint};
use crate::render::table::Table;
use crate::render::text::cut;
use crate::render::value::hex;
use crate::render::waterfall::waterfall;
use crate::render::{log as log_lines, metric as metric_lines, profile as profile_lines};
use crate::source;
use crate::terminal::{say, stdout};

/// Show telemetry files: a trace as a waterfall, metrics, logs and profiles.
///
/// Without --trace, the trace that promises most is drawn: errors first, then many services, then many spans. With --html, all goes
/// into one page that needs nothing else and can be attached to a ticket.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ViewArgs {
    /// Files of any format that `otlp receive` writes; `-` is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Draw this trace, and show only its logs; the first digits of the id are enough.
    #[arg(long, value_name = "ID", value_parser = trace_id)]
    trace: Option<String>,

    /// Write one self-contained page instead.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Signal of binary files whose name does not tell it.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,
}

const EXAMPLES: &str = "\
Examples:
  otlp view traces.jsonl logs.jsonl
  otlp view capture-traces.zst --trace 4bf92f35 --html trace.html";

/// Traces in the list of others.
const OTHERS: usize = 8;
/// Rows of a waterfall in the terminal.
const ROWS: usize = 200;
/// Metrics in the terminal, and series of each.
const METRICS: usize = 40;
const SERIES: usize = 3;
/// Log records in the terminal.
const LOGS: usize = 40;
/// Profiles in the terminal, and functions of each.
const PROFILES: usize = 5;
const FUNCTIONS: usize = 10;
/// Spans in a page: of one trace, and of all together, of which the first trace is always one.
const PAGE_SPANS_OF_ONE: usize = 100_000;
const PAGE_SPANS: usize = 20_000;
/// Traces and log records in a page.
const PAGE_TRACES: usize = 500;
const PAGE_LOGS: usize = 5_000;

/// Hex digits of a trace id, or the first of them.
fn trace_id(text: &str) -> Result<String, String> {
    let ok = !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ok { Ok(text.to_ascii_lowercase()) } else { Err("a trace id is 1 to 32 hex digits".to_owned()) }
}

/// Columns to draw in: the terminal's, within what reads well; 100 where stdout is none.
pub(crate) fn columns() -> usize {
    if !std::io::stdout().is_terminal() {
        return 100;
    }
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(80, 160)
}

impl ViewArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let mut batches = Vec::new();
        for file in &self.files {
            for batch in source::open(file, self.signal, None)? {
                batches.push(batch.map_err(source::failure)?);
            }
        }
        let traces = summaries(&batches);
        let chosen = match &self.trace {
            Some(wanted) => Some(find(&traces, wanted)?),
            None => traces.first(),
        };
        let Some(path) = &self.html else {
            let mut out = stdout();
            out.write_all(terminal(&batches, &traces, chosen, self.trace.is_some(), columns()).as_bytes())?;
            out.flush()?;
            return Ok(Exit::Done);
        };
        let names: Vec<String> = self.files.iter().map(|file| source_name(file)).collect();
        let facts: Vec<String> = facts(&batches);
        // The chosen trace alone if it was asked for, else it and the others.
        let ids: Vec<&[u8]> = match (&self.trace, chosen) {
            (Some(_), Some(chosen)) => vec![&chosen.id],
            _ => traces.iter().map(|trace| trace.id.as_slice()).collect(),
        };
        write_page(path, &names.join(", "), &facts, &batches, &ids)?;
        say!("wrote {}", path.display());
        Ok(Exit::Done)
    }
}

fn source_name(file: &Path) -> String {
    if source::is_dash(file) { "stdin".to_owned() } else { file.display().to_string() }
}

/// Items of each signal, in words.
pub(crate) fn facts(batches: &[Batch]) -> Vec<String> {
    let mut facts = Vec::new();
    for signal in Signal::ALL {
        let items: usize = batches.iter().filter(|batch| batch.signal() == signal).map(Batch::items).sum();
        if items > 0 {
            facts.push(format!("{} {}", count(items as u64), signal.item_name()));
        }
    }
    facts
}

/// The trace whose id begins with `wanted`.
fn find<'a>(traces: &'a [Summary], wanted: &str) -> Result<&'a Summary, Failure> {
    let mut found = traces.iter().filter(|trace| hex(&trace.id).starts_with(wanted));
    match (found.next(), found.count()) {
        (Some(trace), 0) => Ok(trace),
        (Some(_), more) => {
            Err(Failure::usage(format!("{} traces begin with {wanted}", more + 1)).hint("give more digits"))
        }
        (None, _) => {
            let failure = Failure::new(Exit::Failed, format!("no trace begins with {wanted}"));
            Err(match traces.first() {
                Some(first) => {
                    failure.hint(format!("leave --trace out to see a list, or try {}", hex(&first.id)))
                }
                None => failure.hint("the files hold no spans"),
            })
        }
    }
}

/// Everything as text for a terminal.
fn terminal(
    batches: &[Batch],
    traces: &[Summary],
    chosen: Option<&Summary>,
    only: bool,
    columns: usize,
) -> String {
    let mut out = String::new();
    if let Some(chosen) = chosen {
        let note = plural(traces.len(), "trace");
        out += &heading("Trace", &note, columns);
        for trace in assemble(batches, &[&chosen.id], PAGE_SPANS_OF_ONE) {
            out += &waterfall(&trace, columns, ROWS);
        }
        let others: Vec<&Summary> = traces.iter().filter(|trace| trace.id != chosen.id).collect();
        if !only && !others.is_empty() {
            out.push('\n');
            out += &heading("Other traces", "--trace ID draws one", columns);
            out += &list(&others, columns);
        }
    }
    let metrics = metric::collect(batches);
    if !metrics.is_empty() && !only {
        gap(&mut out);
        out += &heading("Metrics", &plural(metrics.len(), "metric"), columns);
        for metric in metrics.iter().take(METRICS) {
            out += &metric_lines::metric(metric, columns, SERIES);
        }
        out += &more(metrics.len(), METRICS, "metric");
    }
    let wanted = chosen.filter(|_| only).map(|chosen| hex(&chosen.id));
    let (logs, left_out) =
        log::collect(batches, LOGS, |id| wanted.as_ref().is_none_or(|wanted| id == wanted));
    if !logs.is_empty() {
        gap(&mut out);
        let services = chosen.and_then(|chosen| assemble(batches, &[&chosen.id], ROWS).pop());
        let services = services.map_or_else(Vec::new, |trace| trace.services);
        out += &heading("Logs", &plural(logs.len() + left_out, "record"), columns);
        out += &log_lines::logs(&logs, &services, columns);
        out += &more(logs.len() + left_out, LOGS, "record");
    }
    let profiles = profile::collect(batches);
    if !profiles.is_empty() && !only {
        gap(&mut out);
        out += &heading("Profiles", &plural(profiles.len(), "profile"), columns);
        for profile in profiles.iter().take(PROFILES) {
            out += &profile_lines::profile(profile, columns, FUNCTIONS);
        }
        out += &more(profiles.len(), PROFILES, "profile");
    }
    if out.is_empty() {
        out.push_str("nothing to show: the files hold no items\n");
    }
    out
}

fn gap(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

fn more(all: usize, shown: usize, what: &str) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        rest => format!("{}\n", paint(DIM, number::more(rest, what))),
    }
}

fn list(traces: &[&Summary], columns: usize) -> String {
    let mut table = Table::default();
    for trace in traces.iter().take(OTHERS) {
        let id = hex(&trace.id);
        let errors = if trace.errors > 0 { paint(BAD, plural(trace.errors, "error")) } else { String::new() };
        table.row([
            paint(DIM, if id.is_empty() { "(no trace id)" } else { &id }),
            cut(&clean(&trace.name), columns.saturating_sub(78).max(10)),
            plural(trace.spans, "span"),
            plural(trace.services, "service"),
            duration(trace.duration),
            errors,
        ]);
    }
    table.render(2, if columns < 90 { 1 } else { 2 }) + &more(traces.len(), OTHERS, "trace")
}

/// Writes one page with the traces `ids`, as far as they fit, and all other signals.
pub(crate) fn write_page(
    path: &Path,
    title: &str,
    facts: &[String],
    batches: &[Batch],
    ids: &[&[u8]],
) -> anyhow::Result<()> {
    let known = summaries(batches);
    let sizes: HashMap<&[u8], usize> = known.iter().map(|trace| (trace.id.as_slice(), trace.spans)).collect();
    let mut fitting: Vec<&[u8]> = Vec::new();
    let mut room = PAGE_SPANS;
    for id in ids {
        let spans = sizes.get(id).copied().unwrap_or(0);
        if fitting.is_empty() || (spans <= room && fitting.len() < PAGE_TRACES) {
            room = room.saturating_sub(spans);
            fitting.push(id);
        }
    }
    let traces = assemble(batches, &fitting, PAGE_SPANS_OF_ONE);
    let metrics = metric::collect(batches);
    let (logs, more_logs) = log::collect(batches, PAGE_LOGS, |_| true);
    let profiles = profile::collect(batches);
    let mut left_out = Vec::new();
    if known.len() > traces.len() {
        let others = plural(known.len() - traces.len(), "trace");
        left_out.push(format!("{others} left out: the page holds {} of {}", traces.len(), known.len()));
    }
    for trace in traces.iter().filter(|trace| trace.left_out > 0) {
        left_out.push(format!("{} of trace {} left out", plural(trace.left_out, "span"), trace.id));
    }
    if more_logs > 0 {
        left_out.push(format!("{} left out", plural(more_logs, "log record")));
    }
    let mut facts = facts.to_vec();
    if let Some(start) = known.iter().map(|trace| trace.start).filter(|start| *start != 0).min() {
        facts.push(format!("from {} UTC", date_time(start)));
    }
    let text = page(&Page {
        title,
        facts: &facts,
        traces: &traces,
        metrics: &metrics,
        logs: &logs,
        profiles: &profiles,
        left_out: &left_out,
    });
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
