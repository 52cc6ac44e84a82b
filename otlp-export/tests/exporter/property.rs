//! The ledger's balance over random faults, senders and shutdowns.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use otlp_core::{Batch, Signal};
#[cfg(feature = "disk-queue")]
use otlp_export::disk::{DiskQueueOptions, Fsync};
use otlp_export::{
    BatchOptions, Client, Destination, DropReason, Exporter, OnFull, Protocol, Report, RetryPolicy,
    testing::{Answered, Reply, ScriptedServer, batch, names},
};
use proptest::prelude::*;

use crate::runtime::{bare_current_thread, block_on, must_not_hang, one_worker};

/// A step of a fault script, as data that proptest can shrink.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Accept,
    Late(u8),
    Partial(u64),
    Retry,
    RetryAfter0,
    Invalid,
    TooLarge,
    Hang,
    Reset,
    ResetRequest(u64),
    ResetResponse(u64),
    Truncate(u64),
    GoAway,
    WrongType,
    Oversized,
}

impl Fault {
    fn reply(self) -> Reply {
        match self {
            Self::Accept => Reply::accepted(),
            Self::Late(milliseconds) => Reply::accepted().delayed(Duration::from_millis(milliseconds.into())),
            Self::Partial(rejected) => Reply::partial(rejected, "some"),
            Self::Retry => Reply::retry_later(None),
            Self::RetryAfter0 => Reply::retry_later(Some(Duration::ZERO)),
            Self::Invalid => Reply::invalid("bad"),
            Self::TooLarge => Reply::too_large(),
            Self::Hang => Reply::hang(),
            Self::Reset => Reply::reset(),
            Self::ResetRequest(at) => Reply::accepted().reset_request_at(at),
            Self::ResetResponse(at) => Reply::accepted().reset_response_at(at),
            Self::Truncate(at) => Reply::accepted().close_response_at(at),
            Self::GoAway => Reply::goaway(),
            Self::WrongType => Reply::wrong_content_type(),
            Self::Oversized => Reply::oversized(5 << 20),
        }
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::Accept),
        1 => (0_u8..30).prop_map(Fault::Late),
        2 => (0_u64..20).prop_map(Fault::Partial),
        2 => Just(Fault::Retry),
        1 => Just(Fault::RetryAfter0),
        1 => Just(Fault::Invalid),
        2 => Just(Fault::TooLarge),
        1 => Just(Fault::Hang),
        1 => Just(Fault::Reset),
        // No request is shorter than this.
        1 => (0_u64..50).prop_map(Fault::ResetRequest),
        1 => (0_u64..200).prop_map(Fault::ResetResponse),
        1 => (0_u64..200).prop_map(Fault::Truncate),
        1 => Just(Fault::GoAway),
        1 => Just(Fault::WrongType),
        1 => Just(Fault::Oversized),
    ]
}

/// Where senders run and how the end is called.
#[derive(Debug, Clone, Copy)]
enum Place {
    Threads,
    CurrentThread,
    OneWorker,
    ForeignExecutor,
    Drop,
}

#[derive(Debug, Clone)]
struct Case {
    script: Vec<Fault>,
    protocol: Protocol,
    /// For each sender, sizes of its batches.
    senders: Vec<Vec<usize>>,
    queue_items: usize,
    on_full: OnFull,
    batch_items: usize,
    delay: Duration,
    concurrency: usize,
    split: bool,
    destinations: usize,
    /// The first destination's queue is on a disk.
    durable: bool,
    flushes: bool,
    shutdown_after: Duration,
    deadline: Duration,
    place: Place,
}

fn case() -> impl Strategy<Value = Case> {
    let milliseconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
    let protocols = if cfg!(feature = "grpc") { 2_usize } else { 1 };
    let traffic = (
        proptest::collection::vec(fault(), 0..30),
        (0..protocols).prop_map(|at| [Protocol::HttpProtobuf, Protocol::Grpc][at]),
        proptest::collection::vec(proptest::collection::vec(0_usize..20, 1..15), 1..4),
    );
    let queue = (
        1_usize..120,
        prop_oneof![
            Just(OnFull::DropNew),
            Just(OnFull::DropOldest),
            Just(OnFull::Block(Duration::from_millis(3)))
        ],
        1_usize..40,
        prop_oneof![Just(Duration::ZERO), milliseconds(1..40), Just(Duration::from_secs(3600))],
    );
    let rest = (
        1_usize..4,
        any::<bool>(),
        1_usize..3,
        any::<bool>(),
        any::<bool>(),
        milliseconds(0..40),
        prop_oneof![Just(Duration::ZERO), milliseconds(1..300)],
        prop_oneof![
            Just(Place::Threads),
            Just(Place::CurrentThread),
            Just(Place::OneWorker),
            Just(Place::ForeignExecutor),
            Just(Place::Drop)
        ],
    );
    (traffic, queue, rest).prop_map(
        |(
            (script, protocol, senders),
            (queue_items, on_full, batch_items, delay),
            (concurrency, split, destinations, durable, flushes, shutdown_after, deadline, place),
        )| Case {
            script,
            protocol,
            senders,
            queue_items,
            on_full,
            batch_items,
            delay,
            concurrency,
            split,
            destinations,
            durable: durable && cfg!(feature = "disk-queue"),
            flushes,
            shutdown_after,
            deadline,
            place,
        },
    )
}

type Hooked = Arc<Mutex<BTreeMap<(String, DropReason), u64>>>;

/// Names of the destinations; each has a server of its own.
const NAMES: [&str; 2] = ["a", "b"];

fn run(case: &Case) -> Result<(), TestCaseError> {
    let servers: Vec<ScriptedServer> = (0..case.destinations)
        .map(|at| ScriptedServer::start(case.script.iter().skip(at).map(|fault| fault.reply())).unwrap())
        .collect();
    let hooked: Hooked = Arc::default();
    let dir = tempfile::tempdir().unwrap();
    let exporter = exporter(case, &servers, dir.path(), &hooked);
    let ledger = exporter.ledger();

    // Someone reads the ledger all the time: it must balance at every moment.
    let over = Arc::new(AtomicBool::new(false));
    let reader = {
        let (ledger, over) = (ledger.clone(), Arc::clone(&over));
        thread::spawn(move || {
            let mut balanced = true;
            while !over.load(Ordering::Relaxed) {
                balanced &= ledger.report().is_balanced();
                thread::yield_now();
            }
            balanced
        })
    };

    let handed_back = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (case.senders.iter().enumerate())
        .map(|(sender, sizes)| {
            let (exporter, handed_back) = (exporter.clone(), Arc::clone(&handed_back));
            let batches = batches(sender, sizes);
            let flushes = case.flushes;
            let work = move || {
                for (number, batch) in batches.into_iter().enumerate() {
                    if let Err(rejected) = exporter.send(batch) {
                        let items = rejected.batch().items() * rejected.refusals().count();
                        handed_back.fetch_add(items, Ordering::Relaxed);
                    }
                    if flushes && number % 5 == 4 {
                        let _ = exporter.flush_blocking(Duration::from_millis(20));
                    }
                }
            };
            match case.place {
                Place::CurrentThread => {
                    thread::spawn(|| bare_current_thread().block_on(async move { work() }))
                }
                Place::OneWorker => thread::spawn(|| {
                    let runtime = one_worker();
                    let task = runtime.spawn(async move { work() });
                    runtime.block_on(task).unwrap();
                }),
                _ => thread::spawn(work),
            }
        })
        .collect();

    thread::sleep(case.shutdown_after);
    let deadline = case.deadline;
    let last = match case.place {
        Place::Threads => exporter.shutdown_blocking(deadline),
        Place::CurrentThread => bare_current_thread().block_on(exporter.shutdown(deadline)),
        Place::OneWorker => {
            let (runtime, exporter) = (one_worker(), exporter.clone());
            runtime.block_on(runtime.spawn(async move { exporter.shutdown_blocking(deadline) })).unwrap()
        }
        Place::ForeignExecutor => block_on(exporter.shutdown(deadline)),
        Place::Drop => {
            drop(exporter);
            ledger.report()
        }
    };
    prop_assert!(last.is_balanced(), "{last}");
    for sender in senders {
        sender.join().unwrap();
    }
    over.store(true, Ordering::Relaxed);
    prop_assert!(reader.join().unwrap(), "balanced at every moment");

    let report = ledger.report();
    check(case, &report, &servers, &hooked, handed_back.load(Ordering::Relaxed) as u64)?;
    restart(case, &report, dir.path())
}

/// What was pending is delivered after the next start, and nothing else is.
fn restart(case: &Case, before: &Report, dir: &Path) -> Result<(), TestCaseError> {
    let pending = before.destinations()[0].total().pending;
    if !case.durable {
        prop_assert_eq!(pending, 0);
        return Ok(());
    }
    let servers = [ScriptedServer::start([]).unwrap()];
    let exporter = exporter(case, &servers, dir, &Hooked::default());
    let report = exporter.flush_blocking(Duration::from_secs(30));
    let account = report.total();
    prop_assert!(report.is_all_accepted() && report.is_settled(), "{report}");
    // Of a request that was sent in halves and broken off, the halves that had arrived come again.
    let exactly = !case.split;
    prop_assert!(
        account.recovered >= pending && (!exactly || account.recovered == pending),
        "{before} then {report}"
    );
    Ok(())
}

fn exporter(case: &Case, servers: &[ScriptedServer], dir: &Path, hooked: &Hooked) -> Exporter {
    let hook = Arc::clone(hooked);
    let policy = RetryPolicy::default()
        .with_initial(Duration::from_millis(2))
        .with_cap(Duration::from_millis(10))
        .with_total(Duration::from_millis(200));
    let mut builder = Exporter::builder()
        .batch(BatchOptions { items: case.batch_items, bytes: 1 << 20, delay: case.delay })
        .queue_items(case.queue_items)
        .on_full(case.on_full)
        .retry(policy)
        .shutdown_on_drop(case.deadline)
        .on_drop(move |dropped| {
            let key = (dropped.destination.to_string(), dropped.reason);
            *hook.lock().unwrap().entry(key).or_default() += dropped.items;
        });
    for (at, (server, name)) in servers.iter().zip(NAMES).enumerate() {
        let client = Client::builder()
            .protocol(case.protocol)
            .endpoint(&server.url())
            .timeout(Duration::from_millis(300));
        let destination =
            Destination::new(name, client).concurrency(case.concurrency).split_on_too_large(case.split);
        #[cfg(feature = "disk-queue")]
        let destination = if case.durable && at == 0 {
            let options = DiskQueueOptions::default().with_fsync(Fsync::Never);
            destination.durable(dir, options)
        } else {
            destination
        };
        let _ = (at, dir);
        builder = builder.destination(destination);
    }
    builder.start().unwrap()
}

fn batches(sender: usize, sizes: &[usize]) -> Vec<Batch> {
    let name = |number: usize, item: usize| format!("{sender}/{number}/{item}");
    let batch = |(number, size): (usize, &usize)| {
        batch(Signal::Traces, (0..*size).map(move |item| name(number, item)))
    };
    sizes.iter().enumerate().map(batch).collect()
}

fn check(
    case: &Case,
    report: &Report,
    servers: &[ScriptedServer],
    hooked: &Hooked,
    handed_back: u64,
) -> Result<(), TestCaseError> {
    let submitted: u64 = case.senders.iter().flatten().sum::<usize>() as u64;
    prop_assert!(report.is_balanced(), "{report}");
    let mut refused_or_later = 0;
    let hooked = hooked.lock().unwrap();
    for (destination, server) in report.destinations().iter().zip(servers) {
        let account = destination.signal(Signal::Traces);
        prop_assert_eq!(destination.total(), account, "one signal was sent");
        prop_assert_eq!(account.submitted, submitted, "{}", report);
        refused_or_later += account.dropped(DropReason::QueueFull) + account.dropped(DropReason::Shutdown);
        // Each drop was told once.
        for reason in DropReason::ALL {
            let told = hooked.get(&(destination.name().to_owned(), reason)).copied().unwrap_or(0);
            prop_assert_eq!(told, account.dropped(reason), "{} {}: {}", destination.name(), reason, report);
        }
        // What the server knows of each item.
        let mut taken = HashSet::new();
        for request in server.received() {
            let Some(batch) = &request.batch else { continue };
            prop_assert!(batch.items() <= case.batch_items, "no request is larger than asked for");
            for name in names(batch) {
                // Of an answer that is cut off the client may know enough all the same.
                if request.answered != Answered::Refused {
                    taken.insert(name);
                }
            }
        }
        // Nothing from nowhere; nothing counted as delivered that was not; nothing lost that was not counted as dropped.
        let known: Vec<String> = (case.senders.iter().enumerate())
            .flat_map(|(sender, sizes)| batches(sender, sizes))
            .flat_map(|batch| names(&batch))
            .collect();
        prop_assert!(taken.iter().all(|name| known.contains(name)));
        let answers = server.received().into_iter().map(|request| (request.items(), request.answered));
        let answers: Vec<_> = answers.collect();
        prop_assert!(
            account.accepted + account.rejected <= taken.len() as u64,
            "{} taken: {report}, {answers:?}",
            taken.len()
        );
        let lost = known.iter().filter(|name| !taken.contains(*name)).count() as u64;
        prop_assert!(lost <= account.dropped_total() + account.pending, "{lost} lost: {report}");
        prop_assert!(account.pending == 0 || case.durable, "{report}");
    }
    prop_assert!(handed_back <= refused_or_later, "{handed_back} handed back: {report}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        // `PROPTEST_CASES` asks for more.
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_item_has_one_fate_whatever_happens(case in case()) {
        must_not_hang(move || run(&case))?;
    }
}
