//! The way of one signal's batches from the intake to every destination.

use std::sync::Arc;

use otlp::Batch;
use tokio::sync::{
    OnceCell,
    mpsc::{UnboundedReceiver, UnboundedSender},
};

use super::{
    batcher::Batcher,
    budget::{Budget, Hold, Size},
    intake::Job,
};

/// A batch on its way, shared by the destinations; its memory is given back when the last one is done.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) batch: Batch,
    /// The body, made by the first destination that needs it; all of them want the same.
    pub(super) body: OnceCell<Result<otlp::Prepared, otlp::Failure>>,
    _hold: Hold,
}

/// Joins what comes in and hands it to each destination's queue, until it is told to stop.
pub(super) async fn pump(
    mut jobs: UnboundedReceiver<Job>,
    mut batcher: Batcher,
    budget: Arc<Budget>,
    queues: Vec<UnboundedSender<Arc<Parcel>>>,
) {
    let mut held = Vec::new();
    loop {
        let job = tokio::select! {
            job = jobs.recv() => job,
            () = until(batcher.due()) => {
                pass(batcher.flush(), &budget, &queues);
                held.clear();
                continue;
            }
        };
        let Some(Job::Take(batch, hold)) = job else { break };
        held.push(hold);
        let ready = batcher.push(batch, tokio::time::Instant::now());
        if !ready.is_empty() {
            pass(ready, &budget, &queues);
            held = vec![budget.reshape(batcher.size())];
        }
    }
    // Closes the channel, so that a sender that is late hears of it.
    drop(jobs);
    pass(batcher.flush(), &budget, &queues);
}

async fn until(due: Option<tokio::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn pass(ready: Vec<Batch>, budget: &Arc<Budget>, queues: &[UnboundedSender<Arc<Parcel>>]) {
    for batch in ready {
        let hold = budget.reshape(Size::of(&batch));
        let parcel = Arc::new(Parcel { batch, body: OnceCell::new(), _hold: hold });
        for queue in queues {
            // A destination's worker ends only after this sender is gone.
            let _ = queue.send(Arc::clone(&parcel));
        }
    }
}
