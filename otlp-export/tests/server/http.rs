//! What OTLP/HTTP clients get for good requests.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use otlp_compress::{Codec, Level, compress, decompress};
use otlp_core::{Batch, Signal, rpc::ExportResponse};
use otlp_export::{Peer, Protocol, Refusal, ServerLimits, Verdict};

use crate::client::{JSON, PROTOBUF, post, request, spans, start};

/// Of each batch: signal, items, and protocol, coding and size of its request.
type Seen = Arc<Mutex<Vec<(Signal, usize, String)>>>;

/// A receiver that keeps what it gets and says the same to all.
fn recorder(verdict: Verdict) -> (Seen, impl otlp_export::Receiver) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let receiver = move |batch: Batch, peer: &Peer| {
        let how = format!("{} {} {}", peer.protocol(), peer.content_coding(), peer.wire_bytes());
        record.lock().unwrap().push((batch.signal(), batch.items(), how));
        verdict.clone()
    };
    (seen, receiver)
}

/// One item of each signal: resource, scope, item; a data point sits in a gauge of a metric.
fn one_item(signal: Signal) -> Vec<u8> {
    use crate::client::field;
    match signal {
        Signal::Metrics => field(1, &field(2, &field(2, &field(5, &field(1, &[]))))),
        _ => field(1, &field(2, &field(2, &[]))),
    }
}

#[tokio::test]
async fn h3_h8_g9_each_signal_at_its_path_answers_200_with_partial_success_unset() {
    let (seen, receiver) = recorder(Verdict::Accepted);
    let server = start(receiver, ServerLimits::default()).await;
    for signal in Signal::ALL {
        let address = server.http_addr().unwrap();
        let reply = post(address, signal.http_path(), &[("content-type", PROTOBUF)], one_item(signal)).await;
        assert_eq!((reply.code, reply.header("content-type")), (200, PROTOBUF), "{signal}");
        assert_eq!(ExportResponse::decode(signal, &reply.body).unwrap(), ExportResponse::default());
        assert!(reply.body.is_empty(), "partial_success is set: {:?}", reply.body);
        let stats = server.stats().signal(signal);
        assert_eq!((stats.requests, stats.items, stats.rejected_items), (1, 1, 0), "{signal}");
    }
    let seen: Vec<_> = seen.lock().unwrap().iter().map(|(signal, items, _)| (*signal, *items)).collect();
    assert_eq!(seen, Signal::ALL.map(|signal| (signal, 1)));
}

#[tokio::test]
async fn h1_json_in_json_out() {
    let (seen, receiver) = recorder(Verdict::partial(1, "a \"name\" is missing"));
    let server = start(receiver, ServerLimits::default()).await;
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#;
    let address = server.http_addr().unwrap();
    for content_type in [JSON, "Application/JSON; charset=UTF-8"] {
        let reply = post(address, "/v1/traces", &[("content-type", content_type)], body).await;
        assert_eq!((reply.code, reply.header("content-type")), (200, JSON));
        let text = std::str::from_utf8(&reply.body).unwrap();
        assert_eq!(
            text,
            r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"a \"name\" is missing"}}"#
        );
    }
    assert_eq!(seen.lock().unwrap()[1].2, format!("http/json identity {}", body.len()));
}

#[tokio::test]
async fn g8_empty_requests_succeed_without_the_receiver() {
    let (seen, receiver) = recorder(Verdict::invalid("never asked"));
    let server = start(receiver, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    for signal in Signal::ALL {
        for (content_type, body) in [(PROTOBUF, ""), (JSON, "{}")] {
            let reply = post(address, signal.http_path(), &[("content-type", content_type)], body).await;
            assert_eq!(reply.code, 200, "{signal} {content_type}");
        }
    }
    let empty = compress(Codec::Gzip, Level::Default, b"").unwrap();
    let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    assert_eq!(post(address, "/v1/logs", &headers, empty).await.code, 200);
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn h8_g10_partial_success_is_200_with_the_count_and_the_message() {
    let (_, receiver) = recorder(Verdict::partial(3, "no trace id"));
    let server = start(receiver, ServerLimits::default()).await;
    let reply =
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(5)).await;
    assert_eq!(reply.code, 200);
    let response = ExportResponse::decode(Signal::Traces, &reply.body).unwrap();
    assert_eq!(response, ExportResponse::partial(3, "no trace id"));
    let stats = server.stats().signal(Signal::Traces);
    assert_eq!((stats.items, stats.rejected_items), (5, 3));
}

#[tokio::test]
async fn g10_a_warning_rejects_nothing_and_an_empty_partial_is_unset() {
    for (verdict, expected) in [
        (Verdict::warning("old SDK"), ExportResponse::partial(0, "old SDK")),
        (Verdict::partial(0, ""), ExportResponse::default()),
    ] {
        let (_, receiver) = recorder(verdict);
        let server = start(receiver, ServerLimits::default()).await;
        let reply =
            post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
        assert_eq!(reply.code, 200);
        assert_eq!(ExportResponse::decode(Signal::Traces, &reply.body).unwrap(), expected);
        assert_eq!(reply.body.is_empty(), expected == ExportResponse::default());
    }
}

#[tokio::test]
async fn h12_retry_later_is_503_with_whole_seconds_rounded_up() {
    for (after, header) in [
        (Some(Duration::from_millis(1200)), "2"),
        (Some(Duration::from_secs(30)), "30"),
        (Some(Duration::ZERO), "0"),
        (None, ""),
    ] {
        let (_, receiver) = recorder(Verdict::RetryLater { after });
        let server = start(receiver, ServerLimits::default()).await;
        let reply =
            post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", JSON)], ONE_SPAN).await;
        assert_eq!((reply.code, reply.header("retry-after")), (503, header));
        let status = reply.status();
        assert_eq!((status.code, status.retry_delay), (14, after));
        assert_eq!(server.stats().refused(Refusal::RetryLater), 1);
        assert_eq!(server.stats().signal(Signal::Traces).requests, 0);
    }
}

const ONE_SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#;

#[tokio::test]
async fn h10_invalid_is_400_with_bad_request() {
    for content_type in [PROTOBUF, JSON] {
        let (_, receiver) = recorder(Verdict::invalid("service.name is missing"));
        let server = start(receiver, ServerLimits::default()).await;
        let body = if content_type == JSON { ONE_SPAN.as_bytes().to_vec() } else { spans(1) };
        let reply =
            post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", content_type)], body).await;
        assert_eq!((reply.code, reply.header("content-type")), (400, content_type));
        let status = reply.status();
        assert_eq!((status.code, status.message.as_str()), (3, "service.name is missing"));
        assert_eq!(status.violations[0].description, "service.name is missing");
    }
}

#[tokio::test]
async fn g1_every_codec_of_the_build_is_taken_and_counted_as_it_came() {
    let (seen, receiver) = recorder(Verdict::Accepted);
    let server = start(receiver, ServerLimits::default()).await;
    let body = spans(1000);
    for &codec in Codec::supported() {
        let wire = compress(codec, Level::Default, &body).unwrap();
        let headers = [("content-type", PROTOBUF), ("content-encoding", codec.content_coding())];
        let size = wire.len();
        let reply = post(server.http_addr().unwrap(), "/v1/traces", &headers, wire).await;
        assert_eq!(reply.code, 200, "{codec}");
        let (signal, items, how) = seen.lock().unwrap().pop().unwrap();
        assert_eq!((signal, items), (Signal::Traces, 1000));
        assert_eq!(how, format!("{} {} {size}", Protocol::HttpProtobuf, codec.content_coding()));
    }
    assert_eq!(
        server.stats().signal(Signal::Traces).message_bytes,
        (body.len() * Codec::supported().len()) as u64
    );
}

#[tokio::test]
async fn h4_long_answers_are_gzipped_for_clients_that_ask() {
    let message = "a span without a name; ".repeat(100);
    let (_, receiver) = recorder(Verdict::partial(1, message.clone()));
    let server = start(receiver, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    let plain = post(address, "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!(plain.header("content-encoding"), "");
    let headers = [("content-type", PROTOBUF), ("accept-encoding", "br, gzip")];
    let coded = post(address, "/v1/traces", &headers, spans(1)).await;
    assert_eq!(coded.header("content-encoding"), "gzip");
    assert!(coded.body.len() < 200, "{}", coded.body.len());
    assert_eq!(decompress(Codec::Gzip, &coded.body, 1 << 20).unwrap(), plain.body);
    let short = post(address, "/v1/traces", &[headers[1], ("content-type", PROTOBUF)], "").await;
    assert_eq!((short.code, short.header("content-encoding")), (200, ""));
}

#[tokio::test]
async fn h2_http2_without_upgrade_and_keep_alive_on_http1() {
    let (seen, receiver) = recorder(Verdict::Accepted);
    let server = start(receiver, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    let requests =
        || (0..5).map(|_| request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(2))).collect();
    for reply in
        crate::client::http2(tokio::net::TcpStream::connect(address).await.unwrap(), requests()).await
    {
        assert_eq!(reply.code, 200);
    }
    for reply in
        crate::client::http1(tokio::net::TcpStream::connect(address).await.unwrap(), requests()).await
    {
        assert_eq!(reply.code, 200);
    }
    assert_eq!(seen.lock().unwrap().len(), 10);
    assert_eq!(server.stats().connections(), 2);
}

#[tokio::test]
async fn the_peer_tells_headers_but_does_not_print_them() {
    let told = Arc::new(Mutex::new(String::new()));
    let tell = Arc::clone(&told);
    let receiver = move |_: Batch, peer: &Peer| {
        let tenant = peer.header("X-Tenant").map(String::from_utf8_lossy);
        let count = peer.headers().filter(|(name, _)| *name == "x-tenant").count();
        *tell.lock().unwrap() = format!(
            "{:?} {tenant:?} {count} {} {} {peer:?}",
            peer.user_agent(),
            peer.address().ip().unwrap(),
            peer.is_tls()
        );
        Verdict::Accepted
    };
    let server = start(receiver, ServerLimits::default()).await;
    let headers = [
        ("content-type", PROTOBUF),
        ("user-agent", "OTel-OTLP-Exporter-Rust/1"),
        ("x-tenant", "blue"),
        ("authorization", "Bearer s3cret"),
    ];
    post(server.http_addr().unwrap(), "/v1/traces", &headers, spans(1)).await;
    let told = told.lock().unwrap();
    assert!(
        told.starts_with(r#"Some("OTel-OTLP-Exporter-Rust/1") Some("blue") 1 127.0.0.1 false Peer"#),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
}
