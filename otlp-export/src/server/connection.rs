//! One connection: which protocol, which requests, when it ends.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc};

use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use super::{
    PeerAddress, Receiver, ServerLimits,
    activity::{Activity, Busy, Finding, Watched},
    budget::Reservation,
    content,
    core::Core,
    fault::Fault,
    http::{self as plain, Format},
    response::Response,
    trailers,
};

/// Flow-control windows of HTTP/2, a stream's and a connection's, in bytes; the protocol's own 64 KiB halve the throughput.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Largest HTTP/2 frame, in bytes.
const FRAME: u32 = 1 << 20;
/// Most bytes of headers in an HTTP/2 request. A table of many short ones takes several times as much, for each stream.
const HEADERS: u32 = 32 << 10;
/// Read buffer of an HTTP/1 connection, in bytes, into which all headers of a request must fit.
const BUFFER: usize = 64 << 10;
/// Streams that a client may reset before this side has looked at them, and faulty ones that this side resets, until the
/// connection is ended; see also [`Activity::flooded`].
const PENDING_RESETS: usize = 20;
const OWN_RESETS: usize = 1024;
/// Bytes of answers that wait in a stream for its window.
const SEND_BUFFER: usize = 64 << 10;

/// What one port speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port {
    /// `None` for a unix socket.
    pub(super) address: Option<SocketAddr>,
    pub(super) grpc: bool,
    pub(super) http: bool,
}

/// What a request may want to know about its connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    pub(super) remote: PeerAddress,
    pub(super) tls: bool,
    pub(super) port: Port,
}

/// Serves a connection until it ends, idles, stalls, or the server stops and its requests are answered.
pub(super) async fn serve<R: Receiver>(
    core: Arc<Core<R>>,
    connection: Connection,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    mut stop: watch::Receiver<bool>,
) {
    let activity = Activity::new();
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let limits = core.limits.clone();
    let (head, idle, response) = (limits.header_timeout(), limits.idle_timeout(), limits.response_timeout());
    let requests = Arc::clone(&activity);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (core, busy, awaited) = (Arc::clone(&core), requests.begin(), requests.awaited());
        // Here and not in the future, which waits for its turn with all headers in memory.
        let held = core.reserve(request.headers());
        if held.is_err() {
            content::keep_essential(request.headers_mut());
        }
        async move {
            let response = answer(&core, &connection, request, held, busy).await;
            awaited.answered();
            Ok::<_, Infallible>(response)
        }
    });
    let builder = protocol(&limits);
    let mut serving = pin!(builder.serve_connection(io, service));
    let mut stopping = *stop.borrow_and_update();
    if stopping {
        serving.as_mut().graceful_shutdown();
    }
    let mut closing = false;
    loop {
        let next = match activity.check(head, idle, response) {
            Finding::Fine(next) => next,
            Finding::SlowHead | Finding::SlowReader => return,
            Finding::Idle if closing => return,
            Finding::Idle => {
                // HTTP/2 clients learn of it and may still have sent a request; they get another moment for that.
                closing = true;
                serving.as_mut().graceful_shutdown();
                tokio::time::Instant::now() + head
            }
        };
        tokio::select! {
            // How a connection ended is its client's concern; each request was answered or counted by itself.
            _ = serving.as_mut() => return,
            _ = stop.changed(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
            () = activity.flooded() => return,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

fn protocol(limits: &ServerLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `Activity` keeps this time: hyper's also ends connections that only idle between two requests.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        // A client may close its sending side after the request and still wait for the answer.
        .half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .max_header_list_size(HEADERS)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(OWN_RESETS)
        .max_send_buf_size(SEND_BUFFER)
        .max_concurrent_streams(limits.max_streams())
        .keep_alive_interval(limits.idle_timeout() / 2)
        .keep_alive_timeout(limits.header_timeout());
    builder
}

/// Finds out which side a request belongs to; a port that does not speak its protocol says which does.
async fn answer<R: Receiver>(
    core: &Arc<Core<R>>,
    connection: &Connection,
    request: Request<Incoming>,
    held: Result<Reservation, Fault>,
    busy: Busy,
) -> Response {
    let port = connection.port;
    let mut response = match (is_grpc(&request), port) {
        #[cfg(feature = "grpc")]
        (true, Port { grpc: true, .. }) if request.version() != http::Version::HTTP_2 => {
            plain::refused(core, &Fault::GrpcNeedsHttp2, Format::of(request.headers()))
        }
        #[cfg(feature = "grpc")]
        (true, Port { grpc: true, .. }) => {
            super::grpc::handle(core, connection, request, held, busy.clone()).await
        }
        (true, _) => trailers::refused(core, &wrong_port(port, "OTLP/HTTP", "OTLP/gRPC", core.grpc.get())),
        (false, Port { http: true, .. }) => {
            plain::handle(core, connection, request, held, busy.clone()).await
        }
        (false, _) => {
            let fault = wrong_port(port, "OTLP/gRPC", "OTLP/HTTP", core.http.get());
            plain::refused(core, &fault, Format::of(request.headers()))
        }
    };
    response.body_mut().hold(busy);
    response
}

fn is_grpc(request: &Request<Incoming>) -> bool {
    content::ContentType::of(request.headers()) == content::ContentType::Grpc
}

fn wrong_port(here: Port, speaks: &'static str, asked: &'static str, other: Option<&SocketAddr>) -> Fault {
    let elsewhere = match other {
        Some(address) => format!("is served on {address}"),
        None => "is not served here".to_owned(),
    };
    let here = here.address.map_or_else(|| "the unix socket".to_owned(), |address| address.to_string());
    Fault::WrongPort { here, speaks, asked, elsewhere }
}
