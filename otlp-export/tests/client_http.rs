//! The client over OTLP/HTTP against scripted servers, by rule number.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod scripted;

use std::time::{Duration, SystemTime};

use otlp_compress::{Codec, Level, compress, decompress};
use otlp_core::{
    Signal,
    rpc::{ExportResponse, Status},
};
use otlp_export::{Client, ClientBuilder, ClientError, Config, Failure, FailureKind, Outcome, Protocol};
use scripted::{Reply, Scripted, empty, spans};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const BOTH: [(Protocol, &str); 2] = [(Protocol::HttpProtobuf, PROTOBUF), (Protocol::HttpJson, JSON)];

fn to(server: &Scripted) -> ClientBuilder {
    Client::builder().endpoint(&server.url())
}

/// The outcome of one batch against one reply.
async fn outcome(protocol: Protocol, reply: Reply) -> Outcome {
    let server = Scripted::http1([reply]).await;
    to(&server).protocol(protocol).build().unwrap().send(&spans(3)).await.outcome
}

fn kind(outcome: &Outcome) -> Option<FailureKind> {
    outcome.failure().map(Failure::kind)
}

#[tokio::test]
async fn h1_h3_requests_are_posts_with_the_signals_path_and_the_encodings_type() {
    for (protocol, content_type) in BOTH {
        let server = Scripted::http1([]).await;
        let client = to(&server)
            .protocol(protocol)
            .header("Authorization", "Bearer abc")
            .user_agent_prefix("shop/1.2")
            .build()
            .unwrap();
        for signal in Signal::ALL {
            assert_eq!(client.send(&empty(signal)).await.outcome, Outcome::Accepted);
        }
        let asked = server.asked();
        for (asked, signal) in asked.iter().zip(Signal::ALL) {
            assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", signal.http_path()));
            assert_eq!(asked.header("content-type"), Some(content_type));
            assert_eq!(asked.header("content-encoding"), None);
            assert_eq!(asked.header("authorization"), Some("Bearer abc"));
            let agent = format!("shop/1.2 OTel-OTLP-Exporter-Rust/{}", env!("CARGO_PKG_VERSION"));
            assert_eq!(asked.header("user-agent"), Some(agent.as_str()));
            assert!(asked.header("accept-encoding").unwrap().contains("gzip"));
        }
        assert_eq!(server.connections(), 1, "rule H14: the connection is kept");
    }
}

#[tokio::test]
async fn h1_the_body_is_the_batch_or_its_json() {
    let batch = spans(3);
    for (protocol, expected) in [
        (Protocol::HttpProtobuf, batch.bytes().to_vec()),
        (Protocol::HttpJson, br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"aaa"}]}]}]}"#.to_vec()),
    ] {
        let server = Scripted::http1([]).await;
        let delivery = to(&server).protocol(protocol).build().unwrap().send(&batch).await;
        assert_eq!(server.asked_once().body, expected);
        assert_eq!(delivery.wire_bytes, expected.len() as u64);
    }
}

#[tokio::test]
async fn h4_bodies_are_compressed_and_counted_as_sent() {
    // The larger one is compressed off the caller's thread.
    for batch in [spans(3000), spans(300_000)] {
        for (protocol, _) in BOTH {
            for codec in Codec::supported() {
                let server = Scripted::http1([]).await;
                let client = to(&server).protocol(protocol).compression(*codec).build().unwrap();
                let delivery = client.send(&batch).await;
                assert_eq!(delivery.outcome, Outcome::Accepted);
                let asked = server.asked_once();
                let coding = (*codec != Codec::Identity).then(|| codec.content_coding());
                assert_eq!(asked.header("content-encoding"), coding);
                assert_eq!(delivery.wire_bytes, asked.body.len() as u64);
                let body = decompress(*codec, &asked.body, 1 << 20).unwrap();
                if protocol == Protocol::HttpProtobuf {
                    assert_eq!(body, batch.bytes());
                } else {
                    assert!(body.starts_with(br#"{"resourceSpans":"#));
                }
            }
        }
    }
}

#[tokio::test]
async fn h4_compressed_answers_are_read() {
    let response = ExportResponse::partial(2, "two");
    for codec in Codec::supported() {
        let body = compress(*codec, Level::Default, &response.encode()).unwrap();
        let reply = Reply::status(200)
            .header("content-type", PROTOBUF)
            .header("content-encoding", codec.content_coding());
        let outcome = outcome(Protocol::HttpProtobuf, reply.data(body)).await;
        assert_eq!(outcome, Outcome::Partial { rejected: 2, message: "two".into() });
    }
}

#[tokio::test]
async fn h8_g11_success_and_partial_success_in_both_encodings() {
    for (protocol, content_type) in BOTH {
        for response in [
            ExportResponse::default(),
            ExportResponse::partial(0, "old"),
            ExportResponse::partial(3, "bad ids"),
        ] {
            let body = if protocol == Protocol::HttpJson {
                response.to_json(Signal::Traces).into_bytes()
            } else {
                response.encode()
            };
            let outcome =
                outcome(protocol, Reply::status(200).header("content-type", content_type).data(body)).await;
            if response.is_accepted() {
                assert_eq!(outcome, Outcome::Accepted);
            } else {
                assert_eq!(
                    outcome,
                    Outcome::Partial { rejected: response.rejected, message: response.message }
                );
            }
        }
    }
}

#[tokio::test]
async fn h9_h10_h11_statuses_in_both_encodings() {
    for (protocol, content_type) in BOTH {
        for status in [301, 400, 401, 403, 404, 408, 413, 415, 429, 500, 501, 502, 503, 504] {
            let says = Status::new(3, "the reason").with_violation("resource_spans[0]", "is odd");
            let body =
                if protocol == Protocol::HttpJson { says.to_json().into_bytes() } else { says.encode() };
            let reply = Reply::status(status).header("content-type", content_type).data(body);
            let outcome = outcome(protocol, reply).await;
            assert_eq!(outcome.is_retryable(), matches!(status, 429 | 502 | 503 | 504), "{status}");
            let failure = outcome.failure().unwrap();
            assert_eq!(failure.kind(), FailureKind::HttpStatus(status));
            assert_eq!(failure.message(), "the reason");
            assert_eq!(failure.violations(), [("resource_spans[0]".to_owned(), "is odd".to_owned())]);
        }
    }
}

#[tokio::test]
async fn h12_retry_after_as_seconds_and_as_date() {
    let after = |reply: Reply| async move {
        match outcome(Protocol::HttpProtobuf, reply).await {
            Outcome::RetryLater { after, .. } => after,
            other => panic!("{other}"),
        }
    };
    assert_eq!(after(Reply::status(429)).await, None);
    assert_eq!(after(Reply::status(503).header("retry-after", 120)).await, Some(Duration::from_secs(120)));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let then = httpdate::fmt_http_date(now + Duration::from_secs(45));
    let reply = Reply::status(503).header("date", httpdate::fmt_http_date(now)).header("retry-after", then);
    assert_eq!(after(reply).await, Some(Duration::from_secs(45)));
}

#[tokio::test]
async fn h13_no_server_is_retryable() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let client = Client::builder().endpoint(&format!("http://{gone}")).build().unwrap();
    let delivery = client.send(&spans(3)).await;
    assert!(delivery.outcome.is_retryable());
    assert_eq!(kind(&delivery.outcome), Some(FailureKind::Unreachable));
    assert_eq!(delivery.wire_bytes, 0);
    assert!(delivery.outcome.to_string().contains("refused"), "{}", delivery.outcome);
}

#[tokio::test]
async fn h13_a_connection_closed_without_an_answer_is_retryable() {
    let server = Scripted::closing().await;
    let outcome = to(&server).build().unwrap().send(&spans(3)).await.outcome;
    assert!(outcome.is_retryable());
    assert_eq!(kind(&outcome), Some(FailureKind::Unreachable));
}

#[tokio::test]
async fn h13_an_answer_that_breaks_off_is_retryable() {
    for reply in [
        Reply::status(200).header("content-type", PROTOBUF).data("abc").then_break(),
        Reply::status(200)
            .header("content-type", PROTOBUF)
            .header("content-length", 100)
            .data("abc")
            .then_break(),
    ] {
        let outcome = outcome(Protocol::HttpProtobuf, reply).await;
        assert_eq!(kind(&outcome), Some(FailureKind::Unreachable), "{outcome}");
        assert!(outcome.is_retryable());
    }
}

#[tokio::test]
async fn no_answer_in_time_is_retryable() {
    let server = Scripted::http1([Reply::hang()]).await;
    let client = to(&server).timeout(Duration::from_millis(50)).build().unwrap();
    let delivery = client.send(&spans(3)).await;
    assert_eq!(kind(&delivery.outcome), Some(FailureKind::TimedOut));
    assert!(delivery.outcome.is_retryable());
}

#[tokio::test]
async fn after_a_timeout_the_next_send_connects_anew() {
    let server = Scripted::http1([Reply::hang()]).await;
    let client = to(&server).timeout(Duration::from_millis(200)).build().unwrap();
    assert!(client.send(&spans(3)).await.outcome.is_retryable());
    assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_never_takes_the_connection_is_given_up() {
    // Bound and listening, never accepting: TCP connects by the backlog, TLS or HTTP get no answer.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::builder().endpoint(&url).timeout(Duration::from_millis(50)).build().unwrap();
    assert_eq!(kind(&client.send(&spans(3)).await.outcome), Some(FailureKind::TimedOut));
}

#[tokio::test]
async fn h5_a_refusal_before_the_body_is_read_is_heard() {
    let server = Scripted::http1([Reply::status(413).early()]).await;
    let client = to(&server).build().unwrap();
    let outcome = client.send(&spans(20 << 20)).await.outcome;
    assert_eq!(kind(&outcome), Some(FailureKind::HttpStatus(413)), "{outcome}");
    assert!(!outcome.is_retryable());
}

#[tokio::test]
async fn h6_answers_over_the_limit_are_final() {
    let over = vec![0; 2001];
    let bomb = compress(Codec::Gzip, Level::Default, &vec![0; 1 << 20]).unwrap();
    assert!(bomb.len() < 2000);
    for status in [200, 503] {
        for reply in [
            Reply::status(status).header("content-length", 2001).data(over.clone()),
            Reply::status(status).data(over[..1500].to_vec()).data(over[..501].to_vec()),
            Reply::status(status).header("content-encoding", "gzip").data(bomb.clone()),
        ] {
            let server = Scripted::http1([reply]).await;
            let outcome = to(&server).max_response_bytes(2000).build().unwrap().send(&spans(3)).await.outcome;
            assert_eq!(kind(&outcome), Some(FailureKind::ResponseTooLarge), "{outcome}");
            assert!(!outcome.is_retryable());
        }
    }
}

#[tokio::test]
async fn g3_h6_requests_over_the_limit_are_not_sent() {
    let server = Scripted::http1([]).await;
    let batch = spans(1000);
    for (protocol, _) in BOTH {
        for codec in [Codec::Identity, Codec::Gzip] {
            let client =
                to(&server).protocol(protocol).compression(codec).max_request_bytes(1000).build().unwrap();
            let delivery = client.send(&batch).await;
            assert_eq!(kind(&delivery.outcome), Some(FailureKind::TooLarge));
            assert!(!delivery.outcome.is_retryable());
            assert_eq!(delivery.wire_bytes, 0);
        }
    }
    assert!(server.asked().is_empty());
    let exact = to(&server).max_request_bytes(batch.bytes().len()).build().unwrap();
    assert_eq!(exact.send(&batch).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn g3_a_body_that_grows_over_the_limit_by_compression_is_not_sent() {
    let server = Scripted::http1([]).await;
    let batch = spans(3);
    let client = to(&server).compression(Codec::Gzip).max_request_bytes(batch.bytes().len()).build().unwrap();
    let outcome = client.send(&batch).await.outcome;
    assert_eq!(kind(&outcome), Some(FailureKind::TooLarge));
    assert!(outcome.to_string().contains("after compression"), "{outcome}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_final() {
    for reply in [
        Reply::status(200).header("content-type", "text/html").data("<html>"),
        Reply::status(200).header("content-type", PROTOBUF).data(&b"\x0a\xff"[..]),
        Reply::status(200).header("content-type", JSON).data("{"),
    ] {
        let outcome = outcome(Protocol::HttpProtobuf, reply).await;
        assert_eq!(kind(&outcome), Some(FailureKind::BadResponse), "{outcome}");
        assert!(!outcome.is_retryable());
    }
}

#[tokio::test]
async fn a_prepared_batch_is_sent_again_without_being_encoded_again() {
    let server = Scripted::http1([Reply::status(503), Reply::status(200)]).await;
    let client = to(&server).compression(Codec::Gzip).build().unwrap();
    let prepared = client.prepare(&spans(1000)).await.unwrap();
    assert!(client.send_prepared(&prepared).await.outcome.is_retryable());
    assert_eq!(client.send_prepared(&prepared).await.outcome, Outcome::Accepted);
    let asked = server.asked();
    assert_eq!(asked[0].body, asked[1].body);
    assert_eq!(asked[0].body, prepared.payload());
}

#[tokio::test]
async fn each_signal_may_go_its_own_way_and_no_other() {
    let (one, two) = (Scripted::http1([]).await, Scripted::http1([]).await);
    let client = Client::builder()
        .signal_endpoint(Signal::Traces, &format!("{}/custom?tenant=7", one.url()))
        .signal_endpoint(Signal::Logs, &two.url())
        .build()
        .unwrap();
    assert_eq!(client.send(&empty(Signal::Traces)).await.outcome, Outcome::Accepted);
    assert_eq!(client.send(&empty(Signal::Logs)).await.outcome, Outcome::Accepted);
    assert_eq!(one.asked_once().path, "/custom?tenant=7");
    assert_eq!(two.asked_once().path, "/");
    let outcome = client.send(&empty(Signal::Metrics)).await.outcome;
    assert_eq!(kind(&outcome), Some(FailureKind::NoEndpoint));
    assert!(!outcome.is_retryable());
}

#[tokio::test]
async fn the_environment_reaches_the_wire() {
    let server = Scripted::http1([]).await;
    let url = format!("{}/base/", server.url());
    let config = Config::from_vars(|name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.clone()),
        "OTEL_EXPORTER_OTLP_PROTOCOL" => Some("http/json".to_owned()),
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS" => Some("api-key=a%2Cb".to_owned()),
        "OTEL_EXPORTER_OTLP_COMPRESSION" => Some("gzip".to_owned()),
        _ => None,
    });
    let client = config.client(Signal::Logs).build().unwrap();
    assert_eq!(client.send(&empty(Signal::Logs)).await.outcome, Outcome::Accepted);
    let asked = server.asked_once();
    assert_eq!(asked.path, "/base/v1/logs");
    assert_eq!(asked.header("content-type"), Some(JSON));
    assert_eq!(asked.header("content-encoding"), Some("gzip"));
    assert_eq!(asked.header("api-key"), Some("a,b"));
    assert_eq!(kind(&client.send(&empty(Signal::Traces)).await.outcome), Some(FailureKind::NoEndpoint));
}

#[test]
fn builders_refuse_what_cannot_work() {
    let error = |builder: ClientBuilder| builder.build().unwrap_err();
    let build = Client::builder;
    assert!(matches!(error(build().endpoint("localhost:4318")), ClientError::Endpoint { .. }));
    assert!(matches!(error(build().header("x", "a\r\nb: c")), ClientError::Header { .. }));
    assert!(matches!(error(build().header("content-length", "7")), ClientError::Header { .. }));
    assert!(matches!(error(build().user_agent_prefix("a\nb")), ClientError::Header { .. }));
    let shown = error(build().endpoint("http://user:hunter2@h")).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = error(build().header("authorization", "hunter2\n")).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn secrets_stay_out_of_debug() {
    let builder = Client::builder().endpoint("http://h/p").header("authorization", "hunter2");
    let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("http://h/p/v1/traces"), "{shown}");
    for url in ["http://user:hunter2@h", "http://h?key=hunter2"] {
        let shown = format!("{:?}", Client::builder().endpoint(url).signal_endpoint(Signal::Logs, url));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
#[cfg(not(feature = "tls"))]
fn https_without_tls_is_an_error_not_plaintext() {
    let error = Client::builder().endpoint("https://collector").build().unwrap_err();
    assert!(matches!(error, ClientError::TlsNotBuilt { .. }), "{error}");
}

#[test]
#[cfg(not(feature = "grpc"))]
fn grpc_without_its_feature_is_an_error() {
    let error = Client::builder().protocol(Protocol::Grpc).build().unwrap_err();
    assert!(matches!(error, ClientError::GrpcNotBuilt), "{error}");
}

#[test]
fn clients_can_be_shared_and_sent() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Client>();
}

#[tokio::test]
async fn the_header_function_is_asked_for_each_request() {
    let server = Scripted::http1([]).await;
    let calls = std::sync::atomic::AtomicU32::new(0);
    let client = to(&server)
        .header("authorization", "Bearer old")
        .header("x-tenant", "7")
        .headers_with(move |headers| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            2 => headers.fail("no token yet"),
            3 => headers.bearer("secret\n"),
            call => headers.bearer(&call.to_string()),
        })
        .build()
        .unwrap();
    for expected in [true, true, false, false, true] {
        let delivery = client.send(&spans(3)).await;
        assert_eq!(delivery.outcome.is_delivered(), expected, "{}", delivery.outcome);
        if !expected {
            assert_eq!((kind(&delivery.outcome), delivery.wire_bytes), (Some(FailureKind::Header), 0));
            assert!(delivery.outcome.is_retryable());
            assert!(!format!("{delivery:?}").contains("secret"));
        }
    }
    let asked = server.asked();
    let sent: Vec<_> = asked.iter().filter_map(|asked| asked.header("authorization")).collect();
    assert_eq!(sent, ["Bearer 0", "Bearer 1", "Bearer 4"]);
    assert!(asked.iter().all(|asked| asked.header("x-tenant") == Some("7")));
}
