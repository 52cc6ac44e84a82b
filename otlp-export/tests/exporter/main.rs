//! The exporter against receivers that behave and that do not.
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

#[allow(dead_code, reason = "a receiver can do more than each test wants")]
mod backend;
mod batching;
mod delivery;
mod on_full;
