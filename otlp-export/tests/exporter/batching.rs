//! When requests are made, and of what.

use std::time::{Duration, Instant};

use otlp_core::{Signal, logs::LogsWriter};
use otlp_export::{BatchOptions, DropReason, Exporter};

use crate::backend::{Backend, numbered, spans};

const LONG: Duration = Duration::from_secs(60);

/// So many items, nothing else.
fn items(items: usize) -> BatchOptions {
    BatchOptions { items, bytes: usize::MAX, delay: Duration::from_secs(3600) }
}

#[test]
fn what_was_sent_arrives_and_is_accounted_for() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).start().unwrap();
    exporter.send(numbered(0, 3)).unwrap();
    exporter.send(numbered(3, 2)).unwrap();
    let before = exporter.ledger().report();
    assert!(before.is_balanced());
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_settled() && report.is_balanced() && report.is_all_accepted(), "{report}");
    assert_eq!(report.signal(Signal::Traces).accepted, 5);
    assert_eq!(report.to_string(), "test traces: submitted 5, accepted 5, rejected 0, dropped 0, pending 0");
    assert_eq!(backend.names(), (0..5).map(|number| format!("span {number}")).collect::<Vec<_>>());
}

#[test]
fn items_make_a_request_at_once() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).batch(items(10)).start().unwrap();
    for first in 0..10 {
        exporter.send(numbered(first, 1)).unwrap();
    }
    let deadline = Instant::now() + LONG;
    while backend.sizes().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(backend.sizes(), [10], "long before the delay of an hour");
}

#[test]
fn bytes_make_a_request_at_once() {
    let backend = Backend::accepting();
    let options = BatchOptions { items: 1000, bytes: 4000, delay: Duration::from_secs(3600) };
    let exporter = Exporter::builder().destination(backend.destination()).batch(options).start().unwrap();
    for _ in 0..3 {
        exporter.send(spans(["x".repeat(1500)])).unwrap();
    }
    let deadline = Instant::now() + LONG;
    while backend.sizes().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(backend.sizes(), [2], "two fit in 4000 bytes");
}

#[test]
fn the_delay_makes_a_request_of_what_there_is() {
    let backend = Backend::accepting();
    let delay = Duration::from_millis(200);
    let options = BatchOptions { items: 1000, bytes: usize::MAX, delay };
    let exporter = Exporter::builder().destination(backend.destination()).batch(options).start().unwrap();
    let sent = Instant::now();
    exporter.send(numbered(0, 2)).unwrap();
    while backend.sizes().is_empty() && sent.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(backend.sizes(), [2]);
    assert!(sent.elapsed() >= delay / 4, "waits for others: {:?}", sent.elapsed());
}

#[test]
fn no_delay_sends_each_batch_at_once() {
    let backend = Backend::accepting();
    let options = BatchOptions { delay: Duration::ZERO, ..items(1000) };
    let exporter = Exporter::builder().destination(backend.destination()).batch(options).start().unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    let deadline = Instant::now() + LONG;
    while backend.sizes().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(backend.sizes(), [1]);
}

#[test]
fn large_batches_are_cut_to_the_items_of_a_request_in_order() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).batch(items(4)).start().unwrap();
    exporter.send(numbered(0, 10)).unwrap();
    exporter.send(numbered(10, 1)).unwrap();
    let report = exporter.flush_blocking(LONG);
    assert!(report.is_settled(), "{report}");
    assert_eq!(backend.sizes(), [4, 4, 3]);
    assert_eq!(backend.names(), (0..11).map(|number| format!("span {number}")).collect::<Vec<_>>());
}

#[test]
fn requests_are_split_by_bytes_and_a_large_item_goes_alone() {
    let backend = Backend::accepting();
    let destination = backend.destination().batch(items(1000)).request_bytes(1000);
    let exporter = Exporter::builder().destination(destination).start().unwrap();
    exporter.send(spans(["x".repeat(700), "y".repeat(2000), "z".repeat(700)])).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().accepted, 3, "{report}");
    let mut sizes: Vec<_> = backend.seen().iter().map(|seen| seen.batch.bytes().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes.len(), 3);
    assert!(sizes[1] <= 1000 && sizes[2] > 2000, "{sizes:?}");
}

#[test]
fn joined_batches_have_equal_resources_once_and_a_single_one_keeps_its_bytes() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).start().unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    exporter.send(numbered(1, 1)).unwrap();
    let _ = exporter.flush_blocking(LONG);
    let alone = numbered(2, 1);
    exporter.send(alone.clone()).unwrap();
    let _ = exporter.flush_blocking(LONG);
    let seen = backend.seen();
    assert_eq!(seen[0].batch.traces().unwrap().resource_spans().len(), 1);
    assert_eq!(seen[1].batch, alone);
}

#[test]
fn signals_are_batched_and_counted_apart() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).start().unwrap();
    exporter.send(numbered(0, 2)).unwrap();
    let mut writer = LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().body("hello");
    exporter.send(writer.finish()).unwrap();
    let report = exporter.flush_blocking(LONG);
    assert_eq!(report.signal(Signal::Traces).accepted, 2);
    assert_eq!(report.signal(Signal::Logs).accepted, 1);
    assert_eq!(report.signal(Signal::Metrics), otlp_export::Account::default());
    assert_eq!(report.total().requests, 2);
}

#[test]
fn h16_a_batch_without_items_is_taken_and_not_sent() {
    let backend = Backend::accepting();
    let exporter = Exporter::builder().destination(backend.destination()).start().unwrap();
    exporter.send(numbered(0, 0)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.to_string(), "nothing was sent");
    assert!(backend.seen().is_empty());
}

#[test]
fn h16_several_destinations_have_queues_and_accounts_of_their_own() {
    let (near, far) = (Backend::accepting(), Backend::start(|_, _| crate::backend::Answer::Status(400)));
    let exporter = Exporter::builder()
        .destination(otlp_export::Destination::new("near", near.client()))
        .destination(otlp_export::Destination::new("far", far.client()))
        .start()
        .unwrap();
    let batch = numbered(0, 3);
    exporter.send(batch.clone()).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_balanced());
    assert_eq!(report.destination("near").unwrap().total().accepted, 3);
    let refused = report.destination("far").unwrap();
    assert_eq!(refused.total().dropped(DropReason::NonRetryable), 3);
    assert!(refused.last_failure().unwrap().to_string().contains("400"));
    assert_eq!(report.total().submitted, 6);
    assert_eq!((near.seen()[0].batch.clone(), far.seen()[0].batch.clone()), (batch.clone(), batch));
}
