//! What became of a batch that was sent.

use std::{fmt, time::Duration};

/// The answer to one send: the mirror, on the client's side, of the verdict a receiver gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch that was not accepted is lost unless someone looks here"]
#[non_exhaustive]
pub enum Outcome {
    /// The server took every item.
    Accepted,
    /// The server took the batch but for `rejected` items. Never to be sent again (rule G11).
    Partial {
        /// Items refused: spans, data points, log records or profiles. Zero with a message is a warning (rule G10).
        rejected: u64,
        /// The server's words.
        message: String,
    },
    /// Nothing was taken, and the same batch may be sent again later (rules G12, G13, H11, H13).
    RetryLater {
        /// The wait the server asked for, by `Retry-After` or `RetryInfo`. `None`: exponential backoff decides.
        after: Option<Duration>,
        /// What went wrong.
        cause: Failure,
    },
    /// Sending the same batch again is forbidden or pointless: drop it and count it (rules G3, G4, G12, H6, H10, H11).
    Rejected {
        /// What went wrong.
        cause: Failure,
    },
}

impl Outcome {
    /// Whether the server took the batch, wholly or but for the items it named.
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Accepted | Self::Partial { .. })
    }

    /// Whether the same batch may be sent again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::RetryLater { .. })
    }

    /// Of a batch of `items`, how many the server accepted. A server that claims to have rejected more than it was given
    /// accepted none.
    #[must_use]
    pub const fn accepted_of(&self, items: u64) -> u64 {
        match self {
            Self::Accepted => items,
            Self::Partial { rejected, .. } => items.saturating_sub(*rejected),
            Self::RetryLater { .. } | Self::Rejected { .. } => 0,
        }
    }

    /// What went wrong, if the batch was not delivered.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted | Self::Partial { .. } => None,
            Self::RetryLater { cause, .. } | Self::Rejected { cause } => Some(cause),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Partial { rejected: 0, message } => write!(f, "accepted with a warning: {message}"),
            Self::Partial { rejected, message } => write!(f, "accepted but for {rejected} items: {message}"),
            Self::RetryLater { after: None, cause } => write!(f, "to be retried: {cause}"),
            Self::RetryLater { after: Some(after), cause } => {
                write!(f, "to be retried after {} ms: {cause}", after.as_millis())
            }
            Self::Rejected { cause } => write!(f, "rejected: {cause}"),
        }
    }
}

/// Why a batch was not delivered. `Display` gives kind and message on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    violations: Vec<(String, String)>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), violations: Vec::new() }
    }

    pub(crate) fn with_violations(mut self, violations: Vec<(String, String)>) -> Self {
        self.violations = violations;
        self
    }

    /// The kind, for programs.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The explanation, for people: the server's words where it gave any. May be empty.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the server's `google.rpc.BadRequest` detail lists (rules G15, H10): field path and description of each fault.
    #[must_use]
    pub fn violations(&self) -> &[(String, String)] {
        &self.violations
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for (field, description) in &self.violations {
            write!(f, "; {field}: {description}")?;
        }
        Ok(())
    }
}

/// The ways a send can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// No connection, or it broke before the answer was complete. Retryable (rule H13).
    Unreachable,
    /// No complete answer within the client's timeout. Retryable.
    TimedOut,
    /// The answer was this HTTP status; 429, 502, 503 and 504 are retryable (rule H11).
    HttpStatus(u16),
    /// The answer was this gRPC status code; which are retryable stands in rules G12 and G13.
    GrpcStatus(u32),
    /// The request is over the client's limit, before or after compression, and was not sent (rules G3, H6).
    TooLarge,
    /// The answer is over the client's limit, as received or decompressed (rules G4, H6). Not retryable.
    ResponseTooLarge,
    /// The answer says success but cannot be read. Not retryable: the server has most likely taken the batch, and sending it
    /// again would count every item twice.
    BadResponse,
    /// The client was built without an endpoint for the batch's signal; nothing was sent. Not retryable.
    NoEndpoint,
    /// The batch could not be written in the client's encoding or compression; nothing was sent. Not retryable.
    Unencodable,
    /// The function of `ClientBuilder::headers_with` gave no headers that can be sent; nothing was sent. Retryable.
    Header,
    /// The proxy could not be reached, or opened no tunnel to the server; nothing was sent. Retryable.
    Proxy,
}

impl FailureKind {
    /// Whether the server said something: a status, or an answer that cannot be used. Otherwise it may have the batch or not, or
    /// nothing was sent at all.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::HttpStatus(_) | Self::GrpcStatus(_) | Self::BadResponse | Self::ResponseTooLarge)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("unreachable"),
            Self::TimedOut => f.write_str("timed out"),
            Self::HttpStatus(status) => write!(f, "HTTP status {status}"),
            Self::GrpcStatus(code) => match grpc_code_name(*code) {
                Some(name) => write!(f, "gRPC status {code} {name}"),
                None => write!(f, "gRPC status {code}"),
            },
            Self::TooLarge => f.write_str("request too large"),
            Self::ResponseTooLarge => f.write_str("response too large"),
            Self::BadResponse => f.write_str("bad response"),
            Self::NoEndpoint => f.write_str("no endpoint"),
            Self::Unencodable => f.write_str("not encodable"),
            Self::Header => f.write_str("no headers"),
            Self::Proxy => f.write_str("proxy"),
        }
    }
}

/// The names of the gRPC status codes, by number.
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a gRPC status code; `None` for numbers that gRPC does not know.
pub(crate) fn grpc_code_name(code: u32) -> Option<&'static str> {
    GRPC_CODES.get(usize::try_from(code).ok()?).copied()
}

/// One send, as it went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch that was not accepted is lost unless someone looks here"]
pub struct Delivery {
    /// What became of the batch.
    pub outcome: Outcome,
    /// Bytes of request body handed to the transport: after compression, with gRPC's frame header, without HTTP headers.
    /// Zero if the request was refused before sending.
    pub wire_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "no")
    }

    #[test]
    fn outcomes_read_as_sentences() {
        let later = Outcome::RetryLater {
            after: Some(Duration::from_secs(2)),
            cause: failure(FailureKind::HttpStatus(503)),
        };
        assert_eq!(later.to_string(), "to be retried after 2000 ms: HTTP status 503: no");
        let rejected = Outcome::Rejected { cause: failure(FailureKind::GrpcStatus(3)) };
        assert_eq!(rejected.to_string(), "rejected: gRPC status 3 INVALID_ARGUMENT: no");
        let unknown = Outcome::Rejected { cause: failure(FailureKind::GrpcStatus(99)) };
        assert_eq!(unknown.to_string(), "rejected: gRPC status 99: no");
        let warning = Outcome::Partial { rejected: 0, message: "slow down".into() };
        assert_eq!(warning.to_string(), "accepted with a warning: slow down");
    }

    #[test]
    fn failures_list_what_the_server_found() {
        let cause = failure(FailureKind::HttpStatus(400))
            .with_violations(vec![("resource_spans[0]".into(), "no scope".into())]);
        assert_eq!(cause.to_string(), "HTTP status 400: no; resource_spans[0]: no scope");
    }

    #[test]
    fn accepted_items_never_go_below_zero() {
        assert_eq!(Outcome::Accepted.accepted_of(7), 7);
        assert_eq!(Outcome::Partial { rejected: 3, message: String::new() }.accepted_of(7), 4);
        assert_eq!(Outcome::Partial { rejected: 9, message: String::new() }.accepted_of(7), 0);
        assert_eq!(Outcome::Rejected { cause: failure(FailureKind::TooLarge) }.accepted_of(7), 0);
    }
}
