//! Short forms for tests that use the test kit's server.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(missing_debug_implementations, reason = "tests print what they assert")]

use std::{net::SocketAddr, ops::Deref};

use bytes::{BufMut, Bytes};
use otlp_core::{Batch, Limits, Signal};
#[cfg(feature = "tls")]
use otlp_export::ServerTls;
pub use otlp_export::testing::Reply;
use otlp_export::testing::{Received, ScriptedServer};

/// A scripted server; a port that is not free is the test's end.
pub struct Scripted {
    pub addr: SocketAddr,
    server: ScriptedServer,
}

/// Who a server is, and which versions of HTTP it negotiates.
#[cfg(feature = "tls")]
pub struct Identity {
    pub tls: ServerTls,
    pub alpn: &'static [&'static str],
}

#[allow(clippy::unused_async, reason = "most callers are asynchronous and read alike so")]
impl Scripted {
    /// HTTP/1.1 in plaintext.
    pub async fn http1(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::of(ScriptedServer::builder().script(script).http1().start().unwrap())
    }

    /// HTTP/2 with prior knowledge, in plaintext.
    pub async fn http2(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::of(ScriptedServer::builder().script(script).http2().start().unwrap())
    }

    /// TLS; the version of HTTP is what ALPN says.
    #[cfg(feature = "tls")]
    pub async fn tls(script: impl IntoIterator<Item = Reply>, identity: &Identity) -> Self {
        Self::of(ScriptedServer::builder().script(script).tls(&identity.tls, identity.alpn).start().unwrap())
    }

    /// Accepts connections and closes them at once.
    pub async fn closing() -> Self {
        Self::of(ScriptedServer::closing().unwrap())
    }

    fn of(server: ScriptedServer) -> Self {
        Self { addr: server.address(), server }
    }

    pub fn asked(&self) -> Vec<Received> {
        self.server.received()
    }

    /// The only request there was.
    #[track_caller]
    pub fn asked_once(&self) -> Received {
        self.server.received_once()
    }
}

impl Deref for Scripted {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.server
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
