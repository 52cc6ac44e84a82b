//! The thread that writes: all that waits goes down with one sync.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use otlp_core::Batch;

use super::error::{AppendError, AppendRefusal};
use super::option::Fsync;
use super::queue::{Shared, lock};
use super::vfs::Vfs;

/// How an append is answered.
pub(super) type Answer = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

/// A batch that waits for its write.
pub(super) struct Waiting {
    pub(super) batch: Batch,
    pub(super) answer: Answer,
}

/// What the thread is to do.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) waiting: Vec<Waiting>,
    /// Bytes of the batches that wait or are being written.
    pub(super) bytes: usize,
    /// Segments can be removed.
    pub(super) tidy: bool,
    /// Something was written since the last sync; with [`Fsync::Interval`].
    pub(super) unsynced: bool,
    pub(super) closed: bool,
}

/// What the thread woke up for.
struct Work {
    waiting: Vec<Waiting>,
    tidy: bool,
    sync: bool,
    closed: bool,
}

/// Tells everyone who waits when the thread ends, however it ends.
struct Farewell<'a, V: Vfs>(&'a Shared<V>);

impl<V: Vfs> Drop for Farewell<'_, V> {
    fn drop(&mut self) {
        let waiting = {
            let mut inbox = lock(&self.0.inbox);
            inbox.closed = true;
            std::mem::take(&mut inbox.waiting)
        };
        let refused = vec![Some(AppendRefusal::Closed); waiting.len()];
        answer(waiting, refused);
    }
}

/// Answers appends; `None` stands for taken.
fn answer(waiting: Vec<Waiting>, refused: Vec<Option<AppendRefusal>>) {
    for (Waiting { batch, answer }, refused) in waiting.into_iter().zip(refused) {
        let result = refused.map_or(Ok(()), |reason| Err(AppendError { batch, reason }));
        // A panic in there is not the queue's, and others wait.
        let _ = catch_unwind(AssertUnwindSafe(|| answer(result)));
    }
}

/// Works until the queue is closed.
pub(super) fn run<V: Vfs>(shared: &Shared<V>) -> io::Result<()> {
    let _farewell = Farewell(shared);
    let mut last_sync = Instant::now();
    loop {
        let work = shared.next_work(last_sync);
        let bytes = work.waiting.iter().map(|waiting| waiting.batch.bytes().len()).sum::<usize>();
        if !work.waiting.is_empty() {
            shared.append_all(work.waiting);
            lock(&shared.inbox).bytes -= bytes;
        }
        if work.sync {
            shared.sync();
            last_sync = Instant::now();
        }
        if work.tidy {
            shared.tidy();
        }
        if work.closed {
            return match lock(&shared.engine).take() {
                Some(mut engine) => engine.close(),
                None => Ok(()),
            };
        }
    }
}

impl<V: Vfs> Shared<V> {
    /// Sleeps until there is something to do.
    fn next_work(&self, last_sync: Instant) -> Work {
        let interval = match self.options.fsync() {
            Fsync::Interval(interval) => Some(interval),
            Fsync::Batch | Fsync::Never => None,
        };
        let mut inbox = lock(&self.inbox);
        loop {
            let until_sync = interval
                .filter(|_| inbox.unsynced)
                .map(|interval| interval.saturating_sub(last_sync.elapsed()));
            let sync = until_sync == Some(Duration::ZERO);
            if sync || inbox.tidy || inbox.closed || !inbox.waiting.is_empty() {
                inbox.unsynced &= !sync;
                // What is appended from now on waits for the next round; nothing comes after closing.
                return Work {
                    waiting: std::mem::take(&mut inbox.waiting),
                    tidy: std::mem::take(&mut inbox.tidy),
                    sync,
                    closed: inbox.closed,
                };
            }
            inbox = match until_sync {
                Some(time) => self.wake.wait_timeout(inbox, time).unwrap_or_else(PoisonError::into_inner).0,
                None => self.wake.wait(inbox).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Writes batches, syncs if every batch asks for it, and answers.
    pub(super) fn append_all(&self, waiting: Vec<Waiting>) {
        let syncs = self.options.fsync() == Fsync::Batch;
        let started = self.with(None, |engine| {
            let group = engine.write_group(waiting.iter().map(|waiting| &waiting.batch));
            if syncs && group.wrote() {
                return Some((group, Some(engine.sync_job())));
            }
            engine.commit(&group);
            Some((group, None))
        });
        let refused = match started {
            None => vec![Some(AppendRefusal::Closed); waiting.len()],
            Some((group, None)) => group.refused,
            Some((mut group, Some(job))) => {
                // Requests are cut and finished meanwhile: the engine is free.
                let result = job.run();
                self.with((), |engine| {
                    engine.synced(&job, &result);
                    match &result {
                        Ok(()) => engine.commit(&group),
                        Err(error) => {
                            engine.abandon(&group);
                            group.refuse_written(&AppendRefusal::of(error));
                        }
                    }
                });
                // The segment that was given up may hold nothing else.
                lock(&self.inbox).tidy |= result.is_err();
                group.refused
            }
        };
        if self.options.fsync() != Fsync::Never {
            lock(&self.inbox).unsynced = true;
        }
        answer(waiting, refused);
    }

    /// Forces what was written to the disk. What a failed sync was about stays in the queue: it was acknowledged long ago.
    fn sync(&self) {
        if let Some(job) = self.with(None, |engine| Some(engine.sync_job())) {
            let result = job.run();
            self.with((), |engine| engine.synced(&job, &result));
        }
    }

    /// Removes finished segments, once the log of it is on the disk.
    pub(super) fn tidy(&self) {
        let syncs = self.options.fsync() != Fsync::Never;
        let (ids, job) = self.with((Vec::new(), None), |engine| {
            engine.catch_up();
            let ids = engine.finished_ids();
            let job = (syncs && !ids.is_empty()).then(|| engine.sync_job());
            (ids, job)
        });
        if ids.is_empty() {
            return;
        }
        let result = job.map(|job| (job.run(), job));
        self.with((), |engine| {
            if let Some((result, job)) = &result {
                engine.synced(job, result);
            }
            engine.remove_segments(&ids);
        });
    }
}
