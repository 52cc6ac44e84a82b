//! Published versions of the schema.

use std::fmt;
use std::str::FromStr;

use super::MigrateError;
use crate::generated::schemas::RELEASES;

/// Where the schemas of OpenTelemetry's conventions are published; the version follows.
const FAMILY: &str = "opentelemetry.io/schemas/";

/// A published schema version, from 1.4.0 on. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    /// All that are known, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..RELEASES.len() as u8).map(Self)
    }

    /// The newest that is known.
    pub fn newest() -> Self {
        Self((RELEASES.len() - 1) as u8)
    }

    /// The version that a `schema_url` names: `Ok(None)` for an empty one and for other families than OpenTelemetry's own.
    ///
    /// # Errors
    ///
    /// [`MigrateError::UnknownVersion`] for one of OpenTelemetry's that is not known here.
    pub fn of_url(url: &str) -> Result<Option<Self>, MigrateError> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        rest.and_then(|rest| rest.strip_prefix(FAMILY)).map(str::parse).transpose()
    }

    /// Its `schema_url`.
    pub fn url(self) -> String {
        format!("https://{FAMILY}{self}")
    }

    /// As in `1.44.0`.
    pub fn as_str(self) -> &'static str {
        RELEASES[self.index()].version
    }

    /// Its place among all.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Version {
    type Err = MigrateError;

    fn from_str(text: &str) -> Result<Self, MigrateError> {
        Self::all()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| MigrateError::UnknownVersion { given: text.chars().take(40).collect() })
    }
}
