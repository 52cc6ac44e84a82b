//! Who sent a batch, and how.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, header};

use crate::Protocol;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerAddress {
    /// Over TCP.
    Tcp(SocketAddr),
    /// Over a unix socket, whose clients have no address.
    Unix,
}

impl PeerAddress {
    /// The IP address; `None` for a unix socket.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix => None,
        }
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => fmt::Display::fmt(address, f),
            Self::Unix => f.write_str("unix socket"),
        }
    }
}

/// The sender of a batch as the server saw it: address, protocol and headers of this one request.
pub struct Peer {
    address: PeerAddress,
    protocol: Protocol,
    tls: bool,
    wire_bytes: u64,
    coding: &'static str,
    headers: HeaderMap,
}

impl Peer {
    pub(super) const fn new(address: PeerAddress, tls: bool, protocol: Protocol, headers: HeaderMap) -> Self {
        Self { address, protocol, tls, wire_bytes: 0, coding: "identity", headers }
    }

    pub(super) const fn set_body(&mut self, wire_bytes: u64, coding: &'static str) {
        self.wire_bytes = wire_bytes;
        self.coding = coding;
    }

    /// The other end of the connection; a proxy's, if there is one between.
    #[must_use]
    pub const fn address(&self) -> PeerAddress {
        self.address
    }

    /// Transport and encoding of the request.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Bytes of the request's message as they came, still compressed; without headers and framing.
    #[must_use]
    pub const fn wire_bytes(&self) -> u64 {
        self.wire_bytes
    }

    /// The content coding of the request's message: `identity`, `gzip`, `zstd`, `tracezip`... For gRPC the name in
    /// `grpc-encoding`.
    #[must_use]
    pub const fn content_coding(&self) -> &'static str {
        self.coding
    }

    /// The `User-Agent` header, if it is text.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.headers.get(header::USER_AGENT)?.to_str().ok()
    }

    /// The first value of a header (gRPC: of the metadata), by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(http::HeaderValue::as_bytes)
    }

    /// All headers, names in lower case; a name with several values comes several times.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

impl fmt::Debug for Peer {
    /// Names of the headers only: values carry tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        f.debug_struct("Peer")
            .field("address", &self.address)
            .field("protocol", &self.protocol)
            .field("tls", &self.tls)
            .field("wire_bytes", &self.wire_bytes)
            .field("content_coding", &self.coding)
            .field("headers", &names)
            .finish()
    }
}
