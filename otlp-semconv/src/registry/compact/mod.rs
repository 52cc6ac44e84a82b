//! The compact text form: facts only, one line an item or a use of an attribute, made to be embedded and to read well in diffs.
//!
//! Tabs separate fields; `\t`, `\n`, `\r` and `\\` are escaped. The line's first field says what it is:
//!
//! | line | fields |
//! |---|---|
//! | `registry` | format version |
//! | `source` | schema URL |
//! | `a` | key, type, stability, options |
//! | `m` | a member of the attribute above: id, value, stability, options |
//! | `refine` | the next signal is a refinement of this id |
//! | `metric` | name, instrument, unit, number or `-`, requirement, stability, options |
//! | `span` | name, kind, requirement, stability, options |
//! | `event` | name, requirement, stability, options |
//! | `entity` | name, stability, options |
//! | `group` | id, `public` or `internal`, stability, options |
//! | `u` | an attribute used by the item above: key, requirement, options |
//!
//! Options are fields that start with a letter of [`option`].

mod read;
mod write;

pub use read::CompactError;

/// What the options of a line start with.
mod option {
    /// Deprecated: `r` and the new name, `o`bsoleted, `u`ncategorized or `-`.
    pub(super) const DEPRECATED: char = 'x';
    /// Origin: index of the source, `!` behind it if the item moved.
    pub(super) const ORIGIN: char = 'o';
    /// A template of a span's name.
    pub(super) const NAME: char = 'n';
    /// The span type that this one specialises.
    pub(super) const EXTENDS: char = '<';
    /// An entity that the signal is about.
    pub(super) const ENTITY: char = '@';
    /// So many of the following associations, one of which has to hold.
    pub(super) const ONE_OF: char = '|';
    /// So many of the following associations, all of which have to hold.
    pub(super) const ALL_OF: char = '&';
    /// Relevant for sampling.
    pub(super) const SAMPLING: char = '!';
    /// An identifying attribute.
    pub(super) const IDENTIFYING: char = 'I';
    /// A descriptive attribute.
    pub(super) const DESCRIPTIVE: char = 'D';
    /// A value that MUST be there.
    pub(super) const MUST: char = 'V';
    /// A value that SHOULD be there.
    pub(super) const SHOULD: char = 'v';
    /// The requirement has a condition.
    pub(super) const CONDITION: char = '?';
    /// The condition: the other attribute is there.
    pub(super) const PRESENT: char = 'p';
    /// The condition: the other attribute is missing.
    pub(super) const ABSENT: char = 'q';
    /// The condition: the other attribute has one of the values that follow.
    pub(super) const EQUALS: char = 'e';
    /// The condition: the other attribute has a value beyond those that follow.
    pub(super) const DIFFERS: char = 'd';
    /// A value of the condition.
    pub(super) const VALUE: char = '=';
    /// The condition: the operation failed.
    pub(super) const FAILED: char = 'f';
    /// The condition's sentence names this attribute.
    pub(super) const MENTIONS: char = 'M';
    /// The stability of this use.
    pub(super) const STABILITY: char = 't';
}

#[cfg(test)]
mod tests;
