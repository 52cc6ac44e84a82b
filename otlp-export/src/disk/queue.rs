//! `DiskQueue`: the queue with its thread.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use otlp_core::{Batch, Signal};

use super::committer::{self, Answer, Inbox, Waiting};
use super::engine::{Backlog, Engine};
use super::error::{AppendError, AppendRefusal, DiskQueueError, ReadError};
use super::format::VERSION;
use super::option::{DiskQueueOptions, Fsync};
use super::ordinal::Ordinal;
use super::recover::OpenFault;
use super::recovery::{Losses, Recovery};
use super::request::{Request, RequestId, RequestSize};
use super::vfs::{RealDir, Vfs};

/// A queue of batches that survives the process, in a directory of its own.
///
/// Handles are cheap to clone. When the last one goes, what waits is written, and the thread that writes ends.
#[derive(Clone)]
pub struct DiskQueue {
    shared: Arc<Shared<RealDir>>,
    thread: Arc<Thread>,
}

/// What the handles and the thread share.
pub(super) struct Shared<V: Vfs> {
    pub(super) options: DiskQueueOptions,
    /// `None` once closed.
    pub(super) engine: Mutex<Option<Engine<V>>>,
    pub(super) inbox: Mutex<Inbox>,
    pub(super) wake: Condvar,
}

/// Ends the thread when the last handle goes.
struct Thread {
    shared: Arc<Shared<RealDir>>,
    handle: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

/// Figures of a queue, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DiskQueueStats {
    /// Bytes of all segments; [`max_bytes`](DiskQueueOptions::max_bytes) bounds them.
    pub bytes: u64,
    /// Segments.
    pub segments: usize,
    /// Batches in them, finished ones in unfinished segments included.
    pub records: usize,
    /// Requests given out, or to be given out again, and not finished.
    pub open_requests: usize,
    /// Bytes of quarantined copies in the directory.
    pub quarantined_bytes: u64,
}

/// A lock whose holder panicked still guards valid data: every change to it is a plain assignment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DiskQueue {
    /// Opens the queue in a directory, which is made if it is not there, and reads all that is in it.
    ///
    /// # Errors
    ///
    /// [`DiskQueueError`]: the directory is in use, cannot be used, or was written by another version. Damaged content is no
    /// error: [`Recovery`] tells of it.
    pub fn open(
        dir: impl AsRef<Path>,
        options: &DiskQueueOptions,
    ) -> Result<(Self, Recovery), DiskQueueError> {
        let dir = dir.as_ref();
        let vfs = Arc::new(RealDir::lock(dir)?);
        let (engine, recovery) =
            Engine::open(vfs, options.clone(), salt(), Ordinal(0)).map_err(|fault| match fault {
                OpenFault::Io { what, source } => DiskQueueError::Io { dir: dir.to_owned(), what, source },
                OpenFault::Version { file, found } => {
                    DiskQueueError::Version { dir: dir.to_owned(), file, found, known: VERSION }
                }
            })?;
        let shared = Arc::new(Shared::new(options.clone(), engine));
        let committer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("otlp-disk".to_owned());
        let handle = thread.spawn(move || committer::run(&committer)).map_err(|source| {
            DiskQueueError::Io { dir: dir.to_owned(), what: "starting the thread", source }
        })?;
        let thread = Thread { shared: Arc::clone(&shared), handle: Mutex::new(Some(handle)) };
        Ok((Self { shared, thread: Arc::new(thread) }, recovery))
    }

    /// Appends a batch, and waits until it is as safe as [`Fsync`] says. A batch without items is taken and not stored.
    ///
    /// # Errors
    ///
    /// [`AppendError`], with the batch: it is not in the queue.
    pub fn append(&self, batch: &Batch) -> Result<(), AppendError> {
        if self.shared.options.fsync() != Fsync::Batch {
            return self.shared.append_now(batch);
        }
        let (answer, answered) = mpsc::sync_channel(1);
        self.append_with(batch.clone(), move |result| drop(answer.send(result)));
        answered
            .recv()
            .unwrap_or_else(|_| Err(AppendError { batch: batch.clone(), reason: AppendRefusal::Closed }))
    }

    /// Appends a batch, and calls `answer` when it is as safe as [`Fsync`] says, or refused. The call itself does no input or
    /// output. `answer` runs on the queue's thread, or at once if the batch cannot even wait: it should be short.
    pub fn append_with(&self, batch: Batch, answer: impl FnOnce(Result<(), AppendError>) + Send + 'static) {
        self.shared.enqueue(Waiting { batch, answer: Box::new(answer) as Answer });
    }

    /// The next request of a signal: those from before a restart first, in the same order and with the same bytes, then new
    /// ones of what waits. `None` if nothing waits, or 1024 requests are open. It stays open until [`done`](Self::done).
    ///
    /// Signals do not wait for each other; but a segment is removed only when all of its items are finished, so that a signal that
    /// is not fetched holds space.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the system cannot read a record; the next call tries again. What is corrupt is stepped over and counted
    /// in [`take_losses`](Self::take_losses).
    pub fn next_request(&self, signal: Signal, size: RequestSize) -> Result<Option<Request>, ReadError> {
        self.shared.with(Ok(None), |engine| engine.next_request(signal, size))
    }

    /// Finishes a request, whatever became of it: its items are never given out again. False if it is not open, which a second
    /// call finds.
    pub fn done(&self, id: RequestId) -> bool {
        let (done, tidy) =
            self.shared.with((false, false), |engine| (engine.done(id.0), engine.has_finished_segments()));
        self.shared.stir(tidy);
        done
    }

    /// What waits of a signal, in no request yet.
    #[must_use]
    pub fn backlog(&self, signal: Signal) -> Backlog {
        self.shared.with(Backlog::default(), |engine| engine.backlog(signal))
    }

    /// What was lost since the last call.
    #[must_use]
    pub fn take_losses(&self) -> Losses {
        self.shared.with(Losses::default(), |engine| std::mem::take(&mut engine.losses))
    }

    /// Figures of this moment.
    #[must_use]
    pub fn stats(&self) -> DiskQueueStats {
        self.shared.with(DiskQueueStats::default(), |engine| DiskQueueStats {
            bytes: engine.bytes,
            segments: engine.segments.len(),
            records: engine.records,
            open_requests: engine.progress.open.len(),
            quarantined_bytes: engine.quarantined,
        })
    }

    /// Writes what waits and closes the queue for all handles; other queues may open the directory then. What is open or
    /// waiting comes out at the next start.
    ///
    /// # Errors
    ///
    /// What the system says of the last writes. All that was acknowledged is as safe as it was then.
    pub fn close(self) -> io::Result<()> {
        self.thread.end()
    }
}

impl fmt::Debug for DiskQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskQueue")
            .field("options", &self.shared.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl<V: Vfs> Shared<V> {
    pub(super) fn new(options: DiskQueueOptions, engine: Engine<V>) -> Self {
        let (engine, inbox) = (Mutex::new(Some(engine)), Mutex::new(Inbox::default()));
        Self { options, engine, inbox, wake: Condvar::new() }
    }

    /// Works on the engine, or gives `closed`.
    pub(super) fn with<T>(&self, closed: T, work: impl FnOnce(&mut Engine<V>) -> T) -> T {
        match &mut *lock(&self.engine) {
            Some(engine) => work(engine),
            None => closed,
        }
    }

    /// Writes a batch without a sync to wait for.
    fn append_now(&self, batch: &Batch) -> Result<(), AppendError> {
        let refused = self.with(Some(AppendRefusal::Closed), |engine| {
            let mut group = engine.write_group([batch]);
            engine.commit(&group);
            group.refused.pop().flatten()
        });
        if matches!(self.options.fsync(), Fsync::Interval(_)) {
            let mut inbox = lock(&self.inbox);
            if !std::mem::replace(&mut inbox.unsynced, true) {
                self.wake.notify_one();
            }
        }
        refused.map_or(Ok(()), |reason| Err(AppendError { batch: batch.clone(), reason }))
    }

    /// Puts a batch where the thread finds it.
    fn enqueue(&self, waiting: Waiting) {
        let limit = self.options.max_waiting_bytes();
        let mut inbox = lock(&self.inbox);
        let bytes = waiting.batch.bytes().len();
        let reason = if inbox.closed {
            AppendRefusal::Closed
        } else if inbox.bytes > 0 && inbox.bytes.saturating_add(bytes) > limit {
            AppendRefusal::Waiting { limit }
        } else {
            inbox.bytes += bytes;
            inbox.waiting.push(waiting);
            if inbox.waiting.len() == 1 {
                self.wake.notify_one();
            }
            return;
        };
        drop(inbox);
        let Waiting { batch, answer } = waiting;
        answer(Err(AppendError { batch, reason }));
    }

    /// Tells the thread that segments can be removed.
    fn stir(&self, tidy: bool) {
        if tidy {
            lock(&self.inbox).tidy = true;
            self.wake.notify_one();
        }
    }
}

impl Thread {
    /// Asks the thread to end, and waits for it unless it is the one that asks.
    fn end(&self) -> io::Result<()> {
        lock(&self.shared.inbox).closed = true;
        self.shared.wake.notify_one();
        let Some(handle) = lock(&self.handle).take() else { return Ok(()) };
        if handle.thread().id() == std::thread::current().id() {
            return Ok(());
        }
        handle.join().unwrap_or_else(|_| Err(io::Error::other("the queue's thread panicked")))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.end();
    }
}

/// A number that whoever fills the queue cannot guess.
fn salt() -> u32 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish() as u32
}
