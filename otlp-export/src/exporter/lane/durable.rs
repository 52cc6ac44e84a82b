//! A lane whose queue is on a disk. Batches are in the disk queue or in requests; here are only the numbers.

use super::{Lane, Taken};
use crate::{
    DropReason,
    disk::{DiskQueue, ReadError, Recovery, RequestSize},
    exporter::{RejectReason, queue::Entry},
};

impl Lane {
    /// The same lane with its queue on a disk, where so much was found.
    pub(in crate::exporter) fn on_disk(mut self, disk: Option<&DiskQueue>, recovery: &Recovery) -> Self {
        let at = self.signal as usize;
        if let Some(disk) = disk {
            self.disk = Some(disk.clone());
            let state = self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
            state.account.recovered = recovery.items[at] + recovery.corrupt[at];
            state.account.pending = state.account.recovered;
            state.account.drop_pending(DropReason::Corrupt, recovery.corrupt[at]);
            state.account.torn = recovery.torn[at];
            state.entered = recovery.items[at];
            // What an earlier process left has waited long enough.
            state.flush_items = recovery.items[at];
        }
        self
    }

    /// Counts a batch that is about to be appended.
    pub(in crate::exporter) fn appending(&self, items: u64) -> Result<(), RejectReason> {
        let mut state = self.state();
        if state.closed {
            state.account.refuse(DropReason::Shutdown, items);
            return Err(RejectReason::ShutDown);
        }
        state.account.submitted += items;
        state.account.pending += items;
        state.entered += items;
        Ok(())
    }

    /// A batch is in the disk queue, or was refused.
    pub(in crate::exporter) fn appended(&self, items: u64, refused: Option<RejectReason>) {
        let full = refused.is_none() && self.holds_a_request();
        let mut state = self.state();
        if let Some(reason) = refused {
            state.account.drop_pending(reason.drop_reason(), items);
            state.entered -= items;
        } else {
            let tick = state.tick;
            state.since.get_or_insert(tick);
        }
        let closing = state.closed;
        let wake = closing || state.asleep || (full && !state.woken && self.has_flight_free(&state));
        if wake {
            (state.asleep, state.woken) = (false, true);
        }
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        if refused.is_some() {
            self.progress.notify_waiters();
        }
    }

    /// Counts a batch that is handed back without having been appended.
    pub(in crate::exporter) fn held_back(&self, items: u64) -> RejectReason {
        let mut state = self.state();
        let reason = if state.closed { RejectReason::ShutDown } else { RejectReason::HeldBack };
        state.account.refuse(reason.drop_reason(), items);
        reason
    }

    /// Counts what the disk queue lost: found damaged, and dropped to make room.
    pub(in crate::exporter) fn lost(&self, corrupt: u64, dropped: u64) {
        let mut state = self.state();
        state.account.drop_pending(DropReason::Corrupt, corrupt);
        state.account.drop_pending(DropReason::DiskFull, dropped);
        drop(state);
        self.progress.notify_waiters();
    }

    /// Whether what waits on the disk makes a request by its items or bytes.
    fn holds_a_request(&self) -> bool {
        let Some(disk) = &self.disk else { return false };
        let backlog = disk.backlog(self.signal);
        let batch = &self.settings.batch;
        backlog.resend > 0
            || backlog.items >= batch.items as u64
            || backlog.bytes >= batch.bytes as u64
            || (batch.delay.is_zero() && backlog.items > 0)
    }

    /// The next request from the disk, if one is due and may start.
    pub(in crate::exporter) fn take_from_disk(&self) -> Result<Option<Taken>, ReadError> {
        let Some(disk) = &self.disk else { return Ok(None) };
        let full = self.holds_a_request();
        {
            let mut state = self.state();
            state.woken = false;
            let late = state.since.is_some_and(|since| state.tick - since >= self.settings.due_ticks());
            let due = full || state.closed || state.flush_items > 0 || late;
            if !due || state.waiting_items() == 0 || !self.has_flight_free(&state) {
                return Ok(None);
            }
        }
        let bytes = self.settings.batch.bytes.min(self.settings.request_bytes);
        let size = RequestSize { items: self.settings.batch.items, bytes };
        let Some(request) = disk.next_request(self.signal, size)? else { return Ok(None) };
        let mut state = self.state();
        let items = request.batch.items() as u64;
        let place = state.entered - state.waiting_items().min(state.entered);
        let entry = Entry { batch: request.batch, sequence: place, tick: 0 };
        let taken = state.take_off(vec![entry], place);
        if let Some(flight) = state.flights.last_mut() {
            flight.request = Some(request.id);
        }
        state.flush_items = state.flush_items.saturating_sub(items);
        state.since = (state.waiting_items() > 0).then_some(state.tick);
        Ok(Some(taken))
    }
}
