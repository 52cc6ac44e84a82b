//! Rows into prost's tree: what an exporter built on generated types does with each batch.

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::span::{Event, Link};
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::row::{EXCEPTION_KEYS, Group, RowValue, SpanRow};

pub const EVENT_NAME: &str = "exception";
pub const ERROR: &str = "failed";

/// Consecutive groups of one resource share its message.
pub fn request(groups: &[Group]) -> ExportTraceServiceRequest {
    let mut resource_spans: Vec<ResourceSpans> = Vec::new();
    for pair in groups.chunk_by(|a, b| a.resource == b.resource) {
        let attributes = pair[0].resource.iter().map(|(key, value)| attribute(key, string(value))).collect();
        resource_spans.push(ResourceSpans {
            resource: Some(Resource { attributes, ..Default::default() }),
            scope_spans: pair.iter().map(scope_spans).collect(),
            schema_url: String::new(),
        });
    }
    ExportTraceServiceRequest { resource_spans }
}

fn scope_spans(group: &Group) -> ScopeSpans {
    let scope = InstrumentationScope {
        name: group.scope.to_owned(),
        version: "0.3.0".to_owned(),
        ..Default::default()
    };
    ScopeSpans { scope: Some(scope), spans: group.rows.iter().map(span).collect(), schema_url: String::new() }
}

fn span(row: &SpanRow) -> Span {
    let values = row.values.iter().map(|value| match value {
        RowValue::Text(text) => string(text),
        RowValue::Int(value) => Value::IntValue(*value),
    });
    Span {
        trace_id: row.trace.to_vec(),
        span_id: row.span.to_vec(),
        parent_span_id: row.parent.map(|id| id.to_vec()).unwrap_or_default(),
        name: row.name.clone(),
        kind: if row.is_server { 2 } else { 3 },
        start_time_unix_nano: row.start,
        end_time_unix_nano: row.end,
        attributes: row.keys().iter().zip(values).map(|(key, value)| attribute(key.name(), value)).collect(),
        events: row.exception.iter().map(|values| event(row.end, values)).collect(),
        links: row.link.iter().map(|(trace, span)| link(trace, span)).collect(),
        status: row.exception.is_some().then(|| Status { message: ERROR.to_owned(), code: 2 }),
        flags: 1,
        ..Default::default()
    }
}

fn event(time: u64, values: &[String; 3]) -> Event {
    let attributes =
        EXCEPTION_KEYS.iter().zip(values).map(|(key, value)| attribute(key.name(), string(value))).collect();
    Event { time_unix_nano: time, name: EVENT_NAME.to_owned(), attributes, ..Default::default() }
}

fn link(trace: &[u8; 16], span: &[u8; 8]) -> Link {
    Link { trace_id: trace.to_vec(), span_id: span.to_vec(), ..Default::default() }
}

pub fn string(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}
