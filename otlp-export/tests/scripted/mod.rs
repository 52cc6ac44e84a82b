//! A server that answers from a script and keeps what it was asked.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(missing_debug_implementations, reason = "tests print what they assert")]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{BufMut, Bytes};
use http::{HeaderMap, Request, Response, Version};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use otlp_core::{Batch, Limits, Signal};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// One step of the script.
#[derive(Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub parts: Vec<Part>,
    /// Never answer.
    pub hang: bool,
    /// Answer before the body has been read.
    pub early: bool,
}

/// A piece of a response's body.
#[derive(Clone)]
pub enum Part {
    Data(Bytes),
    Trailers(Vec<(&'static str, String)>),
    /// Break off in the middle.
    Break,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn hang() -> Self {
        Self { hang: true, ..Self::status(200) }
    }

    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn data(mut self, data: impl Into<Bytes>) -> Self {
        self.parts.push(Part::Data(data.into()));
        self
    }

    pub fn then_break(mut self) -> Self {
        self.parts.push(Part::Break);
        self
    }

    pub fn trailer(mut self, name: &'static str, value: impl ToString) -> Self {
        match self.parts.last_mut() {
            Some(Part::Trailers(trailers)) => trailers.push((name, value.to_string())),
            _ => self.parts.push(Part::Trailers(vec![(name, value.to_string())])),
        }
        self
    }

    /// A gRPC answer of one uncompressed message, its trailers still to come.
    pub fn grpc(message: &[u8]) -> Self {
        Self::status(200).header("content-type", "application/grpc").data(frame(0, message))
    }

    /// A gRPC answer in headers alone.
    pub fn trailers_only(code: i32) -> Self {
        Self::status(200).header("content-type", "application/grpc").header("grpc-status", code)
    }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub version: Version,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct Scripted {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl Scripted {
    /// HTTP/1.1 in plaintext.
    pub async fn http1(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(script, Mode::Http1).await
    }

    /// HTTP/2 with prior knowledge, in plaintext.
    pub async fn http2(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(script, Mode::Http2).await
    }

    /// TLS; the version of HTTP is what ALPN says.
    #[cfg(feature = "tls")]
    pub async fn tls(script: impl IntoIterator<Item = Reply>, config: rustls::ServerConfig) -> Self {
        Self::start(script, Mode::Tls(Arc::new(config).into())).await
    }

    /// Accepts connections and closes them at once.
    pub async fn closing() -> Self {
        Self::start([], Mode::Closing).await
    }

    async fn start(script: impl IntoIterator<Item = Reply>, mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared =
            Arc::new(Shared { script: Mutex::new(script.into_iter().collect()), ..Shared::default() });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(mode.clone(), stream, Arc::clone(&accepting)));
            }
        });
        Self { addr, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The only request there was.
    pub fn asked_once(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1);
        asked[0].clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
enum Mode {
    Http1,
    Http2,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
    Closing,
}

async fn serve(mode: Mode, stream: TcpStream, shared: Arc<Shared>) {
    match mode {
        Mode::Http1 => serve_http1(stream, shared).await,
        Mode::Http2 => serve_http2(stream, shared).await,
        #[cfg(feature = "tls")]
        Mode::Tls(acceptor) => {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                serve_http2(stream, shared).await;
            } else {
                serve_http1(stream, shared).await;
            }
        }
        Mode::Closing => drop(stream),
    }
}

async fn serve_http1<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    // The connection's error is the point of some scripts.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Parts>, Infallible> {
    let (head, body) = request.into_parts();
    let reply = shared.script.lock().unwrap().pop_front().unwrap_or_else(|| Reply::status(200));
    let body = if reply.early {
        Bytes::new()
    } else {
        match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return pending().await,
        }
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        version: head.version,
        headers: head.headers,
        body,
    };
    shared.asked.lock().unwrap().push(asked);
    if reply.hang {
        return pending().await;
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    Ok(response.body(Parts(reply.parts.into())).unwrap())
}

/// A body in the scripted pieces.
struct Parts(VecDeque<Part>);

impl Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|part| {
            match part {
                Part::Data(data) => Ok(Frame::data(data)),
                Part::Trailers(trailers) => Ok(Frame::trailers(
                    trailers
                        .iter()
                        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                        .collect(),
                )),
                Part::Break => Err("as the script says"),
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// A gRPC frame.
pub fn frame(flag: u8, message: &[u8]) -> Bytes {
    let mut bytes = vec![flag];
    bytes.put_u32(message.len().try_into().unwrap());
    bytes.extend_from_slice(message);
    bytes.into()
}

/// A batch of one span with a name of that many bytes.
pub fn spans(name_bytes: usize) -> Batch {
    let name = vec![b'a'; name_bytes];
    let span = field(5, &name);
    let bytes = field(1, &field(2, &field(2, &span)));
    let batch = Batch::parse(Signal::Traces, bytes, &Limits::default()).unwrap();
    assert_eq!(batch.items(), 1);
    batch
}

/// A batch without items.
pub fn empty(signal: Signal) -> Batch {
    Batch::parse(signal, Bytes::new(), &Limits::default()).unwrap()
}

/// A length-delimited protobuf field.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = value.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(value);
    bytes
}
