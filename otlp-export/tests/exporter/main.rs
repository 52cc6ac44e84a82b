//! The exporter against receivers that behave and that do not.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

mod backend;
mod batching;
mod cost;
mod delivery;
#[cfg(all(feature = "testing", feature = "disk-queue"))]
mod durable;
#[cfg(feature = "testing")]
mod known_report;
mod on_full;
mod one_cpu;
#[cfg(feature = "testing")]
mod property;
#[cfg(feature = "testing")]
mod runtime;
mod self_metrics;
