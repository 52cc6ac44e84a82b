//! The ledger as metrics, through the exporter itself.

use std::time::Duration;

use otlp_core::{
    Signal,
    metrics::{DataView, Number, NumberPointView},
};
use otlp_export::{BatchOptions, Client, Destination, Exporter};

use crate::backend::{Answer, Backend, numbered};

const LONG: Duration = Duration::from_secs(30);

/// The points of a sum: its attributes, with the component's left out, and its value.
fn points(backend: &Backend, name: &str) -> Vec<(Vec<String>, i64)> {
    let point = |point: NumberPointView<'_>| {
        let attributes = point.attributes().iter().filter(|attribute| !attribute.key().starts_with("otel."));
        let attributes = attributes
            .map(|attribute| attribute.key().to_owned() + "=" + attribute.value().as_str().unwrap());
        let Some(Number::Int(value)) = point.value() else { panic!("not whole") };
        (attributes.collect(), value)
    };
    let mut found = Vec::new();
    for request in backend.seen().iter().filter(|seen| seen.batch.signal() == Signal::Metrics) {
        for metric in request.batch.metrics().unwrap().metrics().filter(|metric| metric.name() == name) {
            let Some(DataView::Sum(sum)) = metric.data() else { panic!("{name} is no sum") };
            found = sum.points().iter().map(point).collect();
        }
    }
    found
}

#[test]
fn the_ledger_is_sent_at_shutdown_under_the_conventions_names() {
    let backend = Backend::start(|_, batch| match batch.signal() {
        Signal::Traces => Answer::Partial(2),
        _ => Answer::Ok,
    });
    let exporter = Exporter::builder()
        .destination(Destination::new("test", backend.client()))
        .self_metrics(Duration::from_secs(3600))
        .self_metrics_resource("service.name", "shop")
        .queue_items(100)
        .start()
        .unwrap();
    exporter.send(numbered(0, 5)).unwrap();
    assert!(exporter.flush_blocking(LONG).is_settled());
    let _ = exporter.send(numbered(5, 101)).unwrap_err();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_settled() && report.is_balanced(), "{report}");
    assert!(report.signal(Signal::Metrics).accepted > 0, "they are in the ledger too: {report}");
    assert_eq!(points(&backend, "otel.sdk.exporter.span.inflight"), [(vec![], 0)]);
    assert_eq!(
        points(&backend, "otel.sdk.exporter.span.exported"),
        [
            (vec![], 3),
            (vec!["error.type=queue_full".to_owned()], 101),
            (vec!["error.type=rejected".to_owned()], 2)
        ]
    );
    assert_eq!(points(&backend, "otel.sdk.processor.span.queue.capacity"), [(vec![], 100)]);
    assert_eq!(points(&backend, "otel.sdk.processor.span.queue.size"), [(vec![], 0)]);
    let metrics =
        backend.seen().into_iter().find(|seen| seen.batch.signal() == Signal::Metrics).unwrap().batch;
    let metrics = metrics.metrics().unwrap();
    let durations = metrics.metrics().find(|metric| metric.name() == "otel.sdk.exporter.operation.duration");
    let Some(DataView::Histogram(histogram)) = durations.unwrap().data() else { panic!("no histogram") };
    assert_eq!(histogram.points().iter().map(|point| point.count()).sum::<u64>(), 1);
}

#[test]
fn the_interval_counts_and_the_metrics_do_not_pile_up_behind_a_dead_server() {
    let backend = Backend::start(|_, _| Answer::Hang);
    let exporter = Exporter::builder()
        .destination(Destination::new("test", Client::builder().endpoint("http://127.0.0.1:9")))
        .destination(Destination::new("hangs", backend.client()))
        .batch(BatchOptions { items: 1, bytes: 1 << 20, delay: Duration::ZERO })
        .queue_items(50)
        .self_metrics(Duration::ZERO)
        .shutdown_on_drop(Duration::ZERO)
        .start()
        .unwrap();
    let until = std::time::Instant::now() + LONG;
    while backend.seen().is_empty() && std::time::Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!backend.seen().is_empty(), "after its least interval of a second");
    let report = exporter.ledger().report();
    assert!(report.is_balanced(), "{report}");
    for destination in report.destinations() {
        assert!(destination.total().pending <= 50, "{report}");
    }
}
