//! What the admin endpoint tells.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use otlp::{
    Ledger, Running,
    admin::{MetricsPage, Status},
};

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
