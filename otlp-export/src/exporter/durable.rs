//! A destination whose queue is on a disk: appending, and what the disk queue says of it.

use std::sync::{Arc, Mutex, PoisonError};

use otlp_core::{Batch, Signal};

use super::{
    Destination, ExporterError, RejectReason,
    lane::Refused,
    outlet::Outlet,
    suppress::{self, on_behalf_of},
};
use crate::{
    DropReason,
    disk::{AppendError, AppendRefusal, DiskQueue, Recovery},
};

/// Opens a destination's queue, if it has one on a disk.
pub(super) fn open(destination: &Destination) -> Result<(Option<DiskQueue>, Recovery), ExporterError> {
    let Some((dir, options)) = &destination.disk else { return Ok((None, Recovery::default())) };
    let (queue, recovery) = DiskQueue::open(dir, options)
        .map_err(|source| ExporterError::Disk { destination: destination.name.clone(), source })?;
    Ok((Some(queue), recovery))
}

/// Hears whether a batch is on the disk: once.
pub(super) type Heard = Box<dyn FnOnce(Option<RejectReason>) + Send>;

impl Outlet {
    /// Appends a batch; `heard` is told when it is as safe as the queue's fsync policy says, or refused. The ledger and the hook know
    /// by then.
    pub(super) fn append(self: &Arc<Self>, exporter: u64, disk: &DiskQueue, batch: Batch, heard: Heard) {
        let (signal, items) = (batch.signal(), batch.items() as u64);
        if let Err(reason) = self.lane(signal).appending(items) {
            self.dropped(signal, items, reason.drop_reason(), None, None);
            heard(Some(reason));
            return;
        }
        let outlet = Arc::clone(self);
        disk.append_with(batch, move |result| {
            let refused = result.err().map(|AppendError { reason, .. }| reject_reason(&reason));
            outlet.lane(signal).appended(items, refused);
            if let Some(reason) = refused {
                on_behalf_of(exporter, || {
                    outlet.dropped(signal, items, reason.drop_reason(), None, None);
                });
            }
            outlet.collect_losses_of(exporter);
            heard(refused);
        });
    }

    /// Counts a batch that is not appended, since another destination has refused it.
    pub(super) fn hold_back(&self, batch: &Batch) -> RejectReason {
        let reason = self.lane(batch.signal()).held_back(batch.items() as u64);
        self.refused(batch, reason);
        reason
    }

    /// Appends a batch without waiting. A refusal that comes at once hands it back; one that comes later is counted and told to the
    /// hook.
    pub(super) fn append_soon(
        self: &Arc<Self>,
        exporter: u64,
        disk: &DiskQueue,
        batch: Batch,
    ) -> Result<(), Refused> {
        let copy = batch.clone();
        let at_once = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&at_once);
        let heard = move |refused| *slot.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        self.append(exporter, disk, copy, Box::new(heard));
        let refused = *at_once.lock().unwrap_or_else(PoisonError::into_inner);
        refused.map_or(Ok(()), |reason| Err(Refused { batch, reason }))
    }

    /// Writes what waits and gives the directory free.
    pub(super) fn close_disk(&self) {
        if let Some(disk) = &self.disk {
            self.collect_losses();
            // Of what could not be written every batch has been told.
            let _ = disk.clone().close();
        }
    }

    /// Moves what the disk queue has lost from pending to dropped.
    pub(super) fn collect_losses(&self) {
        self.collect_losses_of(suppress::current());
    }

    fn collect_losses_of(&self, exporter: u64) {
        let Some(losses) = self.disk.as_ref().map(DiskQueue::take_losses) else { return };
        if losses.is_empty() {
            return;
        }
        for signal in Signal::ALL {
            let (corrupt, dropped) = (losses.corrupt(signal), losses.dropped(signal));
            self.lane(signal).lost(corrupt, dropped);
            on_behalf_of(exporter, || {
                self.dropped(signal, corrupt, DropReason::Corrupt, None, None);
                self.dropped(signal, dropped, DropReason::DiskFull, None, None);
            });
        }
    }
}

const fn reject_reason(refusal: &AppendRefusal) -> RejectReason {
    match refusal {
        AppendRefusal::Waiting { .. } => RejectReason::QueueFull,
        AppendRefusal::Closed => RejectReason::ShutDown,
        AppendRefusal::Io { .. } => RejectReason::DiskFailed,
        AppendRefusal::SizeBound { .. }
        | AppendRefusal::RecordBound { .. }
        | AppendRefusal::DiskFull { .. } => RejectReason::DiskFull,
    }
}
