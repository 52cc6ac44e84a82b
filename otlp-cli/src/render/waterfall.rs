//! One trace drawn in the terminal: a tree at the left, a time axis at the right.

use super::bar::interval;
use super::clean::clean;
use super::number::{count, date_time, duration, more, plural};
use super::style::{BAD, DIM, LINE, TITLE, WARN, paint, service};
use super::text::{cut, left, right, width};
use crate::view::trace::{Event, Span, Trace};

/// Columns of the durations at the right edge.
const DURATION: usize = 9;
/// Levels of indentation that are drawn; deeper spans stand at this one.
const DEEPEST: usize = 12;
/// Notes under one span: exceptions, status, links.
const NOTES: usize = 3;

/// The trace in `columns`, at most `rows` spans of it.
pub(crate) fn waterfall(trace: &Trace, columns: usize, rows: usize) -> String {
    let label = (columns * 9 / 20).clamp(30, 64);
    let axis = Axis::new(trace, columns.saturating_sub(label + DURATION + 2));
    let mut out = header(trace, columns);
    out += &format!("{}{}\n", " ".repeat(label + 1), axis.header());
    // For each level, whether a line runs down to a later sibling.
    let mut lines: Vec<bool> = Vec::new();
    let mut parents: Vec<usize> = Vec::new();
    for (index, span) in trace.spans.iter().take(rows).enumerate() {
        lines.truncate(span.depth);
        parents.truncate(span.depth);
        let caller = parents.last().copied();
        let tree = branch(&lines, span);
        lines.push(!span.last);
        parents.push(span.service);
        out += &row(trace, span, &tree, caller, label, &axis);
        let below = trace.spans.get(index + 1).is_some_and(|next| next.depth > span.depth);
        let indent = trunk(&lines, span.depth, below);
        for note in notes(span, &trace.id) {
            let text = cut(&note.text, columns.saturating_sub(width(&indent) + 4));
            out += &format!("  {}{}\n", paint(LINE, &indent), paint(note.style, text));
        }
    }
    let hidden = trace.spans.len().saturating_sub(rows) + trace.left_out;
    if hidden > 0 {
        out += &format!("  {}\n", paint(DIM, more(hidden, "span")));
    }
    out
}

fn header(trace: &Trace, columns: usize) -> String {
    let name = trace.spans.first().map_or("", |span| span.name.as_str());
    let errors = trace.spans.iter().filter(|span| span.error).count();
    let id = if trace.id.is_empty() { "(no trace id)" } else { &trace.id };
    let facts = [
        duration(trace.end.saturating_sub(trace.start)),
        plural(trace.spans.len() + trace.left_out, "span"),
        plural(trace.services.len(), "service"),
    ];
    let facts = facts.join(" · ");
    let errors = if errors > 0 { plural(errors, "error") } else { String::new() };
    let room = columns.saturating_sub(width(&facts) + width(&errors) + 5).max(8);
    let name = paint(TITLE, cut(&clean(name), room));
    let errors = if errors.is_empty() { errors } else { format!(" · {}", paint(BAD, errors)) };
    let mut out = format!("{name}  {facts}{errors}\n");
    out += &format!("{}\n", paint(DIM, format!("trace {id}  {} UTC", date_time(trace.start))));
    let mut used = 0;
    for (index, name) in trace.services.iter().enumerate() {
        let name = cut(&clean(name), 24);
        let size = width(&name) + 4;
        if used + size > columns {
            out += &paint(DIM, format!("+{} more", trace.services.len() - index));
            break;
        }
        used += size;
        out += &format!("{} {name}  ", paint(service(index), "■"));
    }
    out.truncate(out.trim_end().len());
    out.push_str("\n\n");
    out
}

/// The tree's lines in front of a span: `│  ├─ `.
fn branch(lines: &[bool], span: &Span) -> String {
    if span.depth == 0 {
        return String::new();
    }
    let mut out = String::new();
    for line in lines.iter().skip(1).take(DEEPEST - 1) {
        out += if *line { "│ " } else { "  " };
    }
    if span.depth > DEEPEST {
        out += &format!("+{} ", count((span.depth - DEEPEST) as u64));
        return out;
    }
    out + if span.last { "└ " } else { "├ " }
}

/// The tree's lines beside a note under a span of level `depth`.
fn trunk(lines: &[bool], depth: usize, below: bool) -> String {
    let mut out = String::new();
    for line in lines.iter().skip(1).take(depth.min(DEEPEST)) {
        out += if *line { "│ " } else { "  " };
    }
    if below && depth < DEEPEST {
        out.push_str("│ ");
    } else {
        out.push_str("  ");
    }
    out
}

fn row(trace: &Trace, span: &Span, tree: &str, caller: Option<usize>, label: usize, axis: &Axis) -> String {
    let colour = service(span.service);
    let mark = if span.error { paint(BAD, "✗ ") } else { "  ".to_owned() };
    let mut room = label.saturating_sub(2 + width(tree));
    let mut text = String::new();
    if caller != Some(span.service) {
        let name = cut(&clean(&trace.services[span.service]), room.saturating_sub(4).min(24));
        room = room.saturating_sub(width(&name) + 1);
        text += &format!("{} ", paint(colour, name));
    }
    let name = left(&clean(&span.name), room);
    text += &if span.error { paint(BAD, name) } else { name };
    let time = right(&duration(span.duration()), DURATION);
    let time = if span.error { paint(BAD, time) } else { paint(DIM, time) };
    format!("{mark}{}{text} {}{time}\n", paint(LINE, tree), axis.track(span))
}

/// A line under a span.
struct Note {
    style: anstyle::Style,
    text: String,
}

fn notes(span: &Span, own: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    let exceptions = || span.events.iter().filter(|event| is_exception(event));
    if span.error && !span.status.is_empty() && exceptions().count() == 0 {
        notes.push(Note { style: BAD, text: format!("! {}", clean(&span.status)) });
    }
    for event in exceptions() {
        let value =
            |key| event.attributes.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
        let text = format!("! {}: {}", clean(value("exception.type")), clean(value("exception.message")));
        notes.push(Note { style: BAD, text });
    }
    for event in span.events.iter().filter(|event| !is_exception(event)) {
        let mut text = format!("◆ {}", clean(&event.name));
        for (key, value) in &event.attributes {
            text += &format!("  {}={}", clean(key), clean(value));
        }
        notes.push(Note { style: DIM, text });
    }
    for (trace, span) in &span.links {
        let place = if *trace == own { "this trace".to_owned() } else { format!("trace {}", clean(trace)) };
        let text = format!("↪ linked to span {} of {place}", clean(span));
        notes.push(Note { style: DIM, text });
    }
    if let Some(oddity) = span.oddity {
        notes.insert(0, Note { style: WARN, text: format!("? {}", oddity.as_str()) });
    }
    let hidden = notes.len().saturating_sub(NOTES);
    notes.truncate(NOTES);
    if hidden > 0 {
        notes.push(Note { style: DIM, text: more(hidden, "note") });
    }
    notes
}

/// Whether an event tells of an exception.
pub(crate) fn is_exception(event: &Event) -> bool {
    event.name == "exception"
}

/// The time axis: where nanoseconds of the trace stand among the columns.
struct Axis {
    start: u64,
    length: u64,
    columns: usize,
    /// Columns and labels of the ticks.
    ticks: Vec<(usize, String)>,
}

impl Axis {
    fn new(trace: &Trace, columns: usize) -> Self {
        let length = trace.end.saturating_sub(trace.start).max(1);
        let step = nice_step(length, (columns / 9).clamp(2, 8) as u64);
        let ticks = (0..)
            .map(|index| step.saturating_mul(index))
            .take_while(|at| *at < length)
            .map(|at| ((at as f64 / length as f64 * columns as f64) as usize, round_duration(at)))
            .take_while(|(column, _)| *column < columns)
            .collect();
        Self { start: trace.start, length, columns, ticks }
    }

    fn share(&self, time: u64) -> f64 {
        time.saturating_sub(self.start) as f64 / self.length as f64
    }

    fn header(&self) -> String {
        let mut out = String::new();
        for (column, label) in &self.ticks {
            let label = format!("│{label}");
            let used = width(&out);
            if *column >= used && column + width(&label) <= self.columns {
                out += &" ".repeat(column - used);
                out += &label;
            }
        }
        paint(DIM, left(&out, self.columns))
    }

    /// The span's bar among the grid lines, with its events on it.
    fn track(&self, span: &Span) -> String {
        let start = if span.start == 0 { self.start } else { span.start };
        let (blank, bar) = interval(self.share(start), self.share(span.end.max(start)), self.columns);
        let bar: Vec<char> = bar.chars().collect();
        // Whether an exception, or at least an event, stands in a column.
        let mut events: Vec<Option<bool>> = vec![None; self.columns];
        for event in &span.events {
            let column = (self.share(event.time).clamp(0.0, 1.0) * self.columns as f64) as usize;
            if let Some(mark) = events.get_mut(column.min(self.columns.saturating_sub(1))) {
                *mark = (*mark).max(Some(is_exception(event)));
            }
        }
        let colour = service(span.service);
        let mut out = String::new();
        let mut run = String::new();
        let mut run_style = LINE;
        for (column, event) in events.into_iter().enumerate() {
            let (c, style) = match event {
                Some(true) => ('◆', BAD),
                Some(false) => ('◆', colour.bold()),
                None => match column.checked_sub(blank).and_then(|index| bar.get(index)) {
                    Some(&part) => (part, colour),
                    None if self.ticks.iter().any(|(tick, _)| *tick == column) => ('┊', LINE),
                    None => (' ', LINE),
                },
            };
            if style != run_style && !run.is_empty() {
                out += &paint(run_style, std::mem::take(&mut run));
            }
            run_style = style;
            run.push(c);
        }
        out + &paint(run_style, run)
    }
}

/// A tick's label: no more digits than it needs.
fn round_duration(nanos: u64) -> String {
    let exact = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")]
        .into_iter()
        .find(|(unit, _)| nanos >= *unit && nanos.is_multiple_of(*unit));
    match exact {
        Some((unit, name)) if nanos / unit < 10_000 => format!("{} {name}", nanos / unit),
        _ if nanos == 0 => "0".to_owned(),
        _ => duration(nanos),
    }
}

/// The smallest of 1, 2, 5, 10, 20, ... that cuts `length` into at most `parts`.
fn nice_step(length: u64, parts: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let candidate = step.saturating_mul(factor);
            if length / candidate <= parts || candidate == u64::MAX {
                return candidate;
            }
        }
        step = step.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(nice_step(1_240_000_000, 4), 500_000_000);
        assert_eq!(nice_step(1, 4), 1);
        assert_eq!(nice_step(u64::MAX, 2), 10_000_000_000_000_000_000);
        assert_eq!(round_duration(250_000_000), "250 ms");
        assert_eq!(round_duration(0), "0");
    }
}
