//! The exporter's own thread and runtime.

use std::{io, sync::Arc, sync::mpsc::sync_channel, thread, time::Duration};

use otlp_core::Signal;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{driver::drive, shared::Shared, suppress, telemetry::SelfMetrics};
use crate::ledger::Report;

/// Takes a report to whoever waits for it.
pub(super) type Reply = Box<dyn FnOnce(Report) + Send>;

/// What handles ask of the worker. A command that is not carried out any more drops its reply, which ends the wait too.
pub(super) enum Command {
    Flush { deadline: Instant, reply: Reply },
    Shutdown { deadline: Instant, reply: Reply },
}

/// Starts the thread, and comes back when its runtime stands.
pub(super) fn start(
    shared: Arc<Shared>,
    commands: mpsc::UnboundedReceiver<Command>,
    metrics: Option<SelfMetrics>,
) -> io::Result<thread::JoinHandle<()>> {
    let (ready, started) = sync_channel(1);
    let thread = thread::Builder::new().name("otlp-exporter".to_owned()).spawn(move || {
        let id = shared.id;
        suppress::enter(id);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name("otlp-exporter-work")
            .on_thread_start(move || suppress::enter(id))
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        let end = End(Arc::clone(&shared));
        let replies = runtime.block_on(run(shared, commands, metrics));
        // Does not wait for a name to resolve or a body to be compressed for nobody.
        runtime.shutdown_background();
        let shared = Arc::clone(&end.0);
        drop(end);
        let report = shared.last_report();
        for reply in replies {
            reply(report.clone());
        }
    })?;
    match started.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::other("the thread ended at once")),
    }
}

/// However the worker ends, no item stays pending for ever.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        for outlet in &self.0.outlets {
            for lane in outlet.lanes() {
                outlet.cut(lane.signal, lane.abandon(), None);
            }
            #[cfg(feature = "disk-queue")]
            outlet.close_disk();
        }
    }
}

/// Runs the lanes until they are done after a shutdown. Gives whom to tell.
async fn run(
    shared: Arc<Shared>,
    mut commands: mpsc::UnboundedReceiver<Command>,
    mut metrics: Option<SelfMetrics>,
) -> Vec<Reply> {
    let (stop, stopped) = watch::channel(None);
    let mut drivers = JoinSet::new();
    for outlet in &shared.outlets {
        for signal in Signal::ALL {
            drivers.spawn(drive(Arc::clone(outlet), signal, stopped.clone()));
        }
    }
    let every = metrics.as_ref().map_or(Duration::from_secs(60), SelfMetrics::interval);
    let mut measure = interval(every);
    measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
    measure.reset();
    let mut flushes = JoinSet::new();
    let mut replies = Vec::new();
    let mut closing = false;
    loop {
        tokio::select! {
            Some(command) = commands.recv() => match command {
                Command::Flush { deadline, reply } => {
                    flushes.spawn(flush(Arc::clone(&shared), deadline, reply));
                }
                Command::Shutdown { deadline, reply } => {
                    replies.push(reply);
                    if !closing {
                        closing = true;
                        if let Some(metrics) = &mut metrics {
                            metrics.send(&shared);
                        }
                        shared.close();
                    }
                    // Of several callers the most impatient counts.
                    stop.send_modify(|end| *end = Some(end.map_or(deadline, |end: Instant| end.min(deadline))));
                }
            },
            ended = drivers.join_next(), if closing => if ended.is_none() { break },
            Some(_) = flushes.join_next() => {}
            _ = measure.tick(), if metrics.is_some() && !closing => {
                if let Some(metrics) = &mut metrics {
                    metrics.send(&shared);
                }
            }
        }
    }
    while flushes.join_next().await.is_some() {}
    replies
}

/// Waits until everything submitted before now has its fate, or the deadline.
async fn flush(shared: Arc<Shared>, deadline: Instant, reply: Reply) {
    let lanes = || shared.outlets.iter().flat_map(|outlet| outlet.lanes());
    let places: Vec<u64> = lanes().map(|lane| lane.flush()).collect();
    let settled = async {
        for (lane, place) in lanes().zip(places) {
            loop {
                let progress = lane.progress.notified();
                tokio::pin!(progress);
                progress.as_mut().enable();
                if lane.is_settled(place) {
                    break;
                }
                if lane.is_over() {
                    return false;
                }
                progress.await;
            }
        }
        true
    };
    let in_time = tokio::select! {
        settled = settled => settled,
        () = sleep_until(deadline) => false,
    };
    let mut report = shared.report();
    report.settled = in_time;
    reply(report);
}
