//! Unix sockets: both protocols, the file's life, and what stands in the way.

use std::{os::unix::fs::FileTypeExt as _, path::Path, time::Duration};

use otlp_core::Batch;
use otlp_export::{Peer, PeerAddress, Running, Server, ServerError, Verdict};
use tokio::net::UnixStream;

use crate::client::{LOCAL, PROTOBUF, http1, http2, post, request, spans};

async fn server(path: &Path) -> Result<Running, ServerError> {
    let receiver = |_: Batch, peer: &Peer| {
        assert_eq!((peer.address(), peer.is_tls()), (PeerAddress::Unix, false));
        assert_eq!((peer.address().ip(), peer.address().to_string()), (None, "unix socket".to_owned()));
        Verdict::Accepted
    };
    Server::builder(receiver).unix(path).start().await
}

fn one() -> Vec<http::Request<http_body_util::Full<bytes::Bytes>>> {
    vec![request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(1))]
}

#[tokio::test]
async fn both_protocols_over_one_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otlp.sock");
    let server = server(&path).await.unwrap();
    assert_eq!((server.unix_path(), server.http_addr(), server.grpc_addr()), (Some(&*path), None, None));
    assert_eq!(http1(UnixStream::connect(&path).await.unwrap(), one()).await[0].code, 200);
    assert_eq!(http2(UnixStream::connect(&path).await.unwrap(), one()).await[0].code, 200);
    let export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let body = [&[0, 0, 0, 0, spans(1).len() as u8][..], &spans(1)].concat();
    let call =
        vec![request("POST", export, &[("content-type", "application/grpc"), ("te", "trailers")], body)];
    let reply = http2(UnixStream::connect(&path).await.unwrap(), call).await.remove(0);
    if cfg!(feature = "grpc") {
        assert_eq!(reply.trailers["grpc-status"], "0");
    } else {
        assert_eq!(reply.header("grpc-status"), "12");
        assert!(reply.header("grpc-message").contains("unix socket"));
    }
}

#[tokio::test]
async fn the_file_goes_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otlp.sock");
    let first = server(&path).await.unwrap();
    assert!(std::fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    assert!(first.shutdown(Duration::from_secs(30)).await);
    assert!(!path.exists());
    // A second server at the same place, where the first one's end must not take the file away.
    let second = server(&path).await.unwrap();
    drop(first);
    assert_eq!(http1(UnixStream::connect(&path).await.unwrap(), one()).await[0].code, 200);
    drop(second);
}

#[tokio::test]
async fn a_dead_socket_is_replaced_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otlp.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "as a killed server leaves it");
    let alive = server(&path).await.unwrap();
    let error = server(&path).await.unwrap_err();
    assert!(matches!(error, ServerError::Unix { .. }), "{error}");
    assert!(error.to_string().contains("otlp.sock"));
    assert_eq!(http1(UnixStream::connect(&path).await.unwrap(), one()).await[0].code, 200);
    drop(alive);
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "precious").unwrap();
    server(&file).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[tokio::test]
async fn beside_a_port() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otlp.sock");
    let server = Server::builder(|_: Batch, _: &Peer| Verdict::Accepted)
        .http(LOCAL.parse().unwrap())
        .unix(&path)
        .bearer("s3cret")
        .start()
        .await
        .unwrap();
    let reply =
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!(reply.code, 401);
    assert_eq!(http1(UnixStream::connect(&path).await.unwrap(), one()).await[0].code, 401);
}
