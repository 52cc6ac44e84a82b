//! buffa 0.9: owned messages, eager views, and lazy views with a visit of everything.

use buffa::{DecodeError, LazyMessageView as _, Message as _, MessageView as _, ViewEncode as _};

use crate::walk::{length, sum};

#[allow(warnings, clippy::all, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/buffa/mod.rs"));
}

use generated::opentelemetry::proto::collector::trace::v1 as collector;
use generated::opentelemetry::proto::common::v1 as common;
use generated::opentelemetry::proto::trace::v1 as trace;

use common::__buffa::view::oneof::any_value::Value;

/// Decodes into owned messages.
pub fn owned(bytes: &[u8]) -> Result<collector::ExportTraceServiceRequest, DecodeError> {
    collector::ExportTraceServiceRequest::decode_from_slice(bytes)
}

/// Decodes into a view that checks all and borrows strings; gives the number of resources.
pub fn eager(bytes: &[u8]) -> Result<u64, DecodeError> {
    let view = collector::__buffa::view::ExportTraceServiceRequestView::decode_view(bytes)?;
    Ok(view.resource_spans.len() as u64)
}

/// An eager view, for encoding it again.
pub struct View<'a>(collector::__buffa::view::ExportTraceServiceRequestView<'a>);

impl<'a> View<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        collector::__buffa::view::ExportTraceServiceRequestView::decode_view(bytes).map(Self)
    }

    pub fn encode(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// Encodes owned messages.
pub fn encode(message: &collector::ExportTraceServiceRequest) -> Vec<u8> {
    message.encode_to_vec()
}

/// Decodes lazily and visits every field.
pub fn lazy(bytes: &[u8]) -> Result<u64, DecodeError> {
    let request = collector::__buffa::lazy_view::ExportTraceServiceRequestLazyView::decode_lazy(bytes)?;
    let mut total = 0u64;
    for group in request.resource_spans.iter() {
        let group = group?;
        total = total.wrapping_add(length(group.schema_url));
        if let Some(resource) = group.resource.get()? {
            total = total
                .wrapping_add(attributes(&resource.attributes)?)
                .wrapping_add(resource.dropped_attributes_count.into());
        }
        for inner in group.scope_spans.iter() {
            let inner = inner?;
            total = total.wrapping_add(length(inner.schema_url));
            if let Some(scope) = inner.scope.get()? {
                total = total
                    .wrapping_add(length(scope.name) + length(scope.version))
                    .wrapping_add(scope.dropped_attributes_count.into())
                    .wrapping_add(attributes(&scope.attributes)?);
            }
            for span in inner.spans.iter() {
                total = total.wrapping_add(self::span(&span?)?);
            }
        }
    }
    Ok(total)
}

fn span(span: &trace::__buffa::lazy_view::SpanLazyView<'_>) -> Result<u64, DecodeError> {
    let mut total = length(span.trace_id)
        + length(span.span_id)
        + length(span.trace_state)
        + length(span.parent_span_id)
        + length(span.name)
        + span.kind.to_i32() as u64
        + u64::from(span.dropped_attributes_count)
        + u64::from(span.dropped_events_count)
        + u64::from(span.dropped_links_count)
        + u64::from(span.flags);
    total = total
        .wrapping_add(span.start_time_unix_nano)
        .wrapping_add(span.end_time_unix_nano)
        .wrapping_add(attributes(&span.attributes)?);
    for event in span.events.iter() {
        let event = event?;
        total = total
            .wrapping_add(length(event.name) + u64::from(event.dropped_attributes_count))
            .wrapping_add(event.time_unix_nano)
            .wrapping_add(attributes(&event.attributes)?);
    }
    for link in span.links.iter() {
        let link = link?;
        total = total
            .wrapping_add(length(link.trace_id) + length(link.span_id) + length(link.trace_state))
            .wrapping_add(u64::from(link.dropped_attributes_count) + u64::from(link.flags))
            .wrapping_add(attributes(&link.attributes)?);
    }
    if let Some(status) = span.status.get()? {
        total = total.wrapping_add(length(status.message) + status.code.to_i32() as u64);
    }
    Ok(total)
}

fn attributes(
    attributes: &buffa::LazyRepeatedView<'_, common::__buffa::lazy_view::KeyValueLazyView<'_>>,
) -> Result<u64, DecodeError> {
    let mut total = 0u64;
    for attribute in attributes.iter() {
        let attribute = attribute?;
        let value =
            attribute.value.get()?.and_then(|value| value.value).map_or(0, |value| self::value(&value));
        total = total.wrapping_add(length(attribute.key)).wrapping_add(value);
    }
    Ok(total)
}

fn value(value: &Value<'_>) -> u64 {
    match value {
        Value::StringValue(text) => length(text),
        Value::BoolValue(value) => (*value).into(),
        Value::IntValue(value) => *value as u64,
        Value::DoubleValue(value) => value.to_bits(),
        Value::BytesValue(bytes) => length(bytes),
        Value::ArrayValue(array) => {
            sum(array.values.iter().map(|value| value.value.as_ref().map_or(0, self::value)))
        }
        Value::KvlistValue(map) => sum(map.values.iter().map(|entry| {
            let value = entry.value.as_option().and_then(|value| value.value.as_ref());
            length(entry.key).wrapping_add(value.map_or(0, self::value))
        })),
        _ => 0,
    }
}
