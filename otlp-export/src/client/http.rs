//! OTLP/HTTP: one POST a batch, over HTTP/1.1, or HTTP/2 where TLS negotiates it (rule H2).

use std::time::SystemTime;

use http::{
    HeaderMap, HeaderValue, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
};
use hyper::body::Incoming;
use otlp_compress::Codec;
use otlp_core::Signal;

use super::{answer, read};
use crate::{Outcome, Protocol};

pub(super) async fn read_response(
    signal: Signal,
    protocol: Protocol,
    response: Response<Incoming>,
    limit: usize,
) -> Outcome {
    let (head, body) = response.into_parts();
    match read::collect(body, limit).await {
        Ok(body) => answer::http(signal, protocol, &head, body, limit, SystemTime::now()),
        Err(outcome) => outcome,
    }
}

/// Adds what every request carries besides the user's own.
pub(super) fn complete(headers: &mut HeaderMap, protocol: Protocol, codec: Codec) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(protocol)));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
    if codec != Codec::Identity {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(codec.content_coding()));
    }
}

/// What the client can read back, best first (rule H4).
const ACCEPTED: &str = if cfg!(feature = "zstd") { "zstd, gzip" } else { "gzip" };

const fn content_type(protocol: Protocol) -> &'static str {
    if protocol.is_json() { "application/json" } else { "application/x-protobuf" }
}
