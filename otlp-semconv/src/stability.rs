//! How far a convention has come, and what a deprecated one was replaced by.

/// How far a definition has come (OTEP 232). The order is by trust: `Development < Stable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stability {
    /// May change or go at any time; older models write `experimental`. What a definition that says nothing is.
    #[default]
    Development,
    /// Early, usable by those who follow changes.
    Alpha,
    /// Nearly complete.
    Beta,
    /// Stable unless something is found.
    ReleaseCandidate,
    /// Changes only as the specification's stability guarantees allow.
    Stable,
}

impl Stability {
    /// The model's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::ReleaseCandidate => "release_candidate",
            Self::Stable => "stable",
        }
    }

    /// The stability behind the model's word; `experimental` is `Development`. `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "development" | "experimental" => Self::Development,
            "alpha" => Self::Alpha,
            "beta" => Self::Beta,
            "release_candidate" => Self::ReleaseCandidate,
            "stable" => Self::Stable,
            _ => return None,
        })
    }
}

/// Why a convention should no longer be used, and what to use instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deprecated {
    /// This name took its place with the same meaning.
    Renamed(&'static str),
    /// Gone without replacement.
    Obsoleted,
    /// Replaced in a way that a rename does not say: split, merged, moved, changed in meaning.
    Uncategorized,
    /// No reason is given.
    Unspecified,
}

impl Deprecated {
    /// The new name, if this is a rename.
    pub const fn renamed_to(self) -> Option<&'static str> {
        match self {
            Self::Renamed(to) => Some(to),
            _ => None,
        }
    }
}
