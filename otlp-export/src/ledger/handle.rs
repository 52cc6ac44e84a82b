//! A view of the counters that outlives the exporter's handles.

use std::{fmt, sync::Arc};

use super::Report;
use crate::exporter::Shared;

/// Reads an exporter's counters at any time, also after the exporter is gone. Cheap to clone; keeps nothing running.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

impl Ledger {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The counters now. Each account is exact and balanced in itself; accounts are read one after the other.
    pub fn report(&self) -> Report {
        self.shared.report()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report().fmt(f)
    }
}
