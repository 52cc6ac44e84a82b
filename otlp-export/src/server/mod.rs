//! The receiving side: OTLP/gRPC and OTLP/HTTP on two ports or one.

mod activity;
mod auth;
mod body;
mod budget;
mod builder;
#[cfg(feature = "grpc")]
mod companion;
mod connection;
mod content;
mod core;
mod cors;
mod decode;
mod error;
mod fault;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod limit;
mod listener;
mod mapping;
mod peer;
mod receiver;
#[cfg(feature = "tls")]
mod reload;
mod render;
mod response;
mod running;
mod stats;
mod strictness;
#[cfg(feature = "tracezip")]
mod tracezip;
#[cfg(all(feature = "grpc", feature = "tracezip"))]
mod tracezip_stream;
mod trailers;
#[cfg(unix)]
mod unix;
mod verdict;

pub use builder::{Server, ServerBuilder};
pub use error::ServerError;
pub use limit::ServerLimits;
pub use peer::{Peer, PeerAddress};
pub use receiver::Receiver;
pub use running::Running;
pub use stats::{Refusal, ServerStats, SignalStats};
pub use strictness::Strictness;
pub use verdict::Verdict;
