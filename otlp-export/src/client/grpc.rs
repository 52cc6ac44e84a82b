//! OTLP/gRPC: hyper carries HTTP/2; frames, codings, deadline and status are ours.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, TE},
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use otlp_compress::Codec;
use otlp_core::{Signal, rpc::Status};

use super::{answer, read, unreachable};
use crate::{
    Failure, FailureKind, Outcome,
    grpc::{
        frame::{FrameDecoder, FrameError, header},
        status,
    },
};

/// What the client can read back.
const ACCEPTED: &str = if cfg!(feature = "zstd") { "identity,gzip,zstd" } else { "identity,gzip" };

/// The body of a request: one frame.
pub(super) fn frame(codec: Codec, payload: Bytes) -> Result<Vec<Bytes>, Outcome> {
    match header(codec != Codec::Identity, payload.len()) {
        Ok(header) => Ok(vec![Bytes::copy_from_slice(&header), payload]),
        Err(error) => {
            Err(Outcome::Rejected { cause: Failure::new(FailureKind::TooLarge, error.to_string()) })
        }
    }
}

/// Adds what every request carries besides the user's own.
pub(super) fn complete(headers: &mut HeaderMap, codec: Codec, timeout: Duration) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static(ACCEPTED));
    if codec != Codec::Identity {
        headers.insert("grpc-encoding", HeaderValue::from_static(codec.grpc_encoding()));
    }
    if let Ok(value) = HeaderValue::try_from(grpc_timeout(timeout))
        && !timeout.is_zero()
    {
        headers.insert("grpc-timeout", value);
    }
}

/// The form of `grpc-timeout`: at most eight digits and a unit.
fn grpc_timeout(timeout: Duration) -> String {
    const MAX: u128 = 99_999_999;
    match timeout.as_millis() {
        ms if ms <= MAX => format!("{}m", ms.max(1)),
        _ => format!("{}S", u128::from(timeout.as_secs()).min(MAX)),
    }
}

pub(super) async fn read_response(signal: Signal, response: Response<Incoming>, limit: usize) -> Outcome {
    let (head, mut body) = response.into_parts();
    if let Some(status) = status::read(&head.headers)
        && status.code != 0
    {
        return refused(status);
    }
    if head.status != StatusCode::OK {
        return not_grpc(head.status);
    }
    let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !content_type.to_ascii_lowercase().starts_with(b"application/grpc") {
        return answer::bad("the answer is not gRPC: is this endpoint's port that of OTLP/gRPC?");
    }
    let mut decoder = FrameDecoder::new(limit);
    let mut trailers = None;
    while let Some(part) = body.frame().await {
        match part.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => {
                if let Err(error) = decoder.push(data) {
                    return broken_frame(&error, limit);
                }
            }
            Ok(Err(part)) => trailers = part.into_trailers().ok().or(trailers),
            Err(error) => return unreachable(&error),
        }
    }
    let Some(status) = trailers.as_ref().and_then(status::read).or_else(|| status::read(&head.headers))
    else {
        return answer::bad("the answer ends without grpc-status");
    };
    if status.code != 0 {
        return refused(status);
    }
    let frame = match decoder.finish() {
        Ok(Some(frame)) => frame,
        Ok(None) => return answer::bad("grpc-status is OK, but there is no message"),
        Err(error) => return broken_frame(&error, limit),
    };
    if !frame.compressed {
        return answer::protobuf(signal, &frame.payload);
    }
    if !head.headers.contains_key("grpc-encoding") {
        return answer::bad("a compressed message without grpc-encoding");
    }
    match read::decode(&head.headers, "grpc-encoding", frame.payload, limit) {
        Ok(message) => answer::protobuf(signal, &message),
        Err(outcome) => outcome,
    }
}

/// Rules G12 to G14.
pub(super) fn refused(status: Status) -> Outcome {
    let retryable = status::is_retryable(&status);
    let after = status.retry_delay;
    // What is no code of gRPC's counts as UNKNOWN.
    let code = u32::try_from(status.code).unwrap_or(2);
    let cause = answer::failure(FailureKind::GrpcStatus(code), status);
    if retryable { Outcome::RetryLater { after, cause } } else { Outcome::Rejected { cause } }
}

/// An HTTP status without `grpc-status`: a proxy's answer (http-grpc-status-mapping.md makes the same four retryable as rule H11).
fn not_grpc(status: StatusCode) -> Outcome {
    let cause = Failure::new(FailureKind::HttpStatus(status.as_u16()), "an answer without grpc-status");
    if answer::is_retryable(status) {
        Outcome::RetryLater { after: None, cause }
    } else {
        Outcome::Rejected { cause }
    }
}

fn broken_frame(error: &FrameError, limit: usize) -> Outcome {
    match error {
        FrameError::TooLarge { .. } => read::too_large(limit, ""),
        FrameError::BadFlag(_) | FrameError::Truncated { .. } | FrameError::Trailing => {
            answer::bad(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_timeouts_have_eight_digits_at_most() {
        assert_eq!(grpc_timeout(Duration::from_secs(10)), "10000m");
        assert_eq!(grpc_timeout(Duration::from_nanos(1)), "1m");
        assert_eq!(grpc_timeout(Duration::from_millis(99_999_999)), "99999999m");
        assert_eq!(grpc_timeout(Duration::from_millis(100_000_000)), "100000S");
        assert_eq!(grpc_timeout(Duration::MAX), "99999999S");
    }
}
