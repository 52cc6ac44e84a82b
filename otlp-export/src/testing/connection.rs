//! Serving one connection by the script.

use std::{convert::Infallible, future::pending, sync::Arc, time::Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response, Version, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use otlp_compress::{Codec, decompress};
use otlp_core::{Batch, Limits, Signal, json::JsonOptions};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::{
    answer::{self, Parts},
    received::{Answered, Received},
    reply::{Answer, Fault, Reply},
    server::{Mode, Shared},
    wire::{Tap, Wire},
};
use crate::Protocol;

/// The largest stream number: GOAWAY with it leaves the requests under way alone.
const EVERY_STREAM: u32 = (1 << 31) - 1;

/// Serves until either side ends the connection.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>, number: usize) {
    // Answers are small; waiting to join them would only slow tests down.
    let _ = stream.set_nodelay(true);
    let (tap, wire) = Tap::new(stream);
    if matches!(shared.mode, Mode::Closing) {
        return;
    }
    shared.connected(&wire);
    tokio::select! {
        () = engine(tap, &shared, &wire, number) => {}
        () = wire.ended() => {}
    }
}

async fn engine(tap: Tap, shared: &Arc<Shared>, wire: &Arc<Wire>, number: usize) {
    match &shared.mode {
        Mode::Http1 => {
            http(tap, auto::Builder::new(TokioExecutor::new()).http1_only(), shared, wire, number).await
        }
        Mode::Http2 => {
            http(tap, auto::Builder::new(TokioExecutor::new()).http2_only(), shared, wire, number).await
        }
        Mode::Either => http(tap, auto::Builder::new(TokioExecutor::new()), shared, wire, number).await,
        #[cfg(feature = "tls")]
        Mode::Tls(config) => {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(config));
            if let Ok(stream) = acceptor.accept(tap).await {
                http(stream, auto::Builder::new(TokioExecutor::new()), shared, wire, number).await;
            }
        }
        Mode::Closing => {}
    }
}

async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    builder: auto::Builder<TokioExecutor>,
    shared: &Arc<Shared>,
    wire: &Arc<Wire>,
    number: usize,
) {
    let service = service_fn(|request| {
        let (shared, wire) = (Arc::clone(shared), Arc::clone(wire));
        async move { Ok::<_, Infallible>(exchange(request, &shared, &wire, number).await) }
    });
    // The connection's error is the point of some scripts.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// One request and its answer.
async fn exchange(
    request: Request<Incoming>,
    shared: &Shared,
    wire: &Wire,
    connection: usize,
) -> Response<Parts> {
    let (head, body) = request.into_parts();
    // Streams of tracezip are not part of any script: this server does not know them.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    if head.uri.path() == crate::grpc::tracezip::EXPORT_STREAM {
        let unknown = Reply::refused(404, otlp_core::rpc::Status::new(12, "no streams"));
        if let Some(answer) = answer::render(&unknown, Signal::Traces, Protocol::Grpc) {
            return answer;
        }
    }
    let reply = shared.next_reply();
    let body = if reply.early {
        // Read to its end beside the answer: closing over unread bytes resets the connection, and the client may lose the answer.
        tokio::spawn(discard(body));
        Bytes::new()
    } else {
        collect(body, &reply, wire).await
    };
    let taken = !reply.early && !matches!(reply.fault, Some(Fault::ResetRequestAt(_)));
    let path = head.uri.path();
    let known =
        Signal::ALL.into_iter().find(|signal| [signal.http_path(), signal.grpc_path()].contains(&path));
    #[cfg(feature = "tracezip")]
    let known = known.or_else(|| zipped(path, &head.headers, &body).map(|(signal, _)| signal));
    let signal = known.or_else(|| Signal::ALL.into_iter().find(|signal| path.contains(signal.as_str())));
    let signal = signal.unwrap_or(Signal::Traces);
    let protocol = protocol(&head.headers);
    let received = Received {
        at: Instant::now(),
        connection,
        method: head.method.to_string(),
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        version: if head.version == Version::HTTP_2 { "HTTP/2.0" } else { "HTTP/1.1" },
        batch: taken.then(|| decode(path, signal, protocol, &head.headers, &body)).flatten(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())))
            .collect(),
        body,
        signal,
        protocol,
        answered: answered(&reply),
    };
    shared.record(received);
    if let Some(gate) = &reply.gate {
        gate.passed().await;
    }
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    misbehave(&reply, head.version, wire);
    if matches!(reply.fault, Some(Fault::ResetRequestAt(_))) {
        // The reset is on its way; an answer must not overtake it.
        return pending().await;
    }
    match answer::render(&reply, signal, protocol) {
        Some(mut response) => {
            if reply.fault == Some(Fault::GoAway { answered: true }) && head.version != Version::HTTP_2 {
                response.headers_mut().insert("connection", http::HeaderValue::from_static("close"));
            }
            response
        }
        None => pending().await,
    }
}

/// The whole body; never returns if the script ends the connection before, or the client does.
async fn collect(mut body: Incoming, reply: &Reply, wire: &Wire) -> Bytes {
    let mut bytes = BytesMut::new();
    loop {
        if let Some(Fault::ResetRequestAt(at)) = reply.fault
            && bytes.len() as u64 >= at
        {
            wire.end(true);
            return pending().await;
        }
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    bytes.extend_from_slice(&data);
                }
            }
            Some(Err(_)) => return pending().await,
            None => return bytes.freeze(),
        }
    }
}

async fn discard(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

fn misbehave(reply: &Reply, version: Version, wire: &Wire) {
    match reply.fault {
        Some(Fault::EndResponseAt { bytes, reset }) => wire.end_after(bytes, reset),
        Some(Fault::GoAway { answered }) if version == Version::HTTP_2 => {
            wire.go_away(if answered { EVERY_STREAM } else { 0 });
        }
        Some(Fault::GoAway { answered: false }) => wire.end(false),
        // The body was shorter than the script thought.
        Some(Fault::ResetRequestAt(_)) => wire.end(true),
        Some(Fault::GoAway { answered: true }) | None => {}
    }
}

fn answered(reply: &Reply) -> Answered {
    let nothing_taken = reply.early || matches!(reply.fault, Some(Fault::ResetRequestAt(_)));
    let unknown = match reply.fault {
        Some(Fault::EndResponseAt { .. }) => true,
        Some(Fault::GoAway { answered: false }) => return Answered::Refused,
        _ => false,
    };
    match &reply.answer {
        _ if nothing_taken => Answered::Refused,
        Answer::Refused { .. } => Answered::Refused,
        Answer::Raw(status) if !(200..300).contains(status) => Answered::Refused,
        Answer::Never | Answer::Padded { .. } | Answer::Raw(_) => Answered::Unknown,
        _ if unknown => Answered::Unknown,
        Answer::Accepted => Answered::Accepted,
        Answer::Partial { rejected, .. } => Answered::Partial(*rejected),
    }
}

fn protocol(headers: &HeaderMap) -> Protocol {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes()).to_ascii_lowercase();
    if value.starts_with(b"application/grpc") {
        Protocol::Grpc
    } else if value.starts_with(b"application/json") {
        Protocol::HttpJson
    } else {
        Protocol::HttpProtobuf
    }
}

/// Larger requests are recorded without a batch.
const LARGEST: usize = 256 << 20;

fn decode(
    path: &str,
    signal: Signal,
    protocol: Protocol,
    headers: &HeaderMap,
    body: &Bytes,
) -> Option<Batch> {
    #[cfg(feature = "tracezip")]
    if let Some((found, message)) = zipped(path, headers, body) {
        return Batch::parse(found, message, &Limits::default().with_max_bytes(LARGEST)).ok();
    }
    let _ = path;
    let coding = |name: &str| {
        headers
            .get(name)
            .map_or(Some(Codec::Identity), |name| Codec::from_content_coding(name.to_str().ok()?))
    };
    let limits = Limits::default().with_max_bytes(LARGEST);
    let message = match protocol {
        Protocol::Grpc => {
            let payload = body.get(5..).map(|payload| body.slice_ref(payload))?;
            if body[0] == 1 { decompress(coding("grpc-encoding")?, &payload, LARGEST).ok()? } else { payload }
        }
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            decompress(coding("content-encoding")?, body, LARGEST).ok()?
        }
    };
    match protocol {
        Protocol::HttpJson => otlp_core::json::read(signal, &message, &JsonOptions::default(), &limits).ok(),
        Protocol::HttpProtobuf | Protocol::Grpc => Batch::parse(signal, message, &limits).ok(),
    }
}

/// What a body holds that is tracezip: the coding over HTTP, the method over gRPC.
#[cfg(feature = "tracezip")]
fn zipped(path: &str, headers: &HeaderMap, body: &Bytes) -> Option<(Signal, Bytes)> {
    #[cfg(feature = "grpc")]
    if path == crate::grpc::tracezip::EXPORT {
        use prost::Message as _;

        let message = body.get(5..).map(|message| body.slice_ref(message))?;
        let frame = crate::grpc::tracezip::ExportRequest::decode(message).ok()?.frame;
        return otlp_compress::tracezip::decompress(&frame, LARGEST).ok();
    }
    let _ = path;
    let coding = headers.get("content-encoding")?;
    if coding.as_bytes().eq_ignore_ascii_case(b"tracezip") {
        otlp_compress::tracezip::decompress(body, LARGEST).ok()
    } else {
        None
    }
}
