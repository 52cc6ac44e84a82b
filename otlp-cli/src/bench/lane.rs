//! One connection: a thread, a runtime and a client of its own, and at most one request under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use otlp::{Client, FailureKind, Jitter, Outcome, Prepared, RetryPolicy, Signal};
use tokio::sync::watch;

use super::{
    ledger::{Ledger, Trouble},
    payload::{self, Stamp},
};

/// What all connections share.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) signal: Signal,
    pub(super) stamp: Stamp,
    pub(super) batch_items: u64,
    /// Requests due in the time; none: as fast as answers come.
    pub(super) scheduled: Option<u64>,
    /// Time from one request to the next.
    pub(super) interval: Duration,
    pub(super) seconds: Duration,
    /// From a request's first attempt, after which none is sent again.
    pub(super) patience: Duration,
    pub(super) started: Instant,
    /// The next request's number.
    pub(super) next: AtomicU64,
    /// Items with an answer so far, for the progress line.
    pub(super) answered: AtomicU64,
    pub(super) ever_answered: AtomicBool,
}

/// Timers of the runtime are right to a millisecond; what is left of a wait is slept by the thread.
const COARSE: Duration = Duration::from_millis(2);

impl Plan {
    /// When a request is due; `None` if none is left.
    fn due(&self, request: u64) -> Option<Instant> {
        match self.scheduled {
            Some(scheduled) if request >= scheduled => None,
            Some(_) => {
                let after =
                    u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX).checked_mul(request)?;
                self.started.checked_add(Duration::from_nanos(after))
            }
            None => Some(Instant::now()),
        }
    }

    fn is_over(&self) -> bool {
        self.started.elapsed() >= self.seconds
    }

    /// Sends what is due until nothing is left, the time is over, or `stop` says so.
    pub(super) async fn run(self: Arc<Self>, client: Client, mut stop: watch::Receiver<bool>) -> Ledger {
        let mut ledger = Ledger::default();
        let mut jitter = Jitter::from_entropy();
        while !*stop.borrow_and_update() && !self.is_over() {
            let request = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = self.due(request) else { break };
            let first = request.saturating_mul(self.batch_items);
            let batch = payload::batch(self.signal, self.stamp, first, self.batch_items);
            let prepared = match client.prepare(&batch).await {
                Ok(prepared) => prepared,
                Err(cause) => {
                    ledger.settle(first, self.batch_items, Duration::ZERO, Outcome::Rejected { cause });
                    break;
                }
            };
            let early = due.saturating_duration_since(Instant::now()).saturating_sub(COARSE);
            if !early.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(early) => {}
                    _ = stop.changed() => break,
                }
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // As fast as answers come: due is when it goes out.
            let due = if self.scheduled.is_some() { due } else { Instant::now() };
            // The connection is late and the time has run out: this one is not sent.
            if self.is_over() && Instant::now() > due + self.interval {
                break;
            }
            tokio::select! {
                outcome = self.deliver(&client, &prepared, &mut ledger, &mut jitter) => {
                    if self.conclude(&mut ledger, first, due, outcome) {
                        break;
                    }
                }
                _ = stop.changed() => {
                    ledger.interrupted(first, self.batch_items);
                    break;
                }
            }
        }
        ledger
    }

    /// Books an outcome; whether to give up, since nobody has ever answered.
    fn conclude(&self, ledger: &mut Ledger, first: u64, due: Instant, outcome: Outcome) -> bool {
        let since_due = due.elapsed();
        let silent = outcome.failure().filter(|cause| !cause.kind().is_answer());
        let unreachable = silent
            .filter(|cause| matches!(cause.kind(), FailureKind::Unreachable | FailureKind::Proxy))
            .map(ToString::to_string);
        if silent.is_none() {
            self.ever_answered.store(true, Ordering::Relaxed);
            self.answered.fetch_add(self.batch_items, Ordering::Relaxed);
        }
        ledger.settle(first, self.batch_items, since_due, outcome);
        match unreachable {
            Some(what) if !self.ever_answered.load(Ordering::Relaxed) => {
                ledger.note(Trouble::Unreachable, what);
                true
            }
            // A server that has gone away is asked again, but not in a loop without a breath.
            Some(_) => {
                thread::sleep(Duration::from_millis(10));
                false
            }
            None => false,
        }
    }

    /// Sends until there is an answer that is not "later", or none at all: what may have arrived is not sent twice.
    async fn deliver(
        &self,
        client: &Client,
        prepared: &Prepared,
        ledger: &mut Ledger,
        jitter: &mut Jitter,
    ) -> Outcome {
        let started = Instant::now();
        let mut backoff = RetryPolicy::default().with_total(self.patience).start();
        loop {
            let delivery = client.send_prepared(prepared).await;
            ledger.bytes_wire += delivery.wire_bytes;
            let after = match &delivery.outcome {
                Outcome::RetryLater { after, cause } if cause.kind().is_answer() => *after,
                _ => return delivery.outcome,
            };
            let wait = backoff.next_wait(started.elapsed(), after, || jitter.next_f64());
            let Some(wait) = wait else { return delivery.outcome };
            tokio::time::sleep(wait).await;
            ledger.retries += 1;
        }
    }
}
