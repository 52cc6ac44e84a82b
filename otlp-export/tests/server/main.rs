//! The server from outside, over real sockets; rule numbers in the names are those of the OTLP conformance list.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

mod client;
mod cors;
mod fault;
mod flood;
mod frame;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod lifecycle;
mod limit;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(feature = "grpc")]
mod port;
mod strictness;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;
