//! What handles, ledger and worker have in common.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use otlp_core::Batch;
use tokio::sync::mpsc;

#[cfg(feature = "disk-queue")]
use super::pledge::Pledge;
use super::{
    RejectReason, Rejected,
    lane::{Patience, Refused},
    outlet::Outlet,
    pledge::Done,
    rejected::Refusal,
    suppress,
    worker::Command,
};
use crate::{DropReason, ledger::Report, os::fork::Generation};

/// One exporter.
pub(crate) struct Shared {
    /// Number of the exporter in this process, from 1.
    pub(super) id: u64,
    process: Generation,
    pub(super) outlets: Vec<Arc<Outlet>>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Shared {
    pub(super) fn new(outlets: Vec<Arc<Outlet>>, commands: mpsc::UnboundedSender<Command>) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, process: Generation::of_this_process(), outlets, commands }
    }

    /// Whether this is a forked child: no lock may be touched here, since its holder may not exist.
    pub(super) fn is_forked(&self) -> bool {
        self.process.is_other_process()
    }

    /// Whether the calling thread is one of this exporter's.
    pub(super) fn is_own_thread(&self) -> bool {
        suppress::current() == self.id
    }

    /// Queues a batch for every destination.
    pub(super) fn submit(&self, batch: Batch) -> Result<(), Rejected> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.is_forked() {
            return Err(self.refused_by_fork(batch));
        }
        let mut patience = self.patience();
        if let [outlet] = &*self.outlets {
            return match self.push(outlet, batch, &mut patience) {
                Ok(()) => Ok(()),
                Err(Refused { batch, reason }) => Err(Rejected::new(batch, vec![outlet.refusal(0, reason)])),
            };
        }
        self.submit_to(batch, 0..self.outlets.len(), patience)
    }

    /// Queues a batch for those that refused it.
    pub(super) fn resubmit(&self, rejected: Rejected) -> Result<(), Rejected> {
        if self.is_forked() {
            let (batch, _) = rejected.into_parts();
            return Err(self.refused_by_fork(batch));
        }
        let (batch, refusals) = rejected.into_parts();
        let known = refusals.iter().map(|refusal| refusal.at).filter(|at| *at < self.outlets.len());
        self.submit_to(batch, known, self.patience())
    }

    /// Hands a batch to every destination; `done` is told when the last of them has queued it, on its disk if it has one, or refused.
    /// Queues in memory keep room for it first, and take it only if no destination refuses: otherwise whoever sends it again would
    /// send it to some of them twice.
    pub(super) fn submit_durable(&self, batch: &Batch, done: Done) {
        let mut patience = self.patience();
        if let [outlet] = &*self.outlets
            && !outlet.is_durable()
        {
            let refused = self.push(outlet, batch.clone(), &mut patience).err();
            return done(refused.map(|refused| outlet.refusal(0, refused.reason)).into_iter().collect());
        }
        let mut kept = Kept { batch: batch.clone(), outlets: Vec::new() };
        let mut refusals = Vec::new();
        for (at, outlet) in self.outlets.iter().enumerate().filter(|(_, outlet)| !outlet.is_durable()) {
            match outlet.reserve(batch, &mut patience) {
                Ok(()) => kept.outlets.push((at, Arc::clone(outlet))),
                Err(reason) => refusals.push(outlet.refusal(at, reason)),
            }
        }
        #[cfg(feature = "disk-queue")]
        self.append_all(batch, kept, refusals, done);
        #[cfg(not(feature = "disk-queue"))]
        kept.conclude(refusals, done);
    }

    /// Appends a batch to each queue on a disk, if nobody has refused it yet; then the queues in memory hear what came of it.
    #[cfg(feature = "disk-queue")]
    fn append_all(&self, batch: &Batch, kept: Kept, mut refusals: Vec<Refusal>, done: Done) {
        let disks: Vec<_> = self
            .outlets
            .iter()
            .enumerate()
            .filter_map(|(at, outlet)| Some((at, outlet, outlet.disk.as_ref()?)))
            .collect();
        if disks.is_empty() {
            return kept.conclude(refusals, done);
        }
        if !refusals.is_empty() {
            for (at, outlet, _) in disks {
                refusals.push(outlet.refusal(at, outlet.hold_back(batch)));
            }
            return kept.conclude(refusals, done);
        }
        let pledge = Pledge::new(disks.len(), Box::new(move |refusals| kept.conclude(refusals, done)));
        for (at, outlet, disk) in disks {
            let (pledge, teller) = (Arc::clone(&pledge), Arc::clone(outlet));
            let heard = move |refused: Option<RejectReason>| {
                pledge.hear(refused.map(|reason| teller.refusal(at, reason)));
            };
            outlet.append(self.id, disk, batch.clone(), Box::new(heard));
        }
    }

    fn submit_to(
        &self,
        batch: Batch,
        places: impl Iterator<Item = usize>,
        mut patience: Patience,
    ) -> Result<(), Rejected> {
        let mut refusals = Vec::new();
        for at in places {
            let outlet = &self.outlets[at];
            if let Err(Refused { reason, .. }) = self.push(outlet, batch.clone(), &mut patience) {
                refusals.push(outlet.refusal(at, reason));
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(Rejected::new(batch, refusals)) }
    }

    fn patience(&self) -> Patience {
        Patience::new(self.is_own_thread())
    }

    fn refused_by_fork(&self, batch: Batch) -> Rejected {
        self.refused_by_all(batch, RejectReason::Forked)
    }

    pub(super) fn refused_by_all(&self, batch: Batch, reason: RejectReason) -> Rejected {
        let outlets = self.outlets.iter().enumerate();
        let refusals = outlets.map(|(at, outlet)| outlet.refusal(at, reason));
        Rejected::new(batch, refusals.collect())
    }

    /// The counters now.
    pub(crate) fn report(&self) -> Report {
        if self.is_forked() {
            return Report::of_fork();
        }
        let destinations: Vec<_> = self.outlets.iter().map(|outlet| outlet.report()).collect();
        let settled = destinations.iter().all(|destination| destination.total().pending == 0);
        Report { destinations, settled, forked: false }
    }

    /// The counters after a shutdown: settled unless its deadline cut something off.
    pub(super) fn last_report(&self) -> Report {
        let mut report = self.report();
        report.settled &= !self.outlets.iter().any(|outlet| outlet.is_cut());
        report
    }

    /// Takes no more batches.
    pub(super) fn close(&self) {
        for lane in self.outlets.iter().flat_map(|outlet| outlet.lanes()) {
            lane.close();
        }
    }

    /// Hands a batch to one destination's queue.
    fn push(&self, outlet: &Arc<Outlet>, batch: Batch, patience: &mut Patience) -> Result<(), Refused> {
        #[cfg(feature = "disk-queue")]
        if let Some(disk) = &outlet.disk {
            return outlet.append_soon(self.id, disk, batch);
        }
        let (signal, items) = (batch.signal(), batch.items() as u64);
        match outlet.lane(signal).push(batch, patience) {
            Ok(evicted) => {
                outlet.dropped(signal, evicted, DropReason::QueueFull, None, None);
                Ok(())
            }
            Err(refused) => {
                outlet.dropped(signal, items, refused.reason.drop_reason(), None, None);
                Err(refused)
            }
        }
    }
}

/// A batch on its way to several destinations, and those of them whose queues in memory keep room for it.
struct Kept {
    batch: Batch,
    outlets: Vec<(usize, Arc<Outlet>)>,
}

impl Kept {
    /// Puts the batch where room is kept, or, if some destination has refused it, gives the room back; tells what came of it.
    fn conclude(self, mut refusals: Vec<Refusal>, done: Done) {
        let held_back = !refusals.is_empty();
        for (at, outlet) in self.outlets {
            let refused = if held_back {
                outlet.release(&self.batch);
                Some(RejectReason::HeldBack)
            } else {
                outlet.commit(self.batch.clone()).err()
            };
            refusals.extend(refused.map(|reason| outlet.refusal(at, reason)));
        }
        refusals.sort_by_key(|refusal| refusal.at);
        done(refusals);
    }
}
