//! What people are told while it runs: the admin endpoint, and a line when a destination goes or comes back.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{
    Ledger, Running,
    admin::{MetricsPage, Status},
};

use crate::terminal::say;

/// The relay as the admin endpoint shows it.
pub(super) struct RelayStatus {
    pub(super) ledger: Ledger,
    pub(super) full: Arc<AtomicBool>,
    pub(super) stopping: Arc<AtomicBool>,
    /// Set once it listens.
    pub(super) server: Arc<OnceLock<Arc<Running>>>,
}

impl Status for RelayStatus {
    fn ready(&self) -> Result<(), String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err("stopping".to_owned());
        }
        if self.server.get().is_none() {
            return Err("starting".to_owned());
        }
        if self.full.load(Ordering::Relaxed) {
            return Err("a queue is full: senders are told to come again".to_owned());
        }
        Ok(())
    }

    fn metrics(&self, page: &mut MetricsPage) {
        page.exporter(&self.ledger.report());
        if let Some(server) = self.server.get() {
            page.server(&server.stats());
        }
    }
}

/// How often destinations are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// A destination at the last look.
#[derive(Default, Clone, Copy)]
struct Seen {
    /// Requests that have ended, well or not.
    requests: u64,
    /// Items that the destination took or refused.
    answered: u64,
    is_down: bool,
}

/// Says when a destination fails and when it takes something again, until it is dropped.
pub(super) async fn watch(ledger: Ledger) {
    let mut seen: Vec<Seen> = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let report = ledger.report();
        seen.resize(report.destinations().len(), Seen::default());
        for (destination, seen) in report.destinations().iter().zip(&mut seen) {
            let now = destination.total();
            let answers = now.accepted + now.rejected > seen.answered;
            let failing = now.pending > 0 && !answers && now.requests > seen.requests;
            if seen.is_down && answers {
                say!("{}: answers again", destination.name());
                seen.is_down = false;
            } else if !seen.is_down
                && failing
                && let Some(failure) = destination.last_failure()
            {
                say!("{}: {failure}; trying again", destination.name());
                seen.is_down = true;
            }
            (seen.requests, seen.answered) = (now.requests, now.accepted + now.rejected);
        }
    }
}
