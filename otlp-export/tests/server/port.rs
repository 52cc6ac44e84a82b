//! Which port speaks what.

use otlp_core::Batch;
use otlp_export::{Peer, Server, ServerLimits, Verdict};
use tokio::net::TcpStream;

use crate::client::{JSON, LOCAL, PROTOBUF, call, framed, http2, post, raw, request, send, spans, start};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

fn accept(_: Batch, _: &Peer) -> Verdict {
    Verdict::Accepted
}

#[tokio::test]
async fn h15_one_port_for_both_even_on_one_connection() {
    let server = Server::builder(accept).grpc_and_http(LOCAL.parse().unwrap()).start().await.unwrap();
    let address = server.http_addr().unwrap();
    assert_eq!(server.grpc_addr(), Some(address));
    let stream = TcpStream::connect(address).await.unwrap();
    let requests = vec![
        request("POST", EXPORT, &[("content-type", "application/grpc")], framed(false, &spans(1))),
        request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(1)),
        request("POST", "/v1/traces", &[("content-type", JSON)], "{}"),
    ];
    let replies = http2(stream, requests).await;
    assert_eq!(replies[0].trailers["grpc-status"], "0");
    assert_eq!((replies[1].code, replies[2].code), (200, 200));
    assert_eq!(post(address, "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await.code, 200);
    assert_eq!(server.stats().connections(), 2);
}

#[tokio::test]
async fn the_same_address_twice_is_one_port() {
    // A port that was free a moment ago; should another process take it meanwhile, the next one will do.
    let (address, server) = loop {
        let address = std::net::TcpListener::bind(LOCAL).unwrap().local_addr().unwrap();
        if let Ok(server) = Server::builder(accept).grpc(address).http(address).start().await {
            break (address, server);
        }
    };
    assert_eq!((server.grpc_addr(), server.http_addr()), (Some(address), Some(address)));
    assert_eq!(call(address, EXPORT, &[], framed(false, &spans(1))).await.trailers["grpc-status"], "0");
}

#[tokio::test]
async fn a_port_says_where_the_other_protocol_is_spoken() {
    let server = start(accept, ServerLimits::default()).await;
    let (grpc, http) = (server.grpc_addr().unwrap(), server.http_addr().unwrap());
    assert_ne!(grpc, http);
    let reply = call(http, EXPORT, &[], framed(false, &spans(1))).await;
    assert_eq!((reply.code, reply.header("grpc-status")), (200, "12"));
    assert!(reply.header("grpc-message").contains(&format!("OTLP/gRPC is served on {grpc}")), "{reply:?}");
    for content_type in [PROTOBUF, JSON] {
        let reply = post(grpc, "/v1/traces", &[("content-type", content_type)], spans(1)).await;
        assert_eq!((reply.code, reply.header("content-type")), (415, content_type));
        assert!(reply.status().message.contains(&format!("OTLP/HTTP is served on {http}")), "{reply:?}");
    }
    let browser = send(grpc, request("GET", "/", &[], "")).await;
    assert_eq!((browser.code, browser.header("content-type")), (415, JSON));

    let alone = Server::builder(accept).http(LOCAL.parse().unwrap()).start().await.unwrap();
    let reply = call(alone.http_addr().unwrap(), EXPORT, &[], framed(false, &spans(1))).await;
    assert!(reply.header("grpc-message").contains("OTLP/gRPC is not served here"), "{reply:?}");
}

#[tokio::test]
async fn grpc_over_http1_is_told_so() {
    let server = start(accept, ServerLimits::default()).await;
    let headers = [("content-type", "application/grpc")];
    let reply = post(server.grpc_addr().unwrap(), EXPORT, &headers, framed(false, &spans(1))).await;
    assert_eq!(reply.code, 505);
    assert!(reply.status().message.contains("HTTP/2"));
}

#[tokio::test]
async fn garbage_on_the_grpc_port_ends_its_connection_only() {
    let server = start(accept, ServerLimits::default()).await;
    let address = server.grpc_addr().unwrap();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"PRI",
    ] {
        raw(address, garbage).await;
        let reply = call(address, EXPORT, &[], framed(false, &spans(1))).await;
        assert_eq!(reply.trailers["grpc-status"], "0");
    }
}
