//! OTLP in and out: client, server and files.
#![forbid(unsafe_code)]

#[cfg(feature = "grpc")]
#[allow(dead_code, reason = "the client and the server that use it land next")]
mod grpc;
mod protocol;

pub use protocol::{ParseProtocolError, Protocol};
