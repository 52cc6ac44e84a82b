//! The page's data: traces as JSON arrays that the script draws from.

use std::fmt::Write as _;

use super::escape::json;
use crate::render::number::date_time;
use crate::render::value::hex;
use crate::view::trace::{Span, Trace};

/// Longest attribute value in a page, in characters.
const LONGEST: usize = 1_000;

/// All traces as one JSON array.
pub(crate) fn traces(traces: &[Trace]) -> String {
    let mut out = String::from("[");
    for (index, trace) in traces.iter().enumerate() {
        if index > 0 {
            out.push_str(",\n");
        }
        let services: Vec<String> = trace.services.iter().map(|name| json(name)).collect();
        let _ = write!(
            out,
            "{{\"id\":{},\"at\":{},\"length\":{},\"omitted\":{},\"services\":[{}],\"spans\":[",
            json(&trace.id),
            json(&date_time(trace.start)),
            trace.end.saturating_sub(trace.start),
            trace.left_out,
            services.join(",")
        );
        for (index, item) in trace.spans.iter().enumerate() {
            if index > 0 {
                out.push_str(",\n");
            }
            span(item, trace.start, &mut out);
        }
        out.push_str("]}");
    }
    out.push(']');
    out
}

/// `[depth, service, name, start, duration, error, id, kind, status, scope, attributes, events, links, oddity]`, times in
/// nanoseconds since the trace's start.
fn span(span: &Span, start: u64, out: &mut String) {
    let begin = if span.start == 0 { start } else { span.start };
    let _ = write!(
        out,
        "[{},{},{},{},{},{},{},{},{},{},",
        span.depth,
        span.service,
        json(&span.name),
        begin.saturating_sub(start),
        span.end.saturating_sub(begin),
        u8::from(span.error),
        json(&hex(&span.id)),
        json(&span.kind.to_string()),
        json(&span.status),
        json(&span.scope),
    );
    pairs(&span.attributes, out);
    out.push_str(",[");
    for (index, event) in span.events.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, "{comma}[{},{},", event.time.saturating_sub(start), json(&event.name));
        pairs(&event.attributes, out);
        out.push(']');
    }
    out.push_str("],");
    pairs(&span.links, out);
    let _ = write!(out, ",{}]", json(span.oddity.map_or("", |oddity| oddity.as_str())));
}

fn pairs(pairs: &[(String, String)], out: &mut String) {
    out.push('[');
    for (index, (key, value)) in pairs.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, "{comma}[{},{}]", json(key), json(&crate::render::text::clip(value, LONGEST)));
    }
    out.push(']');
}
