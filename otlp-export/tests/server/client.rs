//! Raw clients and the messages they send.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use otlp_core::rpc::Status;
use otlp_export::{Receiver, ServerLimits};
use otlp_export::{Running, Server};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";
pub(crate) const LOCAL: &str = "127.0.0.1:0";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    #[cfg_attr(not(feature = "grpc"), allow(dead_code))]
    pub(crate) trailers: HeaderMap,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `google.rpc.Status` in the body, in the encoding that the answer says.
    pub(crate) fn status(&self) -> Status {
        match self.header("content-type") {
            PROTOBUF => Status::decode(&self.body).unwrap(),
            JSON => Status::from_json(&self.body).unwrap(),
            other => panic!("{} answered with content type {other:?}", self.code),
        }
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "otlp.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

async fn read<B>(response: http::Response<B>) -> Reply
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Reply { code: parts.status.as_u16(), headers: parts.headers, body: collected.to_bytes(), trailers }
}

/// Sends over HTTP/1.1 on an open stream, one request after the other.
pub(crate) async fn http1(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    requests: Vec<Request<Full<Bytes>>>,
) -> Vec<Reply> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut replies = Vec::new();
    for request in requests {
        sender.ready().await.unwrap();
        replies.push(read(sender.send_request(request).await.unwrap()).await);
    }
    drop(sender);
    let _ = driver.await;
    replies
}

/// Sends over HTTP/2 on an open stream, all requests at once.
pub(crate) async fn http2(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    requests: Vec<Request<Full<Bytes>>>,
) -> Vec<Reply> {
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut waiting = Vec::new();
    for mut request in requests {
        *request.uri_mut() = format!("http://otlp.test{}", request.uri()).parse().unwrap();
        waiting.push(sender.send_request(request));
    }
    let mut replies = Vec::new();
    for response in waiting {
        replies.push(read(response.await.unwrap()).await);
    }
    replies
}

/// One POST over HTTP/1.1 on a connection of its own.
pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    send(address, request("POST", path, headers, body)).await
}

/// One request over HTTP/1.1 on a connection of its own.
pub(crate) async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Reply {
    let stream = TcpStream::connect(address).await.unwrap();
    http1(stream, vec![request]).await.remove(0)
}

/// One gRPC call on a connection of its own; `body` is framed already.
#[cfg(feature = "grpc")]
pub(crate) async fn call(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    let mut all = vec![("content-type", "application/grpc"), ("te", "trailers")];
    all.extend(headers);
    let stream = TcpStream::connect(address).await.unwrap();
    http2(stream, vec![request("POST", path, &all, body)]).await.remove(0)
}

/// Writes bytes, closes the sending side, reads what comes until the server closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may refuse before it has read all; its answer counts.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    rest(stream).await
}

/// What comes until the server closes.
pub(crate) async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A message in its gRPC frame.
#[cfg(feature = "grpc")]
pub(crate) fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(compressed)];
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend(message);
    bytes
}

/// A length-delimited protobuf field.
pub(crate) fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = payload.len();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(payload);
    bytes
}

/// A traces request of this many empty spans.
pub(crate) fn spans(count: usize) -> Vec<u8> {
    spans_of(&field(2, &[]).repeat(count))
}

/// A traces request with these bytes in its one `ScopeSpans`.
pub(crate) fn spans_of(scope_spans: &[u8]) -> Vec<u8> {
    field(1, &field(2, scope_spans))
}

/// A server on free ports with these limits: `grpc_addr` where that is compiled in, and `http_addr`.
pub(crate) async fn start(receiver: impl Receiver, limits: ServerLimits) -> Running {
    let builder = Server::builder(receiver).http(LOCAL.parse().unwrap()).limits(limits);
    #[cfg(feature = "grpc")]
    let builder = builder.grpc(LOCAL.parse().unwrap());
    builder.start().await.unwrap()
}
