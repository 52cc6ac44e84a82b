//! Settings of queues: given for the whole exporter, for a destination, or left to the defaults.

use std::{num::NonZeroUsize, time::Duration};

use otlp_core::Signal;

use super::{BatchOptions, OnFull};
use crate::RetryPolicy;

/// What was set; the rest is decided elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settings {
    /// In the order of `Signal::ALL`.
    pub(super) batch: [Option<BatchOptions>; 4],
    pub(super) on_full: Option<OnFull>,
    pub(super) queue_items: Option<usize>,
    pub(super) queue_bytes: Option<usize>,
    pub(super) concurrency: Option<usize>,
    pub(super) request_bytes: Option<usize>,
    pub(super) split_on_too_large: Option<bool>,
    pub(super) retry: Option<RetryPolicy>,
    /// What is on a disk is worth trying for as long as it takes.
    pub(super) durable: bool,
}

/// What one lane goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct LaneSettings {
    pub(super) batch: BatchOptions,
    pub(super) batch_items: NonZeroUsize,
    pub(super) on_full: OnFull,
    pub(super) queue_items: usize,
    pub(super) queue_bytes: usize,
    pub(super) concurrency: usize,
    pub(super) request_bytes: usize,
    pub(super) split_on_too_large: bool,
    pub(super) retry: RetryPolicy,
}

impl Settings {
    /// The destination's own settings, the exporter's where it has none, then the defaults. Fails with the setting's name and
    /// least value.
    pub(super) fn resolve(
        &self,
        general: &Self,
        signal: Signal,
    ) -> Result<LaneSettings, (&'static str, usize)> {
        let at = signal as usize;
        let batch = self.batch[at].or(general.batch[at]).unwrap_or_else(|| BatchOptions::sdk(signal));
        let positive = |setting, value: usize| NonZeroUsize::new(value).ok_or((setting, 1));
        let number = |setting, own: Option<usize>, general: Option<usize>, default| {
            positive(setting, own.or(general).unwrap_or(default)).map(NonZeroUsize::get)
        };
        positive("batch.bytes", batch.bytes)?;
        Ok(LaneSettings {
            batch,
            batch_items: positive("batch.items", batch.items)?,
            on_full: self.on_full.or(general.on_full).unwrap_or_default(),
            queue_items: number("queue_items", self.queue_items, general.queue_items, 2048)?,
            queue_bytes: number("queue_bytes", self.queue_bytes, general.queue_bytes, 64 << 20)?,
            concurrency: number("concurrency", self.concurrency, general.concurrency, 1)?,
            request_bytes: number("request_bytes", self.request_bytes, general.request_bytes, 7 << 19)?,
            split_on_too_large: self.split_on_too_large.or(general.split_on_too_large).unwrap_or(false),
            retry: self.retry.or(general.retry).unwrap_or_else(|| {
                let policy = RetryPolicy::default();
                if self.durable { policy.with_total(Duration::MAX) } else { policy }
            }),
        })
    }
}

impl LaneSettings {
    /// How often the driver looks for batches that have waited long enough: twice in a delay.
    pub(super) fn tick(&self) -> Duration {
        (self.batch.delay / 2).clamp(Duration::from_millis(1), Duration::from_secs(3600))
    }

    /// A batch that came just before a tick has waited one whole tick at the second one after it.
    pub(super) const fn due_ticks(&self) -> u64 {
        2
    }
}
