//! The real binary against files, itself, and servers that misbehave on purpose. One test binary, so that it is linked once.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in helpers of tests, which clippy does not see as tests"
)]

mod bench;
mod check;
mod compress;
mod conformance;
mod convert;
mod doctor;
mod help;
mod inspect;
mod migrate;
mod receive;
mod relay;
mod send;
mod support;
mod transport;
