//! HTTP over a connection: HTTP/1.1, one request at a time, or HTTP/2, shared by many.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use http::{Request, Response};
#[cfg(feature = "grpc")]
use hyper::client::conn::http2;
use hyper::{body::Incoming, client::conn::http1};
#[cfg(feature = "grpc")]
use hyper_util::rt::TokioExecutor;

use super::{body::RequestBody, stream::Stream};

/// HTTP/2 windows: the defaults (64 KiB) halve the throughput of large messages.
#[cfg(feature = "grpc")]
const STREAM_WINDOW: u32 = 4 << 20;
#[cfg(feature = "grpc")]
const CONNECTION_WINDOW: u32 = 16 << 20;
#[cfg(feature = "grpc")]
const MAX_FRAME: u32 = 1 << 20;

/// How long the end of an exchange may take after its answer was read; longer means that the server answered before the end of the
/// request, and does not read the rest.
const SETTLING: Duration = Duration::from_millis(100);

/// A connection that requests can be sent on.
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) sender: Sender,
    /// Of the server or of the proxy; none on a Unix socket.
    pub(super) address: Option<SocketAddr>,
    pub(super) born: Instant,
    pub(super) used: Instant,
}

pub(super) enum Sender {
    Http1(http1::SendRequest<RequestBody>),
    #[cfg(feature = "grpc")]
    Http2(http2::SendRequest<RequestBody>),
}

/// A request that got no answer.
pub(super) struct SendError {
    pub(super) cause: hyper::Error,
    /// Nothing of it was written: the connection had ended before.
    pub(super) unsent: bool,
}

impl Sender {
    /// Begins HTTP; the connection is driven on the current runtime.
    pub(super) async fn start(stream: Stream) -> Result<Self, hyper::Error> {
        #[cfg(feature = "grpc")]
        if stream.http2 {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_frame_size(MAX_FRAME)
                .handshake(stream.io)
                .await?;
            tokio::spawn(connection);
            return Ok(Self::Http2(sender));
        }
        let (sender, connection) = http1::handshake(stream.io).await?;
        // Its error reaches the request that it hits.
        tokio::spawn(connection);
        Ok(Self::Http1(sender))
    }

    /// A second handle, where requests share a connection.
    pub(super) fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            #[cfg(feature = "grpc")]
            Self::Http2(sender) => Some(Self::Http2(sender.clone())),
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        !matches!(self, Self::Http1(_))
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            #[cfg(feature = "grpc")]
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Whether the connection is fit for another request, once the one before has come to its end.
    pub(super) async fn settle(&mut self) -> bool {
        match self {
            Self::Http1(sender) => {
                sender.is_ready()
                    || matches!(tokio::time::timeout(SETTLING, sender.ready()).await, Ok(Ok(())))
            }
            #[cfg(feature = "grpc")]
            Self::Http2(sender) => !sender.is_closed(),
        }
    }

    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, SendError> {
        let answer = match self {
            Self::Http1(sender) => sender.try_send_request(request).await,
            #[cfg(feature = "grpc")]
            Self::Http2(sender) => sender.try_send_request(request).await,
        };
        answer.map_err(|error| SendError { unsent: error.message().is_some(), cause: error.into_error() })
    }
}
