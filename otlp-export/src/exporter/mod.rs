//! The exporter: queues what a program sends, delivers it from a thread of its own, and accounts for every item.

mod batch_options;
mod builder;
mod deliver;
mod destination;
mod driver;
#[cfg(feature = "disk-queue")]
mod durable;
mod env;
mod error;
mod event;
mod form;
mod lane;
mod on_full;
mod outlet;
mod pledge;
mod queue;
mod rejected;
mod settings;
mod shared;
mod suppress;
mod telemetry;
mod worker;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};

pub use batch_options::BatchOptions;
pub use builder::ExporterBuilder;
pub use destination::Destination;
pub use error::ExporterError;
pub use event::{Availability, Dropped, PartialSuccess};
pub use on_full::OnFull;
use otlp_core::Batch;
use rejected::Refusal;
pub use rejected::{RejectReason, Rejected};
pub(crate) use shared::Shared;
pub use suppress::is_suppressed;
use tokio::{sync::oneshot, time::Instant};
use worker::{Command, Reply};

use crate::{Ledger, Warning, ledger::Report};

/// Sends batches to one or several destinations from a thread of its own, joins, retries and splits as the rules say, and
/// knows at every moment what became of each item.
///
/// Cheap to clone; works from plain threads and from any runtime, within `block_on` and in `Drop`. Nothing here needs the caller's
/// runtime to make progress, so that there is nothing to deadlock with. Dropping the last clone shuts down with a deadline of 5 s
/// ([`ExporterBuilder::shutdown_on_drop`]).
///
/// ```no_run
/// # fn f(batch: otlp_core::Batch) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use otlp_export::{Client, Destination, Exporter};
///
/// let client = Client::builder().endpoint("http://localhost:4318");
/// let exporter = Exporter::builder().destination(Destination::new("collector", client)).start()?;
/// if let Err(rejected) = exporter.send(batch) {
///     eprintln!("{rejected}");
/// }
/// let report = exporter.shutdown_blocking(Duration::from_secs(5));
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Exporter {
    handle: Arc<Handle>,
}

/// Owned by the clones of an exporter together; the worker does not have it.
struct Handle {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    on_last_drop: Duration,
}

/// A worker that does not answer in time gets this much more, and then the ledger is read without it.
const GRACE: Duration = Duration::from_millis(500);

impl Exporter {
    /// The settings of a new exporter.
    pub fn builder() -> ExporterBuilder {
        ExporterBuilder::default()
    }

    /// Queues a batch for every destination. Makes no system call while the queues are below their batch thresholds, and blocks only
    /// with [`OnFull::Block`]. A batch without items is taken and forgotten (rule H16).
    ///
    /// # Errors
    /// Hands the batch back with the destinations that refused it; the others have it.
    pub fn send(&self, batch: Batch) -> Result<(), Rejected> {
        self.handle.shared.submit(batch)
    }

    /// Queues a batch that [`Exporter::send`] handed back, for those destinations that refused it. The ledger counts it as new.
    ///
    /// # Errors
    /// As [`Exporter::send`].
    pub fn resend(&self, rejected: Rejected) -> Result<(), Rejected> {
        self.handle.shared.resubmit(rejected)
    }

    /// As [`Exporter::send`], and comes back when every destination with a durable queue has the batch as safe as that queue's
    /// fsync policy says; the others have it in memory. A server that answers only then can promise what it answers.
    ///
    /// Queues in memory take the batch only if every destination does ([`RejectReason::HeldBack`]), so that one whose queue is full
    /// does not make a sender that tries again repeat itself to the others.
    ///
    /// The future needs no runtime in particular. Dropped early, it takes nothing back.
    ///
    /// # Errors
    /// As [`Exporter::send`]. Of several durable queues, those that do not refuse have the batch.
    pub async fn send_durable(&self, batch: Batch) -> Result<(), Rejected> {
        let shared = &self.handle.shared;
        if batch.is_empty() {
            return Ok(());
        }
        if shared.is_forked() {
            return shared.submit(batch);
        }
        let (done, told) = oneshot::channel();
        shared.submit_durable(&batch, Box::new(move |refusals| drop(done.send(refusals))));
        self.kept(batch, told.await.ok())
    }

    /// [`Exporter::send_durable`] for code that is not async. On the exporter's own threads it does not wait, like `send`.
    ///
    /// # Errors
    /// As [`Exporter::send_durable`].
    pub fn send_durable_blocking(&self, batch: Batch) -> Result<(), Rejected> {
        let shared = &self.handle.shared;
        if batch.is_empty() || shared.is_forked() || shared.is_own_thread() {
            return shared.submit(batch);
        }
        let (done, told) = mpsc::sync_channel(1);
        shared.submit_durable(&batch, Box::new(move |refusals| drop(done.send(refusals))));
        self.kept(batch, told.recv().ok())
    }

    /// `None`: the durable queue ended without a word.
    fn kept(&self, batch: Batch, refusals: Option<Vec<Refusal>>) -> Result<(), Rejected> {
        match refusals {
            Some(refusals) if refusals.is_empty() => Ok(()),
            Some(refusals) => Err(Rejected::new(batch, refusals)),
            None => Err(self.handle.shared.refused_by_all(batch, RejectReason::ShutDown)),
        }
    }

    /// Delivers everything submitted before the call now, without waiting for full batches. Comes back when all of it is accepted,
    /// rejected or dropped, or after `timeout`: [`Report::is_settled`] tells which.
    ///
    /// The future needs no runtime in particular; time passes on the exporter's thread.
    pub async fn flush(&self, timeout: Duration) -> Report {
        self.ask(|reply| Command::Flush { deadline: after(timeout), reply }).await
    }

    /// [`Exporter::flush`] for code that is not async. Called where it may not wait, on the exporter's own thread, it gives the
    /// ledger as it is.
    pub fn flush_blocking(&self, timeout: Duration) -> Report {
        let handle = &self.handle;
        let report = handle.ask_blocking(timeout, |reply| Command::Flush { deadline: after(timeout), reply });
        report.unwrap_or_else(|| handle.shared.report())
    }

    /// Takes no more batches, delivers what is left, and ends the thread. What is not delivered after `deadline` is dropped and
    /// counted as [`crate::DropReason::Shutdown`], or, in a durable queue, stays pending for the next start; requests under way are broken off, and the server may have taken them. Retries go on
    /// as far as they fit. Called twice, both get the report, at the earlier deadline.
    pub async fn shutdown(&self, deadline: Duration) -> Report {
        self.ask(|reply| Command::Shutdown { deadline: after(deadline), reply }).await
    }

    /// [`Exporter::shutdown`] for code that is not async. On the exporter's own thread it only begins.
    pub fn shutdown_blocking(&self, deadline: Duration) -> Report {
        self.handle.shutdown_blocking(deadline)
    }

    /// What the clients of the destinations warn of, such as a token that goes out in plaintext; each warning once.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = Vec::new();
        for client in self.handle.shared.outlets.iter().flat_map(|outlet| outlet.clients()) {
            let new = client.warnings().iter().filter(|warning| !warnings.contains(warning));
            let new: Vec<Warning> = new.cloned().collect();
            warnings.extend(new);
        }
        warnings
    }

    /// The counters, to be read at any time, also when the exporter is gone.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(Arc::clone(&self.handle.shared))
    }

    async fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Report {
        let shared = &self.handle.shared;
        if shared.is_forked() || shared.is_own_thread() {
            return shared.report();
        }
        let (reply, report) = oneshot::channel();
        let reply: Reply = Box::new(move |report| {
            let _ = reply.send(report);
        });
        // A worker that is gone drops the reply, with the command or without.
        let _ = shared.commands.send(command(reply));
        match report.await {
            Ok(report) => report,
            Err(_) => shared.report(),
        }
    }
}

impl Handle {
    /// The worker's answer; `None` if it gives none in time, or cannot.
    fn ask_blocking(&self, wait: Duration, command: impl FnOnce(Reply) -> Command) -> Option<Report> {
        if self.shared.is_forked() {
            return None;
        }
        let (reply, report) = mpsc::sync_channel(1);
        let reply: Reply = Box::new(move |report| {
            let _ = reply.send(report);
        });
        let _ = self.shared.commands.send(command(reply));
        if self.shared.is_own_thread() {
            return None;
        }
        report.recv_timeout(wait.saturating_add(GRACE)).ok()
    }

    fn shutdown_blocking(&self, deadline: Duration) -> Report {
        let command = |reply| Command::Shutdown { deadline: after(deadline), reply };
        let Some(report) = self.ask_blocking(deadline, command) else { return self.shared.report() };
        // The answer is the last thing that the thread does.
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
        report
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.shutdown_blocking(self.on_last_drop);
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("ledger", &self.ledger()).finish_non_exhaustive()
    }
}

/// A moment; one beyond the clock's range is thirty years away.
fn after(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now + Duration::from_secs(1 << 30))
}
