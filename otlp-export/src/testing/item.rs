//! Items with names, so that a test can say which one is missing.

use otlp_core::{
    Batch, Signal, SpanId, TraceId,
    logs::LogsWriter,
    metrics::{DataView, MetricsWriter},
    profiles::ProfilesWriter,
    trace::TracesWriter,
};

/// A batch of one item a name: a span of that name, a gauge of that name with one point, a log record with that body, a profile with
/// that `original_payload_format`. One resource, one scope; [`names`] reads the names back.
#[must_use]
pub fn batch<N: AsRef<str>>(signal: Signal, names: impl IntoIterator<Item = N>) -> Batch {
    const START: u64 = 1_767_225_600_000_000_000;
    let service = |resource: &mut otlp_core::write::ResourceWriter<'_>| {
        resource.attr("service.name", "otlp-testing");
    };
    let names = names.into_iter();
    match signal {
        Signal::Traces => {
            let mut writer = TracesWriter::new();
            let mut resource = writer.resource(service);
            let mut scope = resource.scope("otlp-testing", "");
            for (at, name) in names.enumerate() {
                let id = SpanId::from_bytes((at as u64 + 1).to_be_bytes());
                let mut span = scope.span();
                span.name(name.as_ref())
                    .ids(TraceId::from_bytes([7; 16]), id, None)
                    .times(START, START + 1000);
            }
            writer.finish()
        }
        Signal::Metrics => {
            let mut writer = MetricsWriter::new();
            let mut resource = writer.resource(service);
            let mut scope = resource.scope("otlp-testing", "");
            for (at, name) in names.enumerate() {
                scope.metric(name.as_ref()).gauge().point(at as i64).times(0, START);
            }
            writer.finish()
        }
        Signal::Logs => {
            let mut writer = LogsWriter::new();
            let mut resource = writer.resource(service);
            let mut scope = resource.scope("otlp-testing", "");
            for name in names {
                scope.record().body(name.as_ref()).times(START, START);
            }
            writer.finish()
        }
        Signal::Profiles => {
            let mut writer = ProfilesWriter::new();
            let mut resource = writer.resource(service);
            let mut scope = resource.scope("otlp-testing", "");
            for (at, name) in names.enumerate() {
                let mut profile = scope.profile("cpu", "nanoseconds");
                profile
                    .id((at as u128 + 1).to_be_bytes())
                    .times(START, 1000)
                    .original_payload(name.as_ref(), &[]);
            }
            writer.finish()
        }
    }
}

/// The names of a batch's items, in order: of a span its name, of a data point its metric's, of a log record its body if that is text,
/// of a profile its `original_payload_format`. Items without such a name are named by their place.
#[must_use]
pub fn names(batch: &Batch) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(batch.items());
    if let Some(traces) = batch.traces() {
        names.extend(traces.spans().map(|span| span.name().to_owned()));
    } else if let Some(metrics) = batch.metrics() {
        for metric in metrics.metrics() {
            let points = metric.data().as_ref().map_or(0, DataView::len);
            names.extend((0..points).map(|_| metric.name().to_owned()));
        }
    } else if let Some(logs) = batch.logs() {
        names.extend(logs.log_records().map(|record| {
            record.body().and_then(|body| body.as_str().map(str::to_owned)).unwrap_or_default()
        }));
    } else if let Some(profiles) = batch.profiles() {
        names.extend(profiles.profiles().map(|profile| profile.original_payload_format().to_owned()));
    }
    for (at, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("#{at}");
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_order() {
        for signal in Signal::ALL {
            let batch = batch(signal, ["one", "two", "three"]);
            assert_eq!((batch.signal(), batch.items()), (signal, 3));
            assert_eq!(names(&batch), ["one", "two", "three"], "{signal}");
            let parsed = Batch::parse(signal, batch.into_bytes(), &otlp_core::Limits::default()).unwrap();
            assert_eq!(names(&parsed).len(), 3);
        }
    }
}
