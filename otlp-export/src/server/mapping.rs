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
            #[cfg(feature = "tracezip")]
            Self::Tracezip(_) =>                 (Code::InvalidArgument,   400, Refusal::Malformed),
            #[cfg(feature = "tracezip")]
            Self::TracezipSignal { .. } =>       (Code::InvalidArgument,   400, Refusal::Malformed),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Self::TracezipMessage(_) =>          (Code::InvalidArgument,   400, Refusal::Malformed),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Self::TooManyStreams { .. } =>       (Code::Unavailable,       503, Refusal::Overloaded),
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

#[cfg(test)]
mod tests {
    use otlp_compress::DecompressError;
    use otlp_core::{Batch, Limits, Signal, json};

    use super::*;

    /// One fault of each kind.
    fn faults() -> Vec<Fault> {
        let limits = Limits::default();
        let options = json::JsonOptions::default();
        let text = || "x".to_owned();
        vec![
            Fault::Method { given: text() },
            Fault::Path { path: text(), known: "" },
            Fault::ContentType { given: None },
            Fault::WrongPort { here: text(), speaks: "", asked: "", elsewhere: text() },
            Fault::Coding { given: text(), accepted: "gzip" },
            Fault::Unauthenticated,
            Fault::TooLargeOnTheWire { size: 2, at_least: true, limit: 1 },
            Fault::TooLarge { limit: 1 },
            Fault::Compression(DecompressError::Truncated { codec: otlp_compress::Codec::Gzip, offset: 1 }),
            Fault::Truncated(text()),
            Fault::Protobuf(Batch::parse(Signal::Logs, vec![0xff], &limits).unwrap_err()),
            Fault::Json(json::read(Signal::Logs, b"", &options, &limits).unwrap_err()),
            Fault::BodyTimeout { limit: OVERLOAD_WAIT },
            Fault::ReceiveTimeout { limit: OVERLOAD_WAIT },
            Fault::Overloaded { limit: 1 },
            Fault::RetryLater { after: Some(OVERLOAD_WAIT) },
            Fault::Invalid { what: text() },
            Fault::Internal,
            Fault::ResponseTooLarge { limit: 1 },
        ]
    }

    #[test]
    fn g12_g13_h11_what_may_be_retried_is_the_same_on_both_transports() {
        for fault in faults() {
            let answer = fault.answer();
            let over_grpc = matches!(answer.status.code, 1 | 4 | 10 | 11 | 14 | 15)
                || (answer.status.code == 8 && answer.status.retry_delay.is_some());
            let over_http = matches!(answer.http.as_u16(), 429 | 502 | 503 | 504);
            // A body that stalls: HTTP has 408 for it, which OTLP clients must not retry.
            let stalled = matches!(fault, Fault::BodyTimeout { .. });
            assert!(over_grpc == over_http || stalled, "{fault:?}: {answer:?}");
        }
    }

    #[test]
    fn h9_every_fault_is_an_error_with_a_text_and_a_reason() {
        for fault in faults() {
            let answer = fault.answer();
            assert!(answer.http.is_client_error() || answer.http.is_server_error(), "{fault:?}");
            assert!(!answer.status.message.is_empty() && answer.status.code != 0, "{fault:?}");
        }
    }

    #[test]
    fn g2_too_large_never_asks_to_come_again() {
        for fault in faults() {
            let status = fault.answer().status;
            assert!(
                status.code != Code::ResourceExhausted as i32 || status.retry_delay.is_none(),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn h10_bad_request_names_the_field() {
        let bytes = vec![0x0a, 0x05, 0x12];
        let error = Batch::parse(Signal::Traces, bytes, &Limits::default()).unwrap_err();
        let status = Fault::Protobuf(error).answer().status;
        assert_eq!(status.violations[0].field, "resource_spans[0]");
        assert!(status.violations[0].description.contains("byte 1"), "{status:?}");
    }

    #[test]
    fn h12_seconds_are_rounded_up() {
        for (millis, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
            assert_eq!(retry_after_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(retry_after_seconds(Duration::MAX), u64::MAX);
    }
}
