//! Requests under way, from the moment they are cut to their items' fate.

use std::time::Duration;

use otlp_core::Batch;

use super::{Lane, State};
use crate::{
    DropReason, FailureKind,
    exporter::queue::{Entry, cost},
};

/// A request under way.
pub(super) struct Flight {
    pub(super) id: u64,
    /// Place of its oldest batch in the order of submission.
    pub(super) place: u64,
    /// Items whose fate is open.
    pub(super) items: u64,
    pub(super) bytes: usize,
    /// Its name in the durable queue.
    #[cfg(feature = "disk-queue")]
    pub(super) request: Option<crate::disk::RequestId>,
}

/// Batches taken for one request.
pub(in crate::exporter) struct Taken {
    pub(in crate::exporter) flight: u64,
    pub(in crate::exporter) entries: Vec<Entry>,
}

/// What became of some items of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::exporter) enum Fate {
    Accepted,
    Rejected,
    Dropped(DropReason),
}

/// How the task of a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exporter) enum Ending {
    /// It returned. What has no fate then is left for the next start of a durable queue.
    Returned,
    /// It panicked: what has no fate is dropped.
    Panicked,
}

impl State {
    /// A request begins.
    pub(super) fn take_off(&mut self, entries: Vec<Entry>, place: u64) -> Taken {
        let id = self.next_flight;
        self.next_flight += 1;
        let items = entries.iter().map(|entry| entry.batch.items() as u64).sum();
        let bytes = entries.iter().map(|entry| cost(&entry.batch)).sum();
        #[cfg(feature = "disk-queue")]
        let flight = Flight { id, place, items, bytes, request: None };
        #[cfg(not(feature = "disk-queue"))]
        let flight = Flight { id, place, items, bytes };
        self.flights.push(flight);
        Taken { flight: id, entries }
    }

    /// Items and bytes of requests under way.
    pub(super) fn in_flight(&self) -> (usize, usize) {
        self.flights.iter().fold((0, 0), |(items, bytes), flight| {
            (items + usize::try_from(flight.items).unwrap_or(usize::MAX), bytes + flight.bytes)
        })
    }
}

impl Lane {
    /// The request is made: so large, and so much was over.
    pub(in crate::exporter) fn formed(&self, flight: u64, request: &Batch, rest: Vec<Entry>) {
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
    pub(in crate::exporter) fn attempted(
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
    pub(in crate::exporter) fn settle(&self, flight: u64, items: u64, fate: Fate) {
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

    /// Ends a request and gives its room back. Gives the number of items that had to be dropped, because their task panicked.
    pub(in crate::exporter) fn finish(&self, flight: u64, ending: Ending) -> u64 {
        let mut state = self.state();
        let Some(at) = state.flights.iter().position(|other| other.id == flight) else { return 0 };
        let flight = state.flights.swap_remove(at);
        let stays = self.is_durable() && ending == Ending::Returned;
        let lost = if stays { 0 } else { flight.items };
        state.stranded += flight.items - lost;
        state.account.drop_pending(DropReason::NonRetryable, lost);
        let waiting = state.waiting > 0;
        drop(state);
        self.log_done(&[Flight { items: flight.items - lost, ..flight }]);
        if waiting {
            self.room.notify_all();
        }
        self.progress.notify_waiters();
        lost
    }

    /// Tells a durable queue of requests whose items all have their fate.
    pub(super) fn log_done(&self, flights: &[Flight]) {
        #[cfg(feature = "disk-queue")]
        if let Some(disk) = &self.disk {
            for request in
                flights.iter().filter(|flight| flight.items == 0).filter_map(|flight| flight.request)
            {
                disk.done(request);
            }
        }
        #[cfg(not(feature = "disk-queue"))]
        let _ = flights;
    }
}
