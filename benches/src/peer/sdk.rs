//! `opentelemetry-otlp`, from the spans that the SDK hands to its exporter.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};

use crate::payload::row::{EXCEPTION_KEYS, Group, RowValue, SpanRow};
use crate::payload::trace::{ERROR, EVENT_NAME};

/// An exporter with the settings it comes with. Needs a runtime around it.
pub fn exporter(address: SocketAddr) -> anyhow::Result<SpanExporter> {
    Ok(SpanExporter::builder().with_tonic().with_endpoint(format!("http://{address}")).build()?)
}

pub async fn send(exporter: &SpanExporter, groups: &[Group]) -> anyhow::Result<()> {
    exporter.export(spans(groups)).await.map_err(|error| anyhow!("{error}"))
}

/// What the SDK's batch processor would hold: attributes as the application set them, with static keys.
fn spans(groups: &[Group]) -> Vec<SpanData> {
    groups
        .iter()
        .flat_map(|group| {
            let scope = InstrumentationScope::builder(group.scope).with_version("0.3.0").build();
            group.rows.iter().map(move |row| span(row, scope.clone()))
        })
        .collect()
}

fn span(row: &SpanRow, instrumentation_scope: InstrumentationScope) -> SpanData {
    let values = row.values.iter().map(|value| match value {
        RowValue::Text(text) => text.clone().into(),
        RowValue::Int(value) => opentelemetry::Value::I64(*value),
    });
    let attributes =
        row.keys().iter().zip(values).map(|(key, value)| KeyValue::new(key.name(), value)).collect();
    let mut events = SpanEvents::default();
    events.events.extend(row.exception.as_ref().map(|values| {
        let values =
            EXCEPTION_KEYS.iter().zip(values).map(|(key, value)| KeyValue::new(key.name(), value.clone()));
        Event::new(EVENT_NAME, time(row.end), values.collect(), 0)
    }));
    let mut links = SpanLinks::default();
    links.links.extend(row.link.map(|(trace, span)| Link::new(context(trace, span), Vec::new(), 0)));
    SpanData {
        span_context: context(row.trace, row.span),
        parent_span_id: row.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: if row.is_server { SpanKind::Server } else { SpanKind::Client },
        name: row.name.clone().into(),
        start_time: time(row.start),
        end_time: time(row.end),
        attributes,
        dropped_attributes_count: 0,
        events,
        links,
        status: if row.exception.is_some() { Status::error(ERROR) } else { Status::Unset },
        instrumentation_scope,
    }
}

fn context(trace: [u8; 16], span: [u8; 8]) -> SpanContext {
    let state = TraceState::default();
    SpanContext::new(TraceId::from_bytes(trace), SpanId::from_bytes(span), TraceFlags::SAMPLED, false, state)
}

fn time(nanoseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}
