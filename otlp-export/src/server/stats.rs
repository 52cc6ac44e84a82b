//! What the server has counted since it started.

use std::sync::atomic::{AtomicU64, Ordering};

use otlp_core::Signal;

/// Why a request was not answered with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// Unknown path or service, or not POST.
    NotFound,
    /// Missing or unknown `Content-Type`, or a protocol that the port does not speak.
    ContentType,
    /// Unknown `Content-Encoding` or `grpc-encoding`.
    ContentCoding,
    /// The bearer token is missing or wrong.
    Unauthenticated,
    /// Over a size limit, before or after decompression.
    TooLarge,
    /// Truncated, not decompressible, not protobuf, not JSON.
    Malformed,
    /// The body or the verdict took too long.
    Timeout,
    /// Too many bytes in flight.
    Overloaded,
    /// The receiver said [`Verdict::RetryLater`](crate::Verdict::RetryLater).
    RetryLater,
    /// The receiver said [`Verdict::Invalid`](crate::Verdict::Invalid).
    Invalid,
    /// The receiver panicked, or its answer did not fit.
    Internal,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::NotFound,
        Self::ContentType,
        Self::ContentCoding,
        Self::Unauthenticated,
        Self::TooLarge,
        Self::Malformed,
        Self::Timeout,
        Self::Overloaded,
        Self::RetryLater,
        Self::Invalid,
        Self::Internal,
    ];

    /// A name for reports, in words: `too large`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::ContentType => "content type",
            Self::ContentCoding => "content coding",
            Self::Unauthenticated => "unauthenticated",
            Self::TooLarge => "too large",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
            Self::RetryLater => "retry later",
            Self::Invalid => "invalid",
            Self::Internal => "internal",
        }
    }
}

/// Counters of one signal. Requests are counted when they are answered with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SignalStats {
    /// Requests answered with success, in part or whole.
    pub requests: u64,
    /// Items (spans, data points, log records, profiles) in those requests, refused ones included.
    pub items: u64,
    /// Items among them that the receiver refused by partial success.
    pub rejected_items: u64,
    /// Bytes of those requests' messages as they came, compressed.
    pub wire_bytes: u64,
    /// Bytes of those requests' messages in protobuf, decompressed.
    pub message_bytes: u64,
}

/// A snapshot of the counters of a running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStats {
    signals: [SignalStats; 4],
    refusals: [u64; Refusal::ALL.len()],
    connections: u64,
    open_connections: u64,
    failed_handshakes: u64,
    certificate_reloads: u64,
    failed_certificate_reloads: u64,
}

impl ServerStats {
    /// The counters of one signal.
    #[must_use]
    pub const fn signal(&self, signal: Signal) -> SignalStats {
        self.signals[signal as usize]
    }

    /// Requests refused for this reason, over all signals.
    #[must_use]
    pub const fn refused(&self, reason: Refusal) -> u64 {
        self.refusals[reason as usize]
    }

    /// Connections accepted since the start.
    #[must_use]
    pub const fn connections(&self) -> u64 {
        self.connections
    }

    /// Connections open now.
    #[must_use]
    pub const fn open_connections(&self) -> u64 {
        self.open_connections
    }

    /// Connections that never finished the TLS handshake.
    #[must_use]
    pub const fn failed_handshakes(&self) -> u64 {
        self.failed_handshakes
    }

    /// How often certificates were replaced while the server ran.
    #[must_use]
    pub const fn certificate_reloads(&self) -> u64 {
        self.certificate_reloads
    }

    /// How often they could not be read or used, and the former ones stayed.
    #[must_use]
    pub const fn failed_certificate_reloads(&self) -> u64 {
        self.failed_certificate_reloads
    }
}

/// The live counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    signals: [SignalCounters; 4],
    refusals: [AtomicU64; Refusal::ALL.len()],
    connections: AtomicU64,
    closed: AtomicU64,
    failed_handshakes: AtomicU64,
    certificate_reloads: AtomicU64,
    failed_certificate_reloads: AtomicU64,
}

#[derive(Debug, Default)]
struct SignalCounters {
    requests: AtomicU64,
    items: AtomicU64,
    rejected_items: AtomicU64,
    wire_bytes: AtomicU64,
    message_bytes: AtomicU64,
}

fn add(counter: &AtomicU64, value: u64) {
    counter.fetch_add(value, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn succeeded(&self, signal: Signal, one: SignalStats) {
        let counters = &self.signals[signal as usize];
        add(&counters.requests, one.requests);
        add(&counters.items, one.items);
        add(&counters.rejected_items, one.rejected_items);
        add(&counters.wire_bytes, one.wire_bytes);
        add(&counters.message_bytes, one.message_bytes);
    }

    pub(super) fn refused(&self, reason: Refusal) {
        add(&self.refusals[reason as usize], 1);
    }

    pub(super) fn connected(&self) {
        add(&self.connections, 1);
    }

    pub(super) fn disconnected(&self) {
        add(&self.closed, 1);
    }

    #[cfg(feature = "tls")]
    pub(super) fn handshake_failed(&self) {
        add(&self.failed_handshakes, 1);
    }

    #[cfg(feature = "tls")]
    pub(super) fn certificates_reloaded(&self) {
        add(&self.certificate_reloads, 1);
    }

    #[cfg(feature = "tls")]
    pub(super) fn certificates_failed(&self) {
        add(&self.failed_certificate_reloads, 1);
    }

    pub(super) fn snapshot(&self) -> ServerStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let closed = get(&self.closed);
        let connections = get(&self.connections);
        ServerStats {
            signals: std::array::from_fn(|index| {
                let counters = &self.signals[index];
                SignalStats {
                    requests: get(&counters.requests),
                    items: get(&counters.items),
                    rejected_items: get(&counters.rejected_items),
                    wire_bytes: get(&counters.wire_bytes),
                    message_bytes: get(&counters.message_bytes),
                }
            }),
            refusals: std::array::from_fn(|index| get(&self.refusals[index])),
            connections,
            open_connections: connections.saturating_sub(closed),
            failed_handshakes: get(&self.failed_handshakes),
            certificate_reloads: get(&self.certificate_reloads),
            failed_certificate_reloads: get(&self.failed_certificate_reloads),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter_and_name() {
        let counters = Counters::default();
        for (index, reason) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            counters.refused(reason);
            assert_eq!(counters.snapshot().refused(reason), 1);
        }
        let names: std::collections::HashSet<_> = Refusal::ALL.map(Refusal::as_str).into_iter().collect();
        assert_eq!(names.len(), Refusal::ALL.len());
    }

    #[test]
    fn signals_are_counted_apart() {
        let counters = Counters::default();
        for (count, signal) in (1..).zip(Signal::ALL) {
            counters.succeeded(signal, SignalStats { requests: 1, items: count, ..SignalStats::default() });
        }
        assert_eq!(Signal::ALL.map(|signal| counters.snapshot().signal(signal).items), [1, 2, 3, 4]);
    }
}
