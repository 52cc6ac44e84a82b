//! The server from outside, over real sockets; rule numbers in the names are those of the OTLP conformance list.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

mod client;
mod fault;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod lifecycle;
mod limit;
#[cfg(feature = "grpc")]
mod port;
#[cfg(feature = "tls")]
mod tls;
