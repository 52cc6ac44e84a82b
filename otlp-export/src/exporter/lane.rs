//! One signal of one destination: its queue, its requests under way and its account, under one lock.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use otlp_core::{Batch, Signal};
use tokio::sync::Notify;

use super::{
    OnFull, RejectReason,
    queue::{Entry, MemoryQueue, cost},
    settings::LaneSettings,
    telemetry::Operations,
};
use crate::{DropReason, FailureKind, ledger::Account};

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
}

#[derive(Default)]
struct State {
    queue: MemoryQueue,
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
}

/// A request under way.
struct Flight {
    id: u64,
    /// Place of its oldest batch.
    sequence: u64,
    /// Items whose fate is open.
    items: u64,
    bytes: usize,
}

/// Batches taken off the queue for one request.
pub(super) struct Taken {
    pub(super) flight: u64,
    pub(super) entries: Vec<Entry>,
}

/// What became of some items of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Accepted,
    Rejected,
    Dropped(DropReason),
}

/// A batch that was not queued.
pub(super) struct Refused {
    pub(super) batch: Batch,
    pub(super) reason: RejectReason,
}

/// How long a sender is ready to block, over all destinations together.
#[derive(Debug)]
pub(super) struct Patience {
    end: Option<Instant>,
    /// The exporter's own threads never wait.
    none: bool,
}

impl Patience {
    pub(super) const fn new(none: bool) -> Self {
        Self { end: None, none }
    }

    fn left(&mut self, timeout: Duration) -> Duration {
        if self.none {
            return Duration::ZERO;
        }
        let now = Instant::now();
        // A time beyond the clock's range is waited for in pieces.
        let end = *self
            .end
            .get_or_insert_with(|| now.checked_add(timeout).unwrap_or(now + Duration::from_secs(1 << 30)));
        end.saturating_duration_since(now)
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
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a batch. Gives the items of older batches that had to go for it.
    pub(super) fn push(&self, batch: Batch, patience: &mut Patience) -> Result<u64, Refused> {
        let (items, bytes) = (batch.items(), cost(&batch));
        let mut state = self.state();
        let mut evicted = Vec::new();
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
            let held = state.in_flight();
            if self.settings.on_full == OnFull::DropOldest
                && held.0 + items <= self.settings.queue_items
                && held.1 + bytes <= self.settings.queue_bytes
                && let Some(oldest) = state.queue.pop()
            {
                state.account.drop_pending(DropReason::QueueFull, oldest.batch.items() as u64);
                evicted.push(oldest);
                continue;
            }
            state.account.refuse(DropReason::QueueFull, items as u64);
            let reason = if larger { RejectReason::LargerThanQueue } else { RejectReason::QueueFull };
            return Err(Refused { batch, reason });
        }
        if state.closed {
            state.account.refuse(DropReason::Shutdown, items as u64);
            return Err(Refused { batch, reason: RejectReason::ShutDown });
        }
        state.account.submitted += items as u64;
        state.account.pending += items as u64;
        let entry = Entry { batch, sequence: state.next_sequence, tick: state.tick };
        state.next_sequence += 1;
        state.queue.push(entry, self.settings.batch.items);
        let wake =
            state.asleep || (state.is_full(&self.settings) && !state.woken && self.has_flight_free(&state));
        if wake {
            (state.asleep, state.woken) = (false, true);
        }
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        Ok(evicted.iter().map(|entry| entry.batch.items() as u64).sum())
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
        let flight = state.next_flight;
        state.next_flight += 1;
        let items = entries.iter().map(|entry| entry.batch.items() as u64).sum();
        let bytes = entries.iter().map(|entry| cost(&entry.batch)).sum();
        state.flights.push(Flight { id: flight, sequence, items, bytes });
        Some(Taken { flight, entries })
    }

    /// The request is made: so large, and so much was over.
    pub(super) fn formed(&self, flight: u64, request: &Batch, rest: Vec<Entry>) {
        let mut state = self.state();
        let State { flights, queue, .. } = &mut *state;
        let Some(flight) = flights.iter_mut().find(|other| other.id == flight) else { return };
        flight.items = request.items() as u64;
        flight.bytes = cost(request);
        for entry in rest.into_iter().rev() {
            queue.push_front(entry);
        }
    }

    /// Counts an attempt and what came of it.
    pub(super) fn attempted(
        &self,
        retry: bool,
        wire_bytes: u64,
        took: Duration,
        failure: Option<FailureKind>,
    ) {
        let mut state = self.state();
        state.account.requests += 1;
        state.account.retries += u64::from(retry);
        state.account.wire_bytes += wire_bytes;
        state.operations.record(took, failure);
    }

    /// Counts the fate of items of a request.
    pub(super) fn settle(&self, flight: u64, items: u64, fate: Fate) {
        let mut state = self.state();
        let State { flights, account, .. } = &mut *state;
        let Some(flight) = flights.iter_mut().find(|other| other.id == flight) else { return };
        let items = items.min(flight.items);
        flight.items -= items;
        match fate {
            Fate::Accepted => {
                account.pending -= items;
                account.accepted += items;
            }
            Fate::Rejected => {
                account.pending -= items;
                account.rejected += items;
            }
            Fate::Dropped(reason) => account.drop_pending(reason, items),
        }
    }

    /// Ends a request and gives its room back. Items without a fate (its task panicked) are dropped; gives their number.
    pub(super) fn finish(&self, flight: u64) -> u64 {
        let mut state = self.state();
        let Some(at) = state.flights.iter().position(|other| other.id == flight) else { return 0 };
        let flight = state.flights.swap_remove(at);
        state.account.drop_pending(DropReason::NonRetryable, flight.items);
        let waiting = state.waiting > 0;
        drop(state);
        if waiting {
            self.room.notify_all();
        }
        self.progress.notify_waiters();
        flight.items
    }

    /// Half a delay has passed. Gives whether the driver should go on ticking.
    pub(super) fn tick(&self) -> bool {
        let mut state = self.state();
        state.tick += 1;
        let idle = state.queue.front().is_none() && state.flights.is_empty();
        state.idle_ticks = if idle { state.idle_ticks + 1 } else { 0 };
        let ticks = DEEP_SLEEP.as_millis() / self.settings.tick().as_millis().max(1);
        state.asleep = u128::from(state.idle_ticks) > ticks;
        !state.asleep
    }

    /// Makes everything that is queued due. Gives the place up to which that is.
    pub(super) fn flush(&self) -> u64 {
        let mut state = self.state();
        let place = state.next_sequence;
        state.flush_to = place;
        (state.asleep, state.woken) = (false, true);
        drop(state);
        self.wake.notify_one();
        place
    }

    /// Whether every batch before this place has its fate.
    pub(super) fn is_settled(&self, place: u64) -> bool {
        let state = self.state();
        let queued = state.queue.front().map(|entry| entry.sequence);
        queued.into_iter().chain(state.flights.iter().map(|flight| flight.sequence)).all(|open| open >= place)
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
        state.closed && state.queue.front().is_none() && state.flights.is_empty()
    }

    /// Gives up everything that is pending; gives its items. To be called when no task works on the lane any more.
    pub(super) fn abandon(&self) -> u64 {
        let mut state = self.state();
        state.closed = true;
        let items = state.account.pending;
        state.account.drop_pending(DropReason::Shutdown, items);
        let queue = std::mem::take(&mut state.queue);
        state.flights.clear();
        drop(state);
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
    /// Items and bytes of requests under way.
    fn in_flight(&self) -> (usize, usize) {
        self.flights.iter().fold((0, 0), |(items, bytes), flight| {
            (items + usize::try_from(flight.items).unwrap_or(usize::MAX), bytes + flight.bytes)
        })
    }

    fn has_room(&self, items: usize, bytes: usize, settings: &LaneSettings) -> bool {
        let held = self.in_flight();
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
