//! Telemetry for tests.

use otlp::logs::{LogsWriter, Severity};
use otlp::metrics::{MetricsWriter, Temporality};
use otlp::profiles::{Function, Line, Location, ProfilesWriter, Sample};
use otlp::trace::{SpanKind, StatusCode, TracesWriter};
use otlp::{Batch, SpanId, TraceId};

/// 2026-01-01 12:00:00 UTC.
pub(crate) const NOON: u64 = 1_767_268_800_000_000_000;
/// Milliseconds in nanoseconds.
pub(crate) const MS: u64 = 1_000_000;

/// The trace of [`spans`].
pub(crate) fn trace() -> TraceId {
    TraceId::from_bytes([7; 16])
}

/// A span id.
pub(crate) fn id(number: u8) -> SpanId {
    SpanId::from_bytes([0, 0, 0, 0, 0, 0, 0, number])
}

/// One span of [`spans`]: id, parent, start and length in milliseconds.
pub(crate) type Row = (u8, u8, u64, u64);

/// A trace of spans with these ids, parents (0 for none), starts and lengths.
pub(crate) fn spans(rows: &[Row]) -> Batch {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "shop");
    });
    let mut scope = resource.scope("test", "");
    for &(own, parent, start, length) in rows {
        let parent = (parent != 0).then(|| id(parent));
        let start = NOON + start * MS;
        let mut span = scope.span();
        span.ids(trace(), id(own), parent).name(&format!("span {own}")).times(start, start + length * MS);
    }
    writer.finish()
}

/// All signals, with `text` wherever text can stand.
pub(crate) fn hostile(text: &str) -> Vec<Batch> {
    let mut traces = TracesWriter::new();
    let mut resource = traces.resource(|resource| {
        resource.attr("service.name", text).attr(text, text);
    });
    let mut scope = resource.scope(text, text);
    for number in 1..=2 {
        let parent = (number > 1).then(|| id(1));
        let mut span = scope.span();
        span.ids(trace(), id(number), parent).name(text).kind(SpanKind::Server).times(NOON, NOON + 5 * MS);
        span.attr(text, text).attr("list", &[text, text]).status(StatusCode::Error, text);
        span.event(NOON, text).attr(text, text);
        span.event(NOON, "exception").attr("exception.type", text).attr("exception.message", text);
        span.link(trace(), id(9)).attr(text, text);
    }

    let mut metrics = MetricsWriter::new();
    let mut resource = metrics.resource(|resource| {
        resource.attr("service.name", text);
    });
    let mut scope = resource.scope(text, text);
    let mut sum = scope.metric(text).unit(text).description(text).sum(Temporality::Cumulative, true);
    sum.point(1).times(NOON, NOON + MS).attr(text, text);
    let mut histogram = scope.metric(text).unit(text).histogram(Temporality::Delta);
    histogram.point(3).times(NOON, NOON + MS).buckets(&[1.0], &[1, 2]).attr(text, text);

    let mut logs = LogsWriter::new();
    let mut resource = logs.resource(|resource| {
        resource.attr("service.name", text);
    });
    let mut scope = resource.scope(text, text);
    scope
        .record()
        .times(NOON, NOON)
        .severity(Severity::Unspecified, text)
        .body(text)
        .attr(text, text)
        .ids(trace(), id(1));
    scope.record().times(NOON, NOON).event_name(text).body_map().attr(text, text);

    let mut profiles = ProfilesWriter::new();
    let mut resource = profiles.resource(|resource| {
        resource.attr("service.name", text);
    });
    let mut scope = resource.scope(text, text);
    let mut profile = scope.profile(text, text);
    profile.times(NOON, MS);
    let tables = profile.dictionary();
    let name = tables.string(text);
    let function = tables.function(&Function { name, ..Function::default() });
    let line = Line { function, line: 1, column: 0 };
    let location = tables.location(&Location { lines: &[line], ..Location::default() });
    let stack = tables.stack(&[location]);
    profile.sample(&Sample { stack, values: &[5], ..Sample::default() });

    vec![traces.finish(), metrics.finish(), logs.finish(), profiles.finish()]
}
