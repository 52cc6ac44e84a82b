//! Waiting until every destination has said what it made of a batch.

#[cfg(feature = "disk-queue")]
use std::sync::{Arc, Mutex, PoisonError};

use super::rejected::Refusal;

/// Told when the last destination has spoken.
pub(super) type Done = Box<dyn FnOnce(Vec<Refusal>) + Send>;

/// One batch on its way to several queues on disks.
#[cfg(feature = "disk-queue")]
pub(super) struct Pledge(Mutex<Open>);

#[cfg(feature = "disk-queue")]
struct Open {
    /// Destinations that have not spoken.
    left: usize,
    refusals: Vec<Refusal>,
    done: Option<Done>,
}

#[cfg(feature = "disk-queue")]
impl Pledge {
    /// Over so many destinations, at least one.
    pub(super) fn new(destinations: usize, done: Done) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Open { left: destinations, refusals: Vec::new(), done: Some(done) })))
    }

    /// A destination has the batch, or has refused it.
    pub(super) fn hear(&self, refusal: Option<Refusal>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.left = open.left.saturating_sub(1);
        open.refusals.extend(refusal);
        if open.left == 0
            && let Some(done) = open.done.take()
        {
            let mut refusals = std::mem::take(&mut open.refusals);
            drop(open);
            refusals.sort_by_key(|refusal| refusal.at);
            done(refusals);
        }
    }
}
