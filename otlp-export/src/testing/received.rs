//! What the server was asked.

use std::time::Instant;

use bytes::Bytes;
use otlp_core::{Batch, Signal};

use crate::Protocol;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// When it had arrived.
    pub at: Instant,
    /// Which connection it came on, counted from 1.
    pub connection: usize,
    /// The method, such as `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: &'static str,
    /// Headers in the order they came, names in lower case; values as they are.
    pub headers: Vec<(String, Bytes)>,
    /// The body on the wire: compressed as it came, for gRPC with its frame header. Empty if it was not read.
    pub body: Bytes,
    /// The signal, by the path; traces where the path is none of OTLP's.
    pub signal: Signal,
    /// Transport and encoding, by the content type; `http/protobuf` if it is none of OTLP's.
    pub protocol: Protocol,
    /// The batch, if the body was read and is one.
    pub batch: Option<Batch>,
    /// What the server made of it.
    pub answered: Answered,
}

/// What became of a request's items, as the server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// All were taken.
    Accepted,
    /// All but the first so many were taken.
    Partial(u64),
    /// None was taken.
    Refused,
    /// All were taken, but the script sees to it that the client cannot know: it may well send them again.
    Unknown,
}

impl Received {
    /// The first value of a header, by its name in lower case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        std::str::from_utf8(value).ok()
    }

    /// Items of its batch; 0 without one.
    #[must_use]
    pub fn items(&self) -> usize {
        self.batch.as_ref().map_or(0, Batch::items)
    }
}
