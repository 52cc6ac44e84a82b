//! Items with numbers: spans, data points and log records of plausible size, numbered by their times.

use std::ops::Range;

use otlp::{
    Batch, Signal, SpanId, TraceId,
    logs::LogsWriter,
    metrics::{DataView, MetricsWriter},
    trace::TracesWriter,
    write::ResourceWriter,
};

/// The signals that are sent; other arrays are in this order.
pub(super) const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

/// A batch of the items with these numbers.
pub(super) fn batch(signal: Signal, numbers: Range<u64>) -> Batch {
    let describe = |resource: &mut ResourceWriter<'_>| {
        resource.attr("service.name", "soak").attr("host.name", "a-host-of-some-name");
    };
    match signal {
        Signal::Metrics => {
            let mut writer = MetricsWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope("soak", "1");
            let mut gauge = scope.metric("soak.value").gauge();
            for number in numbers {
                gauge.point(number as i64).times(0, number).attr("zone", "a").attr("instance", "12");
            }
            writer.finish()
        }
        Signal::Logs => {
            let mut writer = LogsWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope("soak", "1");
            for number in numbers {
                scope
                    .record()
                    .times(number, number)
                    .body("a line of a log as long as many a line of a log is");
            }
            writer.finish()
        }
        _ => {
            let mut writer = TracesWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope("soak", "1");
            for number in numbers {
                let trace = TraceId::from_bytes((u128::from(number) + 1).to_be_bytes());
                let mut span = scope.span();
                span.name("GET /soak/{item}").ids(
                    trace,
                    SpanId::from_bytes((number + 1).to_be_bytes()),
                    None,
                );
                span.times(number, number + 1)
                    .attr("http.request.method", "GET")
                    .attr("url.path", "/soak/item");
            }
            writer.finish()
        }
    }
}

/// The numbers of a batch's items, in order.
pub(super) fn numbers(batch: &Batch) -> Vec<u64> {
    let mut numbers = Vec::with_capacity(batch.items());
    if let Some(traces) = batch.traces() {
        numbers.extend(traces.spans().map(|span| span.start_time()));
    } else if let Some(logs) = batch.logs() {
        numbers.extend(logs.log_records().map(|record| record.time()));
    } else if let Some(metrics) = batch.metrics() {
        for metric in metrics.metrics() {
            if let Some(DataView::Gauge(gauge)) = metric.data() {
                numbers.extend(gauge.points().into_iter().map(|point| point.time()));
            }
        }
    }
    numbers
}
