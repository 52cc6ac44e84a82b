//! What handles, ledger and worker have in common.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use otlp_core::Batch;
use tokio::sync::mpsc;

use super::{
    RejectReason, Rejected,
    lane::{Patience, Refused},
    outlet::Outlet,
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
            return match push(outlet, batch, &mut patience) {
                Ok(()) => Ok(()),
                Err(Refused { batch, reason }) => {
                    Err(Rejected::new(batch, vec![Refusal { name: Arc::clone(&outlet.name), at: 0, reason }]))
                }
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

    fn submit_to(
        &self,
        batch: Batch,
        places: impl Iterator<Item = usize>,
        mut patience: Patience,
    ) -> Result<(), Rejected> {
        let mut refusals = Vec::new();
        for at in places {
            let outlet = &self.outlets[at];
            if let Err(Refused { reason, .. }) = push(outlet, batch.clone(), &mut patience) {
                refusals.push(Refusal { name: Arc::clone(&outlet.name), at, reason });
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(Rejected::new(batch, refusals)) }
    }

    fn patience(&self) -> Patience {
        Patience::new(self.is_own_thread())
    }

    fn refused_by_fork(&self, batch: Batch) -> Rejected {
        let refusals = self.outlets.iter().enumerate().map(|(at, outlet)| Refusal {
            name: Arc::clone(&outlet.name),
            at,
            reason: RejectReason::Forked,
        });
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
        report.settled = !self.outlets.iter().any(|outlet| outlet.is_cut());
        report
    }

    /// Takes no more batches.
    pub(super) fn close(&self) {
        for lane in self.outlets.iter().flat_map(|outlet| outlet.lanes()) {
            lane.close();
        }
    }
}

fn push(outlet: &Outlet, batch: Batch, patience: &mut Patience) -> Result<(), Refused> {
    let (signal, items) = (batch.signal(), batch.items() as u64);
    match outlet.lane(signal).push(batch, patience) {
        Ok(evicted) => {
            outlet.dropped(signal, evicted, DropReason::QueueFull, None, None);
            Ok(())
        }
        Err(refused) => {
            let reason = match refused.reason {
                RejectReason::ShutDown => DropReason::Shutdown,
                _ => DropReason::QueueFull,
            };
            outlet.dropped(signal, items, reason, None, None);
            Err(refused)
        }
    }
}
