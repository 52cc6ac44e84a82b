//! Tracezip frames: identity for every accepted input, streams under faults, hostile frames.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod frame;
mod hostile;
mod identity;
mod logs;
mod metrics;
mod stream;
mod synthetic;
mod vector;

use otlp_compress::tracezip::Inner;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};

/// Random batches in every encoding that protobuf allows.
fn random(signal: Signal, seed: u64, size: usize) -> Option<Batch> {
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    Batch::parse(signal, otlp_core::__random::request(signal, seed, size), &limits).ok()
}

/// The inner compressions of this build.
fn inners() -> impl Iterator<Item = Inner> {
    Inner::ALL.into_iter().filter(|inner| inner.is_supported())
}
