//! Tracezip between client and server, and what happens where one of them does not have it.
#![cfg(all(feature = "tracezip", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

mod advertise;
#[cfg(feature = "grpc")]
mod fault;
#[cfg(feature = "grpc")]
mod grpc;
mod ledger;
#[cfg(feature = "grpc")]
mod raw;
#[cfg(feature = "grpc")]
mod stream;
mod support;
