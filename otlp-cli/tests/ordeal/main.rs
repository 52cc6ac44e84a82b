//! `otlp relay` as a process, in what goes wrong around it: kills at random moments, disks that are full,
//! fail or lose their last bytes, and a long time of faults under load.
#![cfg(unix)]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails; what it has counted is worth knowing"
)]

#[cfg(target_os = "linux")]
mod account;
#[cfg(target_os = "linux")]
mod disk;
mod kill;
mod producer;
mod receiver;
mod relay;
#[cfg(target_os = "linux")]
mod soak;

use std::sync::atomic::{AtomicU64, Ordering};

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

/// A name for what one test sends. The port of a relay that was killed may be another test's a moment later, and with it a request
/// that was meant for the dead: so receivers look at the name.
fn fresh_tag() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("ordeal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
