//! OTLP over gRPC: the unary `Export` calls, with this crate's own framing and compression.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Request, header, request::Parts};
use hyper::body::Incoming;
use otlp_compress::{Codec, Level, compress};
use otlp_core::Signal;

use super::{
    Peer, Receiver,
    activity::Busy,
    body::{self, RequestBody},
    budget::Reservation,
    companion::Companion,
    connection::Connection,
    content::{self, Coding},
    core::{Core, Success},
    decode::Wire,
    fault::{Fault, excerpt},
    http::COMPRESS_FROM,
    render,
    response::{Response, ResponseBody},
    trailers,
};
use crate::{
    Protocol,
    grpc::frame::{self, FrameDecoder, FrameError},
};

/// One call from head to answer.
pub(super) async fn handle<R: Receiver>(
    core: &Arc<Core<R>>,
    connection: &Connection,
    request: Request<Incoming>,
    held: Result<Reservation, Fault>,
    busy: Busy,
) -> Response {
    if let Some(companion) = Companion::of(request.uri().path()) {
        // Probes of load balancers bring no token, and health says nothing that a connection attempt does not.
        if companion != Companion::Health
            && let Err(fault) = core.authenticate(request.headers())
        {
            return trailers::refused(core, &fault);
        }
        return core.companions.call(companion, request).await.map(ResponseBody::tonic);
    }
    #[cfg(feature = "tracezip")]
    if core.tracezip && request.uri().path() == crate::grpc::tracezip::EXPORT_STREAM {
        return super::tracezip_stream::handle(core, connection, request, held, busy);
    }
    let (parts, body) = request.into_parts();
    let gzip = content::takes_gzip(&parts.headers, "grpc-accept-encoding");
    let mut body = RequestBody::new(body);
    let outcome = exchange(core, connection, parts, &mut body, held).await;
    body.discard_rest(&core.limits, false, busy);
    match outcome.and_then(|success| accepted(&success, gzip, core.limits.max_response_bytes())) {
        Ok(response) => response,
        Err(fault) => trailers::refused(core, &fault),
    }
}

async fn exchange<R: Receiver>(
    core: &Core<R>,
    connection: &Connection,
    parts: Parts,
    body: &mut RequestBody,
    held: Result<Reservation, Fault>,
) -> Result<Success, Fault> {
    let mut held = held?;
    let path = parts.uri.path();
    let Some(method) = Method::of(path, core.tracezip) else {
        return Err(Fault::Path { path: excerpt(path.as_bytes()), known: KNOWN });
    };
    if parts.method != http::Method::POST {
        return Err(Fault::Method { given: excerpt(parts.method.as_str().as_bytes()) });
    }
    core.authenticate(&parts.headers)?;
    let coding = content::coding(&parts.headers, "grpc-encoding", false)?;
    let limit = core.limits.body_timeout();
    let message = async {
        let max = core.limits.max_wire_bytes();
        let mut decoder = FrameDecoder::new(max);
        let mut size = 0;
        while let Some(chunk) = body.chunk().await? {
            // The frame's header comes on top of the message; the decoder checks the message itself.
            body::take(&chunk, &mut size, max.saturating_add(frame::HEADER_LEN), &mut held)?;
            decoder.push(chunk).map_err(frame_fault)?;
        }
        match decoder.finish().map_err(frame_fault)? {
            Some(frame) => Ok(frame),
            None => Err(frame_fault(FrameError::Truncated { received: 0, expected: frame::HEADER_LEN })),
        }
    };
    let frame = tokio::time::timeout(limit, message).await.map_err(|_| Fault::BodyTimeout { limit })??;
    let coding = match (frame.compressed, coding) {
        // A client may set the coding for the call and leave this one message as it is.
        (false, _) => Coding::IDENTITY,
        (true, Coding::IDENTITY) => return Err(Fault::FlagWithoutCoding),
        (true, coding) => coding,
    };
    let time = parts.headers.get("grpc-timeout").and_then(|value| timeout(value.as_bytes()));
    let peer = Peer::new(connection.remote, connection.tls, Protocol::Grpc, parts.headers);
    let wire = match method {
        Method::Export(signal) => Wire { signal, coding, json: false, bytes: frame.payload },
        #[cfg(feature = "tracezip")]
        Method::Tracezip => tracezip_wire(frame.payload, coding)?,
    };
    core.deliver(wire, held, peer, time).await
}

/// The unary methods.
enum Method {
    Export(Signal),
    #[cfg(feature = "tracezip")]
    Tracezip,
}

impl Method {
    fn of(path: &str, tracezip: bool) -> Option<Self> {
        #[cfg(feature = "tracezip")]
        if tracezip && path == crate::grpc::tracezip::EXPORT {
            return Some(Self::Tracezip);
        }
        let _ = tracezip;
        Signal::ALL.into_iter().find(|signal| signal.grpc_path() == path).map(Self::Export)
    }
}

/// A frame out of its message; the frame says the signal.
#[cfg(feature = "tracezip")]
fn tracezip_wire(message: bytes::Bytes, coding: Coding) -> Result<Wire, Fault> {
    use otlp_compress::tracezip::FrameHeader;
    use prost::Message as _;

    if coding != Coding::IDENTITY {
        return Err(Fault::TracezipMessage(format!("{} over a frame that is compressed", coding.name())));
    }
    let request = crate::grpc::tracezip::ExportRequest::decode(message)
        .map_err(|error| Fault::TracezipMessage(error.to_string()))?;
    let header = FrameHeader::read(&request.frame).map_err(Fault::Tracezip)?;
    Ok(Wire { signal: header.signal(), coding: Coding::Tracezip, json: false, bytes: request.frame })
}

const KNOWN: &str = "this server has Export of opentelemetry.proto.collector's trace.v1.TraceService, \
    metrics.v1.MetricsService, logs.v1.LogsService and profiles.v1development.ProfilesService, \
    grpc.health.v1.Health and grpc.reflection.v1.ServerReflection";

pub(super) fn frame_fault(error: FrameError) -> Fault {
    match error {
        FrameError::TooLarge { announced, limit } => {
            Fault::TooLargeOnTheWire { size: announced, at_least: false, limit }
        }
        other => Fault::Frame(other),
    }
}

/// `grpc-timeout`: up to eight digits and a unit. Others are ignored, as a missing one is.
fn timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(amount * 3600),
        b'M' => Duration::from_secs(amount * 60),
        b'S' => Duration::from_secs(amount),
        b'm' => Duration::from_millis(amount),
        b'u' => Duration::from_micros(amount),
        b'n' => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// One message and `grpc-status: 0` behind it.
fn accepted(success: &Success, gzip: bool, limit: usize) -> Result<Response, Fault> {
    let message = render::export_response(success, false, limit)?;
    let compressed = (gzip && message.len() >= COMPRESS_FROM)
        .then(|| compress(Codec::Gzip, Level::Fastest, &message).ok())
        .flatten();
    let coded = compressed.is_some();
    let message = compressed.unwrap_or(message);
    let header = frame::header(coded, message.len()).map_err(frame_fault)?;
    let mut framed = BytesMut::with_capacity(header.len() + message.len());
    framed.extend_from_slice(&header);
    framed.extend_from_slice(&message);
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let mut response = Response::new(ResponseBody::with_trailers(framed.freeze(), trailers));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, trailers::CONTENT_TYPE);
    if coded {
        headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_clients() {
        assert_eq!(timeout(b"10S"), Some(Duration::from_secs(10)));
        assert_eq!(timeout(b"99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(timeout(b"250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout(b"7u"), Some(Duration::from_micros(7)));
        assert_eq!(timeout(b"7n"), Some(Duration::from_nanos(7)));
        assert_eq!(timeout(b"2M"), Some(Duration::from_secs(120)));
        for bad in [&b""[..], b"S", b"10", b"10s", b"-1S", b"123456789S", b"1.5S"] {
            assert_eq!(timeout(bad), None, "{bad:?}");
        }
    }
}
