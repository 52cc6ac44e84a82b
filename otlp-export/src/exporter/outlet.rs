//! A running destination: its clients and its four lanes.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use otlp_core::{Batch, Signal};
use tokio::time::Instant;

use super::{
    ExporterError, RejectReason,
    destination::Destination,
    event::{Availability, Dropped, Hooks, PartialSuccess},
    lane::{Lane, Patience},
    rejected::Refusal,
    settings::Settings,
};
#[cfg(feature = "disk-queue")]
use crate::disk::DiskQueue;
use crate::{Client, Clock, DropReason, Failure, ledger::DestinationReport};

/// So many attempts in a row that come to nothing mean that a destination is away: a single one is what a busy server says.
const AWAY: u32 = 2;

/// Shared by senders, the worker and its tasks.
pub(super) struct Outlet {
    pub(super) name: Arc<str>,
    /// These three in the order of `Signal::ALL`.
    lanes: [Arc<Lane>; 4],
    clients: [Client; 4],
    /// No attempt before this moment: the server asked for it (rule G14).
    not_before: [Mutex<Option<Instant>>; 4],
    last_failure: Mutex<Option<Failure>>,
    /// Attempts in a row, of all signals, after which the request is to be sent again.
    misses: AtomicU32,
    /// The shutdown's deadline came before every item had its fate.
    cut: AtomicBool,
    /// The queue of all four lanes, if it is on a disk.
    #[cfg(feature = "disk-queue")]
    pub(super) disk: Option<DiskQueue>,
    hooks: Hooks,
}

impl Outlet {
    pub(super) fn new(
        destination: &Destination,
        general: &Settings,
        hooks: Hooks,
    ) -> Result<Self, ExporterError> {
        let name: Arc<str> = destination.name.as_str().into();
        #[cfg(feature = "disk-queue")]
        let (disk, recovery) = super::durable::open(destination)?;
        let lane = |signal| {
            let settings = destination.settings.resolve(general, signal).map_err(|(setting, least)| {
                ExporterError::Setting { destination: destination.name.clone(), setting, least }
            })?;
            let lane = Lane::new(Arc::clone(&name), signal, settings);
            #[cfg(feature = "disk-queue")]
            let lane = lane.on_disk(disk.as_ref(), &recovery);
            Ok::<_, ExporterError>(Arc::new(lane))
        };
        let [traces, metrics, logs, profiles] = Signal::ALL.map(lane);
        Ok(Self {
            lanes: [traces?, metrics?, logs?, profiles?],
            clients: destination.build_clients()?,
            not_before: Default::default(),
            last_failure: Mutex::default(),
            misses: AtomicU32::new(0),
            cut: AtomicBool::new(false),
            name,
            #[cfg(feature = "disk-queue")]
            disk,
            hooks,
        })
    }

    pub(super) const fn lane(&self, signal: Signal) -> &Arc<Lane> {
        &self.lanes[signal as usize]
    }

    pub(super) const fn lanes(&self) -> &[Arc<Lane>; 4] {
        &self.lanes
    }

    pub(super) const fn client(&self, signal: Signal) -> &Client {
        &self.clients[signal as usize]
    }

    /// One for each signal, some of them the same.
    pub(super) const fn clients(&self) -> &[Client; 4] {
        &self.clients
    }

    /// What waits for another try go by.
    pub(super) const fn clock(&self) -> &Clock {
        &self.hooks.clock
    }

    /// Holds back every request of the signal: one server's wish is for all of them.
    pub(super) fn hold(&self, signal: Signal, wait: Duration) {
        let until = Instant::from_std(self.clock().now()).checked_add(wait);
        let mut held = self.not_before[signal as usize].lock().unwrap_or_else(PoisonError::into_inner);
        *held = until.max(*held);
    }

    pub(super) fn held_until(&self, signal: Signal) -> Option<Instant> {
        *self.not_before[signal as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn failed(&self, failure: &Failure) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
    }

    /// An attempt ended with the wish, or the need, to try again.
    pub(super) fn missed(&self, failure: &Failure) {
        let before = self.misses.load(Ordering::Relaxed);
        self.misses.store(before.saturating_add(1), Ordering::Relaxed);
        if before + 1 == AWAY {
            self.tell_availability(Some(failure.clone()));
        }
    }

    /// The destination took or refused a request.
    pub(super) fn answered(&self) {
        if self.misses.swap(0, Ordering::Relaxed) >= AWAY {
            self.tell_availability(None);
        }
    }

    fn tell_availability(&self, failure: Option<Failure>) {
        let destination = Arc::clone(&self.name);
        self.hooks.availability(|| Availability { destination, failure });
    }

    /// The deadline came first for these items. Tells the hook; the ledger has it already.
    pub(super) fn cut(&self, signal: Signal, items: u64, failure: Option<Failure>) {
        if items > 0 {
            self.cut.store(true, Ordering::Relaxed);
            self.dropped(signal, items, DropReason::Shutdown, failure, None);
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether its queue is on a disk.
    pub(super) fn is_durable(&self) -> bool {
        self.lanes[0].is_durable()
    }

    /// That this destination, at this place, refused a batch.
    pub(super) fn refusal(&self, at: usize, reason: RejectReason) -> Refusal {
        Refusal { name: Arc::clone(&self.name), at, reason }
    }

    /// Keeps room for a batch in memory; a refusal is counted and told to the hook.
    pub(super) fn reserve(&self, batch: &Batch, patience: &mut Patience) -> Result<(), RejectReason> {
        let signal = batch.signal();
        let kept = self.lane(signal).reserve(batch, patience);
        match kept {
            Ok(evicted) => self.dropped(signal, evicted, DropReason::QueueFull, None, None),
            Err(reason) => self.refused(batch, reason),
        }
        kept.map(drop)
    }

    /// Queues a batch in the room that was kept for it.
    pub(super) fn commit(&self, batch: Batch) -> Result<(), RejectReason> {
        let (signal, items) = (batch.signal(), batch.items() as u64);
        self.lane(signal).commit(batch).inspect_err(|reason| {
            self.dropped(signal, items, reason.drop_reason(), None, None);
        })
    }

    /// Gives the room back that was kept for a batch, which is counted as refused.
    pub(super) fn release(&self, batch: &Batch) {
        self.lane(batch.signal()).release(batch);
        self.refused(batch, RejectReason::HeldBack);
    }

    /// Tells the hook of a batch that was refused; the ledger has it already.
    pub(super) fn refused(&self, batch: &Batch, reason: RejectReason) {
        self.dropped(batch.signal(), batch.items() as u64, reason.drop_reason(), None, None);
    }

    /// Tells the hook; the ledger has it already.
    pub(super) fn dropped(
        &self,
        signal: Signal,
        items: u64,
        reason: DropReason,
        failure: Option<Failure>,
        item_name: Option<String>,
    ) {
        if items > 0 {
            let destination = Arc::clone(&self.name);
            self.hooks.dropped(|| Dropped { destination, signal, items, reason, failure, item_name });
        }
    }

    /// Tells the hook.
    pub(super) fn partial(&self, signal: Signal, items: u64, rejected: u64, message: String) {
        let destination = Arc::clone(&self.name);
        self.hooks.partial(|| PartialSuccess { destination, signal, items, rejected, message });
    }

    pub(super) fn report(&self) -> DestinationReport {
        #[cfg(feature = "disk-queue")]
        self.collect_losses();
        DestinationReport {
            name: Arc::clone(&self.name),
            accounts: Signal::ALL.map(|signal| self.lane(signal).account()),
            last_failure: self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
