//! One destination: its parcels in order, each until it is answered for good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{Client, Failure, FailureKind, Jitter, Outcome, RetryPolicy, Signal};
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    time::Instant,
};

use super::{
    ledger::{Dropped, Ledger},
    pump::Parcel,
};
use crate::terminal::{printable, say};

/// Longest wait between two attempts once the relay is to stop and the destination asked for nothing else.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Where everything is forwarded to.
pub(super) struct Destination {
    /// Its place in the ledger.
    index: usize,
    name: String,
    client: Client,
    ledger: Arc<Ledger>,
    /// Whether people were told that it does not take anything.
    is_down: AtomicBool,
    stopping: watch::Receiver<bool>,
}

impl Destination {
    pub(super) fn new(
        index: usize,
        name: String,
        client: Client,
        ledger: Arc<Ledger>,
        stopping: watch::Receiver<bool>,
    ) -> Arc<Self> {
        Arc::new(Self { index, name, client, ledger, is_down: AtomicBool::new(false), stopping })
    }

    /// Delivers one signal's parcels, one after another, so that their order is kept.
    pub(super) async fn work(self: Arc<Self>, mut queue: UnboundedReceiver<Arc<Parcel>>) {
        while let Some(parcel) = queue.recv().await {
            self.deliver(&parcel).await;
        }
    }

    async fn deliver(&self, parcel: &Parcel) {
        let (signal, items) = (parcel.batch.signal(), parcel.batch.items() as u64);
        let body = match parcel.body.get_or_init(|| self.client.prepare(&parcel.batch)).await {
            Ok(body) => body,
            Err(cause) => return self.give_up(signal, items, cause),
        };
        let started = Instant::now();
        let mut backoff = RetryPolicy::default().start();
        let mut jitter = Jitter::from_entropy();
        loop {
            let (after, cause) = match self.client.send_prepared(body).await.outcome {
                Outcome::RetryLater { after, cause } => (after, cause),
                outcome => return self.settle(signal, items, outcome),
            };
            if !self.is_down.swap(true, Ordering::Relaxed) {
                say!("{}: {}; trying again", self.name, printable(&cause.to_string()));
            }
            let Some(wait) = backoff.next_wait(started.elapsed(), after, || jitter.next_f64()) else {
                self.ledger.drop_items(self.index, signal, items, Dropped::RetriesExhausted);
                return;
            };
            self.pause(wait, after.is_some()).await;
        }
    }

    /// Waits; if the relay is to stop, only as long as the destination asked for.
    async fn pause(&self, wait: Duration, asked: bool) {
        if asked {
            return tokio::time::sleep(wait).await;
        }
        let until = Instant::now() + wait;
        let mut stopping = self.stopping.clone();
        let stop = async { stopping.wait_for(|stopping| *stopping).await.is_ok() };
        if tokio::time::timeout_at(until, stop).await.is_ok() {
            tokio::time::sleep_until(until.min(Instant::now() + LAST_WAIT)).await;
        }
    }

    /// Books an answer that is final.
    fn settle(&self, signal: Signal, items: u64, outcome: Outcome) {
        if self.is_down.swap(false, Ordering::Relaxed) {
            say!("{}: answers again", self.name);
        }
        match outcome {
            Outcome::Accepted => self.ledger.answer(self.index, signal, items, 0),
            Outcome::Partial { rejected, message } => {
                let rejected = rejected.min(items);
                self.ledger.answer(self.index, signal, items - rejected, rejected);
                say!("{}: refused {rejected} of {items} items: {}", self.name, printable(&message));
            }
            Outcome::Rejected { cause } => match cause.kind() {
                FailureKind::HttpStatus(_) | FailureKind::GrpcStatus(_) => {
                    self.ledger.answer(self.index, signal, 0, items);
                    say!("{}: refused {items} items: {}", self.name, printable(&cause.to_string()));
                }
                _ => self.give_up(signal, items, &cause),
            },
            outcome => {
                self.ledger.drop_items(self.index, signal, items, Dropped::BadAnswer);
                say!("{}: {}", self.name, printable(&outcome.to_string()));
            }
        }
    }

    fn give_up(&self, signal: Signal, items: u64, cause: &Failure) {
        let why = match cause.kind() {
            FailureKind::TooLarge => Dropped::TooLarge,
            FailureKind::BadResponse | FailureKind::ResponseTooLarge => Dropped::BadAnswer,
            _ => Dropped::Unsendable,
        };
        self.ledger.drop_items(self.index, signal, items, why);
        say!("{}: dropped {items} items: {}", self.name, printable(&cause.to_string()));
    }
}
