//! The life of one request: made once, tried as often as the rules and the policy allow, every item given its fate.

use std::{sync::Arc, time::Duration};

use otlp_core::{Batch, Signal};
use tokio::{sync::watch, time::Instant};

use super::{
    event::name_of_item,
    form::{form, halves},
    lane::{Fate, Lane, Taken},
    outlet::Outlet,
    queue::Entry,
};
use crate::{Backoff, DropReason, Failure, FailureKind, Jitter, Outcome};

/// When the exporter is to be gone; `None` while nobody has asked for it.
pub(super) type Stop = watch::Receiver<Option<Instant>>;

/// Delivers what was taken off a lane's queue.
pub(super) async fn deliver(outlet: Arc<Outlet>, signal: Signal, taken: Taken, stop: Stop) {
    let lane = Arc::clone(outlet.lane(signal));
    let request = if lane.is_durable() {
        // The disk queue has cut it, and cuts it so again after a restart.
        taken.entries.into_iter().next().map(|entry| entry.batch)
    } else {
        make(&lane, taken.flight, taken.entries)
    };
    let Some(request) = request else { return };
    let mut delivery = Delivery { outlet, lane, signal, flight: taken.flight, stop };
    let mut parts = vec![request];
    while let Some(part) = parts.pop() {
        if let Err(TooLarge { failure, sent }) = delivery.attempts(&part).await {
            // Halves of what was never sent break no rule; the server's own word is acted on if the program wants it.
            let allowed = !sent || delivery.lane.settings.split_on_too_large;
            match halves(&part).filter(|_| allowed) {
                Some(halves) => parts.extend(halves.into_iter().rev()),
                None => {
                    let name = (part.items() == 1).then(|| name_of_item(&part)).flatten();
                    delivery.drop_part(&part, DropReason::TooLarge, Some(failure), name);
                }
            }
        }
    }
}

/// Joins the batches, and gives back to the queue what is over.
fn make(lane: &Lane, flight: u64, entries: Vec<Entry>) -> Option<Batch> {
    let (sequence, tick) = entries.first().map(|first| (first.sequence, first.tick))?;
    let batches = entries.into_iter().map(|entry| entry.batch).collect();
    let formed = form(batches, lane.settings.batch_items, lane.settings.request_bytes)?;
    let over = !formed.rest.is_empty();
    let rest = formed.rest.into_iter().map(|batch| Entry { batch, sequence, tick }).collect();
    lane.formed(flight, &formed.request, rest);
    if over {
        lane.wake.notify_one();
    }
    Some(formed.request)
}

struct Delivery {
    outlet: Arc<Outlet>,
    lane: Arc<Lane>,
    signal: Signal,
    flight: u64,
    stop: Stop,
}

/// The batch is too large for the client, or, if it was sent, for the server.
struct TooLarge {
    failure: Failure,
    sent: bool,
}

/// What a wait ended with.
enum Wait {
    /// Try again.
    Over,
    /// The exporter stops before the wait would be over; the wait was ours, so that one more attempt now does no harm.
    LastChance,
    /// The exporter stops before the moment that the server asked to wait for.
    TooLate,
}

impl Delivery {
    /// Sends one batch until its items have their fate.
    async fn attempts(&mut self, batch: &Batch) -> Result<(), TooLarge> {
        let items = batch.items() as u64;
        let outlet = Arc::clone(&self.outlet);
        let client = outlet.client(self.signal);
        let prepared = match client.prepare(batch).await {
            Ok(prepared) => prepared,
            Err(failure) if failure.kind() == FailureKind::TooLarge => {
                return Err(TooLarge { failure, sent: false });
            }
            Err(failure) => {
                self.outlet.failed(&failure);
                self.drop_part(batch, DropReason::Encode, Some(failure), None);
                return Ok(());
            }
        };
        let clock = outlet.clock();
        let mut backoff: Option<(Instant, Backoff, Jitter)> = None;
        let mut last_chance = false;
        loop {
            if let Some(until) = self.outlet.held_until(self.signal)
                && matches!(self.wait(until, true).await, Wait::TooLate | Wait::LastChance)
            {
                self.drop_part(batch, DropReason::Shutdown, None, None);
                return Ok(());
            }
            let (began, started) = (Instant::now(), Instant::from_std(clock.now()));
            let delivery = client.send_prepared(&prepared).await;
            let kind = delivery.outcome.failure().map(Failure::kind);
            self.lane.attempted(backoff.is_some(), delivery.wire_bytes, began.elapsed(), kind);
            if let Some(failure) = delivery.outcome.failure() {
                self.outlet.failed(failure);
            }
            match &delivery.outcome {
                Outcome::RetryLater { cause, .. } => self.outlet.missed(cause),
                _ => self.outlet.answered(),
            }
            let (first, backoff, jitter) = backoff
                .get_or_insert_with(|| (started, self.lane.settings.retry.start(), Jitter::from_entropy()));
            match delivery.outcome {
                Outcome::Accepted => {
                    self.lane.settle(self.flight, items, Fate::Accepted);
                    return Ok(());
                }
                Outcome::Partial { rejected, message } => {
                    let rejected = rejected.min(items);
                    self.lane.settle(self.flight, rejected, Fate::Rejected);
                    self.lane.settle(self.flight, items - rejected, Fate::Accepted);
                    self.outlet.partial(self.signal, items, rejected, message);
                    return Ok(());
                }
                Outcome::RetryLater { after, cause } => {
                    let asked = after.is_some_and(|after| !after.is_zero());
                    let passed = Instant::from_std(clock.now()).saturating_duration_since(*first);
                    let wait = backoff.next_wait(passed, after, || jitter.next_f64());
                    let Some(wait) = wait.filter(|_| !last_chance) else {
                        let reason =
                            if last_chance { DropReason::Shutdown } else { DropReason::RetryExhausted };
                        self.drop_part(batch, reason, Some(cause), None);
                        return Ok(());
                    };
                    if asked {
                        self.outlet.hold(self.signal, wait);
                    }
                    match self.wait(moment(clock.now().into(), wait), asked).await {
                        Wait::Over => {}
                        Wait::LastChance => last_chance = true,
                        Wait::TooLate => {
                            self.drop_part(batch, DropReason::Shutdown, Some(cause), None);
                            return Ok(());
                        }
                    }
                }
                Outcome::Rejected { cause } if is_too_large(&cause) => {
                    return Err(TooLarge { failure: cause, sent: true });
                }
                Outcome::Rejected { cause } => {
                    let reason = match cause.kind() {
                        FailureKind::Unencodable => DropReason::Encode,
                        _ => DropReason::NonRetryable,
                    };
                    self.drop_part(batch, reason, Some(cause), None);
                    return Ok(());
                }
            }
        }
    }

    /// Waits until a moment of the clock, unless the exporter stops before it.
    async fn wait(&mut self, until: Instant, asked: bool) -> Wait {
        let outlet = Arc::clone(&self.outlet);
        let clock = outlet.clock();
        loop {
            // The deadline is the system's, whatever the clock: a caller waits for it.
            let left = until.saturating_duration_since(clock.now().into());
            if self
                .stop
                .borrow_and_update()
                .is_some_and(|end| left >= end.saturating_duration_since(Instant::now()))
            {
                return if asked { Wait::TooLate } else { Wait::LastChance };
            }
            tokio::select! {
                () = clock.sleep_until(until.into()) => return Wait::Over,
                changed = self.stop.changed() => if changed.is_err() { return Wait::TooLate },
            }
        }
    }

    fn drop_part(&self, batch: &Batch, reason: DropReason, failure: Option<Failure>, name: Option<String>) {
        let items = batch.items() as u64;
        if reason == DropReason::Shutdown && self.lane.is_durable() {
            // Stays on the disk.
            return;
        }
        self.lane.settle(self.flight, items, Fate::Dropped(reason));
        if reason == DropReason::Shutdown {
            self.outlet.cut(self.signal, items, failure);
        } else {
            self.outlet.dropped(self.signal, items, reason, failure, name);
        }
    }
}

/// A wait beyond the clock's range ends in thirty years.
fn moment(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or(now + Duration::from_secs(1 << 30))
}

/// Whether a final failure is about the request's size. `RESOURCE_EXHAUSTED` alone may be a quota: servers that mean the size say so
/// (grpc-go: "received message larger than max", tonic: "message length too large").
fn is_too_large(failure: &Failure) -> bool {
    const RESOURCE_EXHAUSTED: u32 = 8;
    match failure.kind() {
        FailureKind::HttpStatus(413) | FailureKind::TooLarge => true,
        FailureKind::GrpcStatus(RESOURCE_EXHAUSTED) => {
            let message = failure.message().to_ascii_lowercase();
            ["larger than", "too large", "size", "bytes", "length"].iter().any(|word| message.contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_no_sizes() {
        for (kind, message, expected) in [
            (FailureKind::HttpStatus(413), "", true),
            (FailureKind::HttpStatus(400), "too large", false),
            (
                FailureKind::GrpcStatus(8),
                "grpc: received message larger than max (5000000 vs. 4194304)",
                true,
            ),
            (FailureKind::GrpcStatus(8), "Message Length Too Large: found 9 bytes, the limit is 4", true),
            (FailureKind::GrpcStatus(8), "quota of the tenant used up", false),
            (FailureKind::GrpcStatus(3), "larger than max", false),
        ] {
            assert_eq!(is_too_large(&Failure::new(kind, message)), expected, "{kind} {message}");
        }
    }
}
