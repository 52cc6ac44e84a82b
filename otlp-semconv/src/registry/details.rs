//! What authors wrote about an item.

use std::borrow::Cow;

use super::Value;

/// What authors wrote about an item beyond its facts: kept from YAML and resolved files.
///
/// The built-in registry holds facts only; there, every item's details are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Details {
    /// One sentence.
    pub brief: Cow<'static, str>,
    /// More than that.
    pub note: Cow<'static, str>,
    /// Why it is deprecated, in words.
    pub deprecated: Cow<'static, str>,
    /// A span's rule for its name, in words.
    pub name: Cow<'static, str>,
    /// Example values; a single example is a list of one.
    pub examples: Vec<Value>,
    /// Annotations for tools, as a map.
    pub annotations: Vec<(Cow<'static, str>, Value)>,
}

impl Details {
    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The annotation at a path of map keys, for example `["code_generation", "exclude"]`.
    pub fn annotation(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let (_, top) = self.annotations.iter().find(|(name, _)| name == first)?;
        rest.iter().try_fold(top, |value, key| value.get(key))
    }
}
