//! quick-protobuf 0.8, code by pb-rs 0.10: structs that borrow strings.

use quick_protobuf::{BytesReader, MessageRead as _, serialize_into_vec};

#[allow(warnings, clippy::all, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/quick/mod.rs"));
}

pub use generated::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

pub fn decode(bytes: &[u8]) -> quick_protobuf::Result<ExportTraceServiceRequest<'_>> {
    ExportTraceServiceRequest::from_reader(&mut BytesReader::from_bytes(bytes), bytes)
}

/// With its length in front, as its one call that gives a vector does.
pub fn encode(message: &ExportTraceServiceRequest<'_>) -> quick_protobuf::Result<Vec<u8>> {
    serialize_into_vec(message)
}
