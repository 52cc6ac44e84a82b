//! The one table from verdicts and faults to gRPC codes, HTTP codes, waiting times and what the client may do about it.

use std::time::Duration;

use http::StatusCode;
use otlp_core::rpc::{FieldViolation, Status};

use super::{fault::Fault, stats::Refusal};

/// The canonical codes of gRPC that this server answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// How long an overloaded server asks its clients to wait.
pub(super) const OVERLOAD_WAIT: Duration = Duration::from_secs(1);

/// What a fault becomes on the wire, before it is rendered for a transport and an encoding.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) http: StatusCode,
    pub(super) status: Status,
    /// Why, for the statistics.
    pub(super) refusal: Refusal,
    /// A header that belongs to this fault on HTTP.
    pub(super) header: Option<(&'static str, &'static str)>,
}

impl Fault {
    /// The table. Retryable for a client are UNAVAILABLE, DEADLINE_EXCEEDED (G12) and 503, 504 (H11) only; RESOURCE_EXHAUSTED
    /// never carries a time to wait (G2, G13).
    #[rustfmt::skip]
    fn row(&self) -> (Code, u16, Refusal) {
        match self {
            Self::Method { .. } =>               (Code::Unimplemented,     405, Refusal::NotFound),
            Self::Path { .. } =>                 (Code::Unimplemented,     404, Refusal::NotFound),
            Self::ContentType { .. } =>          (Code::Unimplemented,     415, Refusal::ContentType),
            Self::WrongPort { .. } =>            (Code::Unimplemented,     415, Refusal::ContentType),
            #[cfg(feature = "grpc")]
            Self::GrpcNeedsHttp2 =>              (Code::Unimplemented,     505, Refusal::ContentType),
            Self::Coding { .. } =>               (Code::Unimplemented,     415, Refusal::ContentCoding),
            Self::Unauthenticated =>             (Code::Unauthenticated,   401, Refusal::Unauthenticated),
            Self::TooLargeOnTheWire { .. } =>    (Code::ResourceExhausted, 413, Refusal::TooLarge),
            Self::TooLarge { .. } =>             (Code::ResourceExhausted, 413, Refusal::TooLarge),
            Self::Compression(_) =>              (Code::InvalidArgument,   400, Refusal::Malformed),
            #[cfg(feature = "grpc")]
            Self::Frame(_) =>                    (Code::InvalidArgument,   400, Refusal::Malformed),
            #[cfg(feature = "grpc")]
            Self::FlagWithoutCoding =>           (Code::Internal,          400, Refusal::Malformed),
            Self::Truncated(_) =>                (Code::InvalidArgument,   400, Refusal::Malformed),
            Self::Protobuf(_) =>                 (Code::InvalidArgument,   400, Refusal::Malformed),
            Self::Json(_) =>                     (Code::InvalidArgument,   400, Refusal::Malformed),
            Self::BodyTimeout { .. } =>          (Code::DeadlineExceeded,  408, Refusal::Timeout),
            Self::ReceiveTimeout { .. } =>       (Code::DeadlineExceeded,  504, Refusal::Timeout),
            Self::Overloaded { .. } =>           (Code::Unavailable,       503, Refusal::Overloaded),
            Self::RetryLater { .. } =>           (Code::Unavailable,       503, Refusal::RetryLater),
            Self::Invalid { .. } =>              (Code::InvalidArgument,   400, Refusal::Invalid),
            Self::Internal =>                    (Code::Internal,          500, Refusal::Internal),
            Self::ResponseTooLarge { .. } =>     (Code::ResourceExhausted, 500, Refusal::Internal),
        }
    }

    fn header(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Method { .. } => Some(("allow", "POST")),
            Self::Coding { accepted, .. } => Some(("accept-encoding", accepted)),
            Self::Unauthenticated => Some(("www-authenticate", "Bearer")),
            _ => None,
        }
    }

    fn retry_delay(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { .. } => Some(OVERLOAD_WAIT),
            Self::RetryLater { after } => *after,
            _ => None,
        }
    }

    /// What `google.rpc.BadRequest` says: the place in the message, as far as it is known, and the fault (G15, H10).
    fn violations(&self) -> Vec<FieldViolation> {
        let (field, description) = match self {
            Self::Protobuf(error) => (error.path().to_string(), error.to_string()),
            Self::Json(error) => (error.path().to_string(), error.to_string()),
            Self::Invalid { what } => (String::new(), what.clone()),
            _ => return Vec::new(),
        };
        vec![FieldViolation { field, description }]
    }

    /// The fault with its codes and details.
    pub(super) fn answer(&self) -> Answer {
        let (code, http, refusal) = self.row();
        let status = Status {
            code: code as i32,
            message: self.to_string(),
            retry_delay: self.retry_delay(),
            violations: self.violations(),
        };
        Answer {
            http: StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            status,
            refusal,
            header: self.header(),
        }
    }
}

/// A waiting time in the whole seconds of `Retry-After`, never shorter than asked.
pub(super) fn retry_after_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0))
}
