//! What was sent and what was received, by lane and signal.

use otlp::{Codec, Protocol, Signal};

/// One way over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) protocol: Protocol,
    pub(super) codec: Codec,
}

/// Every transport with every compression.
pub(super) const LANES: [Lane; 9] = {
    let protocols = [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson];
    let codecs = [Codec::Identity, Codec::Gzip, Codec::Zstd];
    let mut lanes = [Lane { protocol: Protocol::Grpc, codec: Codec::Identity }; 9];
    let mut index = 0;
    while index < 9 {
        lanes[index] = Lane { protocol: protocols[index / 3], codec: codecs[index % 3] };
        index += 1;
    }
    lanes
};

/// Counts of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) items: u64,
    /// Bytes of request bodies as they went over the wire.
    pub(super) wire: u64,
    /// What the items say, see [`super::fingerprint`].
    pub(super) fingerprint: u64,
}

impl Tally {
    /// Adds another.
    pub(super) const fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.items += other.items;
        self.wire += other.wire;
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }
}

/// Tallies of all lanes and signals.
pub(super) type Book = [[Tally; 4]; 9];

/// Both sides of the run.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    /// What the client was given, and the bytes it wrote.
    pub(super) sent: Book,
    /// What the server's receiver saw.
    pub(super) received: Book,
}

impl Ledger {
    /// Sums over all lanes: sent and received.
    pub(super) fn total(&self, signal: Signal) -> (Tally, Tally) {
        let sum = |book: &Book| {
            book.iter().fold(Tally::default(), |mut sum, lane| {
                sum.add(&lane[signal as usize]);
                sum
            })
        };
        (sum(&self.sent), sum(&self.received))
    }

    /// Whether every item arrived, once, and says what it said.
    pub(super) fn is_even(&self) -> bool {
        let content = |tally: &Tally| (tally.requests, tally.items, tally.fingerprint);
        self.sent.as_flattened().iter().map(content).eq(self.received.as_flattened().iter().map(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_or_altered_item_is_seen() {
        let mut ledger = Ledger::default();
        assert!(ledger.is_even());
        ledger.sent[4][1] = Tally { requests: 1, items: 10, wire: 300, fingerprint: 5 };
        assert!(!ledger.is_even());
        // The two sides count bytes in ways of their own; content decides.
        ledger.received[4][1] = Tally { requests: 1, items: 10, wire: 305, fingerprint: 5 };
        assert!(ledger.is_even());
        ledger.received[4][1].fingerprint = 6;
        assert!(!ledger.is_even());
        assert_eq!(ledger.total(Signal::Metrics).0.items, 10);
    }

    #[test]
    fn lanes_are_all_there() {
        for (index, lane) in LANES.iter().enumerate() {
            assert_eq!(LANES.iter().position(|other| other == lane), Some(index));
        }
    }
}
