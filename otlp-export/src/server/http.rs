//! OTLP over plain HTTP: one POST, one answer in the encoding of the request.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use otlp_compress::{Codec, Level, compress};
use otlp_core::Signal;

use super::{
    Peer, Receiver,
    activity::Busy,
    body::RequestBody,
    budget::Reservation,
    connection::Connection,
    content::{self, ContentType},
    core::{Core, Success},
    cors::Grant,
    decode::Wire,
    fault::{Fault, excerpt},
    mapping::{self, Answer},
    render,
    response::{Response, ResponseBody},
};
use crate::Protocol;

/// Answers shorter than this are not worth compressing.
pub(super) const COMPRESS_FROM: usize = 1024;

/// How the answer is written: as the request was (H1), and JSON where the request's type is neither, because then a person with
/// a tool like curl is the likely reader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    json: bool,
    gzip: bool,
}

impl Format {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            json: ContentType::of(headers) != ContentType::Protobuf,
            gzip: content::takes_gzip(headers, header::ACCEPT_ENCODING.as_str()),
        }
    }
}

/// One request from head to answer.
pub(super) async fn handle<R: Receiver>(
    core: &Arc<Core<R>>,
    connection: &Connection,
    request: Request<Incoming>,
    held: Result<Reservation, Fault>,
    busy: Busy,
) -> Response {
    let (parts, body) = request.into_parts();
    let granted = core.cors.as_ref().map(|cors| cors.grant(&parts));
    if let Some(preflight) = granted.as_ref().and_then(Grant::preflight) {
        return preflight;
    }
    let format = Format::of(&parts.headers);
    let waits = parts.headers.contains_key(header::EXPECT);
    let mut body = RequestBody::new(body);
    let outcome = exchange(core, connection, parts, &mut body, held).await;
    body.discard_rest(&core.limits, waits, busy);
    let mut response =
        match outcome.and_then(|success| accepted(&success, format, core.limits.max_response_bytes())) {
            Ok(response) => response,
            Err(fault) => refused(core, &fault, format),
        };
    if core.tracezip && !response.headers().contains_key(header::ACCEPT_ENCODING) {
        let accepted = HeaderValue::from_static(content::accepted(true));
        response.headers_mut().insert(header::ACCEPT_ENCODING, accepted);
    }
    if let Some(granted) = granted {
        granted.note(response.headers_mut());
    }
    response
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
    let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.http_path() == path) else {
        return Err(Fault::Path { path: excerpt(path.as_bytes()), known: known_paths() });
    };
    if parts.method != Method::POST {
        return Err(Fault::Method { given: excerpt(parts.method.as_str().as_bytes()) });
    }
    core.authenticate(&parts.headers)?;
    let json = match ContentType::of(&parts.headers) {
        ContentType::Protobuf => false,
        ContentType::Json => true,
        ContentType::Grpc | ContentType::Unknown => return Err(ContentType::fault(&parts.headers)),
    };
    // What it compresses is protobuf.
    let tracezip = core.tracezip && !json;
    let coding = content::coding(&parts.headers, header::CONTENT_ENCODING.as_str(), tracezip)?;
    let limit = core.limits.body_timeout();
    let collected = body.collect(core.limits.max_wire_bytes(), &mut held);
    let bytes = tokio::time::timeout(limit, collected).await.map_err(|_| Fault::BodyTimeout { limit })??;
    let protocol = if json { Protocol::HttpJson } else { Protocol::HttpProtobuf };
    let peer = Peer::new(connection.remote, connection.tls, protocol, parts.headers);
    core.deliver(Wire { signal, coding, json, bytes }, held, peer, None).await
}

const fn known_paths() -> &'static str {
    "OTLP/HTTP is served at /v1/traces, /v1/metrics, /v1/logs and /v1development/profiles"
}

/// 200 for success and for partial success (H8).
fn accepted(success: &Success, format: Format, limit: usize) -> Result<Response, Fault> {
    let body = render::export_response(success, format.json, limit)?;
    Ok(respond(StatusCode::OK, body, format))
}

/// A `google.rpc.Status` under the code of the fault (H9).
pub(super) fn refused<R>(core: &Core<R>, fault: &Fault, format: Format) -> Response {
    let Answer { http, mut status, refusal, header } = fault.answer();
    core.counters.refused(refusal);
    render::shorten(&mut status, core.limits.max_response_bytes() / 16);
    let delay = status.retry_delay;
    let body = if format.json { status.to_json().into_bytes() } else { status.encode() };
    let mut response = respond(http, body.into(), format);
    if let Some(delay) = delay {
        let seconds = mapping::retry_after_seconds(delay);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn respond(status: StatusCode, body: Bytes, format: Format) -> Response {
    let compressed = (format.gzip && body.len() >= COMPRESS_FROM)
        .then(|| compress(Codec::Gzip, Level::Fastest, &body).ok())
        .flatten();
    let coded = compressed.is_some();
    let mut response = Response::new(ResponseBody::whole(compressed.unwrap_or(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, if format.json { content::JSON } else { content::PROTOBUF });
    if coded {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
