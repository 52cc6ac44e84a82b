//! What was received so far, and whether it is enough.

use std::sync::atomic::{AtomicU64, Ordering};

use otlp::Signal;
use otlp::{Refusal, ServerStats};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use crate::quantity;

/// Counters of what is kept. A request is counted once it is in the files, so before its sender hears of it.
#[derive(Debug)]
pub(super) struct Tally {
    signals: [Counts; 4],
    items: AtomicU64,
    limit: u64,
    enough: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    items: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    /// Counts up to `limit` items of all signals, or for ever.
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            signals: Default::default(),
            items: AtomicU64::new(0),
            limit: limit.unwrap_or(u64::MAX),
            enough: Notify::new(),
        }
    }

    /// One more request.
    pub(super) fn add(&self, signal: Signal, items: usize, bytes: usize) {
        let counts = &self.signals[signal as usize];
        counts.requests.fetch_add(1, Ordering::Relaxed);
        counts.items.fetch_add(items as u64, Ordering::Relaxed);
        counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.items.fetch_add(items as u64, Ordering::Release);
        if self.is_enough() {
            self.enough.notify_one();
        }
    }

    /// Items of all signals.
    pub(super) fn items(&self) -> u64 {
        self.items.load(Ordering::Acquire)
    }

    /// Whether the limit is reached.
    pub(super) fn is_enough(&self) -> bool {
        self.items() >= self.limit
    }

    /// Waits until it is; for one waiter.
    pub(super) async fn enough(&self) {
        self.enough.notified().await;
    }

    /// The end result as `--json` prints it: kept requests, their items and bytes (protobuf, uncompressed) for each signal, and
    /// how many requests were refused, by reason.
    pub(super) fn to_json(&self, stats: &ServerStats) -> Value {
        let mut object = Map::new();
        for signal in Signal::ALL {
            let counts = &self.signals[signal as usize];
            let get = |counter: &AtomicU64| counter.load(Ordering::Acquire);
            let one = json!({
                "requests": get(&counts.requests),
                "items": get(&counts.items),
                "bytes": get(&counts.bytes),
            });
            object.insert(signal.to_string(), one);
        }
        let rejected: Map<String, Value> = Refusal::ALL
            .into_iter()
            .map(|reason| (reason.as_str().replace(' ', "_"), stats.refused(reason).into()))
            .collect();
        object.insert("rejected".to_owned(), rejected.into());
        object.into()
    }

    /// The end result for people.
    pub(super) fn sentence(&self) -> String {
        let mut parts = Vec::new();
        for signal in Signal::ALL {
            let counts = &self.signals[signal as usize];
            let requests = counts.requests.load(Ordering::Acquire);
            if requests > 0 {
                parts.push(format!(
                    "{} {} in {} ({})",
                    quantity::count(counts.items.load(Ordering::Acquire)),
                    signal.item_name(),
                    quantity::counted(requests, "request"),
                    quantity::bytes(counts.bytes.load(Ordering::Acquire)),
                ));
            }
        }
        if parts.is_empty() {
            "received nothing".to_owned()
        } else {
            format!("received {}", parts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn enough_is_told_once_the_limit_is_reached() {
        let tally = Tally::new(Some(10));
        tally.add(Signal::Traces, 6, 100);
        assert!(!tally.is_enough());
        tally.add(Signal::Logs, 4, 50);
        assert!(tally.is_enough());
        tally.enough().await;
        assert_eq!(
            tally.sentence(),
            "received 6 spans in 1 request (100 B), 4 log records in 1 request (50 B)"
        );
    }

    #[test]
    fn without_a_limit_it_is_never_enough() {
        let tally = Tally::new(None);
        tally.add(Signal::Traces, 1 << 40, 1);
        assert!(!tally.is_enough());
        assert_eq!(Tally::new(None).sentence(), "received nothing");
    }
}
