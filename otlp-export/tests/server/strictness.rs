//! Requests with faults in some of their items, under each setting, over each encoding.

use std::sync::{Arc, Mutex};

use otlp_core::{Batch, Signal, rpc::ExportResponse};
use otlp_export::{Peer, Refusal, Running, Server, Strictness, Verdict};

use crate::client::{JSON, LOCAL, PROTOBUF, Reply, field, post, spans, spans_of};

/// What the receiver was given: items and bytes of each batch.
type Seen = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

async fn server(strictness: Strictness, verdict: Verdict) -> (Running, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let receiver = move |batch: Batch, _: &Peer| {
        kept.lock().unwrap().push((batch.items(), batch.bytes().to_vec()));
        verdict.clone()
    };
    let builder = Server::builder(receiver).http(LOCAL.parse().unwrap()).strictness(strictness);
    #[cfg(feature = "grpc")]
    let builder = builder.grpc(LOCAL.parse().unwrap());
    (builder.start().await.unwrap(), seen)
}

async fn traces(server: &Running, content_type: &str, body: impl Into<bytes::Bytes>) -> Reply {
    post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", content_type)], body).await
}

fn partial(reply: &Reply) -> ExportResponse {
    assert_eq!(reply.code, 200, "{reply:?}");
    match reply.header("content-type") {
        JSON => ExportResponse::from_json(Signal::Traces, &reply.body).unwrap(),
        _ => ExportResponse::decode(Signal::Traces, &reply.body).unwrap(),
    }
}

/// Spans: good, name not UTF-8, good with an id of the right length, trace id of five bytes.
fn mixed() -> Vec<u8> {
    let good = field(2, &field(1, &[7; 16]));
    let spans = [&field(2, b"")[..], &field(2, &field(5, b"\xff")), &good, &field(2, &field(1, &[7; 5]))];
    spans_of(&spans.concat())
}

/// What is left of it.
fn good() -> Vec<u8> {
    spans_of(&[field(2, b""), field(2, &field(1, &[7; 16]))].concat())
}

fn deep(levels: usize) -> Vec<u8> {
    let value = (0..levels).fold(Vec::new(), |inner, _| field(5, &field(1, &inner)));
    field(2, &field(9, &field(2, &value)))
}

const BAD_ID: &str =
    r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"traceId":"0102030405"}]}]}]}"#;

#[tokio::test]
async fn h10_strict_refuses_text_nesting_and_ids_with_the_path() {
    let (server, seen) = server(Strictness::default(), Verdict::Accepted).await;
    let span = "resource_spans[0].scope_spans[0].spans";
    let many = spans_of(&[field(2, b""), field(2, &field(4, &[1; 9]))].concat());
    for (body, path, reason) in [
        (mixed(), format!("{span}[1].name"), "not UTF-8"),
        (many, format!("{span}[1].parent_span_id"), "the id has 9 bytes, not 8 or none"),
        (spans_of(&deep(60)), format!("{span}[0].attributes[0].value"), "nested deeper than the 100"),
    ] {
        let reply = traces(&server, PROTOBUF, body).await;
        assert_eq!(reply.code, 400);
        let status = reply.status();
        assert_eq!((status.code, status.retry_delay), (3, None));
        assert!(status.violations[0].field.starts_with(&path), "{status:?}");
        assert!(status.message.contains(reason), "{status:?}");
    }
    let reply = traces(&server, JSON, BAD_ID).await;
    assert_eq!(reply.code, 400);
    let status = reply.status();
    assert_eq!(status.violations[0].field, "resourceSpans[0].scopeSpans[0].spans[1].traceId");
    assert!(status.message.contains("the id has 5 bytes, not 16 or none"), "{status:?}");
    assert_eq!(server.stats().refused(Refusal::Malformed), 4);
    assert!(seen.lock().unwrap().is_empty());
    // Ids of the right length, and none at all, pass; so do zeros.
    assert_eq!(traces(&server, PROTOBUF, good()).await.code, 200);
    assert_eq!(traces(&server, PROTOBUF, spans_of(&field(2, &field(1, &[0; 16])))).await.code, 200);
}

#[tokio::test]
async fn g10_lenient_cuts_the_bad_items_out_and_says_how_many_where_and_why() {
    let (server, seen) = server(Strictness::Lenient, Verdict::Accepted).await;
    let response = partial(&traces(&server, PROTOBUF, mixed()).await);
    assert_eq!(response.rejected, 2);
    for words in
        ["2 items", "resource_spans[0].scope_spans[0].spans[1].name", "not UTF-8", "first of 2 faults"]
    {
        assert!(response.message.contains(words), "{}", response.message);
    }
    assert_eq!(seen.lock().unwrap()[..], [(2, good())]);
    let stats = server.stats().signal(Signal::Traces);
    assert_eq!((stats.requests, stats.items, stats.rejected_items), (1, 4, 2));

    let body = spans_of(&[deep(60), field(2, b"")].concat());
    let response = partial(&traces(&server, PROTOBUF, body).await);
    assert!(response.rejected == 1 && response.message.contains("nested deeper"), "{response:?}");

    let response = partial(&traces(&server, JSON, BAD_ID).await);
    assert!(response.rejected == 1 && response.message.contains("spans[1].trace_id"), "{response:?}");

    // Nothing wrong: not a byte changes, and partial_success stays unset.
    let reply = traces(&server, PROTOBUF, good()).await;
    assert!(reply.code == 200 && reply.body.is_empty());
    assert_eq!(seen.lock().unwrap().last().unwrap(), &(2, good()));
}

#[tokio::test]
async fn lenient_adds_up_with_what_the_receiver_says() {
    let (adding, _) = server(Strictness::Lenient, Verdict::partial(1, "too old")).await;
    let response = partial(&traces(&adding, PROTOBUF, mixed()).await);
    assert_eq!(response.rejected, 3);
    assert!(
        response.message.contains("not UTF-8") && response.message.ends_with("; too old"),
        "{response:?}"
    );
    assert_eq!(adding.stats().signal(Signal::Traces).rejected_items, 3);

    // A request that is not taken comes again, or not at all, as a whole.
    let later = Verdict::retry_after(std::time::Duration::from_secs(3));
    for (verdict, code) in [(later, 503), (Verdict::invalid("no"), 400)] {
        let (refusing, _) = server(Strictness::Lenient, verdict).await;
        assert_eq!(traces(&refusing, PROTOBUF, mixed()).await.code, code);
    }
}

#[tokio::test]
async fn lenient_with_nothing_left_is_still_an_answer() {
    let (server, seen) = server(Strictness::Lenient, Verdict::Accepted).await;
    let bad = spans_of(&field(2, &field(5, b"\xff")).repeat(100));
    let response = partial(&traces(&server, PROTOBUF, bad).await);
    assert!(response.rejected == 100 && response.message.contains("first of many faults"), "{response:?}");
    assert!(seen.lock().unwrap().is_empty(), "nothing to receive");
    // What has no items to tell apart is refused as ever.
    for (content_type, body) in
        [(PROTOBUF, b"\x0a\x7f".to_vec()), (JSON, b"{\"resourceSpans\":\"\xff\"}".to_vec())]
    {
        assert_eq!(traces(&server, content_type, body).await.code, 400);
    }
}

#[tokio::test]
async fn any_id_lets_ids_pass_and_nothing_else() {
    let (server, seen) = server(Strictness::AnyId, Verdict::Accepted).await;
    let odd = spans_of(&field(2, &field(1, &[7; 5])));
    assert_eq!(traces(&server, PROTOBUF, odd.clone()).await.code, 200);
    assert_eq!(traces(&server, JSON, BAD_ID).await.code, 200);
    assert_eq!(seen.lock().unwrap()[0], (1, odd));
    assert_eq!(traces(&server, PROTOBUF, mixed()).await.code, 400);
    assert_eq!(traces(&server, PROTOBUF, spans(3)).await.code, 200);
}

#[cfg(feature = "grpc")]
#[tokio::test]
async fn g10_g15_the_same_over_grpc() {
    use crate::client::{call, framed};
    const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let (strict, _) = server(Strictness::Strict, Verdict::Accepted).await;
    let reply = call(strict.grpc_addr().unwrap(), EXPORT, &[], framed(false, &mixed())).await;
    assert_eq!(reply.header("grpc-status"), "3");
    assert!(reply.header("grpc-message").contains("spans[1].name"), "{reply:?}");
    let (lenient, seen) = server(Strictness::Lenient, Verdict::Accepted).await;
    let reply = call(lenient.grpc_addr().unwrap(), EXPORT, &[], framed(false, &mixed())).await;
    assert_eq!(reply.trailers["grpc-status"], "0");
    let response = ExportResponse::decode(Signal::Traces, &reply.body[5..]).unwrap();
    assert!(response.rejected == 2 && response.message.contains("spans[1].name"), "{response:?}");
    assert_eq!(seen.lock().unwrap()[..], [(2, good())]);
}
