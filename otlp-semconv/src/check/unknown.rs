//! Names that the registry does not have.

use std::collections::HashMap;

/// Most names that are kept.
const MOST: usize = 10_000;

/// Unknown names, with what each was probably meant to be: it is searched once.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    names: Vec<Name>,
    by_name: HashMap<(Kind, Box<str>), u32>,
}

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Attribute,
    Metric,
    Event,
}

#[derive(Debug)]
pub(super) struct Name {
    pub(super) kind: Kind,
    pub(super) name: Box<str>,
    pub(super) nearest: Option<String>,
    pub(super) count: u64,
}

impl Unknown {
    /// The number of a name; `None` where there are too many.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        name: &str,
        nearest: impl FnOnce() -> Option<String>,
    ) -> Option<u32> {
        let name = super::store::clip(name);
        // A tuple of a borrowed and an owned name cannot be looked up without a copy; this is not the hot path.
        let key = (kind, Box::from(name));
        if let Some(index) = self.by_name.get(&key) {
            return Some(*index);
        }
        if self.names.len() >= MOST {
            return None;
        }
        let index = self.names.len() as u32;
        self.names.push(Name { kind, name: Box::from(name), nearest: nearest(), count: 0 });
        self.by_name.insert(key, index);
        Some(index)
    }

    pub(super) fn nearest(&self, index: u32) -> Option<&str> {
        self.names[index as usize].nearest.as_deref()
    }

    pub(super) fn count(&mut self, index: u32, times: u64) {
        self.names[index as usize].count += times;
    }

    pub(super) fn into_names(self) -> impl Iterator<Item = Name> {
        self.names.into_iter()
    }
}
