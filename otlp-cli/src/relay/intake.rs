//! What happens to a batch that arrives: into the exporter's queues, or back to its sender.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{Batch, Exporter, Peer, Receiver, RejectReason, Verdict};

use super::edit::Rules;

/// When a sender shall try again that found no room.
const AGAIN: Duration = Duration::from_secs(1);

/// Gives what comes in to the exporter.
#[derive(Debug)]
pub(super) struct Intake {
    exporter: Exporter,
    rules: Rules,
    /// Whether the last batch found no room.
    full: Arc<AtomicBool>,
}

impl Intake {
    pub(super) const fn new(exporter: Exporter, rules: Rules, full: Arc<AtomicBool>) -> Self {
        Self { exporter, rules, full }
    }
}

impl Receiver for Intake {
    async fn receive(&self, batch: Batch, _: &Peer) -> Verdict {
        // Resources without items are not forwarded, as the specification asks of senders (rule H16).
        if batch.is_empty() {
            return Verdict::Accepted;
        }
        let taken = self.exporter.send_durable(self.rules.apply(batch)).await;
        let rejected = match taken {
            Ok(()) => {
                self.full.store(false, Ordering::Relaxed);
                return Verdict::Accepted;
            }
            Err(rejected) => rejected,
        };
        self.full.store(true, Ordering::Relaxed);
        if rejected.refusals().any(|(_, reason)| reason == RejectReason::LargerThanQueue) {
            return Verdict::invalid("larger than the relay's whole memory for a signal (--max-memory)");
        }
        Verdict::retry_after(AGAIN)
    }
}
