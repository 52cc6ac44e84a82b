//! Telemetry from one version of the conventions to another, older or newer, with a report of what was lost.
//!
//! A [`Plan`] goes version by version through what the published schema files changed, what only the registry knows to have
//! been renamed, and what was reviewed by hand: values, units, names that depend on the kind of span. Every change ends as
//! [applied](Outcome::Applied), [lossy](Outcome::Lossy) or [refused](Outcome::Refused); what is only applied, the opposite
//! plan undoes.

mod error;
mod metric;
mod pair;
mod place;
mod plan;
mod report;
mod reviewed;
mod rules;
pub(crate) mod schema;
mod table;
#[cfg(test)]
mod tests;
mod version;

pub use error::MigrateError;
pub use plan::{Collision, Mode, Plan};
pub use report::{Groups, MigrationReport, Operation, Outcome};
pub use version::Version;
