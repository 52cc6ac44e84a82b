//! Checking what arrives.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use otlp::{
    Batch, Peer, Receiver, Verdict,
    check::{Report, Run},
};
use tokio::sync::Notify;

use crate::{exit::Exit, interrupt::Interrupt, listen::ListenArgs, quantity, terminal::say};

/// How long requests in work may take to finish once it stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Checks each batch while its sender waits.
#[derive(Debug)]
struct Live {
    state: Mutex<State>,
    limit: Option<u64>,
    enough: Notify,
}

#[derive(Debug)]
struct State {
    /// `None` once the report is made; what comes later is refused.
    run: Option<Run<'static>>,
    items: u64,
}

impl Live {
    fn take(&self, batch: &Batch) -> Verdict {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(run) = &mut state.run else { return Verdict::retry_after(DRAIN) };
        run.check(batch);
        state.items += batch.items() as u64;
        if self.limit.is_some_and(|limit| state.items >= limit) {
            self.enough.notify_one();
        }
        Verdict::Accepted
    }

    /// Ends the run.
    fn end(&self) -> (Report, u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.run.take().map(Run::finish).unwrap_or_default(), state.items)
    }
}

impl Receiver for Live {
    async fn receive(&self, batch: Batch, _: &Peer) -> Verdict {
        self.take(&batch)
    }
}

/// Receives until there are enough items, the time is over, or someone says stop.
pub(super) fn receive(
    listen: &ListenArgs,
    mut run: Run<'static>,
    limit: Option<u64>,
    timeout: Option<Duration>,
) -> anyhow::Result<(Report, Exit)> {
    run.input("<received>");
    let state = Mutex::new(State { run: Some(run), items: 0 });
    let live = Arc::new(Live { state, limit, enough: Notify::new() });
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        // Before the ready line, so that a signal right after it is not missed.
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let running = listen.start(Arc::clone(&live)).await?;
        tokio::select! {
            () = live.enough.notified() => {}
            () = interrupt.wait() => {}
            () = patience(timeout) => {}
        }
        let drained = tokio::select! {
            drained = running.shutdown(DRAIN) => drained,
            () = interrupt.wait() => false,
        };
        if !drained {
            say!("cut off what was still coming; its senders know it as not delivered");
        }
        anyhow::Ok(())
    })?;
    let (report, items) = live.end();
    let Some(wanted) = limit.filter(|limit| items < *limit) else { return Ok((report, Exit::Done)) };
    say!("{} of {} items came", quantity::count(items), quantity::count(wanted));
    Ok((report, Exit::TimedOut))
}

async fn patience(timeout: Option<Duration>) {
    match timeout {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
