//! The protocol's rules by number, and probes that find out which of them a server keeps to (feature `conformance`).
//!
//! [`RULES`] is the list; [`Target`] probes any endpoint for those that bind servers. `otlp conformance` shows the findings.

mod finding;
mod grpc;
mod http;
mod json;
mod payload;
mod probe;
mod rule;
mod session;
mod target;
#[cfg(all(test, feature = "testing"))]
mod tests;
pub(crate) mod wire;

pub use finding::{Finding, Judgement};
pub use rule::{Level, RULES, Rule, Who};
pub use target::{ProbeError, Target};
