//! What happens to a batch that arrives: into memory and on its way, or back to its sender.

use std::{sync::Arc, time::Duration};

use otlp::{Batch, Peer, Receiver, Signal, Verdict};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    budget::{Budget, Hold, Size},
    ledger::Ledger,
};

/// When a sender shall try again that found no room.
const AGAIN: Duration = Duration::from_secs(1);

/// What a signal's batcher is told.
#[derive(Debug)]
pub(super) enum Job {
    /// A batch came in.
    Take(Batch, Hold),
    /// Nothing comes any more.
    Stop,
}

/// Takes batches as long as there is room. The channels are bounded by the budget.
#[derive(Debug)]
pub(super) struct Intake {
    budget: Arc<Budget>,
    ledger: Arc<Ledger>,
    /// In the order of `Signal::ALL`.
    batchers: [UnboundedSender<Job>; 4],
}

impl Intake {
    pub(super) const fn new(
        budget: Arc<Budget>,
        ledger: Arc<Ledger>,
        batchers: [UnboundedSender<Job>; 4],
    ) -> Self {
        Self { budget, ledger, batchers }
    }

    /// Takes no more; what was taken is still forwarded.
    pub(super) fn stop(&self) {
        for batcher in &self.batchers {
            let _ = batcher.send(Job::Stop);
        }
    }

    fn take(&self, signal: Signal, batch: Batch) -> bool {
        let size = Size::of(&batch);
        let Some(hold) = self.budget.take(size) else { return false };
        // Before the batcher has it, so that the account is balanced whenever it is looked at.
        self.ledger.receive(signal, size.items);
        let taken = self.batchers[signal as usize].send(Job::Take(batch, hold)).is_ok();
        if !taken {
            self.ledger.take_back(signal, size.items);
        }
        taken
    }
}

impl Receiver for Intake {
    async fn receive(&self, batch: Batch, _: &Peer) -> Verdict {
        // Resources without items are not forwarded, as the specification asks of senders (rule H16).
        if batch.is_empty() || self.take(batch.signal(), batch) {
            Verdict::Accepted
        } else {
            Verdict::retry_after(AGAIN)
        }
    }
}
