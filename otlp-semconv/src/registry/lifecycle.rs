//! How far an item has come, whether it is on its way out, and which registry it is from.

use std::borrow::Cow;

pub use crate::Stability;

/// Why a definition should no longer be used, and what to use instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deprecation {
    /// Another name took its place with the same meaning. For an enum member `to` is the other member's value or,
    /// as authors wrote it, its id.
    Renamed {
        /// The new name.
        to: Cow<'static, str>,
    },
    /// Gone without replacement.
    Obsoleted,
    /// Replaced in a way that a rename does not say: split, merged, moved, changed in meaning.
    Uncategorized,
    /// Older models give only a sentence.
    Unspecified,
}

impl Deprecation {
    /// The model's word for the reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Renamed { .. } => "renamed",
            Self::Obsoleted => "obsoleted",
            Self::Uncategorized => "uncategorized",
            Self::Unspecified => "unspecified",
        }
    }

    /// The new name, if this is a rename.
    pub fn renamed_to(&self) -> Option<&str> {
        match self {
            Self::Renamed { to } => Some(to),
            _ => None,
        }
    }
}

/// Which of [`Registry::sources`](super::Registry::sources) a definition is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Origin {
    /// Index into the sources; 0 is the registry itself, everything else one it stands on.
    pub source: u16,
    /// The live definition of this source stands here although another source keeps the same name as deprecated:
    /// it moved to a registry of its own (GenAI, MCP and OpenAI in 1.42). A note, not a fault.
    pub moved: bool,
}

/// One registry among those that were resolved together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The schema URL, for example `https://opentelemetry.io/schemas/1.44.0`; empty if the registry names none.
    pub schema_url: Cow<'static, str>,
}

impl Source {
    /// The last segment of the schema URL, by the specification its version; empty if there is none.
    pub fn version(&self) -> &str {
        self.schema_url.rsplit('/').next().unwrap_or_default()
    }
}
