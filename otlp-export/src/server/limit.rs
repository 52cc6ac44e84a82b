//! What the server takes before it refuses.

use std::time::Duration;

use otlp_core::Limits;

/// Bounds of a [`Server`](crate::Server): sizes, times, counts. The defaults are meant for a server that strangers reach.
///
/// ```
/// use otlp_export::ServerLimits;
/// let limits = ServerLimits::default().with_max_wire_bytes(4 << 20);
/// assert_eq!(limits.max_wire_bytes(), 4 << 20);
/// assert_eq!(limits.message().max_bytes(), 64 << 20);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    max_wire_bytes: usize,
    message: Limits,
    max_response_bytes: usize,
    max_in_flight_bytes: usize,
    max_connections: usize,
    max_streams: u32,
    max_tracezip_streams: usize,
    header_timeout: Duration,
    body_timeout: Duration,
    receive_timeout: Duration,
    response_timeout: Duration,
    idle_timeout: Duration,
}

impl Default for ServerLimits {
    /// 64 MiB on the wire and 64 MiB decompressed (rules G2, H5), 4 MiB of response (G5, H7), 256 MiB in flight,
    /// 4096 connections a port, 256 streams a connection, 32 of them tracezip's over all; 10 s for headers, 30 s for a body, 60 s for the receiver,
    /// 30 s for the client to take its answer, 60 s of idleness.
    fn default() -> Self {
        Self {
            max_wire_bytes: 64 << 20,
            message: Limits::default(),
            max_response_bytes: 4 << 20,
            max_in_flight_bytes: 256 << 20,
            max_connections: 4096,
            max_streams: 256,
            max_tracezip_streams: 32,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            receive_timeout: Duration::from_secs(60),
            response_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
        }
    }
}

impl ServerLimits {
    /// Largest request message as it stands on the wire, still compressed, in bytes.
    #[must_use]
    pub const fn max_wire_bytes(&self) -> usize {
        self.max_wire_bytes
    }

    /// What a message may be once it is decompressed: bytes, nesting, items, layout of profiles.
    #[must_use]
    pub const fn message(&self) -> &Limits {
        &self.message
    }

    /// Largest response message, in bytes; longer texts of partial success are cut to fit.
    #[must_use]
    pub const fn max_response_bytes(&self) -> usize {
        self.max_response_bytes
    }

    /// Bytes of requests held at the same time over all connections: headers, bodies as they came, what they
    /// decompress to (taken from it before the memory is), and batches with the receiver. Over it a
    /// request is answered `UNAVAILABLE` or 503 with a time to wait. A single request always passes.
    #[must_use]
    pub const fn max_in_flight_bytes(&self) -> usize {
        self.max_in_flight_bytes
    }

    /// Connections open at the same time on each port; further ones wait in the system's queue.
    #[must_use]
    pub const fn max_connections(&self) -> usize {
        self.max_connections
    }

    /// Requests that one HTTP/2 connection may have open at a time.
    #[must_use]
    pub const fn max_streams(&self) -> u32 {
        self.max_streams
    }

    /// Tracezip streams open at a time over all connections. Each may hold 4 MiB besides the bytes in flight, as long as it is open.
    #[must_use]
    pub const fn max_tracezip_streams(&self) -> usize {
        self.max_tracezip_streams
    }

    /// Time for the TLS handshake, and for the head of an HTTP/1.1 request from its first byte; a connection over it is closed
    /// within twice that time.
    #[must_use]
    pub const fn header_timeout(&self) -> Duration {
        self.header_timeout
    }

    /// Time for the body of a request.
    #[must_use]
    pub const fn body_timeout(&self) -> Duration {
        self.body_timeout
    }

    /// Time for the receiver's verdict; over it the answer is `DEADLINE_EXCEEDED` or 504. A gRPC client's own shorter
    /// `grpc-timeout` goes before.
    #[must_use]
    pub const fn receive_timeout(&self) -> Duration {
        self.receive_timeout
    }

    /// Time in which the client must take its answer; over it the connection is closed. Over HTTP/1.1, and where HTTP/2's window is open,
    /// an answer leaves at once.
    #[must_use]
    pub const fn response_timeout(&self) -> Duration {
        self.response_timeout
    }

    /// How long a connection may stay without a request.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Sets [`max_wire_bytes`](Self::max_wire_bytes).
    #[must_use]
    pub const fn with_max_wire_bytes(mut self, bytes: usize) -> Self {
        self.max_wire_bytes = bytes;
        self
    }

    /// Sets [`message`](Self::message).
    #[must_use]
    pub const fn with_message(mut self, message: Limits) -> Self {
        self.message = message;
        self
    }

    /// Sets [`max_response_bytes`](Self::max_response_bytes).
    #[must_use]
    pub const fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets [`max_in_flight_bytes`](Self::max_in_flight_bytes).
    #[must_use]
    pub const fn with_max_in_flight_bytes(mut self, bytes: usize) -> Self {
        self.max_in_flight_bytes = bytes;
        self
    }

    /// Sets [`max_connections`](Self::max_connections); at least 1.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// Sets [`max_streams`](Self::max_streams); at least 1.
    #[must_use]
    pub const fn with_max_streams(mut self, streams: u32) -> Self {
        self.max_streams = if streams == 0 { 1 } else { streams };
        self
    }

    /// Sets [`max_tracezip_streams`](Self::max_tracezip_streams); with 0 there are none, and senders use requests.
    #[must_use]
    pub const fn with_max_tracezip_streams(mut self, streams: usize) -> Self {
        self.max_tracezip_streams = streams;
        self
    }

    /// Sets [`header_timeout`](Self::header_timeout); from 1 ms to 365 days.
    #[must_use]
    pub const fn with_header_timeout(mut self, time: Duration) -> Self {
        self.header_timeout = bounded(time);
        self
    }

    /// Sets [`body_timeout`](Self::body_timeout); from 1 ms to 365 days.
    #[must_use]
    pub const fn with_body_timeout(mut self, time: Duration) -> Self {
        self.body_timeout = bounded(time);
        self
    }

    /// Sets [`receive_timeout`](Self::receive_timeout); from 1 ms to 365 days.
    #[must_use]
    pub const fn with_receive_timeout(mut self, time: Duration) -> Self {
        self.receive_timeout = bounded(time);
        self
    }

    /// Sets [`response_timeout`](Self::response_timeout); from 1 ms to 365 days.
    #[must_use]
    pub const fn with_response_timeout(mut self, time: Duration) -> Self {
        self.response_timeout = bounded(time);
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout); from 1 ms to 365 days.
    #[must_use]
    pub const fn with_idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = bounded(time);
        self
    }
}

/// Timers take neither no time (they would fire all the time) nor more than the clock holds.
const fn bounded(time: Duration) -> Duration {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
    if time.as_secs() >= LONGEST.as_secs() {
        LONGEST
    } else if time.as_millis() == 0 {
        Duration::from_millis(1)
    } else {
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_breaks_the_timers() {
        for (given, kept) in [
            (Duration::ZERO, Duration::from_millis(1)),
            (Duration::from_millis(1500), Duration::from_millis(1500)),
            (Duration::MAX, Duration::from_secs(31_536_000)),
        ] {
            assert_eq!(ServerLimits::default().with_idle_timeout(given).idle_timeout(), kept);
            assert_eq!(ServerLimits::default().with_header_timeout(given).header_timeout(), kept);
        }
        assert_eq!(ServerLimits::default().with_max_connections(0).max_connections(), 1);
        assert_eq!(ServerLimits::default().with_max_streams(0).max_streams(), 1);
    }
}
