//! Rows into an encoded request.

use otlp_core::trace::{SpanKind, StatusCode, TracesWriter};
use otlp_core::{SpanId, TraceId};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::row::{EXCEPTION_KEYS, Group, RowValue};
use crate::payload::{Payloads, SPANS, trace};

pub fn rows(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let groups = &payloads.groups;
    let mut writer = TracesWriter::new();
    write(&mut writer, groups);
    anyhow::ensure!(
        trace::request(groups) == prost::Message::decode(writer.encoded())?,
        "the writer and prost encode different spans"
    );
    let contest = Contest::new("write", "traces", SPANS, move || {
        writer.clear();
        write(&mut writer, groups);
        writer.encoded().len() as u64
    });
    let target = Target::gate(3.5).aim(10.0);
    Ok(vec![
        contest.against("fill prost types, encode", target, || {
            trace::request(groups).encode_to_vec().len() as u64
        }),
    ])
}

/// The same request as [`trace::request`], straight into the encoding.
pub fn write(writer: &mut TracesWriter, groups: &[Group]) {
    for pair in groups.chunk_by(|a, b| a.resource == b.resource) {
        let mut resource = writer.resource(|resource| {
            resource.attrs(pair[0].resource.iter().map(|(key, value)| (*key, value.as_str())));
        });
        for group in pair {
            let mut scope = resource.scope(group.scope, "0.3.0");
            for row in &group.rows {
                let mut span = scope.span();
                span.ids(
                    TraceId::from_bytes(row.trace),
                    SpanId::from_bytes(row.span),
                    row.parent.map(SpanId::from_bytes),
                );
                span.name(&row.name);
                span.kind(if row.is_server { SpanKind::Server } else { SpanKind::Client });
                span.times(row.start, row.end);
                for (key, value) in row.keys().iter().zip(&row.values) {
                    match value {
                        RowValue::Text(text) => span.attr(key, text.as_str()),
                        RowValue::Int(value) => span.attr(key, *value),
                    };
                }
                if let Some(values) = &row.exception {
                    let mut event = span.event(row.end, trace::EVENT_NAME);
                    for (key, value) in EXCEPTION_KEYS.iter().zip(values) {
                        event.attr(key, value.as_str());
                    }
                    span.status(StatusCode::Error, trace::ERROR);
                }
                if let Some((linked, parent)) = row.link {
                    span.link(TraceId::from_bytes(linked), SpanId::from_bytes(parent));
                }
                span.flags(1);
            }
        }
    }
}
