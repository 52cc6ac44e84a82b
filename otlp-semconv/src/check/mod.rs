//! The checker: findings on batches, by the rules of the conventions.
//!
//! ```
//! use otlp_core::Batch;
//! use otlp_semconv::check::{Checker, FindingId};
//! use otlp_semconv::registry::Registry;
//!
//! # fn batch() -> Batch { Batch::empty(otlp_core::Signal::Traces) }
//! let checker = Checker::new(Registry::builtin());
//! let mut run = checker.run();
//! run.check(&batch());
//! let report = run.finish();
//! for finding in &report.findings {
//!     println!("{} {}: {}", finding.level(), finding.place, finding.message);
//! }
//! assert!(report.findings.iter().all(|finding| finding.id != FindingId::TypeMismatch));
//! ```
//!
//! A [`Checker`] is made once of a registry and shared; a [`Run`] takes batches and remembers what it has seen: items of a shape
//! that was seen before (the same keys, the same types, the same values where rules look at values) cost a hash, not a look.

mod attribute;
mod checker;
mod entity;
mod finding;
mod id;
mod identity;
mod log;
mod look;
mod matching;
mod metric;
mod mix;
mod name;
mod naming;
mod profile;
mod report;
mod requirement;
mod resource;
mod run;
mod schema_url;
mod seen;
mod shape;
mod span;
mod spelling;
mod store;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod unknown;

pub use checker::Checker;
pub use finding::{Finding, Item, Place, Position};
pub use id::{FindingId, Level, UnknownFindingId, UnknownLevel};
pub use report::{Coverage, Matches, Report, Statistics};
pub use run::Run;
