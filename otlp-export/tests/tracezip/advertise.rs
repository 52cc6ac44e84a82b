//! Over HTTP: only after the server said so, one resend after a refusal, and who refused is remembered.

use std::time::Duration;

use bytes::Bytes;
use otlp_compress::tracezip::{Options, compress};
use otlp_core::{Signal, rpc::Status};
use otlp_export::{
    Client, ClientError, Codec, FailureKind, Outcome, Protocol, Refusal, ServerLimits, Tracezip,
    testing::{Reply, ScriptedServer, batch},
};

use crate::support::{
    Proxy, Shelf, accepted, assert_each_once, builder, http, http_url, odd, server, spans, start,
};

const ADVERTISED: &str = "tracezip, gzip";

fn advertising() -> Reply {
    Reply::accepted().header("accept-encoding", ADVERTISED)
}

/// The codings of the requests that a scripted server got.
fn codings(server: &ScriptedServer) -> Vec<String> {
    let coding = |received: &otlp_export::testing::Received| {
        received.header("content-encoding").unwrap_or("none").to_owned()
    };
    server.received().iter().map(coding).collect()
}

#[tokio::test]
async fn the_first_answer_says_it_and_from_then_on_the_bytes_arrive_as_they_were() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = http(&http_url(&running));
    let batches = [spans(0, 50), spans(1, 50), odd(&spans(2, 50)), spans(3, 4000)];
    for batch in &batches {
        accepted(&client, batch).await;
    }
    assert_eq!(shelf.codings(), ["gzip", "tracezip", "tracezip", "tracezip"]);
    for (kept, sent) in shelf.all().iter().zip(&batches) {
        assert_eq!(kept.batch, *sent);
    }
}

#[tokio::test]
async fn never_unasked() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = Client::builder().endpoint(&http_url(&running)).compression(Codec::Gzip).build().unwrap();
    for seed in 0..3 {
        accepted(&client, &spans(seed, 5)).await;
    }
    assert_eq!(shelf.codings(), ["gzip"; 3]);
}

#[tokio::test]
async fn each_endpoint_has_its_own_word() {
    let (takes, does_not) = (ScriptedServer::start([]).unwrap(), ScriptedServer::start([]).unwrap());
    takes.otherwise(advertising());
    let client = Client::builder()
        .signal_endpoint(Signal::Traces, &format!("{}/v1/traces", takes.url()))
        .signal_endpoint(Signal::Logs, &format!("{}/v1/logs", does_not.url()))
        .tracezip(Tracezip::Stateless)
        .build()
        .unwrap();
    for seed in 0..3 {
        accepted(&client, &spans(seed, 5)).await;
        accepted(&client, &batch(Signal::Logs, ["a", "b"])).await;
    }
    assert_eq!(codings(&takes), ["gzip", "tracezip", "tracezip"]);
    assert_eq!(codings(&does_not), ["gzip"; 3]);
}

#[tokio::test]
async fn a_refusal_is_followed_by_one_request_in_the_other_form_and_remembered() {
    for refusal in [Reply::status(415), Reply::invalid("what is this"), Reply::status(400)] {
        let server = ScriptedServer::start([advertising(), refusal]).unwrap();
        server.otherwise(advertising());
        let client = http(&server.url());
        for seed in 0..4 {
            accepted(&client, &spans(seed, 5)).await;
        }
        assert_eq!(codings(&server), ["gzip", "tracezip", "gzip", "gzip", "gzip"]);
        let received = server.received();
        assert_eq!(received[1].batch, received[2].batch, "the same batch, as a new request");
        assert_eq!(server.accepted_items(Signal::Traces), 20);
    }
}

#[tokio::test]
async fn a_batch_that_is_bad_in_both_forms_says_nothing_about_the_endpoint() {
    let bad = || Reply::invalid("no trace id").header("accept-encoding", ADVERTISED);
    let server = ScriptedServer::start([advertising(), bad(), bad()]).unwrap();
    server.otherwise(advertising());
    let client = http(&server.url());
    accepted(&client, &spans(0, 5)).await;
    let outcome = client.send(&spans(1, 5)).await.outcome;
    let Outcome::Rejected { cause } = &outcome else { panic!("{outcome}") };
    assert_eq!(cause.kind(), FailureKind::HttpStatus(400));
    accepted(&client, &spans(2, 5)).await;
    assert_eq!(codings(&server), ["gzip", "tracezip", "gzip", "tracezip"]);
}

#[tokio::test]
async fn a_coding_that_is_unknown_is_remembered_whatever_becomes_of_the_batch() {
    let server = ScriptedServer::start([advertising(), Reply::status(415), Reply::status(401)]).unwrap();
    server.otherwise(advertising());
    let client = http(&server.url());
    accepted(&client, &spans(0, 5)).await;
    assert!(!client.send(&spans(1, 5)).await.outcome.is_delivered());
    accepted(&client, &spans(2, 5)).await;
    assert_eq!(codings(&server), ["gzip", "tracezip", "gzip", "gzip"]);
}

#[tokio::test]
async fn other_answers_are_what_they_are() {
    let replies = [advertising(), Reply::retry_later(None), advertising(), Reply::too_large()];
    let server = ScriptedServer::start(replies).unwrap();
    server.otherwise(advertising());
    let client = http(&server.url());
    accepted(&client, &spans(0, 5)).await;
    let prepared = client.prepare(&spans(1, 5)).await.unwrap();
    assert!(client.send_prepared(&prepared).await.outcome.is_retryable());
    assert_eq!(client.send_prepared(&prepared).await.outcome, Outcome::Accepted);
    let outcome = client.send(&spans(2, 5)).await.outcome;
    assert_eq!(outcome.failure().map(|cause| cause.kind()), Some(FailureKind::HttpStatus(413)));
    assert_eq!(codings(&server), ["gzip", "tracezip", "tracezip", "tracezip"]);
    let received = server.received();
    assert_eq!(received[1].body, received[2].body, "a retry sends the same bytes");
    assert_eq!(received[1].body, *prepared.payload());
}

#[tokio::test]
async fn a_retry_after_a_refusal_does_not_try_the_form_again() {
    let script = [advertising(), Reply::status(400), Reply::retry_later(None)];
    let server = ScriptedServer::start(script).unwrap();
    server.otherwise(advertising());
    let client = http(&server.url());
    accepted(&client, &spans(0, 5)).await;
    let prepared = client.prepare(&spans(1, 5)).await.unwrap();
    assert!(client.send_prepared(&prepared).await.outcome.is_retryable());
    assert_eq!(client.send_prepared(&prepared).await.outcome, Outcome::Accepted);
    assert_eq!(codings(&server), ["gzip", "tracezip", "gzip", "gzip"]);
}

#[tokio::test]
async fn two_replicas_behind_one_address_of_which_one_does_not_know_it() {
    let shelf = Shelf::default();
    let (new, old) = (server(&shelf).await, start(builder(&shelf).tracezip(false)).await);
    let proxy = Proxy::start([new.http_addr().unwrap(), old.http_addr().unwrap()], |_| u64::MAX).await;
    // Each request on a connection of its own, which the address gives to the next replica.
    let client = Client::builder()
        .endpoint(&proxy.url())
        .max_connection_age(Duration::from_nanos(1))
        .tracezip(Tracezip::Stateless)
        .build()
        .unwrap();
    let sent: Vec<_> = (0..6).map(|seed| spans(seed, 3)).collect();
    for batch in &sent {
        accepted(&client, batch).await;
    }
    // The second replica refused what the first one had advertised.
    assert_eq!(old.stats().refused(Refusal::ContentCoding), 1);
    assert_eq!(shelf.codings(), ["gzip"; 6]);
    assert_each_once(&shelf, &sent);
}

#[tokio::test]
async fn json_has_no_such_form() {
    let client = Client::builder().protocol(Protocol::HttpJson).tracezip(Tracezip::Stateless).build();
    assert!(matches!(client, Err(ClientError::TracezipNeedsProtobuf)));
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let reply = post(&running, "application/json", "tracezip", Bytes::from_static(b"{}")).await;
    assert_eq!(reply.0, 415);
    assert_eq!(running.stats().refused(Refusal::ContentCoding), 1);
}

#[tokio::test]
async fn a_server_that_is_told_not_to_neither_takes_nor_advertises() {
    let shelf = Shelf::default();
    let running = start(builder(&shelf).tracezip(false)).await;
    let frame = compress(&spans(0, 5), &Options::default()).unwrap();
    let (status, accepts, _) = post(&running, "application/x-protobuf", "tracezip", frame).await;
    assert_eq!(status, 415);
    assert!(accepts.contains("gzip") && !accepts.contains("tracezip"), "{accepts}");
    let client = http(&http_url(&running));
    accepted(&client, &spans(1, 5)).await;
    accepted(&client, &spans(2, 5)).await;
    assert_eq!(shelf.codings(), ["gzip"; 2]);
}

#[tokio::test]
async fn frames_are_held_to_the_limits_and_checks_of_any_body() {
    let shelf = Shelf::default();
    let limits = ServerLimits::default().with_message(otlp_core::Limits::default().with_max_bytes(10_000));
    let running = start(builder(&shelf).limits(limits)).await;
    let frame = |batch| compress(&batch, &Options::default()).unwrap();
    let protobuf = "application/x-protobuf";
    let (status, ..) = post(&running, protobuf, "tracezip", frame(spans(0, 5000))).await;
    assert_eq!(status, 413);
    let (status, _, body) = post(&running, protobuf, "tracezip", frame(batch(Signal::Logs, ["a"]))).await;
    assert_eq!(status, 400);
    assert!(Status::decode(&body).unwrap().message.contains("logs, not traces"));
    let good = frame(spans(0, 20));
    for at in 0..good.len() {
        let mut bad = good.to_vec();
        bad[at] ^= 1 << (at % 8);
        let (status, ..) = post(&running, protobuf, "tracezip", bad.into()).await;
        assert!(matches!(status, 400 | 413), "byte {at}: {status}");
    }
    for end in 0..good.len() {
        let (status, ..) = post(&running, protobuf, "tracezip", good.slice(..end)).await;
        assert_eq!(status, 400, "cut at {end}");
    }
    assert!(shelf.all().is_empty());
    let (status, accepts, _) = post(&running, protobuf, "tracezip", good).await;
    assert_eq!((status, shelf.all().len()), (200, 1));
    assert!(accepts.starts_with("tracezip, "), "{accepts}");
}

/// Status, `Accept-Encoding` and body of the answer.
async fn post(
    running: &otlp_export::Running,
    content_type: &str,
    coding: &str,
    body: Bytes,
) -> (u16, String, Bytes) {
    use http_body_util::{BodyExt, Full};

    let stream = tokio::net::TcpStream::connect(running.http_addr().unwrap()).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("/v1/traces")
        .header("host", "otlp.test")
        .header("content-type", content_type)
        .header("content-encoding", coding)
        .body(Full::new(body))
        .unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let accepts = head.headers.get("accept-encoding").map_or("", |value| value.to_str().unwrap()).to_owned();
    (head.status.as_u16(), accepts, body.collect().await.unwrap().to_bytes())
}
