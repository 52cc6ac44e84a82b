//! The service `otlp.tracezip.v1.TracezipService`: its paths and messages. The definition stands in the book, in
//! `docs/src/tracezip-wire.md`.

use bytes::Bytes;
use prost::Message;

/// One stateless frame, answered like OTLP's `Export`.
pub(crate) const EXPORT: &str = "/otlp.tracezip.v1.TracezipService/Export";
/// Frames one after another with state kept between them, each answered.
pub(crate) const EXPORT_STREAM: &str = "/otlp.tracezip.v1.TracezipService/ExportStream";

/// `ExportRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExportRequest {
    /// One frame with its magic and checksums.
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) frame: Bytes,
}

/// A message around a frame.
pub(crate) fn request(frame: Bytes) -> Bytes {
    ExportRequest { frame }.encode_to_vec().into()
}

/// `ExportStreamResponse`: what became of one frame.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExportStreamResponse {
    /// Which frame of the stream, from 1.
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(oneof = "Answer", tags = "2, 3, 4")]
    pub(crate) answer: Option<Answer>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Answer {
    /// The batch was taken, wholly or in part: an encoded `ExportResponse`, which is that of all signals.
    #[prost(bytes = "bytes", tag = "2")]
    Taken(Bytes),
    /// The frame was read, and its batch not taken: an encoded `google.rpc.Status`.
    #[prost(bytes = "bytes", tag = "3")]
    Refused(Bytes),
    /// The frame could not be read from the state that this end has, and why: nothing was taken.
    #[prost(string, tag = "4")]
    ResetRequired(String),
}
