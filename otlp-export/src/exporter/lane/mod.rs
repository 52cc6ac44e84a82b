//! One signal of one destination: its queue, its requests under way and its account, under one lock.

#[cfg(feature = "disk-queue")]
mod durable;
mod flight;
mod patience;

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use flight::Flight;
pub(super) use flight::{Ending, Fate, Taken};
pub(super) use patience::Patience;

use otlp_core::{Batch, Signal};
use tokio::sync::Notify;

use super::{
    OnFull, RejectReason,
    queue::{Entry, MemoryQueue, cost},
    settings::LaneSettings,
    telemetry::Operations,
};
#[cfg(feature = "disk-queue")]
use crate::disk::DiskQueue;
use crate::{DropReason, ledger::Account};

/// Shared by senders and the worker.
pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) signal: Signal,
    pub(super) settings: LaneSettings,
    state: Mutex<State>,
    /// Signalled when a request has given its room back.
    room: Condvar,
    /// Wakes the driver.
    pub(super) wake: Notify,
    /// Wakes those that wait for everything to be settled.
    pub(super) progress: Notify,
    /// Holds the batches instead of the queue in memory.
    #[cfg(feature = "disk-queue")]
    disk: Option<DiskQueue>,
}

#[derive(Default)]
struct State {
    queue: MemoryQueue,
    /// Items and bytes for which room is kept.
    reserved: (usize, usize),
    flights: Vec<Flight>,
    account: Account,
    operations: Operations,
    next_sequence: u64,
    next_flight: u64,
    /// Half delays that have passed.
    tick: u64,
    idle_ticks: u64,
    /// Everything before this place is due at once.
    flush_to: u64,
    /// Senders that wait for room.
    waiting: usize,
    /// The driver has been told that a request is due.
    woken: bool,
    /// The driver looks only when told.
    asleep: bool,
    closed: bool,
    /// Nobody works on the lane any more.
    over: bool,
    /// Items that a durable queue keeps for the next start, in requests that were broken off.
    stranded: u64,
    /// Items that came into a durable queue so far: places in the order of submission are counted in them.
    entered: u64,
    /// The tick at which the first of the batches that wait in a durable queue came.
    #[cfg(feature = "disk-queue")]
    since: Option<u64>,
    /// Items in a durable queue that are due at once.
    flush_items: u64,
}

/// A batch that was not queued.
pub(super) struct Refused {
    pub(super) batch: Batch,
    pub(super) reason: RejectReason,
}

/// Batches that had to go for a newer one; dropped without a lock held.
#[derive(Default)]
struct Evicted(Vec<Entry>);

impl Evicted {
    fn items(&self) -> u64 {
        self.0.iter().map(|entry| entry.batch.items() as u64).sum()
    }
}

/// A lane without work for this long is looked at only when it is told to.
const DEEP_SLEEP: Duration = Duration::from_secs(60);

impl Lane {
    pub(super) fn new(name: Arc<str>, signal: Signal, settings: LaneSettings) -> Self {
        Self {
            name,
            signal,
            settings,
            state: Mutex::default(),
            room: Condvar::new(),
            wake: Notify::new(),
            progress: Notify::new(),
            #[cfg(feature = "disk-queue")]
            disk: None,
        }
    }

    /// Whether its batches are on a disk.
    pub(super) const fn is_durable(&self) -> bool {
        #[cfg(feature = "disk-queue")]
        return self.disk.is_some();
        #[cfg(not(feature = "disk-queue"))]
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a batch. Gives the items of older batches that had to go for it.
    pub(super) fn push(&self, batch: Batch, patience: &mut Patience) -> Result<u64, Refused> {
        match self.make_room(batch.items(), cost(&batch), patience) {
            Ok((state, evicted)) => {
                self.enter(state, batch);
                Ok(evicted.items())
            }
            Err(reason) => Err(Refused { batch, reason }),
        }
    }

    /// Keeps room for a batch until [`commit`](Self::commit) or [`release`](Self::release). Gives the items of older batches that had
    /// to go for it. A refusal is counted.
    pub(super) fn reserve(&self, batch: &Batch, patience: &mut Patience) -> Result<u64, RejectReason> {
        let (items, bytes) = (batch.items(), cost(batch));
        let (mut state, evicted) = self.make_room(items, bytes, patience)?;
        state.reserved.0 += items;
        state.reserved.1 += bytes;
        drop(state);
        Ok(evicted.items())
    }

    /// Queues a batch in the room that was kept for it.
    pub(super) fn commit(&self, batch: Batch) -> Result<(), RejectReason> {
        let mut state = self.state();
        state.give_up_room(&batch);
        if state.over {
            state.account.refuse(DropReason::Shutdown, batch.items() as u64);
            return Err(RejectReason::ShutDown);
        }
        self.enter(state, batch);
        Ok(())
    }

    /// Gives the room back that was kept for a batch, and counts the batch as refused.
    pub(super) fn release(&self, batch: &Batch) {
        let mut state = self.state();
        state.give_up_room(batch);
        state.account.refuse(RejectReason::HeldBack.drop_reason(), batch.items() as u64);
        let waiting = state.waiting > 0;
        let closing = state.closed;
        drop(state);
        if waiting {
            self.room.notify_all();
        }
        if closing {
            self.wake.notify_one();
        }
    }

    /// Waits for room, or makes it, as the settings say. A refusal is counted.
    fn make_room(
        &self,
        items: usize,
        bytes: usize,
        patience: &mut Patience,
    ) -> Result<(MutexGuard<'_, State>, Evicted), RejectReason> {
        let mut state = self.state();
        let mut evicted = Evicted::default();
        while !state.closed && !state.has_room(items, bytes, &self.settings) {
            let larger = items > self.settings.queue_items || bytes > self.settings.queue_bytes;
            let left = match self.settings.on_full {
                OnFull::Block(timeout) if !larger => patience.left(timeout),
                _ => Duration::ZERO,
            };
            if !left.is_zero() {
                state.waiting += 1;
                (state, _) = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
                continue;
            }
            let held = state.held();
            if self.settings.on_full == OnFull::DropOldest
                && held.0 + items <= self.settings.queue_items
                && held.1 + bytes <= self.settings.queue_bytes
                && let Some(oldest) = state.queue.pop()
            {
                state.account.drop_pending(DropReason::QueueFull, oldest.batch.items() as u64);
                evicted.0.push(oldest);
                continue;
            }
            state.account.refuse(DropReason::QueueFull, items as u64);
            return Err(if larger { RejectReason::LargerThanQueue } else { RejectReason::QueueFull });
        }
        if state.closed {
            state.account.refuse(DropReason::Shutdown, items as u64);
            return Err(RejectReason::ShutDown);
        }
        Ok((state, evicted))
    }

    /// Puts a batch for which there is room behind the others, and wakes the driver if that makes a request.
    fn enter(&self, mut state: MutexGuard<'_, State>, batch: Batch) {
        let items = batch.items() as u64;
        state.account.submitted += items;
        state.account.pending += items;
        let entry = Entry { batch, sequence: state.next_sequence, tick: state.tick };
        state.next_sequence += 1;
        state.queue.push(entry, self.settings.batch.items);
        let full = state.is_full(&self.settings) && !state.woken && self.has_flight_free(&state);
        let wake = state.asleep || state.closed || full;
        if wake {
            (state.asleep, state.woken) = (false, true);
        }
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    fn has_flight_free(&self, state: &State) -> bool {
        state.flights.len() < self.settings.concurrency
    }

    /// The batches of the next request, if one is due and may start.
    pub(super) fn take(&self) -> Option<Taken> {
        let mut state = self.state();
        state.woken = false;
        let front = state.queue.front()?;
        let sequence = front.sequence;
        let due = state.closed
            || sequence < state.flush_to
            || state.is_full(&self.settings)
            || state.tick.saturating_sub(front.tick) >= self.settings.due_ticks();
        if !due || !self.has_flight_free(&state) {
            return None;
        }
        let entries = state.queue.take(self.settings.batch.items, self.settings.batch.bytes);
        Some(state.take_off(entries, sequence))
    }

    /// Half a delay has passed. Gives whether the driver should go on ticking.
    pub(super) fn tick(&self) -> bool {
        let mut state = self.state();
        state.tick += 1;
        let idle = state.is_idle();
        state.idle_ticks = if idle { state.idle_ticks + 1 } else { 0 };
        let ticks = DEEP_SLEEP.as_millis() / self.settings.tick().as_millis().max(1);
        state.asleep = u128::from(state.idle_ticks) > ticks;
        !state.asleep
    }

    /// Makes everything that is queued due. Gives the place up to which that is.
    pub(super) fn flush(&self) -> u64 {
        let mut state = self.state();
        let place = if self.is_durable() { state.entered } else { state.next_sequence };
        state.flush_to = place;
        state.flush_items = state.waiting_items();
        (state.asleep, state.woken) = (false, true);
        drop(state);
        self.wake.notify_one();
        place
    }

    /// Whether every batch before this place has its fate.
    pub(super) fn is_settled(&self, place: u64) -> bool {
        let state = self.state();
        if state.over {
            return state.account.pending == 0;
        }
        let oldest = if self.is_durable() {
            let waiting = state.waiting_items();
            (waiting > 0).then(|| state.entered.saturating_sub(waiting))
        } else {
            state.queue.front().map(|entry| entry.sequence)
        };
        oldest.into_iter().chain(state.flights.iter().map(|flight| flight.place)).all(|open| open >= place)
    }

    /// Whether nobody works on the lane any more, so that nothing changes.
    pub(super) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Takes no more batches; what is queued is due.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.asleep = false;
        drop(state);
        self.room.notify_all();
        self.wake.notify_one();
    }

    /// Whether it is closed and has nothing left to do.
    pub(super) fn is_done(&self) -> bool {
        let state = self.state();
        state.closed && state.is_idle()
    }

    /// Gives up everything that is pending, or leaves it to the next start of a durable queue; gives the items given up. To be
    /// called when no task works on the lane any more.
    pub(super) fn abandon(&self) -> u64 {
        let mut state = self.state();
        (state.closed, state.over) = (true, true);
        let items = if self.is_durable() { 0 } else { state.account.pending };
        state.account.drop_pending(DropReason::Shutdown, items);
        state.stranded = state.account.pending;
        let queue = std::mem::take(&mut state.queue);
        let flights = std::mem::take(&mut state.flights);
        drop(state);
        self.log_done(&flights);
        drop(queue);
        self.room.notify_all();
        self.progress.notify_waiters();
        items
    }

    pub(super) fn account(&self) -> Account {
        self.state().account
    }

    /// The account, and what its own metrics tell besides.
    pub(super) fn observe(&self) -> Observed {
        let state = self.state();
        Observed {
            account: state.account,
            in_flight: state.flights.iter().map(|flight| flight.items).sum(),
            operations: state.operations.clone(),
        }
    }
}

/// A lane as its metrics show it.
pub(super) struct Observed {
    pub(super) account: Account,
    pub(super) in_flight: u64,
    pub(super) operations: Operations,
}

impl State {
    /// Items that are pending and in no request, this or an earlier one.
    fn waiting_items(&self) -> u64 {
        let in_flight: u64 = self.flights.iter().map(|flight| flight.items).sum();
        self.account.pending.saturating_sub(in_flight + self.stranded)
    }

    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.waiting_items() == 0 && self.reserved.0 == 0
    }

    /// Items and bytes that no eviction can free: under way, or room that is kept.
    fn held(&self) -> (usize, usize) {
        let (items, bytes) = self.in_flight();
        (items + self.reserved.0, bytes + self.reserved.1)
    }

    fn give_up_room(&mut self, batch: &Batch) {
        self.reserved.0 -= batch.items();
        self.reserved.1 -= cost(batch);
    }

    fn has_room(&self, items: usize, bytes: usize, settings: &LaneSettings) -> bool {
        let held = self.held();
        held.0 + self.queue.items() + items <= settings.queue_items
            && held.1 + self.queue.bytes() + bytes <= settings.queue_bytes
    }

    /// Whether the queue holds a whole request.
    fn is_full(&self, settings: &LaneSettings) -> bool {
        self.queue.items() >= settings.batch.items
            || self.queue.bytes() >= settings.batch.bytes
            || settings.batch.delay.is_zero()
    }
}
