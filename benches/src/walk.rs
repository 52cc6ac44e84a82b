//! Reading every field of a batch through views, into a sum that the other readers must reach too.

use otlp_core::Repeated;
use otlp_core::logs::LogsView;
use otlp_core::metrics::{DataView, ExemplarView, MetricsView, NumberPointView};
use otlp_core::trace::{SpanView, TracesView};
use otlp_core::value::{AttributeView, Attributes, ResourceView, ScopeView, ValueView};
use otlp_core::{Batch, Signal};

/// What a text or bytes field adds: its length.
#[inline]
pub fn length(of: impl AsRef<[u8]>) -> u64 {
    of.as_ref().len() as u64
}

#[inline]
pub fn sum(values: impl IntoIterator<Item = u64>) -> u64 {
    values.into_iter().fold(0, u64::wrapping_add)
}

/// What reading a text adds: its length, and what it takes to know that it is one.
pub trait Text {
    fn length(of: &str) -> u64;
}

/// As a parsed batch is read: nothing is left to be checked.
pub struct Parsed;

/// Checked as [`Batch::parse`] checks it.
pub struct Checked;

/// Checked by the standard library.
pub struct Standard;

impl Text for Parsed {
    #[inline]
    fn length(of: &str) -> u64 {
        length(of)
    }
}

impl Text for Checked {
    #[inline]
    fn length(of: &str) -> u64 {
        if otlp_core::__bench::is_text(of.as_bytes()) { length(of) } else { 0 }
    }
}

impl Text for Standard {
    #[inline]
    fn length(of: &str) -> u64 {
        std::str::from_utf8(of.as_bytes()).map_or(0, length)
    }
}

pub fn batch(batch: &Batch) -> u64 {
    match batch.signal() {
        Signal::Traces => batch.traces().map_or(0, traces::<Parsed>),
        Signal::Metrics => batch.metrics().map_or(0, metrics),
        Signal::Logs => batch.logs().map_or(0, logs),
        Signal::Profiles => 0,
    }
}

pub fn traces<T: Text>(traces: TracesView<'_>) -> u64 {
    sum(traces.resource_spans().iter().map(|group| {
        let scopes = sum(group.scope_spans().iter().map(|inner| {
            T::length(inner.schema_url())
                .wrapping_add(inner.scope().map_or(0, scope::<T>))
                .wrapping_add(sum(inner.spans().iter().map(span::<T>)))
        }));
        T::length(group.schema_url())
            .wrapping_add(group.resource().map_or(0, resource::<T>))
            .wrapping_add(scopes)
    }))
}

#[inline]
fn span<T: Text>(span: SpanView<'_>) -> u64 {
    let fields = length(span.trace_id_bytes())
        + length(span.span_id_bytes())
        + T::length(span.trace_state())
        + length(span.parent_span_id_bytes())
        + T::length(span.name())
        + span.kind_number() as u64
        + u64::from(span.dropped_attributes_count())
        + u64::from(span.dropped_events_count())
        + u64::from(span.dropped_links_count())
        + u64::from(span.flags());
    let events = sum(span.events().iter().map(|event| {
        (T::length(event.name()) + u64::from(event.dropped_attributes_count()))
            .wrapping_add(event.time())
            .wrapping_add(attributes::<T>(event.attributes()))
    }));
    let links = sum(span.links().iter().map(|link| {
        (length(link.trace_id_bytes()) + length(link.span_id_bytes()) + T::length(link.trace_state()))
            .wrapping_add(u64::from(link.dropped_attributes_count()) + u64::from(link.flags()))
            .wrapping_add(attributes::<T>(link.attributes()))
    }));
    let status = span.status().map_or(0, |status| T::length(status.message()) + status.code_number() as u64);
    fields
        .wrapping_add(span.start_time())
        .wrapping_add(span.end_time())
        .wrapping_add(attributes::<T>(span.attributes()))
        .wrapping_add(events)
        .wrapping_add(links)
        .wrapping_add(status)
}

fn resource<T: Text>(resource: ResourceView<'_>) -> u64 {
    attributes::<T>(resource.attributes()).wrapping_add(resource.dropped_attributes_count().into())
}

fn scope<T: Text>(scope: ScopeView<'_>) -> u64 {
    (T::length(scope.name()) + T::length(scope.version()) + u64::from(scope.dropped_attributes_count()))
        .wrapping_add(attributes::<T>(scope.attributes()))
}

#[inline]
fn attributes<T: Text>(attributes: Attributes<'_>) -> u64 {
    sum(attributes.iter().map(attribute::<T>))
}

#[inline]
fn attribute<T: Text>(attribute: AttributeView<'_>) -> u64 {
    T::length(attribute.key()).wrapping_add(value::<T>(attribute.value()))
}

#[inline]
fn value<T: Text>(of: ValueView<'_>) -> u64 {
    match of {
        ValueView::Str(text) => T::length(text),
        ValueView::Bool(value) => value.into(),
        ValueView::Int(value) => value as u64,
        ValueView::Double(value) => value.to_bits(),
        ValueView::Bytes(bytes) => length(bytes),
        ValueView::Array(array) => values::<T>(array.values()),
        ValueView::Map(map) => attributes::<T>(map.entries()),
        _ => 0,
    }
}

fn values<T: Text>(values: Repeated<'_, ValueView<'_>>) -> u64 {
    sum(values.iter().map(value::<T>))
}

pub fn logs(logs: LogsView<'_>) -> u64 {
    sum(logs.resource_logs().iter().map(|group| {
        let scopes = sum(group.scope_logs().iter().map(|inner| {
            let records = sum(inner.log_records().iter().map(|record| {
                (length(record.severity_text())
                    + length(record.trace_id_bytes())
                    + length(record.span_id_bytes()))
                .wrapping_add(record.time())
                .wrapping_add(record.observed_time())
                .wrapping_add(record.severity_number() as u64)
                .wrapping_add(record.flags().into())
                .wrapping_add(record.dropped_attributes_count().into())
                .wrapping_add(length(record.event_name()))
                .wrapping_add(record.body().map_or(0, value::<Parsed>))
                .wrapping_add(attributes::<Parsed>(record.attributes()))
            }));
            length(inner.schema_url())
                .wrapping_add(inner.scope().map_or(0, scope::<Parsed>))
                .wrapping_add(records)
        }));
        length(group.schema_url())
            .wrapping_add(group.resource().map_or(0, resource::<Parsed>))
            .wrapping_add(scopes)
    }))
}

pub fn metrics(metrics: MetricsView<'_>) -> u64 {
    sum(metrics.resource_metrics().iter().map(|group| {
        let scopes = sum(group.scope_metrics().iter().map(|inner| {
            let metrics = sum(inner.metrics().iter().map(|metric| {
                (length(metric.name()) + length(metric.description()) + length(metric.unit()))
                    .wrapping_add(attributes::<Parsed>(metric.metadata()))
                    .wrapping_add(metric.data().map_or(0, points))
            }));
            length(inner.schema_url())
                .wrapping_add(inner.scope().map_or(0, scope::<Parsed>))
                .wrapping_add(metrics)
        }));
        length(group.schema_url())
            .wrapping_add(group.resource().map_or(0, resource::<Parsed>))
            .wrapping_add(scopes)
    }))
}

fn points(data: DataView<'_>) -> u64 {
    match data {
        DataView::Gauge(gauge) => sum(gauge.points().iter().map(number)),
        DataView::Sum(sums) => sum(sums.points().iter().map(number))
            .wrapping_add(sums.temporality_number() as u64)
            .wrapping_add(sums.is_monotonic().into()),
        DataView::Histogram(histogram) => sum(histogram.points().iter().map(|point| {
            sum([point.start_time(), point.time(), point.count(), point.flags().into()])
                .wrapping_add(sum([point.sum(), point.min(), point.max()]
                    .into_iter()
                    .flatten()
                    .map(f64::to_bits)))
                .wrapping_add(sum(point.bucket_counts()))
                .wrapping_add(sum(point.explicit_bounds().map(f64::to_bits)))
                .wrapping_add(sum(point.exemplars().iter().map(exemplar)))
                .wrapping_add(attributes::<Parsed>(point.attributes()))
        }))
        .wrapping_add(histogram.temporality_number() as u64),
        DataView::ExponentialHistogram(histogram) => sum(histogram.points().iter().map(|point| {
            let buckets = [point.positive(), point.negative()].into_iter().flatten();
            sum([point.start_time(), point.time(), point.count(), point.zero_count(), point.flags().into()])
                .wrapping_add(sum([point.sum(), point.min(), point.max()]
                    .into_iter()
                    .flatten()
                    .map(f64::to_bits)))
                .wrapping_add(point.scale() as u64)
                .wrapping_add(point.zero_threshold().to_bits())
                .wrapping_add(sum(
                    buckets.map(|buckets| sum(buckets.bucket_counts()).wrapping_add(buckets.offset() as u64))
                ))
                .wrapping_add(sum(point.exemplars().iter().map(exemplar)))
                .wrapping_add(attributes::<Parsed>(point.attributes()))
        }))
        .wrapping_add(histogram.temporality_number() as u64),
        DataView::Summary(summary) => sum(summary.points().iter().map(|point| {
            sum([
                point.start_time(),
                point.time(),
                point.count(),
                point.sum().to_bits(),
                point.flags().into(),
            ])
            .wrapping_add(sum(point
                .quantiles()
                .iter()
                .map(|quantile| quantile.quantile().to_bits().wrapping_add(quantile.value().to_bits()))))
            .wrapping_add(attributes::<Parsed>(point.attributes()))
        })),
        _ => 0,
    }
}

#[inline]
fn number(point: NumberPointView<'_>) -> u64 {
    sum([point.start_time(), point.time(), point.flags().into()])
        .wrapping_add(point.as_double().map_or(0, f64::to_bits))
        .wrapping_add(point.as_int().map_or(0, |value| value as u64))
        .wrapping_add(sum(point.exemplars().iter().map(exemplar)))
        .wrapping_add(attributes::<Parsed>(point.attributes()))
}

fn exemplar(exemplar: ExemplarView<'_>) -> u64 {
    sum([exemplar.time(), length(exemplar.span_id_bytes()), length(exemplar.trace_id_bytes())])
        .wrapping_add(exemplar.as_double().map_or(0, f64::to_bits))
        .wrapping_add(exemplar.as_int().map_or(0, |value| value as u64))
        .wrapping_add(attributes::<Parsed>(exemplar.filtered_attributes()))
}
