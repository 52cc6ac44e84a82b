//! prost's tree.

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, KeyValue, any_value::Value};
use otlp_core::proto::trace::v1::Span;

use crate::walk::{length, sum};

pub fn visit(request: &ExportTraceServiceRequest) -> u64 {
    sum(request.resource_spans.iter().map(|group| {
        let resource = group.resource.as_ref().map_or(0, |resource| {
            attributes(&resource.attributes).wrapping_add(resource.dropped_attributes_count.into())
        });
        let scopes = sum(group.scope_spans.iter().map(|inner| {
            let scope = inner.scope.as_ref().map_or(0, |scope| {
                (length(&scope.name) + length(&scope.version) + u64::from(scope.dropped_attributes_count))
                    .wrapping_add(attributes(&scope.attributes))
            });
            length(&inner.schema_url).wrapping_add(scope).wrapping_add(sum(inner.spans.iter().map(span)))
        }));
        length(&group.schema_url).wrapping_add(resource).wrapping_add(scopes)
    }))
}

fn span(span: &Span) -> u64 {
    let fields = length(&span.trace_id)
        + length(&span.span_id)
        + length(&span.trace_state)
        + length(&span.parent_span_id)
        + length(&span.name)
        + span.kind as u64
        + u64::from(span.dropped_attributes_count)
        + u64::from(span.dropped_events_count)
        + u64::from(span.dropped_links_count)
        + u64::from(span.flags);
    let events = sum(span.events.iter().map(|event| {
        (length(&event.name) + u64::from(event.dropped_attributes_count))
            .wrapping_add(event.time_unix_nano)
            .wrapping_add(attributes(&event.attributes))
    }));
    let links = sum(span.links.iter().map(|link| {
        (length(&link.trace_id) + length(&link.span_id) + length(&link.trace_state))
            .wrapping_add(u64::from(link.dropped_attributes_count) + u64::from(link.flags))
            .wrapping_add(attributes(&link.attributes))
    }));
    let status = span.status.as_ref().map_or(0, |status| length(&status.message) + status.code as u64);
    fields
        .wrapping_add(span.start_time_unix_nano)
        .wrapping_add(span.end_time_unix_nano)
        .wrapping_add(attributes(&span.attributes))
        .wrapping_add(events)
        .wrapping_add(links)
        .wrapping_add(status)
}

fn attributes(attributes: &[KeyValue]) -> u64 {
    sum(attributes
        .iter()
        .map(|attribute| length(&attribute.key).wrapping_add(attribute.value.as_ref().map_or(0, value))))
}

fn value(of: &AnyValue) -> u64 {
    match &of.value {
        Some(Value::StringValue(text)) => length(text),
        Some(Value::BoolValue(value)) => (*value).into(),
        Some(Value::IntValue(value)) => *value as u64,
        Some(Value::DoubleValue(value)) => value.to_bits(),
        Some(Value::BytesValue(bytes)) => length(bytes),
        Some(Value::ArrayValue(array)) => sum(array.values.iter().map(value)),
        Some(Value::KvlistValue(map)) => attributes(&map.values),
        _ => 0,
    }
}
