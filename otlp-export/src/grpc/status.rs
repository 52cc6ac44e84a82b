//! The end of a gRPC call: `grpc-status` and its two companions, in trailers or in the only headers there are.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderMap;
use otlp_core::rpc::Status;
use percent_encoding::percent_decode;

/// Binary metadata is base64 that may or may not be padded (PROTOCOL-HTTP2.md, `Binary-Header`).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Code and message, with the details where `grpc-status-details-bin` holds any; `None` without `grpc-status`. A status that is
/// no number is UNKNOWN (2), as the protocol wants.
pub(crate) fn read(headers: &HeaderMap) -> Option<Status> {
    let code =
        headers.get("grpc-status")?.to_str().ok().and_then(|code| code.trim().parse().ok()).unwrap_or(2);
    let message =
        headers.get("grpc-message").map(|message| percent_decode(message.as_bytes()).decode_utf8_lossy());
    let details = headers
        .get("grpc-status-details-bin")
        .and_then(|details| BASE64.decode(details.as_bytes()).ok())
        .and_then(|details| Status::decode(&details).ok())
        .unwrap_or_default();
    // The headers come first: the details repeat them, if they are right.
    let message = message.map_or_else(|| details.message.clone(), Into::into);
    Some(Status { code, message, ..details })
}

/// Rules G12 and G13: what may be sent again. RESOURCE_EXHAUSTED only with a `RetryInfo`.
pub(crate) fn is_retryable(status: &Status) -> bool {
    match status.code {
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS
        1 | 4 | 10 | 11 | 14 | 15 => true,
        // RESOURCE_EXHAUSTED
        8 => status.retry_delay.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::engine::general_purpose::{STANDARD as PADDED, STANDARD_NO_PAD as UNPADDED};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn g12_g13_every_code() {
        let retryable: Vec<i32> = (-1..20).filter(|code| is_retryable(&Status::new(*code, ""))).collect();
        assert_eq!(retryable, [1, 4, 10, 11, 14, 15]);
        assert!(is_retryable(&Status::new(8, "").with_retry_delay(Duration::ZERO)));
        assert!(!is_retryable(&Status::new(3, "").with_retry_delay(Duration::ZERO)));
    }

    #[test]
    fn messages_are_percent_decoded() {
        let status =
            read(&headers(&[("grpc-status", "3"), ("grpc-message", "caf%C3%A9 100%25 %zz")])).unwrap();
        assert_eq!(status, Status::new(3, "café 100% %zz"));
        assert_eq!(read(&HeaderMap::new()), None);
        assert_eq!(read(&headers(&[("grpc-status", "ok")])).unwrap().code, 2);
    }

    #[test]
    fn g13_details_are_read_with_and_without_padding() {
        for seconds in 1..4 {
            let status = Status::new(8, "full".repeat(seconds as usize))
                .with_retry_delay(Duration::from_secs(seconds))
                .with_violation("a", "b");
            for text in [PADDED.encode(status.encode()), UNPADDED.encode(status.encode())] {
                let headers = headers(&[("grpc-status", "8"), ("grpc-status-details-bin", &text)]);
                assert_eq!(read(&headers).unwrap(), status);
            }
        }
    }

    #[test]
    fn details_that_cannot_be_read_are_left_out() {
        for text in ["!!!", "AAAA", ""] {
            let headers =
                headers(&[("grpc-status", "8"), ("grpc-message", "m"), ("grpc-status-details-bin", text)]);
            assert_eq!(read(&headers).unwrap(), Status::new(8, "m"), "{text}");
        }
    }
}
