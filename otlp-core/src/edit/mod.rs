//! Changing attributes of encoded batches by splicing bytes.
//!
//! ```
//! use otlp_core::{Batch, Signal, edit::{Edits, Place}};
//! # let batch = Batch::empty(Signal::Traces);
//! let edits = Edits::new()
//!     .set(Place::Resource, "deployment.environment.name", "staging")
//!     .rename(Place::Item, "http.method", "http.request.method")
//!     .delete(Place::Item, "http.request.header.cookie");
//! let edited = edits.apply(&batch)?;
//! # Ok::<(), otlp_core::edit::EditError>(())
//! ```
//!
//! [`Edits`] are the same for every message; [`rewrite`] asks about each, down to span events and exemplars, and also changes
//! names, units and the numbers of points.

mod apply;
mod attribute;
#[cfg(feature = "hash")]
mod hash;
mod rewrite;
mod splice;
#[cfg(test)]
mod tests;

pub use rewrite::{Draft, Look, Spot, Text, rewrite};

use crate::logs::LogsWriter;
use crate::trace::SpanView;
use crate::value::AttributeView;
use crate::view::View as _;
use crate::wire::{fields, put_len};
use crate::write::ValueRef;
use crate::{Batch, KeyRef, Signal};

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// At the span, log record or data point itself; attributes of events, links and exemplars are not among them.
    Item,
    /// At the scope.
    Scope,
    /// At the resource.
    Resource,
}

/// Changes of attributes, made one after the other.
///
/// What they do where a key stands several times, which it should not: deleting takes all away and hashing hashes each;
/// after setting and renaming the new key stands once, in the place of the first. Renaming to a key that stands already
/// replaces that one. Attributes keep their places; new ones come last. Keys within arrays and maps are not looked at, and
/// `dropped_attributes_count` stays as it is, as do references of entities to keys.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    list: Vec<(Place, Action)>,
}

/// One change.
#[derive(Debug, Clone)]
enum Action {
    /// `value` is the payload of an `AnyValue`.
    Set {
        key: String,
        value: Vec<u8>,
        replace: bool,
    },
    Delete {
        key: String,
    },
    Rename {
        from: String,
        to: String,
    },
    #[cfg(feature = "hash")]
    Hash {
        key: String,
        salt: Vec<u8>,
    },
}

/// Why edits cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Attributes of profiles stand in a table that other profiles share.
    #[error("attributes of profiles themselves cannot be edited, only those of their resources and scopes")]
    ProfileItems,
}

/// Most levels of arrays and maps in a value that is set; whatever it is set in stays far from the limit of 100.
const MOST_LEVELS: usize = 16;

impl Edits {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an attribute this value, new or not. A resource or scope that is not there is made.
    ///
    /// A value with more than 16 levels of arrays and maps in each other becomes an empty one.
    #[must_use]
    pub fn set<'k, 'v>(
        self,
        place: Place,
        key: impl Into<KeyRef<'k>>,
        value: impl Into<ValueRef<'v>>,
    ) -> Self {
        self.put(place, key.into(), value.into(), true)
    }

    /// As [`set`](Self::set), but leaves an attribute alone that is there already.
    #[must_use]
    pub fn set_missing<'k, 'v>(
        self,
        place: Place,
        key: impl Into<KeyRef<'k>>,
        value: impl Into<ValueRef<'v>>,
    ) -> Self {
        self.put(place, key.into(), value.into(), false)
    }

    /// Takes an attribute away.
    #[must_use]
    pub fn delete<'k>(self, place: Place, key: impl Into<KeyRef<'k>>) -> Self {
        let key = key.into().name().to_owned();
        self.with(place, Action::Delete { key })
    }

    /// Gives an attribute another key.
    #[must_use]
    pub fn rename<'k, 't>(
        self,
        place: Place,
        from: impl Into<KeyRef<'k>>,
        to: impl Into<KeyRef<'t>>,
    ) -> Self {
        let (from, to) = (from.into().name().to_owned(), to.into().name().to_owned());
        self.with(place, Action::Rename { from, to })
    }

    /// Replaces an attribute's value by 64 hexadecimal digits that tell nothing but whether two values are equal: SHA-256
    /// over the salt's length (eight bytes, little-endian), the salt, and the value: the bytes of a text or of bytes, the
    /// shortest encoding of anything else.
    ///
    /// Without a salt that stays secret, values that can be guessed can be found by trying: use at least 16 random bytes.
    #[cfg(feature = "hash")]
    #[must_use]
    pub fn hash<'k>(self, place: Place, key: impl Into<KeyRef<'k>>, salt: &[u8]) -> Self {
        let key = key.into().name().to_owned();
        self.with(place, Action::Hash { key, salt: salt.to_vec() })
    }

    /// Whether there is nothing to change.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The batch with these changes.
    ///
    /// What they do not touch arrives as it was, byte for byte, unknown fields included; a batch without anything to change
    /// shares its bytes. Items are not decoded: the keys of attributes are compared where they stand. Memory beyond the new
    /// batch grows with the number of places that change.
    ///
    /// In profiles, keys of resources and scopes may stand in the dictionary, where they are looked up; a text that an edit
    /// replaces stays in the dictionary.
    ///
    /// # Errors
    ///
    /// [`EditError::ProfileItems`] for changes of items in profiles, whose attributes stand in a table that they share.
    pub fn apply(&self, batch: &Batch) -> Result<Batch, EditError> {
        if batch.signal() == Signal::Profiles && self.list.iter().any(|(place, _)| *place == Place::Item) {
            return Err(EditError::ProfileItems);
        }
        Ok(apply::apply(self, batch, None))
    }

    fn put(self, place: Place, key: KeyRef<'_>, value: ValueRef<'_>, replace: bool) -> Self {
        let value = encode(if fits(&value, MOST_LEVELS) { value } else { ValueRef::Empty });
        self.with(place, Action::Set { key: key.name().to_owned(), value, replace })
    }

    fn with(mut self, place: Place, action: Action) -> Self {
        self.list.push((place, action));
        self
    }
}

/// Gives spans the W3C `tracestate` that `state` says, and leaves it where that is `None`; other signals come back as they are.
///
/// Everything else arrives as it was, byte for byte; a batch in which nothing changes shares its bytes.
///
/// ```
/// # use otlp_core::{Batch, Signal, edit};
/// # let batch = Batch::empty(Signal::Traces);
/// let without = edit::set_trace_states(&batch, |span| (!span.trace_state().is_empty()).then(String::new));
/// ```
pub fn set_trace_states<'a>(
    batch: &'a Batch,
    mut state: impl FnMut(SpanView<'a>) -> Option<String>,
) -> Batch {
    if batch.signal() != Signal::Traces {
        return batch.clone();
    }
    static NONE: Edits = Edits { list: Vec::new() };
    apply::apply(&NONE, batch, Some(&mut state))
}

/// Whether a value has at most so many levels of lists.
fn fits(value: &ValueRef<'_>, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !matches!(value, ValueRef::Array(_) | ValueRef::Map(_));
    };
    match value {
        ValueRef::Array(values) => values.iter().all(|value| fits(value, below)),
        ValueRef::Map(pairs) => pairs.iter().all(|(_, value)| fits(value, below)),
        _ => true,
    }
}

/// The payload of the `AnyValue`, as the writers make it.
fn encode(value: ValueRef<'_>) -> Vec<u8> {
    let mut writer = LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().attr("k", value);
    let batch = writer.finish();
    let attribute = batch.logs().and_then(|logs| logs.log_records().next()?.attributes().get(0));
    attribute.map(|attribute| value_of(attribute.encoded()).to_vec()).unwrap_or_default()
}

/// The payload of a `KeyValue`'s value; nothing where there is none.
fn value_of(attribute: &[u8]) -> &[u8] {
    fields(attribute).filter(|field| field.number == 2).last().map_or(&[], |field| field.value.bytes())
}

/// Appends a `KeyValue`'s fields.
fn put_pair(key: &str, value: &[u8], out: &mut Vec<u8>) {
    if !key.is_empty() {
        put_len(out, 1, key.as_bytes());
    }
    put_len(out, 2, value);
}

/// The key of a `KeyValue`, which may stand in a string table.
fn key_of<'a>(attribute: &'a [u8], strings: &[&'a str]) -> &'a str {
    let view = AttributeView::scan(attribute);
    let entry = usize::try_from(view.key_strindex()).ok().filter(|index| *index > 0);
    entry.and_then(|index| strings.get(index).copied()).unwrap_or_else(|| view.key())
}
