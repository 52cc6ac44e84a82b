//! A batch that `send` hands back.

use std::{fmt, sync::Arc};

use otlp_core::Batch;

use crate::DropReason;

/// The batch that `send` did not hand to every destination, and which ones refused it. Each refusal is counted in the ledger;
/// [`crate::Exporter::resend`] tries those destinations again, [`Rejected::into_batch`] takes the data back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the batch is lost unless it is sent again or kept"]
pub struct Rejected {
    batch: Batch,
    pub(super) refusals: Vec<Refusal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) name: Arc<str>,
    /// Place among the exporter's destinations.
    pub(super) at: usize,
    pub(super) reason: RejectReason,
}

/// Why a destination refused a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// Its queue is full, and stayed so as long as `send` may block.
    QueueFull,
    /// The batch alone is larger than the queue's bounds: it will never fit.
    LargerThanQueue,
    /// Another destination refused the batch, and this one was not given it either: [`crate::Exporter::send_durable`] gives it to
    /// all queues in memory or to none.
    HeldBack,
    /// The exporter is shut down.
    ShutDown,
    /// The durable queue's disk or its bounds are full.
    DiskFull,
    /// The durable queue could not write.
    DiskFailed,
    /// This is a forked child of the process that the exporter runs in. Nothing is counted: the ledger is the parent's.
    Forked,
}

impl Rejected {
    pub(super) const fn new(batch: Batch, refusals: Vec<Refusal>) -> Self {
        Self { batch, refusals }
    }

    /// The data.
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Takes the data out.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        self.batch
    }

    pub(super) fn into_parts(self) -> (Batch, Vec<Refusal>) {
        (self.batch, self.refusals)
    }

    /// The destinations that refused, and why. The others have the batch.
    pub fn refusals(&self) -> impl Iterator<Item = (&str, RejectReason)> {
        self.refusals.iter().map(|refusal| (&*refusal.name, refusal.reason))
    }

    /// Whether sending again later may succeed at one of them.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let passes = [RejectReason::QueueFull, RejectReason::DiskFull, RejectReason::DiskFailed];
        self.refusals.iter().any(|refusal| passes.contains(&refusal.reason))
    }
}

impl RejectReason {
    /// Where the ledger counts the refusal.
    pub(super) const fn drop_reason(self) -> DropReason {
        match self {
            Self::QueueFull | Self::LargerThanQueue | Self::HeldBack => DropReason::QueueFull,
            Self::DiskFull | Self::DiskFailed => DropReason::DiskFull,
            Self::ShutDown | Self::Forked => DropReason::Shutdown,
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue is full (settings: queue_items, queue_bytes, on_full)",
            Self::LargerThanQueue => {
                "the batch is larger than the whole queue (settings: queue_items, queue_bytes)"
            }
            Self::HeldBack => "another destination refused it",
            Self::ShutDown => "the exporter is shut down",
            Self::DiskFull => "the durable queue is full (settings: DiskQueueOptions, space on the disk)",
            Self::DiskFailed => "the durable queue could not write",
            Self::Forked => {
                "this is a forked child; the exporter's worker lives in the parent: start one here"
            }
        })
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} not taken", self.batch.items(), self.batch.signal().item_name())?;
        for (name, reason) in self.refusals() {
            write!(f, "; {name}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}
