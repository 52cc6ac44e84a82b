//! A connection of any kind, as hyper wants it.

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// TCP, a Unix socket, a proxy's tunnel, or TLS over one of them.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection, ready for a request.
pub(super) struct Stream {
    pub(super) io: TokioIo<Box<dyn Io>>,
    /// By agreement or by TLS.
    #[cfg_attr(not(feature = "grpc"), expect(dead_code, reason = "HTTP/2 is compiled in with gRPC"))]
    pub(super) http2: bool,
}

impl Stream {
    pub(super) fn new(io: Box<dyn Io>, http2: bool) -> Self {
        Self { io: TokioIo::new(io), http2 }
    }
}
