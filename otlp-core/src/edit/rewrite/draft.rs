//! What can change in one message.

use std::borrow::Cow;

use super::shape::Shape;
use crate::edit::{encode, fits, key_of, put_pair, value_of};
use crate::value::ValueView;
use crate::view::View as _;
use crate::wire::{fields, put_len, text};
use crate::write::ValueRef;

/// A text of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Text {
    /// Name of a span, span event or metric; `event_name` of a log record.
    Name,
    /// Unit of a metric.
    Unit,
    /// `schema_url` of a resource or scope with what belongs to it, or of an entity.
    SchemaUrl,
}

/// One message while it changes: its attributes, by number, and its texts.
///
/// Attributes keep their places, new ones come last. Keys within arrays and maps are not among them. An entity's keys are as
/// attributes without values, which can only be renamed and removed.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) texts: [Option<Cow<'a, str>>; 3],
    pub(super) factor: Option<f64>,
    message: &'a [u8],
    numbers: [u32; 3],
    scalable: bool,
}

/// One attribute.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// Where its field stands in the source; nothing for a new one.
    pub(super) at: Option<(usize, usize)>,
    /// Number of the field.
    pub(super) number: u32,
    /// Payload of the field.
    payload: &'a [u8],
    key: Cow<'a, str>,
    body: Body,
    renamed: bool,
}

/// What stands behind the key.
#[derive(Debug, PartialEq, Eq)]
enum Body {
    /// What stood there.
    Kept,
    /// Nothing, as the message has keys only.
    Bare,
    /// Payload of the `AnyValue`.
    Value(Vec<u8>),
    /// The attribute goes.
    Gone,
}

/// Most levels of arrays and maps in a new value, as in [`Edits::set`](crate::edit::Edits::set).
const MOST_LEVELS: usize = crate::edit::MOST_LEVELS;

impl<'a> Draft<'a> {
    /// A message that starts at `start`; `entries` comes empty, for its room.
    pub(super) fn new(
        shape: &Shape,
        message: &'a [u8],
        start: usize,
        strings: &[&'a str],
        mut entries: Vec<Entry<'a>>,
        scalable: bool,
    ) -> Self {
        if shape.attributes != 0 || !shape.keys.is_empty() {
            for field in fields(message) {
                let at = Some((start + field.start, start + field.end));
                let payload = field.value.bytes();
                let (key, body) = if field.number == shape.attributes {
                    (key_of(payload, strings), Body::Kept)
                } else if shape.keys.contains(&field.number) {
                    (text(payload), Body::Bare)
                } else {
                    continue;
                };
                let key = Cow::Borrowed(key);
                entries.push(Entry { at, number: field.number, payload, key, body, renamed: false });
            }
        }
        Self { entries, texts: [const { None }; 3], factor: None, message, numbers: shape.texts, scalable }
    }

    /// How many attributes there are, removed ones included.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no attribute.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The key of an attribute; `None` if it is removed, or there is none of this number.
    pub fn key(&self, index: usize) -> Option<&str> {
        self.entries.get(index).filter(|entry| entry.body != Body::Gone).map(|entry| &*entry.key)
    }

    /// The value of an attribute; empty where there is none.
    pub fn value(&self, index: usize) -> ValueView<'_> {
        match self.entries.get(index) {
            Some(Entry { body: Body::Kept, payload, .. }) => ValueView::scan(value_of(payload)),
            Some(Entry { body: Body::Value(value), .. }) => ValueView::scan(value),
            _ => ValueView::Empty,
        }
    }

    /// Gives an attribute another key, and nothing else; one that has this key already stays beside it.
    pub fn rename(&mut self, index: usize, to: impl Into<Cow<'a, str>>) {
        if let Some(entry) = self.entries.get_mut(index) {
            (entry.key, entry.renamed) = (to.into(), true);
        }
    }

    /// Gives an attribute another value; one with more than 16 levels of arrays and maps becomes an empty one.
    pub fn set<'v>(&mut self, index: usize, value: impl Into<ValueRef<'v>>) {
        if let Some(entry) = self.entries.get_mut(index)
            && matches!(entry.body, Body::Kept | Body::Value(_))
        {
            entry.body = Body::Value(payload(value.into()));
        }
    }

    /// Takes an attribute away; the others keep their numbers.
    pub fn remove(&mut self, index: usize) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.body = Body::Gone;
        }
    }

    /// Appends a copy of an attribute under another key; gives its number.
    pub fn copy(&mut self, index: usize, to: impl Into<Cow<'a, str>>) -> Option<usize> {
        let entry = self.entries.get(index)?;
        let body = match &entry.body {
            Body::Kept => Body::Value(value_of(entry.payload).to_vec()),
            Body::Value(value) => Body::Value(value.clone()),
            Body::Bare => Body::Bare,
            Body::Gone => return None,
        };
        let number = entry.number;
        self.entries.push(Entry { at: None, number, payload: &[], key: to.into(), body, renamed: true });
        Some(self.entries.len() - 1)
    }

    /// A text; empty where the message has none.
    pub fn text(&self, which: Text) -> &str {
        match &self.texts[which as usize] {
            Some(new) => new,
            None => self.old_text(which),
        }
    }

    /// Gives the message another text; nothing where it has none of this kind.
    pub fn set_text(&mut self, which: Text, to: impl Into<Cow<'a, str>>) {
        let to = to.into();
        if self.numbers[which as usize] != 0 {
            self.texts[which as usize] = (to != self.old_text(which)).then_some(to);
        }
    }

    /// Multiplies what a metric's points have measured, with sums, bounds, extremes, quantiles and exemplars; integers become
    /// doubles. By 0.001 means divided by 1000, which rounds once.
    ///
    /// `false`, and nothing, for exponential histograms, whose buckets lie at powers of their base and nowhere else, and for
    /// what is no metric.
    pub fn scale(&mut self, factor: f64) -> bool {
        if self.scalable {
            self.factor = Some(self.factor.map_or(factor, |before| before * factor));
        }
        self.scalable
    }

    fn old_text(&self, which: Text) -> &'a str {
        let number = self.numbers[which as usize];
        let found = fields(self.message).filter(|field| number != 0 && field.number == number).last();
        found.map_or("", |field| text(field.value.bytes()))
    }
}

/// The payload of the `AnyValue`.
fn payload(value: ValueRef<'_>) -> Vec<u8> {
    match value {
        ValueRef::Str(text) => {
            let mut out = Vec::with_capacity(text.len() + 4);
            put_len(&mut out, 1, text.as_bytes());
            out
        }
        value => encode(if fits(&value, MOST_LEVELS) { value } else { ValueRef::Empty }),
    }
}

impl Entry<'_> {
    /// Whether anything has to be written or left out for it.
    pub(super) fn changed(&self) -> bool {
        match self.body {
            Body::Kept | Body::Bare => self.renamed,
            Body::Gone => self.at.is_some(),
            Body::Value(_) => true,
        }
    }

    /// Appends its field, if it is there.
    pub(super) fn write(&self, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        scratch.clear();
        match &self.body {
            Body::Gone => return,
            Body::Bare => scratch.extend_from_slice(self.key.as_bytes()),
            Body::Value(value) => put_pair(&self.key, value, scratch),
            Body::Kept => {
                if !self.key.is_empty() {
                    put_len(scratch, 1, self.key.as_bytes());
                }
                for field in fields(self.payload).filter(|field| !matches!(field.number, 1 | 3)) {
                    scratch.extend_from_slice(&self.payload[field.start..field.end]);
                }
            }
        }
        put_len(out, self.number, scratch);
    }
}
