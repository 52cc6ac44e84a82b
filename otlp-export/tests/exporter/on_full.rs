//! What full queues do.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use otlp_export::{BatchOptions, Destination, DropReason, Exporter, OnFull, RejectReason};

use crate::backend::{Answer, Backend, names, numbered};

const LONG: Duration = Duration::from_secs(60);

/// Nothing leaves before a flush.
const NEVER: BatchOptions = BatchOptions { items: 1000, bytes: usize::MAX, delay: LONG };

#[test]
fn drop_new_hands_the_batch_back_and_counts_it() {
    let backend = Backend::accepting();
    let exporter =
        Exporter::builder().destination(backend.destination()).queue_items(10).batch(NEVER).start().unwrap();
    exporter.send(numbered(0, 8)).unwrap();
    let rejected = exporter.send(numbered(8, 3)).unwrap_err();
    assert_eq!(rejected.refusals().collect::<Vec<_>>(), [("test", RejectReason::QueueFull)]);
    assert!(rejected.is_retryable());
    assert_eq!(names(rejected.batch()), ["span 8", "span 9", "span 10"]);
    exporter.send(numbered(20, 2)).unwrap();
    let report = exporter.ledger().report();
    let account = report.total();
    assert_eq!((account.submitted, account.pending, account.dropped(DropReason::QueueFull)), (13, 10, 3));
    // Sent again when there is room, it counts as new.
    let _ = exporter.flush_blocking(LONG);
    exporter.resend(rejected).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!((report.total().submitted, report.total().accepted), (16, 13), "{report}");
    assert!(report.is_balanced());
}

#[test]
fn bytes_are_a_bound_too() {
    let backend = Backend::accepting();
    let size = numbered(0, 3).bytes().len();
    let exporter = Exporter::builder()
        .destination(backend.destination())
        .queue_bytes(2 * size)
        .batch(NEVER)
        .start()
        .unwrap();
    exporter.send(numbered(0, 3)).unwrap();
    exporter.send(numbered(3, 3)).unwrap();
    assert!(exporter.send(numbered(6, 1)).unwrap_err().is_retryable());
}

#[test]
fn a_batch_larger_than_the_queue_is_refused_with_that_reason() {
    let backend = Backend::accepting();
    for on_full in [OnFull::DropNew, OnFull::DropOldest, OnFull::Block(LONG)] {
        let builder = Exporter::builder().destination(backend.destination()).queue_items(10).on_full(on_full);
        let exporter = builder.batch(NEVER).start().unwrap();
        exporter.send(numbered(0, 10)).unwrap();
        let rejected = exporter.send(numbered(0, 11)).unwrap_err();
        assert_eq!(rejected.refusals().next().unwrap().1, RejectReason::LargerThanQueue, "{on_full:?}");
        assert!(!rejected.is_retryable());
        assert_eq!(exporter.ledger().report().total().pending, 10, "{on_full:?}: evicts nothing in vain");
    }
}

#[test]
fn drop_oldest_makes_room_and_tells() {
    let backend = Backend::accepting();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let exporter = Exporter::builder()
        .destination(backend.destination())
        .queue_items(6)
        .on_full(OnFull::DropOldest)
        .batch(NEVER)
        .on_drop(move |dropped| tell.lock().unwrap().push((dropped.reason, dropped.items)))
        .start()
        .unwrap();
    for first in [0, 2, 4] {
        exporter.send(numbered(first, 2)).unwrap();
    }
    exporter.send(numbered(6, 3)).unwrap();
    assert_eq!(*told.lock().unwrap(), [(DropReason::QueueFull, 4)]);
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(backend.names(), ["span 4", "span 5", "span 6", "span 7", "span 8"]);
    assert_eq!(report.total().dropped(DropReason::QueueFull), 4);
    assert!(report.is_balanced());
}

#[test]
fn block_waits_for_room() {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let backend = Backend::start(
        move |_, _| {
            if gate.load(Ordering::Relaxed) { Answer::Ok } else { Answer::Status(503) }
        },
    );
    let exporter = Exporter::builder()
        .destination(backend.destination())
        .queue_items(4)
        .on_full(OnFull::Block(LONG))
        .batch(BatchOptions { items: 4, bytes: usize::MAX, delay: Duration::ZERO })
        .retry(otlp_export::RetryPolicy::default().with_cap(Duration::from_millis(5)))
        .start()
        .unwrap();
    exporter.send(numbered(0, 4)).unwrap();
    let opener = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        open.store(true, Ordering::Relaxed);
    });
    exporter.send(numbered(4, 4)).unwrap();
    opener.join().unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().accepted, 8, "{report}");
}

#[test]
fn block_gives_up_after_its_time_over_all_destinations_together() {
    let backend = Backend::start(|_, _| Answer::Hang);
    let wait = Duration::from_millis(150);
    let mut builder = Exporter::builder().queue_items(1).on_full(OnFull::Block(wait)).batch(NEVER);
    for name in ["a", "b", "c"] {
        builder = builder.destination(Destination::new(name, backend.client()));
    }
    let exporter = builder.shutdown_on_drop(Duration::ZERO).start().unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    let asked = Instant::now();
    let rejected = exporter.send(numbered(1, 1)).unwrap_err();
    let took = asked.elapsed();
    assert_eq!(rejected.refusals().count(), 3);
    assert!(took >= wait && took < wait * 3, "{took:?}");
}

#[test]
fn block_ends_when_the_exporter_does() {
    let backend = Backend::start(|_, _| Answer::Hang);
    let builder = Exporter::builder().destination(backend.destination()).queue_items(1);
    let exporter = builder.on_full(OnFull::Block(LONG)).batch(NEVER).start().unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    let sender = {
        let exporter = exporter.clone();
        std::thread::spawn(move || exporter.send(numbered(1, 1)))
    };
    std::thread::sleep(Duration::from_millis(50));
    let report = exporter.shutdown_blocking(Duration::from_millis(50));
    let rejected = sender.join().unwrap().unwrap_err();
    assert_eq!(rejected.refusals().next().unwrap().1, RejectReason::ShutDown);
    assert!(report.is_balanced() && exporter.ledger().report().is_balanced());
}

#[test]
fn destinations_that_have_room_keep_what_another_refuses() {
    let (roomy, tight) = (Backend::accepting(), Backend::accepting());
    let exporter = Exporter::builder()
        .destination(Destination::new("tight", tight.client()).queue_items(1))
        .destination(Destination::new("roomy", roomy.client()))
        .batch(NEVER)
        .start()
        .unwrap();
    exporter.send(numbered(0, 1)).unwrap();
    let rejected = exporter.send(numbered(1, 1)).unwrap_err();
    assert_eq!(rejected.refusals().collect::<Vec<_>>(), [("tight", RejectReason::QueueFull)]);
    let _ = exporter.flush_blocking(LONG);
    exporter.resend(rejected).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(roomy.names(), ["span 0", "span 1"], "once");
    assert_eq!(tight.names(), ["span 0", "span 1"]);
    assert!(report.is_balanced());
}

#[test]
fn send_durable_gives_a_batch_to_all_queues_in_memory_or_to_none() {
    let (small, large) = (Backend::accepting(), Backend::accepting());
    let named = |name, backend: &Backend| Destination::new(name, backend.client()).batch(NEVER);
    let exporter = Exporter::builder()
        .destination(named("large", &large).queue_items(100))
        .destination(named("small", &small).queue_items(10))
        .start()
        .unwrap();
    exporter.send_durable_blocking(numbered(0, 8)).unwrap();
    let rejected = exporter.send_durable_blocking(numbered(8, 3)).unwrap_err();
    let refusals: Vec<_> = rejected.refusals().collect();
    assert_eq!(refusals, [("large", RejectReason::HeldBack), ("small", RejectReason::QueueFull)]);
    assert!(rejected.is_retryable());
    let report = exporter.ledger().report();
    for name in ["large", "small"] {
        let account = report.destination(name).unwrap().total();
        assert_eq!(
            (account.submitted, account.pending, account.dropped(DropReason::QueueFull)),
            (11, 8, 3),
            "{name}: {report}"
        );
    }
    // Room that was kept and given back is room again.
    let larger = exporter.send_durable_blocking(numbered(20, 90)).unwrap_err();
    assert!(!larger.is_retryable(), "{larger}");
    let _ = exporter.flush_blocking(LONG);
    exporter.resend(rejected).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_balanced(), "{report}");
    for backend in [&small, &large] {
        let seen = backend.seen();
        let mut seen: Vec<String> = seen.iter().flat_map(|request| names(&request.batch)).collect();
        seen.sort();
        let mut wanted: Vec<String> = (0..11).map(|number| format!("span {number}")).collect();
        wanted.sort();
        assert_eq!(seen, wanted, "each once");
    }
}

#[test]
fn room_that_is_kept_is_nobody_elses() {
    let backends = [Backend::accepting(), Backend::accepting()];
    let [first, second] = &backends;
    let exporter = Exporter::builder()
        .destination(Destination::new("first", first.client()).queue_items(64))
        .destination(Destination::new("second", second.client()).queue_items(48))
        .batch(BatchOptions { items: 16, bytes: usize::MAX, delay: Duration::from_millis(1) })
        .start()
        .unwrap();
    let taken: usize = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let exporter = &exporter;
                let send =
                    move |at: usize| exporter.send_durable_blocking(numbered(sender * 10_000 + at * 7, 7));
                scope.spawn(move || (0..200).filter(|at| send(*at).is_ok()).count() * 7)
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_balanced() && report.is_settled(), "{report}");
    for (name, backend) in ["first", "second"].into_iter().zip(&backends) {
        assert_eq!(report.destination(name).unwrap().total().accepted, taken as u64, "{report}");
        let mut seen: Vec<String> = backend.seen().iter().flat_map(|request| names(&request.batch)).collect();
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), all), (taken, taken), "each once");
    }
}
