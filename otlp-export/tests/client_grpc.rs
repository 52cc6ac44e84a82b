//! The client over OTLP/gRPC against scripted servers, by rule number.
#![cfg(all(feature = "testing", feature = "grpc"))]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod scripted;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use otlp_compress::{Codec, Level, compress, decompress};
use otlp_core::{
    Signal,
    rpc::{ExportResponse, Status},
};
use otlp_export::{Client, ClientBuilder, ClientError, Failure, FailureKind, Outcome, Protocol};
use scripted::{Reply, Scripted, empty, frame, spans};

fn to(server: &Scripted) -> ClientBuilder {
    Client::builder().protocol(Protocol::Grpc).endpoint(&server.url())
}

/// The outcome of one batch against one reply.
async fn outcome(reply: Reply) -> Outcome {
    let server = Scripted::http2([reply]).await;
    to(&server).build().unwrap().send(&spans(3)).await.outcome
}

fn kind(outcome: &Outcome) -> Option<FailureKind> {
    outcome.failure().map(Failure::kind)
}

fn accepted() -> Reply {
    Reply::grpc(&[]).trailer("grpc-status", 0)
}

/// A refusal with details, the status in trailers or, `alone`, in the only headers.
fn refusal(alone: bool, status: &Status) -> Reply {
    let details = STANDARD_NO_PAD.encode(status.encode());
    let reply = Reply::status(200).header("content-type", "application/grpc");
    if alone {
        reply
            .header("grpc-status", status.code)
            .header("grpc-message", &status.message)
            .header("grpc-status-details-bin", details)
    } else {
        // Servers that begin an answer and then fail have sent their headers already.
        reply
            .trailer("grpc-status", status.code)
            .trailer("grpc-message", &status.message)
            .trailer("grpc-status-details-bin", details)
    }
}

#[tokio::test]
async fn g16_requests_are_unary_calls_of_the_signals_service() {
    let server = Scripted::http2(vec![accepted(); 4]).await;
    let client = to(&server).header("X-Tenant", "7").timeout(Duration::from_secs(5)).build().unwrap();
    for signal in Signal::ALL {
        assert_eq!(client.send(&empty(signal)).await.outcome, Outcome::Accepted);
    }
    for (asked, signal) in server.asked().iter().zip(Signal::ALL) {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", signal.grpc_path()));
        assert_eq!(asked.version, "HTTP/2.0");
        assert_eq!(asked.header("content-type"), Some("application/grpc"));
        assert_eq!(asked.header("te"), Some("trailers"));
        assert_eq!(asked.header("grpc-timeout"), Some("5000m"));
        assert_eq!(asked.header("grpc-encoding"), None);
        assert!(asked.header("grpc-accept-encoding").unwrap().contains("gzip"));
        assert_eq!(asked.header("x-tenant"), Some("7"));
        assert!(asked.header("user-agent").unwrap().starts_with("OTel-OTLP-Exporter-Rust/"));
        assert_eq!(asked.body, frame(0, &[]));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_body_is_one_frame_compressed_where_asked_and_counted_as_sent() {
    for batch in [spans(3), spans(300_000)] {
        for codec in Codec::supported() {
            let server = Scripted::http2([accepted()]).await;
            let delivery = to(&server).compression(*codec).build().unwrap().send(&batch).await;
            assert_eq!(delivery.outcome, Outcome::Accepted);
            let asked = server.asked_once();
            assert_eq!(delivery.wire_bytes, asked.body.len() as u64);
            let compressed = *codec != Codec::Identity;
            assert_eq!(asked.header("grpc-encoding"), compressed.then(|| codec.grpc_encoding()));
            assert_eq!(asked.body, frame(compressed.into(), &asked.body[5..]));
            assert_eq!(decompress(codec.over_grpc(), &asked.body[5..], 1 << 20).unwrap(), batch.bytes());
        }
    }
}

#[tokio::test]
async fn no_timeout_means_no_deadline() {
    let server = Scripted::http2([accepted()]).await;
    let client = to(&server).timeout(Duration::ZERO).build().unwrap();
    assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted);
    assert_eq!(server.asked_once().header("grpc-timeout"), None);
}

#[tokio::test]
async fn g9_g11_success_and_partial_success() {
    for message in [&b""[..], b"\x0a\x00"] {
        assert_eq!(outcome(Reply::grpc(message).trailer("grpc-status", 0)).await, Outcome::Accepted);
    }
    for response in [ExportResponse::partial(3, "bad ids"), ExportResponse::partial(0, "old")] {
        let outcome = outcome(Reply::grpc(&response.encode()).trailer("grpc-status", 0)).await;
        assert_eq!(outcome, Outcome::Partial { rejected: response.rejected, message: response.message });
    }
}

#[tokio::test]
async fn compressed_answers_are_read() {
    let response = ExportResponse::partial(3, "bad ids");
    for codec in Codec::supported() {
        let message = compress(*codec, Level::Default, &response.encode()).unwrap();
        let flag = u8::from(*codec != Codec::Identity);
        let reply = Reply::status(200)
            .header("content-type", "application/grpc+proto")
            .header("grpc-encoding", codec.grpc_encoding())
            .data(frame(flag, &message))
            .trailer("grpc-status", 0);
        assert!(matches!(outcome(reply).await, Outcome::Partial { rejected: 3, .. }), "{codec}");
    }
}

#[tokio::test]
async fn g12_retryable_codes_in_trailers_and_alone() {
    for alone in [false, true] {
        for code in 1..=17 {
            let outcome = outcome(refusal(alone, &Status::new(code, "the reason"))).await;
            assert_eq!(outcome.is_retryable(), matches!(code, 1 | 4 | 10 | 11 | 14 | 15), "{code}");
            let failure = outcome.failure().unwrap();
            assert_eq!(failure.kind(), FailureKind::GrpcStatus(code as u32));
            assert_eq!(failure.message(), "the reason");
        }
    }
}

#[tokio::test]
async fn g13_g14_retry_info_makes_resource_exhausted_retryable_and_is_the_wait() {
    let wait = Duration::from_millis(1500);
    for alone in [false, true] {
        for (code, retryable) in [(8, true), (14, true), (3, false), (13, false)] {
            let outcome = outcome(refusal(alone, &Status::new(code, "").with_retry_delay(wait))).await;
            match outcome {
                Outcome::RetryLater { after, .. } => {
                    assert_eq!((retryable, after), (true, Some(wait)), "{code}")
                }
                outcome => assert!(!retryable && outcome.failure().is_some(), "{code}: {outcome}"),
            }
        }
    }
}

#[tokio::test]
async fn g15_bad_request_details_are_told() {
    let status = Status::new(3, "").with_violation("resource_spans[0]", "is odd");
    let outcome = outcome(refusal(true, &status)).await;
    assert_eq!(outcome.to_string(), "rejected: gRPC status 3 INVALID_ARGUMENT; resource_spans[0]: is odd");
}

#[tokio::test]
async fn g4_answers_over_the_limit_are_final() {
    let message = vec![0; 2001];
    let bomb = compress(Codec::Gzip, Level::Default, &vec![0; 1 << 20]).unwrap();
    let announced = frame(0, &message).slice(..5);
    for reply in [
        Reply::grpc(&message).trailer("grpc-status", 0),
        Reply::status(200)
            .header("content-type", "application/grpc")
            .data(announced)
            .trailer("grpc-status", 0),
        Reply::status(200)
            .header("content-type", "application/grpc")
            .header("grpc-encoding", "gzip")
            .data(frame(1, &bomb))
            .trailer("grpc-status", 0),
    ] {
        let server = Scripted::http2([reply]).await;
        let outcome = to(&server).max_response_bytes(2000).build().unwrap().send(&spans(3)).await.outcome;
        assert_eq!(kind(&outcome), Some(FailureKind::ResponseTooLarge), "{outcome}");
        assert!(!outcome.is_retryable());
    }
}

#[tokio::test]
async fn g3_requests_over_the_limit_are_not_sent() {
    let server = Scripted::http2([]).await;
    let delivery = to(&server).max_request_bytes(1000).build().unwrap().send(&spans(1000)).await;
    assert_eq!(kind(&delivery.outcome), Some(FailureKind::TooLarge));
    assert_eq!((delivery.wire_bytes, server.connections()), (0, 0));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_retryable() {
    for reply in [
        Reply::grpc(&[]).then_break(),
        Reply::status(200).header("content-type", "application/grpc").data(&b"\0\0"[..]).then_break(),
    ] {
        let outcome = outcome(reply).await;
        assert_eq!(kind(&outcome), Some(FailureKind::Unreachable), "{outcome}");
        assert!(outcome.is_retryable());
    }
}

#[tokio::test]
async fn no_server_and_no_answer_are_retryable() {
    let server = Scripted::closing().await;
    let outcome = to(&server).build().unwrap().send(&spans(3)).await.outcome;
    assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::Unreachable), true), "{outcome}");
    let server = Scripted::http2([Reply::hang()]).await;
    let outcome =
        to(&server).timeout(Duration::from_millis(50)).build().unwrap().send(&spans(3)).await.outcome;
    assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::TimedOut), true), "{outcome}");
}

#[tokio::test]
async fn after_a_timeout_the_next_send_connects_anew() {
    let server = Scripted::http2([Reply::hang(), accepted()]).await;
    let client = to(&server).timeout(Duration::from_millis(200)).build().unwrap();
    assert!(client.send(&spans(3)).await.outcome.is_retryable());
    assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn g2_a_refusal_before_the_body_is_read_is_heard() {
    let server = Scripted::http2([Reply::trailers_only(8).early()]).await;
    let outcome = to(&server).build().unwrap().send(&spans(20 << 20)).await.outcome;
    assert_eq!(kind(&outcome), Some(FailureKind::GrpcStatus(8)), "{outcome}");
    assert!(!outcome.is_retryable());
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_final() {
    let grpc = || Reply::status(200).header("content-type", "application/grpc");
    for reply in [
        grpc().trailer("grpc-status", 0),
        grpc().header("grpc-status", 0),
        Reply::grpc(&[]),
        Reply::grpc(b"\x0a\xff").trailer("grpc-status", 0),
        grpc().data(frame(0, &[])).data(frame(0, &[])).trailer("grpc-status", 0),
        grpc().data(frame(1, &[1])).trailer("grpc-status", 0),
        grpc().data(frame(2, &[])).trailer("grpc-status", 0),
        grpc().data(&b"\0\0\0\0\x09"[..]).trailer("grpc-status", 0),
        Reply::status(200).header("content-type", "text/html").data("<html>"),
    ] {
        let outcome = outcome(reply).await;
        assert_eq!(kind(&outcome), Some(FailureKind::BadResponse), "{outcome}");
        assert!(!outcome.is_retryable());
    }
}

#[tokio::test]
async fn a_proxys_http_status_counts_where_there_is_no_grpc_status() {
    for (status, retryable) in [(503, true), (502, true), (429, true), (404, false), (401, false)] {
        let outcome = outcome(Reply::status(status).header("content-type", "text/html").data("<html>")).await;
        assert_eq!(
            (kind(&outcome), outcome.is_retryable()),
            (Some(FailureKind::HttpStatus(status)), retryable)
        );
    }
}

#[tokio::test]
async fn an_http1_server_on_the_port_is_unreachable() {
    let server = Scripted::http1([]).await;
    let outcome = to(&server).timeout(Duration::from_secs(5)).build().unwrap().send(&spans(3)).await.outcome;
    assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::Unreachable), true), "{outcome}");
}

#[tokio::test]
async fn batches_larger_than_every_window_arrive() {
    let server = Scripted::http2([accepted()]).await;
    let batch = spans(20 << 20);
    let delivery = to(&server).build().unwrap().send(&batch).await;
    assert_eq!(delivery.outcome, Outcome::Accepted);
    assert_eq!(server.asked_once().body.len(), batch.bytes().len() + 5);
}

#[test]
fn a_client_outlives_the_runtime_it_was_first_used_on() {
    let client = std::sync::OnceLock::new();
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // The first server's address stays in the client; the second answers there no more, but must be tried.
            let server = Scripted::http2([accepted()]).await;
            let client = client.get_or_init(|| to(&server).build().unwrap());
            let outcome = client.send(&spans(3)).await.outcome;
            if server.asked().is_empty() {
                assert_eq!(kind(&outcome), Some(FailureKind::Unreachable), "{outcome}");
                assert!(outcome.to_string().contains("refused"), "a new connection was tried: {outcome}");
            } else {
                assert_eq!(outcome, Outcome::Accepted);
            }
        });
    }
}

#[test]
fn a_path_on_a_grpc_endpoint_is_an_error() {
    let error =
        Client::builder().protocol(Protocol::Grpc).endpoint("http://h:4317/v1/traces").build().unwrap_err();
    assert!(matches!(error, ClientError::Endpoint { .. }), "{error}");
}
