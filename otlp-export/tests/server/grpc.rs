//! What gRPC clients get.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use otlp_compress::{Codec, Level, compress, decompress};
use otlp_core::{
    Batch, Limits, Signal,
    rpc::{ExportResponse, Status},
};
use otlp_export::{Peer, Protocol, Receiver, Refusal, Running, Server, ServerLimits, Verdict};
use tokio::{net::TcpStream, sync::Semaphore};

use crate::client::{LOCAL, Reply, call, field, framed, http2, request, spans, spans_of, start};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

async fn server(verdict: Verdict) -> Running {
    start(move |_: Batch, _: &Peer| verdict.clone(), ServerLimits::default()).await
}

/// The one message of a call that succeeded.
fn message(reply: &Reply) -> (bool, Bytes) {
    assert_eq!((reply.code, reply.header("content-type")), (200, "application/grpc"));
    assert_eq!(reply.trailers["grpc-status"], "0", "{reply:?}");
    let length = u32::from_be_bytes(reply.body[1..5].try_into().unwrap()) as usize;
    assert_eq!(reply.body.len(), 5 + length);
    (reply.body[0] == 1, reply.body.slice(5..))
}

/// A call that failed: trailers only, this code, these words, and the details.
fn failed(reply: &Reply, code: i32, words: &[&str]) -> Status {
    assert_eq!((reply.code, reply.header("content-type")), (200, "application/grpc"), "{reply:?}");
    assert!(reply.body.is_empty() && reply.trailers.is_empty());
    assert_eq!(reply.header("grpc-status"), code.to_string(), "{reply:?}");
    let text = reply.header("grpc-message");
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
    let details = reply.header("grpc-status-details-bin");
    if details.is_empty() {
        return Status::new(code, text);
    }
    let status = Status::decode(&unbase64(details)).unwrap();
    assert_eq!(status.code, code);
    status
}

fn unbase64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.bytes().flat_map(|byte| {
        let value = alphabet.iter().position(|&known| known == byte).unwrap();
        (0..6).rev().map(move |bit| value >> bit & 1)
    });
    let bits: Vec<usize> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | *bit as u8)).collect()
}

#[tokio::test]
async fn g8_g9_g16_each_service_answers_ok_with_partial_success_unset() {
    let server = server(Verdict::Accepted).await;
    for signal in Signal::ALL {
        let reply = call(server.grpc_addr().unwrap(), signal.grpc_path(), &[], framed(false, &[])).await;
        assert_eq!(message(&reply), (false, Bytes::new()), "{signal}");
        assert_eq!(server.stats().signal(signal).requests, 1);
    }
}

#[tokio::test]
async fn g10_partial_success_is_ok_with_the_count_and_the_message() {
    let server = server(Verdict::partial(2, "zero trace id")).await;
    let reply = call(server.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(5))).await;
    let response = ExportResponse::decode(Signal::Traces, &message(&reply).1).unwrap();
    assert_eq!(response, ExportResponse::partial(2, "zero trace id"));
}

#[tokio::test]
async fn g1_codecs_and_uncompressed_messages_of_a_compressed_call() {
    let receiver = |batch: Batch, peer: &Peer| {
        assert_eq!((batch.items(), peer.protocol()), (100, Protocol::Grpc));
        Verdict::warning(peer.content_coding())
    };
    let server = start(receiver, ServerLimits::default()).await;
    let body = spans(100);
    for &codec in Codec::supported() {
        let name = codec.content_coding();
        let coded = compress(codec, Level::Default, &body).unwrap();
        // Both formats of snappy are read under its one name.
        let name = if codec == Codec::SnappyFramed { codec.grpc_encoding() } else { name };
        for (flag, bytes, expected) in
            [(codec != Codec::Identity, &coded[..], name), (false, &body, "identity")]
        {
            let reply =
                call(server.grpc_addr().unwrap(), EXPORT, &[("grpc-encoding", name)], framed(flag, bytes))
                    .await;
            let response = ExportResponse::decode(Signal::Traces, &message(&reply).1).unwrap();
            assert_eq!(response.message, expected, "{name} {flag}");
        }
    }
}

#[tokio::test]
async fn long_answers_are_gzipped_for_clients_that_ask() {
    let long = "a span without a name; ".repeat(100);
    let server = server(Verdict::partial(1, long.clone())).await;
    let headers = [("grpc-accept-encoding", "identity,deflate,gzip")];
    let reply = call(server.grpc_addr().unwrap(), EXPORT, &headers, framed(false, &spans(1))).await;
    let (compressed, bytes) = message(&reply);
    assert_eq!((compressed, reply.header("grpc-encoding")), (true, "gzip"));
    let plain = decompress(Codec::Gzip, &bytes, 1 << 20).unwrap();
    assert_eq!(ExportResponse::decode(Signal::Traces, &plain).unwrap(), ExportResponse::partial(1, long));
}

#[tokio::test]
async fn g15_verdicts_become_codes_with_details() {
    let busy = server(Verdict::retry_after(Duration::from_millis(2500))).await;
    let reply = call(busy.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(1))).await;
    assert_eq!(failed(&reply, 14, &[]).retry_delay, Some(Duration::from_millis(2500)));

    let vague = server(Verdict::RetryLater { after: None }).await;
    let reply = call(vague.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(1))).await;
    assert_eq!(failed(&reply, 14, &[]).retry_delay, None);

    let strict = server(Verdict::invalid("größe: 100 %\n")).await;
    let reply = call(strict.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(1))).await;
    let status = failed(&reply, 3, &["gr%C3%B6%C3%9Fe: 100 %25%0A"]);
    assert_eq!(status.violations[0].description, "größe: 100 %\n");
}

#[tokio::test]
async fn very_long_reasons_fit_into_headers() {
    let server = server(Verdict::invalid("ä".repeat(1 << 20))).await;
    let reply = call(server.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(1))).await;
    assert_eq!(failed(&reply, 3, &["%C3%A4"]).message.len(), 1024);
    let size: usize = reply.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!(size < 8 << 10, "{size}");
}

#[tokio::test]
async fn g2_too_large_is_resource_exhausted_without_retry_info() {
    let body = spans(1000);
    let coded = compress(Codec::Gzip, Level::Default, &body).unwrap();
    let message = Limits::default().with_max_bytes(body.len() - 1);
    let server = start(
        |_: Batch, _: &Peer| Verdict::Accepted,
        ServerLimits::default().with_message(message).with_max_wire_bytes(body.len()),
    )
    .await;
    let address = server.grpc_addr().unwrap();
    let gzip = [("grpc-encoding", "gzip")];
    for (headers, bytes, word) in [
        (&gzip[..], framed(true, &coded), "max_bytes"),
        (&[], framed(false, &body), "max_bytes"),
        (&[], framed(false, &[&body[..], b"x"].concat()), "max_wire_bytes"),
        (&[], vec![0, 0xff, 0xff, 0xff, 0xff], "max_wire_bytes"),
        (&[], framed(false, &vec![0; 20 << 20]), "max_wire_bytes"),
    ] {
        let status = failed(&call(address, EXPORT, headers, bytes).await, 8, &[word]);
        assert_eq!(status.retry_delay, None);
    }
    assert_eq!(server.stats().refused(Refusal::TooLarge), 5);
}

#[tokio::test]
async fn g5_long_messages_are_cut_and_what_does_not_fit_is_resource_exhausted() {
    let text = "größer als erlaubt; ".repeat(1000);
    for (limit, fits) in [(1000, true), (3, false)] {
        let text = text.clone();
        let receiver = move |_: Batch, _: &Peer| Verdict::partial(1, text.clone());
        let server = start(receiver, ServerLimits::default().with_max_response_bytes(limit)).await;
        let reply = call(server.grpc_addr().unwrap(), EXPORT, &[], framed(false, &spans(2))).await;
        if fits {
            let bytes = message(&reply).1;
            assert!(bytes.len() <= limit, "{}", bytes.len());
            let response = ExportResponse::decode(Signal::Traces, &bytes).unwrap();
            assert!(response.rejected == 1 && response.message.len() > 300, "{response:?}");
        } else {
            assert_eq!(failed(&reply, 8, &["max_response_bytes"]).retry_delay, None);
        }
    }
}

#[tokio::test]
async fn unknown_codings_are_unimplemented_and_name_the_known() {
    let server = server(Verdict::Accepted).await;
    for given in ["compress", "x-lz4", "br"] {
        let headers = [("grpc-encoding", given)];
        let reply = call(server.grpc_addr().unwrap(), EXPORT, &headers, framed(true, &spans(1))).await;
        failed(&reply, 12, &[given, "gzip"]);
        assert!(reply.header("grpc-accept-encoding").starts_with("identity, gzip"));
    }
    let reply = call(server.grpc_addr().unwrap(), EXPORT, &[], framed(true, &spans(1))).await;
    failed(&reply, 13, &["grpc-encoding"]);
}

#[tokio::test]
async fn bad_messages_are_invalid_argument_with_the_place() {
    let server = server(Verdict::Accepted).await;
    let address = server.grpc_addr().unwrap();
    let bad = spans_of(&field(2, &field(5, b"\xff")));
    let status =
        failed(&call(address, EXPORT, &[], framed(false, &bad)).await, 3, &["spans[0].name", "UTF-8"]);
    assert_eq!(status.violations[0].field, "resource_spans[0].scope_spans[0].spans[0].name");

    let two = [framed(false, &spans(1)), framed(false, &spans(1))].concat();
    failed(&call(address, EXPORT, &[], two).await, 3, &["one message"]);
    let mut cut = framed(false, &spans(1));
    cut.pop();
    failed(&call(address, EXPORT, &[], cut).await, 3, &["ends after"]);
    failed(&call(address, EXPORT, &[], vec![0, 0]).await, 3, &["ends after 2"]);
    failed(&call(address, EXPORT, &[], vec![]).await, 3, &["ends after 0"]);
    failed(&call(address, EXPORT, &[], vec![7, 0, 0, 0, 0]).await, 3, &["flag"]);
    let gzip = [("grpc-encoding", "gzip")];
    failed(&call(address, EXPORT, &gzip, framed(true, b"not gzip")).await, 3, &["does not decompress"]);
    assert_eq!(server.stats().refused(Refusal::Malformed), 7);
    let reply = call(address, EXPORT, &[], framed(false, &spans(1))).await;
    message(&reply);
}

#[tokio::test]
async fn unknown_services_and_methods_are_unimplemented() {
    let server = server(Verdict::Accepted).await;
    for path in [
        "/helloworld.Greeter/SayHello",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
        "/v1/traces",
    ] {
        failed(
            &call(server.grpc_addr().unwrap(), path, &[], framed(false, &[])).await,
            12,
            &[path, "Export"],
        );
    }
    let stream = TcpStream::connect(server.grpc_addr().unwrap()).await.unwrap();
    let get = request("GET", EXPORT, &[("content-type", "application/grpc")], "");
    failed(&http2(stream, vec![get]).await[0], 12, &["POST"]);
}

#[tokio::test]
async fn a_panic_harms_one_call_only() {
    let receiver = |batch: Batch, _: &Peer| {
        assert!(batch.items() != 13, "thirteen");
        Verdict::Accepted
    };
    let server = start(receiver, ServerLimits::default()).await;
    let stream = TcpStream::connect(server.grpc_addr().unwrap()).await.unwrap();
    let requests = [13, 1, 13, 2].map(|count| {
        request("POST", EXPORT, &[("content-type", "application/grpc")], framed(false, &spans(count)))
    });
    let replies = http2(stream, requests.into_iter().collect()).await;
    failed(&replies[0], 13, &["receiver failed"]);
    message(&replies[1]);
    failed(&replies[2], 13, &[]);
    message(&replies[3]);
}

struct Never(Arc<Semaphore>);

impl Receiver for Never {
    async fn receive(&self, _: Batch, _: &Peer) -> Verdict {
        self.0.add_permits(1);
        std::future::pending().await
    }
}

#[tokio::test]
async fn the_client_s_own_timeout_ends_the_call() {
    let server = start(Never(Arc::new(Semaphore::new(0))), ServerLimits::default()).await;
    let reply =
        call(server.grpc_addr().unwrap(), EXPORT, &[("grpc-timeout", "30m")], framed(false, &spans(1))).await;
    failed(&reply, 4, &["30ms"]);
}

#[tokio::test]
async fn the_token_guards_everything_but_health() {
    let server = Server::builder(|_: Batch, _: &Peer| Verdict::Accepted)
        .grpc(LOCAL.parse().unwrap())
        .bearer("s3cret")
        .start()
        .await
        .unwrap();
    let address = server.grpc_addr().unwrap();
    failed(&call(address, EXPORT, &[], framed(false, &spans(1))).await, 16, &["token"]);
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    failed(&call(address, reflection, &[], framed(false, &[])).await, 16, &["token"]);
    message(&call(address, "/grpc.health.v1.Health/Check", &[], framed(false, &[])).await);
    let headers = [("authorization", "Bearer s3cret")];
    message(&call(address, EXPORT, &headers, framed(false, &spans(1))).await);
}

#[tokio::test]
async fn health_serves_for_the_server_and_each_service() {
    let server = server(Verdict::Accepted).await;
    let names = std::iter::once("").chain(Signal::ALL.map(Signal::grpc_service));
    for name in names {
        let body = framed(false, &field(1, name.as_bytes()));
        let reply = call(server.grpc_addr().unwrap(), "/grpc.health.v1.Health/Check", &[], body).await;
        assert_eq!(&message(&reply).1[..], [0x08, 0x01], "SERVING: {name}");
    }
    let unknown = framed(false, &field(1, b"helloworld.Greeter"));
    let reply = call(server.grpc_addr().unwrap(), "/grpc.health.v1.Health/Check", &[], unknown).await;
    assert_eq!(reply.header("grpc-status"), "5");
}

#[tokio::test]
async fn watchers_of_health_are_told_and_do_not_hold_up_a_shutdown() {
    let server = server(Verdict::Accepted).await;
    let stream = TcpStream::connect(server.grpc_addr().unwrap()).await.unwrap();
    let headers = [("content-type", "application/grpc")];
    let requests = vec![
        request("POST", "/grpc.health.v1.Health/Check", &headers, framed(false, &[])),
        request("POST", "/grpc.health.v1.Health/Watch", &headers, framed(false, &[])),
    ];
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let mut responses = Vec::new();
    for mut one in requests {
        *one.uri_mut() = format!("http://otlp.test{}", one.uri()).parse().unwrap();
        responses.push(sender.send_request(one).await.unwrap());
    }
    let watch = responses.pop().unwrap();
    assert!(server.shutdown(Duration::from_secs(30)).await);
    let states = http_body_util::BodyExt::collect(watch.into_body()).await.unwrap().to_bytes();
    assert!(states.ends_with(&[0, 0, 0, 0, 2, 0x08, 0x02]), "NOT_SERVING comes last: {states:?}");
}

#[tokio::test]
async fn reflection_lists_the_services_and_gives_their_descriptors() {
    let server = server(Verdict::Accepted).await;
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let list = framed(false, &field(7, b"*"));
        let symbol = framed(false, &field(4, b"opentelemetry.proto.collector.trace.v1.TraceService"));
        let reply = call(server.grpc_addr().unwrap(), &path, &[], [list, symbol].concat()).await;
        assert_eq!(reply.trailers["grpc-status"], "0");
        let text = String::from_utf8_lossy(&reply.body);
        for signal in Signal::ALL {
            assert!(text.contains(signal.grpc_service()), "{version} {signal}");
        }
        assert!(text.contains("grpc.health.v1.Health"));
        assert!(text.contains("ExportTraceServiceRequest"), "the descriptor of the asked symbol");
    }
}
