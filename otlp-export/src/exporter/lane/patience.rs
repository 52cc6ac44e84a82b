//! How long a sender waits for room.

use std::time::{Duration, Instant};

/// How long a sender is ready to block, over all destinations together.
#[derive(Debug)]
pub(in crate::exporter) struct Patience {
    end: Option<Instant>,
    /// The exporter's own threads never wait.
    none: bool,
}

impl Patience {
    pub(in crate::exporter) const fn new(none: bool) -> Self {
        Self { end: None, none }
    }

    /// What is left of `timeout`, which began at the first call.
    pub(super) fn left(&mut self, timeout: Duration) -> Duration {
        if self.none {
            return Duration::ZERO;
        }
        let now = Instant::now();
        // A time beyond the clock's range is waited for in pieces.
        let end = || now.checked_add(timeout).unwrap_or(now + Duration::from_secs(1 << 30));
        let end = *self.end.get_or_insert_with(end);
        end.saturating_duration_since(now)
    }
}
