//! When queued batches become a request.

use std::time::Duration;

use otlp_core::Signal;

/// How queued batches are joined: a request is made when one of the three is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchOptions {
    /// Most items of a request, at least 1; that many queued ones make a request at once.
    pub items: usize,
    /// That many queued bytes make a request at once.
    pub bytes: usize,
    /// Longest time that a batch waits for others. Zero: it does not.
    pub delay: Duration,
}

impl BatchOptions {
    /// For a program that sends its own telemetry: 512 items or 1 MiB; 1 s for logs and metrics, 5 s for traces and profiles (the
    /// specification's batch processors).
    #[must_use]
    pub const fn sdk(signal: Signal) -> Self {
        let delay = match signal {
            Signal::Traces | Signal::Profiles => Duration::from_secs(5),
            Signal::Metrics | Signal::Logs => Duration::from_secs(1),
        };
        Self { items: 512, bytes: 1 << 20, delay }
    }

    /// For a relay that sends the telemetry of many: 8192 items, 3.5 MiB or 200 ms.
    #[must_use]
    pub const fn gateway() -> Self {
        Self { items: 8192, bytes: 7 << 19, delay: Duration::from_millis(200) }
    }
}
