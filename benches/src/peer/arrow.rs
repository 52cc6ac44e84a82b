//! otel-arrow's pdata crate: views over encoded requests, and requests cut by bytes.

use bytes::Bytes;
use otel_arrow_dfe_config::SignalType;
use otel_arrow_dfe_pdata::OtlpProtoBytes;
use otel_arrow_dfe_pdata::otlp::batching::make_bytes_batches;
use otel_arrow_dfe_pdata::views::otlp::bytes::traces::RawTraceData;
use otel_arrow_dfe_pdata_views::views::common::{
    AnyValueView, AttributeView, InstrumentationScopeView, Str, ValueType,
};
use otel_arrow_dfe_pdata_views::views::resource::ResourceView;
use otel_arrow_dfe_pdata_views::views::trace::{
    EventView, LinkView, ResourceSpansView, ScopeSpansView, SpanView, StatusView, TracesView,
};

use crate::walk::{length, sum};

/// Visits every field; checks neither wire format nor texts.
pub fn visit(bytes: &[u8]) -> u64 {
    sum(RawTraceData::new(bytes).resources().map(|group| {
        let resource = group.resource().map_or(0, |resource| {
            attributes(resource.attributes()).wrapping_add(resource.dropped_attributes_count().into())
        });
        let scopes = sum(group.scopes().map(|inner| {
            let scope = inner.scope().map_or(0, |scope| {
                (text(scope.name()) + text(scope.version()) + u64::from(scope.dropped_attributes_count()))
                    .wrapping_add(attributes(scope.attributes()))
            });
            let spans = sum(inner.spans().map(|span| self::span(&span)));
            text(inner.schema_url()).wrapping_add(scope).wrapping_add(spans)
        }));
        text(group.schema_url()).wrapping_add(resource).wrapping_add(scopes)
    }))
}

/// Into requests of at most so many bytes; gives how many there are.
pub fn split(bytes: &Bytes, most: u64) -> anyhow::Result<usize> {
    let input = vec![OtlpProtoBytes::ExportTracesRequest(bytes.clone())];
    let parts = make_bytes_batches(SignalType::Traces, most.try_into().ok(), input);
    Ok(parts.map_err(|error| anyhow::anyhow!("{error}"))?.len())
}

fn text(text: Option<Str<'_>>) -> u64 {
    text.map_or(0, length)
}

fn span(span: &impl SpanView) -> u64 {
    let fields = span.trace_id().map_or(0, length)
        + span.span_id().map_or(0, length)
        + text(span.trace_state())
        + span.parent_span_id().map_or(0, length)
        + text(span.name())
        + span.kind() as u64
        + u64::from(span.dropped_attributes_count())
        + u64::from(span.dropped_events_count())
        + u64::from(span.dropped_links_count())
        + u64::from(span.flags().unwrap_or_default());
    let events = sum(span.events().map(|event| {
        (text(event.name()) + u64::from(event.dropped_attributes_count()))
            .wrapping_add(event.time_unix_nano().unwrap_or_default())
            .wrapping_add(attributes(event.attributes()))
    }));
    let links = sum(span.links().map(|link| {
        (link.trace_id().map_or(0, length) + link.span_id().map_or(0, length) + text(link.trace_state()))
            .wrapping_add(u64::from(link.dropped_attributes_count()))
            .wrapping_add(u64::from(link.flags().unwrap_or_default()))
            .wrapping_add(attributes(link.attributes()))
    }));
    let status = span.status().map_or(0, |status| text(status.message()) + status.status_code() as u64);
    fields
        .wrapping_add(span.start_time_unix_nano().unwrap_or_default())
        .wrapping_add(span.end_time_unix_nano().unwrap_or_default())
        .wrapping_add(attributes(span.attributes()))
        .wrapping_add(events)
        .wrapping_add(links)
        .wrapping_add(status)
}

fn attributes<A: AttributeView>(attributes: impl Iterator<Item = A>) -> u64 {
    sum(attributes.map(|attribute| {
        length(attribute.key()).wrapping_add(attribute.value().map_or(0, |value| self::value(&value)))
    }))
}

fn value<'v>(value: &impl AnyValueView<'v>) -> u64 {
    match value.value_type() {
        ValueType::Empty => 0,
        ValueType::String => text(value.as_string()),
        ValueType::Bool => value.as_bool().unwrap_or_default().into(),
        ValueType::Int64 => value.as_int64().unwrap_or_default() as u64,
        ValueType::Double => value.as_double().unwrap_or_default().to_bits(),
        ValueType::Bytes => value.as_bytes().map_or(0, length),
        ValueType::Array => value.as_array().map_or(0, |values| sum(values.map(|value| self::value(&value)))),
        ValueType::KeyValueList => value.as_kvlist().map_or(0, |entries| attributes(entries)),
    }
}
