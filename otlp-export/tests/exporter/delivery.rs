//! What becomes of a request, by the answers that it meets with.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use otlp_export::{BatchOptions, DropReason, Exporter, ExporterBuilder, RetryPolicy};

use crate::backend::{Answer, Backend, names, numbered, spans};

const LONG: Duration = Duration::from_secs(60);

/// Waits of milliseconds.
fn quick() -> RetryPolicy {
    RetryPolicy::default().with_initial(Duration::from_millis(2)).with_cap(Duration::from_millis(2))
}

fn builder(backend: &Backend) -> ExporterBuilder {
    Exporter::builder().destination(backend.destination()).retry(quick())
}

#[test]
fn h11_retryable_statuses_are_tried_again_with_the_same_bytes() {
    let backend = Backend::start(|number, _| match number {
        0 => Answer::Status(503),
        1 => Answer::Status(429),
        2 => Answer::Break,
        _ => Answer::Ok,
    });
    let exporter = builder(&backend).start().unwrap();
    exporter.send(numbered(0, 3)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    let account = report.total();
    assert_eq!((account.accepted, account.requests, account.retries), (3, 4, 3), "{report}");
    let seen = backend.seen();
    assert!(seen.iter().all(|again| again.batch == seen[0].batch), "the same bytes each time");
    assert!(report.destinations()[0].last_failure().is_some());
}

#[test]
fn h10_final_statuses_are_not() {
    for status in [400, 401, 404, 500, 501] {
        let backend = Backend::start(move |_, _| Answer::Status(status));
        let exporter = builder(&backend).start().unwrap();
        exporter.send(numbered(0, 3)).unwrap();
        let report = exporter.shutdown_blocking(LONG);
        assert_eq!(report.total().dropped(DropReason::NonRetryable), 3, "{status}: {report}");
        assert_eq!(backend.seen().len(), 1, "{status}");
    }
}

#[test]
fn g11_partial_success_is_never_tried_again() {
    let backend = Backend::start(|_, _| Answer::Partial(2));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter =
        builder(&backend).on_partial(move |partial| tell.lock().unwrap().push(partial.to_string())).start();
    let exporter = exporter.unwrap();
    exporter.send(numbered(0, 5)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!((report.total().accepted, report.total().rejected), (3, 2));
    assert_eq!(backend.seen().len(), 1);
    assert_eq!(*told.lock().unwrap(), ["test: 2 of 5 spans rejected: some of it"]);
}

#[test]
fn g11_a_server_that_rejects_more_than_there_was_rejects_all() {
    let backend = Backend::start(|_, _| Answer::Partial(1000));
    let exporter = builder(&backend).start().unwrap();
    exporter.send(numbered(0, 5)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_balanced());
    assert_eq!((report.total().accepted, report.total().rejected), (0, 5));
}

#[test]
fn h12_the_servers_wait_holds_back_every_request() {
    let backend =
        Backend::start(|number, _| if number == 0 { Answer::RetryAfter(503, 1) } else { Answer::Ok });
    let destination = backend.destination().concurrency(4).batch(BatchOptions {
        items: 1,
        bytes: 1000,
        delay: Duration::ZERO,
    });
    let exporter = Exporter::builder().destination(destination).retry(quick()).start().unwrap();
    let sent = Instant::now();
    exporter.send(numbered(0, 1)).unwrap();
    while backend.seen().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // The answer is on its way.
    while exporter.ledger().report().total().requests == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    exporter.send(numbered(1, 3)).unwrap();
    let report = exporter.flush_blocking(LONG);
    assert_eq!(report.total().accepted, 4, "{report}");
    assert!(sent.elapsed() >= Duration::from_secs(1));
}

#[test]
fn h13_retries_end_with_the_policy() {
    let backend = Backend::start(|_, _| Answer::Status(503));
    let policy = quick().with_total(Duration::from_millis(50));
    let exporter = builder(&backend).retry(policy).start().unwrap();
    exporter.send(numbered(0, 3)).unwrap();
    let report = exporter.flush_blocking(LONG);
    assert_eq!(report.total().dropped(DropReason::RetryExhausted), 3, "{report}");
}

#[test]
fn g7_what_is_left_at_the_deadline_is_counted() {
    let backend = Backend::start(|_, _| Answer::Hang);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter = builder(&backend)
        .batch(BatchOptions { items: 2, bytes: 1000, delay: Duration::ZERO })
        .on_drop(move |dropped| tell.lock().unwrap().push((dropped.reason, dropped.items)))
        .start()
        .unwrap();
    exporter.send(numbered(0, 2)).unwrap();
    exporter.send(numbered(2, 3)).unwrap();
    let asked = Instant::now();
    let report = exporter.shutdown_blocking(Duration::from_millis(100));
    assert!(asked.elapsed() < Duration::from_secs(30));
    assert!(!report.is_settled() && report.is_balanced(), "{report}");
    assert_eq!(report.total().dropped(DropReason::Shutdown), 5);
    assert_eq!(told.lock().unwrap().iter().map(|(_, items)| items).sum::<u64>(), 5);
    // Afterwards it refuses, and says why.
    let refused = exporter.send(numbered(9, 1)).unwrap_err();
    assert_eq!(refused.to_string(), "1 spans not taken; test: the exporter is shut down");
    assert_eq!(names(refused.batch()), ["span 9"]);
    let report = exporter.ledger().report();
    assert!(report.is_balanced());
    assert_eq!(report.total().dropped(DropReason::Shutdown), 6);
}

#[test]
fn g7_not_waiting_at_shutdown_is_a_deadline_of_zero() {
    let backend = Backend::start(|_, _| Answer::Hang);
    let exporter = builder(&backend).start().unwrap();
    exporter.send(numbered(0, 2)).unwrap();
    let report = exporter.shutdown_blocking(Duration::ZERO);
    assert_eq!(report.total().dropped(DropReason::Shutdown), 2, "{report}");
}

#[test]
fn a_wait_that_outlasts_the_deadline_gets_one_last_attempt() {
    let backend = Backend::start(|number, _| if number == 0 { Answer::Status(503) } else { Answer::Ok });
    let hours = Duration::from_secs(36_000);
    let policy = RetryPolicy::default().with_initial(hours).with_cap(hours).with_total(hours * 2);
    let exporter = builder(&backend).retry(policy).start().unwrap();
    exporter.send(numbered(0, 2)).unwrap();
    let _ = exporter.flush_blocking(Duration::from_millis(300));
    let asked = Instant::now();
    let report = exporter.shutdown_blocking(Duration::from_secs(20));
    assert_eq!(report.total().accepted, 2, "{report}");
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

#[test]
fn h12_a_wait_asked_for_that_outlasts_the_deadline_is_not_cut_short() {
    let backend = Backend::start(|_, _| Answer::RetryAfter(503, 100));
    let exporter = builder(&backend).start().unwrap();
    exporter.send(numbered(0, 2)).unwrap();
    let _ = exporter.flush_blocking(Duration::from_millis(200));
    let asked = Instant::now();
    let report = exporter.shutdown_blocking(Duration::from_secs(20));
    assert_eq!(report.total().dropped(DropReason::Shutdown), 2, "{report}");
    assert_eq!(backend.seen().len(), 1);
    assert!(asked.elapsed() < Duration::from_secs(15), "no need to wait for it: {:?}", asked.elapsed());
}

#[test]
fn h5_too_large_requests_are_halved_where_asked_down_to_the_culprit() {
    let answer = |_: usize, batch: &otlp_core::Batch| {
        if names(batch).iter().any(|name| name == "culprit\u{1b}[31m") {
            Answer::Status(413)
        } else {
            Answer::Ok
        }
    };
    let list = ["a", "b", "culprit\u{1b}[31m", "c", "d"];

    let backend = Backend::start(answer);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter = Exporter::builder()
        .destination(backend.destination().split_on_too_large(true))
        .on_drop(move |dropped| tell.lock().unwrap().push(dropped.to_string()))
        .start()
        .unwrap();
    exporter.send(spans(list)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!((report.total().accepted, report.total().dropped(DropReason::TooLarge)), (4, 1), "{report}");
    let told = told.lock().unwrap();
    assert_eq!(*told, ["test: dropped 1 spans, too_large (\"culprit [31m\"): HTTP status 413"]);

    let backend = Backend::start(answer);
    let exporter = builder(&backend).start().unwrap();
    exporter.send(spans(list)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().dropped(DropReason::TooLarge), 5, "not asked for: {report}");
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn h6_what_the_client_must_not_send_is_dropped_alone_and_named() {
    let backend = Backend::accepting();
    let client = backend.client().max_request_bytes(1000);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter = Exporter::builder()
        .destination(otlp_export::Destination::new("test", client))
        .on_drop(move |dropped| tell.lock().unwrap().push((dropped.reason, dropped.item_name.clone())))
        .start()
        .unwrap();
    exporter.send(spans(["a".to_owned(), "x".repeat(5000), "b".to_owned()])).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!((report.total().accepted, report.total().dropped(DropReason::TooLarge)), (2, 1), "{report}");
    assert_eq!(backend.names(), ["a", "b"]);
    assert_eq!(*told.lock().unwrap(), [(DropReason::TooLarge, Some("x".repeat(200)))]);
}

#[test]
fn g6_requests_run_side_by_side_as_many_as_allowed() {
    for (concurrency, expected) in [(1, 1), (3, 3)] {
        let backend = Backend::start(|_, _| Answer::Hang);
        let destination = backend.destination().concurrency(concurrency).batch(BatchOptions {
            items: 1,
            bytes: 1000,
            delay: Duration::ZERO,
        });
        let exporter = Exporter::builder().destination(destination).start().unwrap();
        for number in 0..5 {
            exporter.send(numbered(number, 1)).unwrap();
        }
        let report = exporter.flush_blocking(Duration::from_millis(500));
        assert!(!report.is_settled());
        assert_eq!(backend.seen().len(), expected);
        let _ = exporter.shutdown_blocking(Duration::ZERO);
    }
}

#[test]
fn one_signals_dead_receiver_does_not_hold_up_another() {
    let backend = Backend::start(|_, batch| match batch.signal() {
        otlp_core::Signal::Traces => Answer::Hang,
        _ => Answer::Ok,
    });
    let exporter = builder(&backend).start().unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    let mut writer = otlp_core::logs::LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().body("hello");
    exporter.send(writer.finish()).unwrap();
    let deadline = Instant::now() + LONG;
    let ledger = exporter.ledger();
    while ledger.report().signal(otlp_core::Signal::Logs).accepted == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(ledger.report().signal(otlp_core::Signal::Logs).accepted, 1);
    let _ = exporter.shutdown_blocking(Duration::ZERO);
}

#[test]
fn a_destination_that_goes_and_comes_back_is_told_once_each() {
    let backend = Backend::start(|number, _| match number {
        // One 503 is what a busy server says.
        1 | 3..=6 => Answer::Status(503),
        _ => Answer::Ok,
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter = builder(&backend)
        .on_availability(move |change| {
            tell.lock().unwrap().push((change.failure.is_some(), change.to_string()));
        })
        .start()
        .unwrap();
    for batch in 0..4 {
        exporter.send(numbered(batch * 3, 3)).unwrap();
        assert!(exporter.flush_blocking(LONG).is_settled());
    }
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().accepted, 12, "{report}");
    let told = told.lock().unwrap();
    let (away, back) = (&told[0], &told[1]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        away.0 && away.1.starts_with("test: HTTP status 503") && away.1.ends_with("; trying again"),
        "{away:?}"
    );
    assert_eq!(*back, (false, "test: answers again".to_owned()));
}
