//! The loop of one lane: makes requests of what is due, as many at once as allowed, until the exporter stops.

use std::{collections::HashMap, sync::Arc};

use otlp_core::Signal;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    deliver::{Stop, deliver},
    lane::{Ending, Lane, Taken},
    outlet::Outlet,
};
use crate::DropReason;

/// Runs until the lane is closed and empty, or the moment to stop has come.
pub(super) async fn drive(outlet: Arc<Outlet>, signal: Signal, mut stop: Stop) {
    let lane = Arc::clone(outlet.lane(signal));
    let mut deliveries = JoinSet::new();
    let mut flights = HashMap::new();
    let mut ticker = interval(lane.settings.tick());
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticking = true;
    loop {
        let deadline = *stop.borrow_and_update();
        if deadline.is_some_and(|end| end <= tokio::time::Instant::now()) {
            break;
        }
        while let Some(taken) = take(&lane) {
            let flight = taken.flight;
            let task = deliveries.spawn(deliver(Arc::clone(&outlet), signal, taken, stop.clone()));
            flights.insert(task.id(), flight);
        }
        if lane.is_done() {
            return;
        }
        tokio::select! {
            Some(done) = deliveries.join_next_with_id() => {
                let (task, ending) = match &done {
                    Ok((task, ())) => (*task, Ending::Returned),
                    Err(panicked) => (panicked.id(), Ending::Panicked),
                };
                if let Some(flight) = flights.remove(&task) {
                    let lost = lane.finish(flight, ending);
                    outlet.dropped(signal, lost, DropReason::NonRetryable, None, None);
                }
            }
            () = lane.wake.notified() => {
                if !ticking {
                    ticking = true;
                    ticker.reset();
                }
            }
            _ = ticker.tick(), if ticking => ticking = lane.tick(),
            Ok(()) = stop.changed() => {}
            () = async { if let Some(end) = deadline { sleep_until(end).await } }, if deadline.is_some() => {}
        }
    }
    deliveries.shutdown().await;
    let items = lane.abandon();
    outlet.cut(signal, items, None);
}

/// What is to be sent next.
fn take(lane: &Lane) -> Option<Taken> {
    #[cfg(feature = "disk-queue")]
    if lane.is_durable() {
        // What cannot be read now is tried again at the next tick; what stays so is counted as corrupt by the disk queue.
        return lane.take_from_disk().ok().flatten();
    }
    lane.take()
}
