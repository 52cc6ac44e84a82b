//! Destinations whose queue is on a disk.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use otlp_core::{Batch, Signal};
use otlp_export::{
    BatchOptions, Client, Destination, DropReason, Exporter, ExporterBuilder, ExporterError, RejectReason,
    RetryPolicy,
    disk::{DiskQueueOptions, Fsync, OnDiskFull},
    testing::{Audit, Reply, ScriptedServer, batch},
};

use crate::runtime::{bare_current_thread, block_on};

const LONG: Duration = Duration::from_secs(30);

fn builder(server: &ScriptedServer, dir: &Path, options: DiskQueueOptions) -> ExporterBuilder {
    let client = Client::builder().endpoint(&server.url()).timeout(Duration::from_secs(5));
    Exporter::builder().destination(Destination::new("disk", client).durable(dir, options))
}

/// Quick to write.
fn unsynced() -> DiskQueueOptions {
    DiskQueueOptions::default().with_fsync(Fsync::Never)
}

fn spans(range: std::ops::Range<usize>) -> Batch {
    batch(Signal::Traces, range.map(|number| format!("span {number}")))
}

#[test]
fn what_is_not_delivered_is_the_first_to_go_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::retry_later(None));
    let exporter = builder(&server, dir.path(), DiskQueueOptions::default()).start().unwrap();
    let mut audit = Audit::new();
    for number in 0..5 {
        let batch = spans(number * 3..number * 3 + 3);
        audit.submitted(&batch);
        exporter.send_durable_blocking(batch).unwrap();
    }
    let report = exporter.shutdown_blocking(Duration::from_millis(50));
    let account = report.total();
    assert_eq!((account.submitted, account.pending, account.dropped_total()), (15, 15, 0), "{report}");
    assert!(report.is_balanced() && !report.is_settled());

    server.otherwise(Reply::accepted());
    let exporter = builder(&server, dir.path(), DiskQueueOptions::default()).start().unwrap();
    exporter.send(spans(15..16)).unwrap();
    audit.submitted(&spans(15..16));
    let report = exporter.shutdown_blocking(LONG);
    let account = report.total();
    assert_eq!((account.recovered, account.submitted, account.accepted), (15, 1, 16), "{report}");
    assert!(report.is_balanced() && report.is_all_accepted());
    audit.received(&server.received());
    audit.assert_balanced();

    let exporter = builder(&server, dir.path(), DiskQueueOptions::default()).start().unwrap();
    assert_eq!(exporter.shutdown_blocking(LONG).total().recovered, 0, "nothing is left");
}

#[test]
fn what_is_found_at_the_start_goes_without_waiting_for_more() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let hour = BatchOptions { items: 1000, bytes: 1 << 20, delay: Duration::from_secs(3600) };
    let exporter = builder(&server, dir.path(), unsynced()).batch(hour).start().unwrap();
    exporter.send_durable_blocking(spans(0..3)).unwrap();
    let report = exporter.shutdown_blocking(Duration::ZERO);
    assert_eq!(report.total().pending, 3, "{report}");
    let exporter = builder(&server, dir.path(), unsynced()).batch(hour).start().unwrap();
    assert_eq!(server.wait_for(1, LONG)[0].items(), 3);
    drop(exporter);
}

#[test]
fn a_request_that_was_broken_off_is_sent_again_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([Reply::hang()]).unwrap();
    let exporter = builder(&server, dir.path(), unsynced()).start().unwrap();
    for number in 0..4 {
        exporter.send(spans(number..number + 1)).unwrap();
    }
    let _ = exporter.flush_blocking(Duration::from_millis(10));
    let first = server.wait_for(1, LONG)[0].clone();
    let report = exporter.shutdown_blocking(Duration::from_millis(10));
    assert_eq!(report.total().pending, 4, "{report}");

    // More of it, which must not join the request of before.
    let exporter = builder(&server, dir.path(), unsynced()).start().unwrap();
    exporter.send(spans(4..9)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_all_accepted(), "{report}");
    assert_eq!(server.received()[1].body, first.body);
}

#[test]
fn batches_from_the_disk_are_joined_and_cut() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let options = BatchOptions { items: 6, bytes: 1 << 20, delay: Duration::from_secs(3600) };
    let exporter = builder(&server, dir.path(), unsynced()).batch(options).start().unwrap();
    for first in [0, 3, 6, 9] {
        exporter.send(spans(first..first + 3)).unwrap();
    }
    let sizes: Vec<_> = server.wait_for(2, LONG).iter().map(|request| request.items()).collect();
    assert_eq!(sizes, [6, 6]);
    assert!(exporter.flush_blocking(LONG).is_all_accepted());
    exporter.send(spans(12..26)).unwrap();
    assert!(exporter.flush_blocking(LONG).is_settled());
    let sizes: Vec<_> = server.received()[2..].iter().map(|request| request.items()).collect();
    assert_eq!(sizes, [6, 6, 2]);
}

#[test]
fn the_delay_counts_for_the_disk_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let options = BatchOptions { items: 1000, bytes: 1 << 20, delay: Duration::from_millis(100) };
    let exporter = builder(&server, dir.path(), unsynced()).batch(options).start().unwrap();
    exporter.send(spans(0..2)).unwrap();
    assert_eq!(server.wait_for(1, LONG)[0].items(), 2);
}

#[test]
fn send_durable_works_on_any_executor_and_reaches_memory_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let memory = Destination::new("memory", Client::builder().endpoint(&server.url()));
    let exporter =
        builder(&server, dir.path(), DiskQueueOptions::default()).destination(memory).start().unwrap();
    block_on(exporter.send_durable(spans(0..1))).unwrap();
    bare_current_thread().block_on(exporter.send_durable(spans(1..2))).unwrap();
    exporter.send_durable_blocking(spans(2..3)).unwrap();
    block_on(exporter.send_durable(spans(0..0))).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert!(report.is_all_accepted(), "{report}");
    assert_eq!(report.destination("disk").unwrap().total().accepted, 3);
    assert_eq!(report.destination("memory").unwrap().total().accepted, 3);
    let rejected = block_on(exporter.send_durable(spans(3..4))).unwrap_err();
    assert_eq!(
        rejected.refusals().collect::<Vec<_>>(),
        [("disk", RejectReason::ShutDown), ("memory", RejectReason::ShutDown)]
    );
}

/// The smallest queue there is: segments of 4 KiB, eight of them.
fn tiny(on_full: OnDiskFull) -> DiskQueueOptions {
    unsynced().with_max_bytes(32 << 10).with_segment_bytes(4 << 10).with_on_full(on_full)
}

#[test]
fn a_full_disk_queue_refuses_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::hang());
    let told = Arc::new(Mutex::new(0));
    let tell = Arc::clone(&told);
    let exporter = builder(&server, dir.path(), tiny(OnDiskFull::Refuse))
        .on_drop(move |dropped| {
            assert_eq!(dropped.reason, DropReason::DiskFull);
            *tell.lock().unwrap() += dropped.items;
        })
        .start()
        .unwrap();
    let mut refused = 0;
    for number in 0..60 {
        if let Err(rejected) = exporter.send_durable_blocking(spans(number * 10..number * 10 + 10)) {
            assert_eq!(rejected.refusals().collect::<Vec<_>>(), [("disk", RejectReason::DiskFull)]);
            assert!(rejected.is_retryable());
            refused += 10;
        }
    }
    let report = exporter.ledger().report();
    assert!(refused > 0 && refused < 600, "{refused}");
    assert_eq!(report.total().dropped(DropReason::DiskFull), refused, "{report}");
    assert_eq!(report.total().pending, 600 - refused);
    assert_eq!(*told.lock().unwrap(), refused);
    // Once the server answers, there is room again.
    server.otherwise(Reply::accepted());
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().accepted, 600 - refused, "{report}");
}

#[test]
fn a_full_disk_queue_drops_the_oldest_if_told_to_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::retry_later(Some(Duration::from_secs(100))));
    let told = Arc::new(Mutex::new(0));
    let tell = Arc::clone(&told);
    let exporter = builder(&server, dir.path(), tiny(OnDiskFull::DropOldest))
        .on_drop(move |dropped| *tell.lock().unwrap() += dropped.items)
        .start()
        .unwrap();
    for number in 0..60 {
        exporter.send_durable_blocking(spans(number * 10..number * 10 + 10)).unwrap();
        assert!(exporter.ledger().report().is_balanced());
    }
    let report = exporter.shutdown_blocking(Duration::from_millis(100));
    let dropped = report.total().dropped(DropReason::DiskFull);
    assert!(dropped > 0 && report.is_balanced(), "{report}");
    assert_eq!(*told.lock().unwrap(), dropped);
    let exporter = builder(&server, dir.path(), tiny(OnDiskFull::DropOldest)).start().unwrap();
    assert_eq!(exporter.ledger().report().total().recovered, 600 - dropped, "the newest are there");
    let _ = exporter.shutdown_blocking(Duration::ZERO);
}

#[test]
fn damage_is_counted_and_the_rest_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let exporter = builder(&server, dir.path(), DiskQueueOptions::default()).start().unwrap();
    for number in 0..10 {
        exporter.send_durable_blocking(spans(number * 10..number * 10 + 10)).unwrap();
    }
    let _ = exporter.shutdown_blocking(Duration::ZERO);
    let segment = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"span 42").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();

    let exporter = builder(&server, dir.path(), DiskQueueOptions::default()).start().unwrap();
    let report = exporter.shutdown_blocking(LONG);
    let account = report.total();
    assert_eq!(
        (account.recovered, account.accepted, account.dropped(DropReason::Corrupt)),
        (100, 90, 10),
        "{report}"
    );
    assert!(report.is_balanced());
}

#[test]
fn a_directory_belongs_to_one_exporter() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    let first = builder(&server, dir.path(), unsynced()).start().unwrap();
    let second = builder(&server, dir.path(), unsynced()).start();
    assert!(matches!(second, Err(ExporterError::Disk { ref destination, .. }) if destination == "disk"));
    let _ = first.shutdown_blocking(LONG);
    let third = builder(&server, dir.path(), unsynced()).start();
    assert!(third.is_ok(), "a shutdown gives it free while the handle is still there: {third:?}");
    drop(first);
}

#[test]
fn retries_have_no_end_unless_a_policy_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::retry_later(None));
    let policy =
        RetryPolicy::default().with_cap(Duration::from_millis(5)).with_total(Duration::from_millis(50));
    let exporter = builder(&server, dir.path(), unsynced()).retry(policy).start().unwrap();
    exporter.send(spans(0..2)).unwrap();
    let report = exporter.shutdown_blocking(LONG);
    assert_eq!(report.total().dropped(DropReason::RetryExhausted), 2, "{report}");
    let exporter = builder(&server, dir.path(), unsynced()).start().unwrap();
    assert_eq!(exporter.ledger().report().total().recovered, 0, "given up is given up");
}

#[test]
fn a_flush_during_a_shutdown_does_not_outlast_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::hang());
    let exporter = builder(&server, dir.path(), unsynced()).start().unwrap();
    exporter.send_durable_blocking(spans(0..2)).unwrap();
    let flusher = {
        let exporter = exporter.clone();
        std::thread::spawn(move || exporter.flush_blocking(Duration::from_secs(3600)))
    };
    std::thread::sleep(Duration::from_millis(50));
    let asked = Instant::now();
    let _ = exporter.shutdown_blocking(Duration::from_millis(50));
    assert!(!flusher.join().unwrap().is_settled());
    assert!(asked.elapsed() < LONG);
}
