//! Everything that can be wrong with a request, as data; `mapping` gives each its codes.

use std::time::Duration;

use otlp_compress::DecompressError;
#[cfg(feature = "tracezip")]
use otlp_compress::tracezip::TracezipError;
#[cfg(feature = "tracezip")]
use otlp_core::Signal;
use otlp_core::{ParseError, json::JsonError};
use thiserror::Error;

#[cfg(feature = "grpc")]
use crate::grpc::frame::FrameError;

/// Why a request is not answered with success. The text goes to the client.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("{given} is not allowed here: OTLP is sent with POST")]
    Method { given: String },

    #[error("nothing at {path:?}: {known}")]
    Path { path: String, known: &'static str },

    #[error("{}", content_type_text(.given.as_deref()))]
    ContentType { given: Option<String> },

    #[error("unknown content coding {given:?}: this server accepts {accepted}")]
    Coding { given: String, accepted: &'static str },

    #[error("this port ({here}) speaks {speaks} only; {asked} {elsewhere}")]
    WrongPort { here: String, speaks: &'static str, asked: &'static str, elsewhere: String },

    #[cfg(feature = "grpc")]
    #[error("gRPC needs HTTP/2, this request came over HTTP/1")]
    GrpcNeedsHttp2,

    #[error("the bearer token is missing or wrong")]
    Unauthenticated,

    #[error("the request message has {}{size} bytes on the wire, the limit is {limit} (max_wire_bytes)", if *.at_least { "at least " } else { "" })]
    TooLargeOnTheWire { size: u64, at_least: bool, limit: usize },

    #[error(
        "the request message has more than {limit} bytes when decompressed (max_bytes of the message limits)"
    )]
    TooLarge { limit: usize },

    #[error("the body does not decompress: {0}")]
    Compression(DecompressError),

    #[cfg(feature = "tracezip")]
    #[error("the body does not decompress: {0}")]
    Tracezip(TracezipError),

    #[cfg(feature = "tracezip")]
    #[error("the tracezip frame holds {found}, not {expected}")]
    TracezipSignal { expected: Signal, found: Signal },

    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    #[error("not a message of otlp.tracezip.v1.TracezipService: {0}")]
    TracezipMessage(String),

    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    #[error("{limit} tracezip streams are open (max_tracezip_streams): send with Export")]
    TooManyStreams { limit: usize },

    #[cfg(feature = "grpc")]
    #[error("{0}")]
    Frame(FrameError),

    #[cfg(feature = "grpc")]
    #[error("the message is marked as compressed, but grpc-encoding names no coding")]
    FlagWithoutCoding,

    #[error("the body ended early: {0}")]
    Truncated(String),

    #[error("not a valid protobuf message: {0}")]
    Protobuf(ParseError),

    #[error("not valid OTLP/JSON: {0}")]
    Json(JsonError),

    #[error("the body did not arrive within {limit:?} (body_timeout)")]
    BodyTimeout { limit: Duration },

    #[error("the receiver gave no verdict within {limit:?}")]
    ReceiveTimeout { limit: Duration },

    #[error("too many bytes in flight, the limit is {limit} (max_in_flight_bytes)")]
    Overloaded { limit: usize },

    #[error("the receiver asks to send again later")]
    RetryLater { after: Option<Duration> },

    #[error("{what}")]
    Invalid { what: String },

    #[error("the receiver failed")]
    Internal,

    #[error("the response does not fit {limit} bytes (max_response_bytes)")]
    ResponseTooLarge { limit: usize },
}

fn content_type_text(given: Option<&str>) -> String {
    let accepted = "OTLP/HTTP accepts application/x-protobuf and application/json";
    match given {
        Some(given) => format!("unsupported Content-Type {given:?}: {accepted}"),
        None => format!("the Content-Type is missing: {accepted}"),
    }
}

/// A text from the request, cut to what fits an error message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(128)]);
    if bytes.len() > 128 { format!("{text}...") } else { text.into_owned() }
}
