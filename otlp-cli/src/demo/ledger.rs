//! What was sent and what was received, by lane and signal.

use otlp::{Codec, Protocol, Signal, Tracezip};

/// One way over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) protocol: Protocol,
    /// Of OTLP; with tracezip, of what its server does not take.
    pub(super) codec: Codec,
    pub(super) tracezip: Tracezip,
}

impl Lane {
    const fn new(protocol: Protocol, codec: Codec) -> Self {
        Self { protocol, codec, tracezip: Tracezip::Off }
    }

    const fn tracezip(protocol: Protocol) -> Self {
        Self { protocol, codec: Codec::Gzip, tracezip: Tracezip::Stateless }
    }

    /// The compression's name for people.
    pub(super) const fn compression(&self) -> &'static str {
        match self.tracezip {
            Tracezip::Off => self.codec.as_str(),
            mode => mode.as_str(),
        }
    }

    /// The name under which its requests arrive.
    pub(super) const fn content_coding(&self) -> &'static str {
        match self.tracezip {
            Tracezip::Off => self.codec.content_coding(),
            _ => "tracezip",
        }
    }
}

/// Every transport with every compression that it has, the transports one after another.
pub(super) const LANES: [Lane; COUNT] = [
    Lane::new(Protocol::Grpc, Codec::Identity),
    Lane::new(Protocol::Grpc, Codec::Gzip),
    Lane::new(Protocol::Grpc, Codec::Zstd),
    Lane::tracezip(Protocol::Grpc),
    Lane::new(Protocol::HttpProtobuf, Codec::Identity),
    Lane::new(Protocol::HttpProtobuf, Codec::Gzip),
    Lane::new(Protocol::HttpProtobuf, Codec::Zstd),
    Lane::tracezip(Protocol::HttpProtobuf),
    Lane::new(Protocol::HttpJson, Codec::Identity),
    Lane::new(Protocol::HttpJson, Codec::Gzip),
    Lane::new(Protocol::HttpJson, Codec::Zstd),
];
const COUNT: usize = 11;

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
pub(super) type Book = [[Tally; 4]; COUNT];

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
