//! Reports of telemetry that hung, panicked or was lost in silence, as `shared/facts/transport.md` (section 3) lists them: each is a test
//! here, named after the report. Where the report is about one transport, both are tried.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use otlp_core::{Batch, Signal};
use otlp_export::{
    BatchOptions, Client, Destination, DropReason, Exporter, ExporterBuilder, OnFull, Protocol, RejectReason,
    RetryPolicy, is_suppressed,
    testing::{Audit, Reply, ScriptedServer, batch},
};

use crate::runtime::{bare_current_thread, block_on, must_not_hang, one_worker};

const LONG: Duration = Duration::from_secs(30);

/// Runs `body` once for each transport of this build, with a server that takes everything.
#[track_caller]
fn each_transport(body: impl Fn(ExporterBuilder, &ScriptedServer) + Clone + Send + 'static) {
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc] {
        if protocol == Protocol::Grpc && cfg!(not(feature = "grpc")) {
            continue;
        }
        let body = body.clone();
        must_not_hang(move || {
            let server = ScriptedServer::start([]).unwrap();
            let client = Client::builder().protocol(protocol).endpoint(&server.url());
            body(Exporter::builder().destination(Destination::new("test", client)), &server);
        });
    }
}

fn spans(count: usize) -> Batch {
    batch(Signal::Traces, (0..count).map(|number| format!("span {number}")))
}

// Deadlocks of flush and shutdown where the runtime has one thread.

#[test]
fn opentelemetry_rust_2802_blocking_shutdown_on_a_current_thread_runtime() {
    each_transport(|builder, server| {
        bare_current_thread().block_on(async {
            let exporter = builder.start().unwrap();
            exporter.send(spans(3)).unwrap();
            let report = exporter.shutdown_blocking(LONG);
            assert!(report.is_all_accepted(), "{report}");
        });
        assert_eq!(server.accepted_items(Signal::Traces), 3);
    });
}

#[test]
fn opentelemetry_rust_3356_3380_flush_and_shutdown_with_one_worker_thread() {
    each_transport(|builder, _| {
        let runtime = one_worker();
        let task = runtime.spawn(async {
            let exporter = builder.start().unwrap();
            exporter.send(spans(2)).unwrap();
            assert!(exporter.flush_blocking(LONG).is_all_accepted());
            exporter.send(spans(3)).unwrap();
            let report = exporter.shutdown_blocking(LONG);
            assert_eq!(report.total().accepted, 5, "{report}");
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn opentelemetry_rust_2715_2583_started_and_flushed_within_tokio_spawn() {
    each_transport(|builder, _| {
        for runtime in [bare_current_thread(), one_worker()] {
            // Built in one task, used in another, while the runtime's only thread waits.
            let exporter = runtime.block_on(runtime.spawn(async { builder_clone().start().unwrap() }));
            exporter.unwrap().shutdown_blocking(LONG).is_settled().then_some(()).unwrap();
        }
        let runtime = one_worker();
        let task = runtime.spawn(async {
            let exporter = builder.start().unwrap();
            tokio::spawn(async move {
                exporter.send(spans(4)).unwrap();
                exporter.flush_blocking(LONG)
            })
            .await
        });
        let report = runtime.block_on(task).unwrap().unwrap();
        assert!(report.is_all_accepted(), "{report}");
    });
}

/// An exporter to nowhere in particular.
fn builder_clone() -> ExporterBuilder {
    Exporter::builder().destination(Destination::new("test", Client::builder()))
}

#[test]
fn opentelemetry_rust_3176_force_flush_on_a_current_thread_runtime_async_and_blocking() {
    each_transport(|builder, _| {
        let exporter = builder.start().unwrap();
        let clone = exporter.clone();
        bare_current_thread().block_on(async move {
            clone.send(spans(1)).unwrap();
            assert!(clone.flush(LONG).await.is_all_accepted());
            clone.send(spans(1)).unwrap();
            assert!(clone.flush_blocking(LONG).is_all_accepted());
        });
        assert!(exporter.shutdown_blocking(LONG).is_all_accepted());
    });
}

#[test]
fn opentelemetry_rust_2580_2071_the_callers_runtime_is_stuck_or_gone() {
    each_transport(|builder, _| {
        let runtime = one_worker();
        let exporter = runtime.block_on(async { builder.start().unwrap() });
        // Its only worker is busy for ever.
        let (release, stuck) = std::sync::mpsc::channel::<()>();
        runtime.spawn(async move { stuck.recv() });
        exporter.send(spans(2)).unwrap();
        assert!(exporter.flush_blocking(LONG).is_all_accepted());
        drop(release);
        runtime.shutdown_background();
        exporter.send(spans(2)).unwrap();
        assert!(exporter.shutdown_blocking(LONG).is_all_accepted());
    });
}

#[test]
fn opentelemetry_rust_868_1395_shutdown_in_drop_within_block_on() {
    each_transport(|builder, server| {
        let ledger = bare_current_thread().block_on(async {
            let exporter = builder.start().unwrap();
            exporter.send(spans(3)).unwrap();
            exporter.ledger()
            // The last handle goes here.
        });
        assert!(ledger.report().is_all_accepted());
        assert_eq!(server.accepted_items(Signal::Traces), 3);
    });
}

#[test]
fn opentelemetry_rust_868_shutdown_in_a_panic_hook_and_while_unwinding() {
    each_transport(|builder, server| {
        let exporter = builder.start().unwrap();
        let unwound = thread::spawn(move || {
            exporter.send(spans(2)).unwrap();
            let _last_handle = exporter;
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(unwound.join().is_err());
        assert_eq!(server.accepted_items(Signal::Traces), 2);
    });
}

// "There is no reactor running".

#[test]
fn opentelemetry_rust_2673_3125_no_runtime_anywhere() {
    each_transport(|builder, server| {
        let exporter = builder.start().unwrap();
        exporter.send(spans(3)).unwrap();
        assert!(exporter.flush_blocking(LONG).is_all_accepted());
        drop(exporter);
        assert_eq!(server.accepted_items(Signal::Traces), 3);
    });
}

#[test]
fn opentelemetry_rust_2400_2798_started_and_dropped_inside_a_runtime() {
    each_transport(|builder, server| {
        // A blocking client that owns a runtime panics here: it must not be dropped where blocking is not allowed.
        one_worker().block_on(async {
            let exporter = builder.start().unwrap();
            exporter.send(spans(3)).unwrap();
            drop(exporter);
        });
        assert_eq!(server.accepted_items(Signal::Traces), 3);
    });
}

#[test]
fn opentelemetry_rust_364_awaited_by_an_executor_that_is_not_tokios() {
    each_transport(|builder, _| {
        let exporter = builder.start().unwrap();
        exporter.send(spans(3)).unwrap();
        assert!(block_on(exporter.flush(LONG)).is_all_accepted());
        assert!(block_on(exporter.shutdown(LONG)).is_all_accepted());
    });
}

#[test]
fn a_flush_that_nobody_waits_for_any_more_harms_nobody() {
    each_transport(|builder, _| {
        let exporter = builder.start().unwrap();
        exporter.send(spans(3)).unwrap();
        drop(exporter.flush(LONG));
        bare_current_thread().block_on(async {
            let flush = exporter.flush(LONG);
            tokio::select! { biased; () = std::future::ready(()) => {}, _ = flush => {} }
        });
        assert!(exporter.shutdown_blocking(LONG).is_all_accepted());
    });
}

// Flush and shutdown that race with senders, or do not end.

#[test]
fn opentelemetry_rust_3453_what_was_sent_before_a_flush_is_in_it() {
    each_transport(|builder, server| {
        let exporter = builder.queue_items(1 << 20).start().unwrap();
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let exporter = exporter.clone();
                thread::spawn(move || {
                    for number in 0..25 {
                        exporter.send(batch(Signal::Traces, [format!("{sender}/{number}")])).unwrap();
                        if number % 10 == 9 {
                            let report = exporter.flush_blocking(LONG);
                            assert!(report.is_settled() && report.is_balanced());
                            assert!(report.total().accepted > number, "its own are in: {report}");
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        let report = exporter.shutdown_blocking(LONG);
        assert_eq!(report.total().accepted, 100, "{report}");
        assert_eq!(server.accepted_items(Signal::Traces), 100);
    });
}

#[test]
fn opentelemetry_rust_3542_a_request_under_way_is_cancelled_at_the_deadline_and_the_thread_ends() {
    each_transport(|builder, server| {
        server.otherwise(Reply::hang());
        let exporter = builder.start().unwrap();
        exporter.send(spans(3)).unwrap();
        let _ = exporter.flush_blocking(Duration::from_millis(50));
        let asked = Instant::now();
        let report = exporter.shutdown_blocking(Duration::from_millis(50));
        assert!(asked.elapsed() < Duration::from_secs(9), "the client's own timeout is 10 s");
        assert_eq!(report.total().dropped(DropReason::Shutdown), 3, "{report}");
        assert!(!report.is_settled());
    });
}

#[test]
fn opentelemetry_rust_2586_a_flush_that_times_out_leaves_the_worker_alive() {
    each_transport(|builder, server| {
        server.push(Reply::accepted().delayed(Duration::from_millis(300)));
        let exporter = builder.start().unwrap();
        exporter.send(spans(1)).unwrap();
        assert!(!exporter.flush_blocking(Duration::from_millis(20)).is_settled());
        exporter.send(spans(1)).unwrap();
        assert!(exporter.shutdown_blocking(LONG).is_all_accepted());
    });
}

// Losses without a word.

#[test]
fn opentelemetry_rust_2978_bursts_lose_nothing_that_is_not_counted() {
    each_transport(|builder, server| {
        let exporter = builder.start().unwrap();
        let mut audit = Audit::new();
        let mut number = 0;
        for _ in 0..40 {
            let names: Vec<_> = (number..number + 250).map(|number| number.to_string()).collect();
            number += 250;
            let burst = batch(Signal::Traces, &names);
            audit.submitted(&burst);
            if let Err(rejected) = exporter.send(burst) {
                audit.handed_back(rejected.batch());
                thread::sleep(Duration::from_millis(5));
            }
        }
        let report = exporter.shutdown_blocking(LONG);
        assert!(report.is_settled() && report.is_balanced(), "{report}");
        assert_eq!(report.total().submitted, 10_000);
        assert_eq!(report.total().accepted, server.accepted_items(Signal::Traces));
        audit.received(&server.received());
        audit.assert_balanced();
    });
}

#[test]
fn opentelemetry_rust_1962_1660_after_shutdown_data_is_handed_back_with_the_reason() {
    each_transport(|builder, _| {
        let exporter = builder.start().unwrap();
        let _ = exporter.shutdown_blocking(LONG);
        let rejected = exporter.send(spans(2)).unwrap_err();
        assert_eq!(rejected.refusals().collect::<Vec<_>>(), [("test", RejectReason::ShutDown)]);
        assert_eq!(rejected.into_batch(), spans(2));
        assert!(exporter.flush_blocking(LONG).is_settled(), "ends at once");
        let report = exporter.shutdown_blocking(LONG);
        assert_eq!(report.total().dropped(DropReason::Shutdown), 2, "{report}");
    });
}

#[test]
fn freeunit_219_failures_stay_in_the_report() {
    each_transport(|builder, server| {
        server.push(Reply::invalid("no"));
        let exporter = builder.start().unwrap();
        exporter.send(spans(3)).unwrap();
        let first = exporter.flush_blocking(LONG);
        assert_eq!(first.total().dropped(DropReason::NonRetryable), 3, "{first}");
        exporter.send(spans(1)).unwrap();
        let second = exporter.shutdown_blocking(LONG);
        assert_eq!(second.total().dropped(DropReason::NonRetryable), 3, "{second}");
        assert!(!second.is_all_accepted());
        assert!(second.destination("test").unwrap().last_failure().is_some());
    });
}

#[test]
fn opentelemetry_rust_2177_2273_a_full_queue_is_told_and_counted() {
    each_transport(|builder, server| {
        server.otherwise(Reply::hang());
        let told = Arc::new(AtomicUsize::new(0));
        let tell = Arc::clone(&told);
        let hook = move |dropped: &otlp_export::Dropped| {
            if dropped.reason == DropReason::QueueFull {
                tell.fetch_add(dropped.items as usize, Ordering::Relaxed);
            }
        };
        let exporter = builder.queue_items(10).on_drop(hook).start().unwrap();
        exporter.send(spans(8)).unwrap();
        let rejected = exporter.send(spans(5)).unwrap_err();
        assert_eq!(rejected.batch().items(), 5);
        assert_eq!(exporter.ledger().report().total().dropped(DropReason::QueueFull), 5);
        assert_eq!(told.load(Ordering::Relaxed), 5);
        let _ = exporter.shutdown_blocking(Duration::ZERO);
    });
}

#[test]
fn opentelemetry_specification_5178_5181_blocking_when_full_loses_nothing() {
    each_transport(|builder, server| {
        server.otherwise(Reply::accepted().delayed(Duration::from_millis(2)));
        let exporter = builder
            .queue_items(16)
            .on_full(OnFull::Block(LONG))
            .batch(BatchOptions { items: 8, bytes: 1 << 20, delay: Duration::from_millis(10) })
            .start()
            .unwrap();
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let exporter = exporter.clone();
                thread::spawn(move || (0..20).for_each(|_| exporter.send(spans(3)).unwrap()))
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        let report = exporter.shutdown_blocking(LONG);
        assert_eq!((report.total().accepted, report.total().dropped_total()), (240, 0), "{report}");
    });
}

// Telemetry about telemetry.

/// Counts what is recorded on an exporter's threads, and elsewhere.
struct Counting;

static ON_EXPORTERS: AtomicUsize = AtomicUsize::new(0);
static ELSEWHERE: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn count() {
        let counter = if is_suppressed() { &ON_EXPORTERS } else { &ELSEWHERE };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl tracing::Subscriber for Counting {
    /// Asked once for each place in the code, by whichever thread comes there first.
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        Self::count();
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        Self::count();
    }

    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn opentelemetry_rust_1171_2877_3084_3654_the_exporter_records_nothing_about_itself() {
    // HTTP/2 speaks to `tracing` about each frame, on the client's side as on the server's.
    let _ = tracing::subscriber::set_global_default(Counting);
    each_transport(|builder, _| {
        let hook_suppressed = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&hook_suppressed);
        let exporter = builder
            .on_drop(move |_| *seen.lock().unwrap() = Some(is_suppressed()))
            .retry(RetryPolicy::default().with_total(Duration::ZERO))
            .start()
            .unwrap();
        exporter.send(spans(600)).unwrap();
        assert!(exporter.flush_blocking(LONG).is_all_accepted());
        assert!(!is_suppressed(), "only the exporter's own threads");
    });
    assert_eq!(ON_EXPORTERS.load(Ordering::Relaxed), 0);
    #[cfg(feature = "grpc")]
    assert!(
        ELSEWHERE.load(Ordering::Relaxed) > 0,
        "the server's thread shows that there is something to hear"
    );
}

#[test]
fn a_hook_may_use_the_exporter_that_calls_it() {
    each_transport(|builder, server| {
        server.otherwise(Reply::invalid("no"));
        let slot: Arc<Mutex<Option<Exporter>>> = Arc::default();
        let inside = Arc::clone(&slot);
        let exporter = builder
            .queue_items(4)
            .on_full(OnFull::Block(Duration::from_secs(3600)))
            .on_drop(move |_| {
                let exporter = inside.lock().unwrap().take();
                if let Some(exporter) = exporter {
                    // None of these may wait here: nobody else would end the wait.
                    let _ = exporter.send(spans(4));
                    let _ = exporter.send(spans(4));
                    let _ = exporter.flush_blocking(LONG);
                    let _ = exporter.shutdown_blocking(LONG);
                }
            })
            .start()
            .unwrap();
        *slot.lock().unwrap() = Some(exporter.clone());
        exporter.send(spans(1)).unwrap();
        let report = exporter.shutdown_blocking(LONG);
        assert!(report.is_balanced(), "{report}");
        assert_eq!(report.total().pending, 0);
    });
}

#[test]
fn a_hook_that_panics_harms_nobody() {
    each_transport(|builder, server| {
        server.push(Reply::invalid("no"));
        let builder = builder.on_drop(|_| std::panic::resume_unwind(Box::new("on purpose")));
        let exporter = builder.start().unwrap();
        exporter.send(spans(1)).unwrap();
        assert_eq!(exporter.flush_blocking(LONG).total().dropped(DropReason::NonRetryable), 1);
        exporter.send(spans(1)).unwrap();
        assert_eq!(exporter.shutdown_blocking(LONG).total().accepted, 1);
    });
}
