//! What an answer means: statuses, partial success, error bodies. Pure, so that every rule has its test.

use std::time::SystemTime;

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
    response::Parts,
};
use otlp_core::{
    Signal,
    rpc::{ExportResponse, RpcError, Status},
};

use super::{read, retry_after};
use crate::{Failure, FailureKind, Outcome, Protocol};

/// The meaning of an HTTP answer to a request in the encoding of `protocol`.
pub(super) fn http(
    signal: Signal,
    protocol: Protocol,
    head: &Parts,
    body: Bytes,
    limit: usize,
    now: SystemTime,
) -> Outcome {
    let decoded = read::decode(&head.headers, CONTENT_ENCODING.as_str(), body, limit);
    let encoding = Encoding::of(&head.headers, protocol);
    if head.status.is_success() {
        return match decoded {
            Ok(body) => http_success(signal, encoding, &body),
            Err(outcome) => outcome,
        };
    }
    let body = match decoded {
        Ok(body) => body,
        // Over the limit is final whatever the status (rule H6); any other fault leaves the status to say what to do.
        Err(outcome)
            if matches!(outcome.failure().map(Failure::kind), Some(FailureKind::ResponseTooLarge)) =>
        {
            return outcome;
        }
        Err(_) => Bytes::new(),
    };
    let cause = http_failure(head.status, encoding, &body);
    if is_retryable(head.status) {
        Outcome::RetryLater { after: retry_after::read(&head.headers, now), cause }
    } else {
        Outcome::Rejected { cause }
    }
}

/// Rule H11.
pub(super) fn is_retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// The meaning of an `Export*ServiceResponse` in protobuf: an empty `partial_success` is an unset one (rule G11).
pub(super) fn protobuf(signal: Signal, message: &[u8]) -> Outcome {
    success(ExportResponse::decode(signal, message))
}

/// An answer that says success in a form that cannot be read.
pub(super) fn bad(message: impl Into<String>) -> Outcome {
    Outcome::Rejected { cause: Failure::new(FailureKind::BadResponse, message) }
}

/// A failure with what the server's `Status` says.
pub(super) fn failure(kind: FailureKind, status: Status) -> Failure {
    let violations = status
        .violations
        .into_iter()
        .take(MAX_VIOLATIONS)
        .map(|violation| (tidy(&violation.field), tidy(&violation.description)))
        .collect();
    Failure::new(kind, tidy(&status.message)).with_violations(violations)
}

/// A server's words as one line of bounded length, without what could steer a terminal.
pub(super) fn tidy(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().take(MAX_TEXT).map(clean).collect()
}

/// Enough for any explanation; an answer may have 4 MiB.
const MAX_TEXT: usize = 4096;
const MAX_VIOLATIONS: usize = 100;

/// How the body of an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
    /// HTML of a proxy, plain text, anything else.
    Other,
}

impl Encoding {
    /// What `Content-Type` says, in any case and with any parameters; without it, that of the request (rule H1).
    fn of(headers: &HeaderMap, protocol: Protocol) -> Self {
        let Some(value) = headers.get(CONTENT_TYPE) else {
            return if protocol.is_json() { Self::Json } else { Self::Protobuf };
        };
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-protobuf")
            || essence.eq_ignore_ascii_case("application/protobuf")
        {
            Self::Protobuf
        } else if essence.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else {
            Self::Other
        }
    }
}

fn http_success(signal: Signal, encoding: Encoding, body: &[u8]) -> Outcome {
    // Nothing at all is the empty message in protobuf, and what many servers send for JSON.
    if body.is_empty() {
        return Outcome::Accepted;
    }
    match encoding {
        Encoding::Protobuf => protobuf(signal, body),
        Encoding::Json => success(ExportResponse::from_json(signal, body)),
        Encoding::Other => bad("the answer is neither protobuf nor JSON: is this an OTLP endpoint?"),
    }
}

fn success(response: Result<ExportResponse, RpcError>) -> Outcome {
    match response {
        Ok(response) if response.is_accepted() => Outcome::Accepted,
        Ok(response) => Outcome::Partial { rejected: response.rejected, message: tidy(&response.message) },
        Err(error) => bad(error.to_string()),
    }
}

/// Status and, as far as it can be read, the body's `google.rpc.Status` (rule H9; its code is not acted on).
fn http_failure(status: StatusCode, encoding: Encoding, body: &[u8]) -> Failure {
    let kind = FailureKind::HttpStatus(status.as_u16());
    let read = match encoding {
        Encoding::Protobuf => Status::decode(body).ok(),
        Encoding::Json => Status::from_json(body).ok(),
        Encoding::Other => None,
    };
    match read {
        Some(read) => failure(kind, read),
        // The first words of a proxy's page still tell more than a number.
        None => Failure::new(kind, tidy(&String::from_utf8_lossy(&body[..body.len().min(200)]))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Response;

    use super::*;

    const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
    const JSON: (&str, &str) = ("content-type", "Application/JSON; charset=utf-8");

    fn outcome(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Outcome {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, ()) = response.body(()).unwrap().into_parts();
        http(Signal::Traces, Protocol::HttpProtobuf, &head, body.into(), 1 << 20, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn h8_success_is_an_unset_partial_success_in_either_encoding() {
        for body in [&b""[..], b"\x0a\x00"] {
            assert_eq!(outcome(200, &[PROTOBUF], body), Outcome::Accepted);
        }
        for body in [
            "",
            "{}",
            r#"{"partialSuccess":{}}"#,
            r#"{"partialSuccess":{"rejectedSpans":"0","errorMessage":""}}"#,
        ] {
            assert_eq!(outcome(200, &[JSON], body), Outcome::Accepted, "{body}");
        }
        assert_eq!(outcome(200, &[], ""), Outcome::Accepted);
    }

    #[test]
    fn g11_partial_success_in_either_encoding() {
        let expected = Outcome::Partial { rejected: 3, message: "no trace id".into() };
        let response = ExportResponse { rejected: 3, message: "no trace id".into() };
        assert_eq!(outcome(200, &[PROTOBUF], response.encode()), expected);
        assert_eq!(outcome(200, &[JSON], response.to_json(Signal::Traces)), expected);
        let warning = ExportResponse { rejected: 0, message: "deprecated\u{1b}[31m".into() };
        let expected = Outcome::Partial { rejected: 0, message: "deprecated [31m".into() };
        assert_eq!(outcome(200, &[PROTOBUF], warning.encode()), expected);
    }

    #[test]
    fn h11_every_status_from_300_to_599() {
        for status in 300..600 {
            let outcome = outcome(status, &[PROTOBUF], "");
            let retryable = matches!(status, 429 | 502 | 503 | 504);
            assert_eq!(outcome.is_retryable(), retryable, "{status}");
            assert_eq!(outcome.failure().unwrap().kind(), FailureKind::HttpStatus(status));
        }
    }

    #[test]
    fn h9_error_bodies_are_read_in_either_encoding_and_their_code_is_not_acted_on() {
        let status = Status::new(14, "try\nagain").with_violation("resource_spans", "empty");
        for (header, body) in [(PROTOBUF, status.encode()), (JSON, status.to_json().into_bytes())] {
            let outcome = outcome(400, &[header], body);
            assert_eq!(
                outcome.to_string(),
                "rejected: HTTP status 400: try again; resource_spans: empty",
                "{header:?}"
            );
        }
    }

    #[test]
    fn h9_bodies_that_are_no_status_still_give_their_first_words() {
        let html = [("content-type", "text/html")];
        assert_eq!(
            outcome(404, &html, "<h1>Not here</h1>").to_string(),
            "rejected: HTTP status 404: <h1>Not here</h1>"
        );
        assert_eq!(
            outcome(503, &[JSON], "overloaded").to_string(),
            "to be retried: HTTP status 503: overloaded"
        );
        assert!(outcome(502, &html, vec![0xff; 100_000]).to_string().len() < 1000);
    }

    #[test]
    fn h12_retry_after_goes_with_retryable_statuses_only() {
        let wait = [("retry-after", "7"), PROTOBUF];
        for status in [429, 502, 503, 504] {
            let Outcome::RetryLater { after, .. } = outcome(status, &wait, "") else { panic!("{status}") };
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
        assert!(!outcome(400, &wait, "").is_retryable(), "rule H10");
        assert!(!outcome(500, &wait, "").is_retryable(), "rule H11");
    }

    #[test]
    fn success_that_cannot_be_read_is_final() {
        for (headers, body) in [
            (PROTOBUF, &b"\x0a\xff"[..]),
            (JSON, b"{"),
            (("content-type", "text/html"), b"<html>"),
            (("content-encoding", "br"), b"x"),
            (("content-encoding", "gzip"), b"not gzip"),
        ] {
            let outcome = outcome(200, &[headers], body);
            assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::BadResponse), "{headers:?}");
            assert!(!outcome.is_retryable());
        }
    }

    #[test]
    fn h6_answers_over_the_limit_after_decompression_are_final_whatever_the_status() {
        let bomb = otlp_compress::compress(
            otlp_compress::Codec::Gzip,
            otlp_compress::Level::Default,
            &vec![0; 2 << 20],
        );
        let bomb = bomb.unwrap();
        for status in [200, 503] {
            let outcome = outcome(status, &[PROTOBUF, ("content-encoding", "gzip")], bomb.clone());
            assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::ResponseTooLarge), "{status}");
            assert!(!outcome.is_retryable());
        }
    }

    #[test]
    fn h4_compressed_answers_are_read() {
        let response = ExportResponse { rejected: 1, message: "one".into() }.encode();
        for codec in otlp_compress::Codec::supported() {
            let body = otlp_compress::compress(*codec, otlp_compress::Level::Default, &response).unwrap();
            let outcome = outcome(200, &[PROTOBUF, ("content-encoding", codec.content_coding())], body);
            assert_eq!(outcome, Outcome::Partial { rejected: 1, message: "one".into() }, "{codec}");
        }
    }
}
