//! What is sent: items of plausible size, each with its sequence number.

use otlp::{
    Batch, Signal, SpanId, TraceId, logs::LogsWriter, metrics::MetricsWriter, profiles::ProfilesWriter,
    trace::TracesWriter, write::ResourceWriter,
};

/// The key under which an item carries its number; a profile carries it in its id.
const SEQUENCE: &str = "otlp.bench.sequence";

/// Marks every item of a run as this run's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    /// Any number; telling runs apart at the receiver.
    pub(super) run: u64,
    /// Nanoseconds since 1970.
    pub(super) time: u64,
}

/// A batch of `count` items, numbered from `first`.
pub(super) fn batch(signal: Signal, stamp: Stamp, first: u64, count: u64) -> Batch {
    let describe = |resource: &mut ResourceWriter<'_>| {
        resource.attr("service.name", "otlp-bench").attr("otlp.bench.run", stamp.run as i64);
    };
    let (name, version) = ("otlp-bench", env!("CARGO_PKG_VERSION"));
    let numbers = first..first.saturating_add(count);
    let time = stamp.time;
    match signal {
        Signal::Traces => {
            let mut writer = TracesWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope(name, version);
            for number in numbers {
                let trace = (u128::from(stamp.run) << 64) | u128::from(number / 8 + 1);
                let span = SpanId::from_bytes((number + 1).to_be_bytes());
                let mut item = scope.span();
                item.name("GET /bench/{item}").ids(TraceId::from_bytes(trace.to_be_bytes()), span, None);
                item.times(time, time + 1_000_000)
                    .attr(SEQUENCE, number as i64)
                    .attr("http.request.method", "GET")
                    .attr("http.response.status_code", 200_i64)
                    .attr("url.path", "/bench/item");
            }
            writer.finish()
        }
        Signal::Metrics => {
            let mut writer = MetricsWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope(name, version);
            let mut gauge = scope.metric("bench.value").gauge();
            for number in numbers {
                gauge.point(number as i64).times(0, time).attr(SEQUENCE, number as i64);
            }
            writer.finish()
        }
        Signal::Logs => {
            let mut writer = LogsWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope(name, version);
            for number in numbers {
                let mut record = scope.record();
                record.body("a line of a log as long as many a line of a log is").times(time, time);
                record.attr(SEQUENCE, number as i64);
            }
            writer.finish()
        }
        Signal::Profiles => {
            let mut writer = ProfilesWriter::new();
            let mut resource = writer.resource(describe);
            let mut scope = resource.scope(name, version);
            for number in numbers {
                let id = (u128::from(stamp.run) << 64) | u128::from(number + 1);
                scope.profile("cpu", "nanoseconds").id(id.to_be_bytes()).times(time, 1_000_000);
            }
            writer.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_carries_what_was_asked_for() {
        for signal in Signal::ALL {
            let batch = batch(signal, Stamp { run: 7, time: 1_767_225_600_000_000_000 }, 1000, 30);
            assert_eq!((batch.signal(), batch.items()), (signal, 30));
            assert!(Batch::parse(signal, batch.into_bytes(), &otlp::Limits::default()).is_ok());
        }
    }

    #[test]
    fn sequence_numbers_are_in_the_items() {
        let batch = batch(Signal::Traces, Stamp { run: 7, time: 1 }, 1000, 3);
        let mut numbers = Vec::new();
        for span in batch.traces().unwrap().spans() {
            for attribute in span.attributes() {
                if attribute.key() == SEQUENCE {
                    numbers.push(format!("{:?}", attribute.value()));
                }
            }
        }
        assert_eq!(numbers, ["Int(1000)", "Int(1001)", "Int(1002)"]);
    }
}
