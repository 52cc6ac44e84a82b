//! What is wrong with a registry, and where.

use std::fmt;

/// Why a registry was not resolved.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .0.0, .0.1)]
pub struct Error(Box<(Place, Problem)>);

impl Error {
    pub(super) fn new(place: Place, problem: Problem) -> Self {
        Self(Box::new((place, problem)))
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.0.0
    }

    /// What it is.
    pub fn problem(&self) -> &Problem {
        &self.0.1
    }
}

/// A place in a registry's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file, relative to the registry where it has more than one.
    pub file: String,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The id of the group, signal or attribute; empty outside of any.
    pub id: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.id.is_empty() {
            write!(f, ": `{}`", self.id)?;
        }
        Ok(())
    }
}

/// What can be wrong with a registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A file or folder cannot be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// Not UTF-8, or not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// Neither dialect of definitions, nor a resolved file.
    #[error("not a registry's file: {0}")]
    Format(String),
    /// A field is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field's value is not what the syntax allows there.
    #[error("`{field}` should be {expected}, not {found}")]
    Wrong {
        /// The field.
        field: String,
        /// What is allowed.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A field that is nearly one that the syntax knows.
    #[error("unknown field `{found}`; did you mean `{meant}`?")]
    Misspelled {
        /// What is there.
        found: String,
        /// What was probably meant.
        meant: &'static str,
    },
    /// A reference to something that nothing defines.
    #[error("{what} `{name}` is not defined in the registry or in what it stands on")]
    Dangling {
        /// What was looked for: an attribute, a group, a span, ...
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The same name is defined twice.
    #[error("{what} `{name}` is already defined at {first}")]
    Duplicate {
        /// What: an attribute, a group, a span, ...
        what: &'static str,
        /// Its name.
        name: String,
        /// The other definition.
        first: String,
    },
    /// Items that refer to each other in a circle.
    #[error("refers to itself: {0}")]
    Cycle(String),
    /// Two groups give the same attribute to one signal, so that it is undecided which of them is right.
    #[error("attribute `{key}` comes from both `{first}` and `{second}`; only one group may give it")]
    Collision {
        /// The attribute.
        key: String,
        /// A group that has it.
        first: String,
        /// Another one.
        second: String,
    },
    /// A refinement of an entity that changes what tells one such entity from another.
    #[error("a refinement cannot change whether `{0}` identifies the entity")]
    Identity(String),
    /// Two versions of one registry that do not go together.
    #[error("needs both `{first}` and `{second}`, which differ in their major version")]
    Versions {
        /// A version's schema URL.
        first: String,
        /// The other's.
        second: String,
    },
    /// A registry beyond one of the [`Limits`](super::Limits).
    #[error("more than {limit} {what} (`Limits::{setting}`)")]
    Limit {
        /// The limit.
        limit: usize,
        /// What there is too much of.
        what: &'static str,
        /// The field of [`Limits`](super::Limits) that raises it.
        setting: &'static str,
    },
}
