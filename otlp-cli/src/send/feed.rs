//! Messages out of files, read on a thread of its own, cut and paced as the flags say.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use otlp::{Batch, Signal, split_items};
use tokio::{sync::mpsc, time::Instant};

use super::SendArgs;
use crate::source;

/// The messages to be sent, in the files' order.
pub(super) struct Feed {
    messages: mpsc::Receiver<anyhow::Result<Batch>>,
    pace: Option<Pace>,
}

impl Feed {
    /// Starts to read, one message ahead.
    pub(super) fn start(args: &SendArgs) -> Self {
        let (sender, messages) = mpsc::channel(1);
        let reader = Reader {
            files: args.files.clone(),
            signal: args.signal,
            batch_items: args.batch_items,
            repeat: args.repeat.get(),
            sender,
        };
        tokio::task::spawn_blocking(move || reader.run());
        Self { messages, pace: args.rate.map(Pace::new) }
    }

    /// The next message, once it is its time; `None` at the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<anyhow::Result<Batch>> {
        if let Some(pace) = &self.pace {
            tokio::time::sleep_until(pace.next).await;
        }
        let next = self.messages.recv().await;
        if let (Some(pace), Some(Ok(batch))) = (&mut self.pace, &next) {
            pace.sent(batch.items());
        }
        next
    }
}

/// How far behind its rate a feed may be and still catch up.
const CATCH_UP: Duration = Duration::from_millis(50);

/// Spreads items over time: after a message of n items, the next one waits for n items' worth.
struct Pace {
    rate: f64,
    next: Instant,
}

impl Pace {
    fn new(rate: f64) -> Self {
        Self { rate, next: Instant::now() }
    }

    fn sent(&mut self, items: usize) {
        // Timers are late by up to a millisecond or two, which is made up for; a slow server is not made up for by a burst.
        let earliest = Instant::now().checked_sub(CATCH_UP).unwrap_or(self.next);
        self.next = self.next.max(earliest) + Duration::from_secs_f64((items as f64 / self.rate).min(1e9));
    }
}

struct Reader {
    files: Vec<PathBuf>,
    signal: Option<Signal>,
    batch_items: Option<NonZeroUsize>,
    repeat: u32,
    sender: mpsc::Sender<anyhow::Result<Batch>>,
}

/// Nobody takes messages any more.
struct Closed;

impl Reader {
    fn run(self) {
        for _ in 0..self.repeat {
            for file in &self.files {
                match self.read(file) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        let _ = self.sender.blocking_send(Err(error));
                        return;
                    }
                    Err(Closed) => return,
                }
            }
        }
    }

    fn read(&self, file: &Path) -> Result<anyhow::Result<()>, Closed> {
        let reader = match source::open(file, self.signal, None) {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error)),
        };
        for batch in reader {
            match batch {
                Ok(batch) => self.pass(batch)?,
                Err(error) => return Ok(Err(source::failure(error))),
            }
        }
        Ok(Ok(()))
    }

    fn pass(&self, batch: Batch) -> Result<(), Closed> {
        let put = |batch| self.sender.blocking_send(Ok(batch)).map_err(|_| Closed);
        match self.batch_items {
            Some(most) if batch.items() > most.get() => {
                split_items(&batch, most).into_iter().try_for_each(put)
            }
            _ => put(batch),
        }
    }
}
