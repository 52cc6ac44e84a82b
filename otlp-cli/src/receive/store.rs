//! The files of all signals, each written by a thread of its own, so that a slow disk holds up no connection.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use otlp::{Batch, Signal};
use tokio::sync::oneshot;

pub(super) use super::track::StoreOptions;
use super::{tally::Tally, track::Track};

/// Takes batches and says when the system has them.
#[derive(Debug)]
pub(super) struct Store {
    writers: [Writer; 4],
}

#[derive(Debug)]
struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Memory is bounded by the server: it refuses requests when too many bytes wait for a verdict.
#[derive(Debug)]
enum Job {
    Keep(Batch, oneshot::Sender<io::Result<()>>),
    Stop,
}

impl Store {
    /// Makes the directory and starts the threads; a file is made with its first message.
    pub(super) fn open(dir: &Path, options: StoreOptions, tally: Arc<Tally>) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let start = |signal: Signal| {
            let track = Track::new(dir, signal, options)?;
            let (jobs, queue) = mpsc::channel();
            let tally = Arc::clone(&tally);
            let thread = thread::Builder::new()
                .name(format!("otlp-{signal}"))
                .spawn(move || write(track, signal, &queue, &tally))?;
            Ok::<_, io::Error>(Writer { jobs, thread: Mutex::new(Some(thread)) })
        };
        let [traces, metrics, logs, profiles] = Signal::ALL;
        Ok(Self { writers: [start(traces)?, start(metrics)?, start(logs)?, start(profiles)?] })
    }

    /// Waits until the batch is in its file. Dropping the future does not stop the write.
    pub(super) async fn keep(&self, batch: Batch) -> io::Result<()> {
        let closed = || io::Error::other("the files are closed");
        let (done, kept) = oneshot::channel();
        let writer = &self.writers[batch.signal() as usize];
        writer.jobs.send(Job::Keep(batch, done)).map_err(|_| closed())?;
        kept.await.map_err(|_| closed())?
    }

    /// Writes what waits and ends the threads; what comes later fails.
    pub(super) fn close(&self) {
        for writer in &self.writers {
            let _ = writer.jobs.send(Job::Stop);
            if let Some(thread) = writer.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
                let _ = thread.join();
            }
        }
    }
}

fn write(mut track: Track, signal: Signal, queue: &mpsc::Receiver<Job>, tally: &Tally) {
    while let Ok(Job::Keep(batch, done)) = queue.recv() {
        let written = track.append(&batch);
        if written.is_ok() {
            tally.add(signal, batch.items(), batch.bytes().len());
        }
        // The sender of the request may have gone.
        let _ = done.send(written);
    }
}

#[cfg(test)]
mod tests {
    use otlp::{Limits, file::FileFormat};

    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_in_the_file_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let tally = Arc::new(Tally::new(Some(2)));
        let options = StoreOptions { format: FileFormat::Frames, rotate: 1 << 20 };
        let store = Store::open(&dir.path().join("a/b"), options, Arc::clone(&tally)).unwrap();
        let batch = Batch::parse(Signal::Logs, &b"\x0a\x04\x12\x02\x12\x00"[..], &Limits::default()).unwrap();
        store.keep(batch.clone()).await.unwrap();
        assert_eq!(fs::read(dir.path().join("a/b/logs-000001.frames")).unwrap().len(), 10);
        assert_eq!(tally.items(), 1);
        store.keep(batch.clone()).await.unwrap();
        tally.enough().await;
        store.close();
        assert!(store.keep(batch).await.is_err());
        assert_eq!(tally.items(), 2);
    }
}
