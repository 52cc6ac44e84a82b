//! What keeps a migration from being made.

use super::Version;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// No such schema version was published, or it is newer than this build.
    #[error(
        "{given:?} is not a schema version that is known here: they go from {} to {}",
        Version::all().next().map_or("", Version::as_str),
        Version::newest()
    )]
    UnknownVersion {
        /// What was asked for, at most 40 characters of it.
        given: String,
    },
}
