// The front page's example needs a server; without one it is a page and no test.
#![cfg_attr(any(not(doctest), all(feature = "http", feature = "server")), doc = include_str!("../README.md"))]
#![deny(unsafe_code)]

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod clock;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "disk-queue")]
pub mod disk;
#[cfg(feature = "doctor")]
pub mod doctor;
mod endpoint;
#[cfg(feature = "http")]
mod exporter;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "grpc")]
mod grpc;
mod header;
#[cfg(feature = "http")]
mod ledger;
#[cfg(feature = "http")]
mod os;
#[cfg(feature = "http")]
mod outcome;
mod protocol;
mod retry;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod tracezip;

#[cfg(feature = "http")]
pub use client::{Balance, Client, ClientBuilder, ClientError, Headers, Prepared, Proxy};
#[cfg(feature = "http")]
pub use clock::Clock;
pub use config::{Config, HistogramAggregation, SignalConfig, TemporalityPreference, Warning};
#[cfg(feature = "http")]
pub use exporter::{
    Availability, BatchOptions, Destination, Dropped, Exporter, ExporterBuilder, ExporterError, OnFull,
    PartialSuccess, RejectReason, Rejected, is_suppressed,
};
#[cfg(feature = "http")]
pub use ledger::{Account, DestinationReport, DropReason, Ledger, Report};
pub use otlp_compress::{Codec, Level};
pub use otlp_core::Signal;
#[cfg(feature = "http")]
pub use outcome::{Delivery, Failure, FailureKind, Outcome};
pub use protocol::{ParseProtocolError, Protocol};
pub use retry::{Backoff, Jitter, RetryPolicy};
#[cfg(feature = "server")]
pub use server::{
    Peer, PeerAddress, Receiver, Refusal, Running, Server, ServerBuilder, ServerError, ServerLimits,
    ServerStats, SignalStats, Strictness, Verdict,
};
#[cfg(all(feature = "server", feature = "tls"))]
pub use tls::ServerTls;
pub use tls::{TlsError, TlsOptions};
pub use tracezip::Tracezip;
