//! `Group`: what stands around items.

use std::fmt;

use super::walk::Place;
use crate::Signal;
use crate::value::{Attributes, ResourceView, ScopeView};
use crate::view::{Repeated, View as _};
use crate::wire::{Value, fields, text, varint_len};

/// Kind of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The whole request.
    Request,
    /// What one resource produced.
    Resource,
    /// What one scope of a resource produced.
    Scope,
    /// One metric: its name, unit, description.
    Metric,
    /// A metric's points: its kind and temporality.
    Data,
}

/// A group that stands around items, and its own fields: all but those that lead to the items.
#[derive(Clone, Copy)]
pub struct Group<'a, 'w> {
    pub(super) place: &'w Place<'a>,
    pub(super) level: usize,
}

impl<'a> Group<'a, '_> {
    /// Which kind of group it is.
    pub const fn level(&self) -> Level {
        match self.level {
            0 => Level::Request,
            1 => Level::Resource,
            2 => Level::Scope,
            3 => Level::Metric,
            _ => Level::Data,
        }
    }

    /// Bytes that its own fields take.
    pub fn header_len(&self) -> usize {
        self.place.header_len(self.level)
    }

    /// Its own fields, in pieces that lie apart.
    pub fn own_fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let source = self.place.source;
        self.place.headers[self.level].iter().map(move |part| &source[part.start..part.end])
    }

    /// Bytes that it takes as a field of the group above when its payload, its own fields included, has `payload` bytes.
    pub const fn field_len(&self, payload: usize) -> usize {
        if self.level == 0 {
            return payload;
        }
        let number = self.place.groups[self.level].number;
        varint_len((number as u64) << 3) + varint_len(payload as u64) + payload
    }

    /// The resource, on the level of resources; `None` if it is unknown.
    pub fn resource(&self) -> Option<ResourceView<'a>> {
        (self.level() == Level::Resource).then(|| self.bytes(1).map(ResourceView::scan)).flatten()
    }

    /// The scope, on the level of scopes; `None` if it is unknown.
    pub fn scope(&self) -> Option<ScopeView<'a>> {
        (self.level() == Level::Scope).then(|| self.bytes(1).map(ScopeView::scan)).flatten()
    }

    /// Attributes of the resource or scope; nothing on other levels.
    pub fn attributes(&self) -> Attributes<'a> {
        let number = match self.level() {
            Level::Resource => 1,
            Level::Scope => 3,
            _ => return Repeated::of(&[], 1),
        };
        Repeated::of(self.bytes(1).unwrap_or_default(), number)
    }

    /// Schema URL of a resource or scope; empty where there is none.
    pub fn schema_url(&self) -> &'a str {
        match self.level() {
            Level::Resource | Level::Scope => text(self.bytes(3).unwrap_or_default()),
            _ => "",
        }
    }

    /// Name of a metric; empty on other levels.
    pub fn metric_name(&self) -> &'a str {
        self.metric_text(1)
    }

    /// Unit of a metric; empty on other levels.
    pub fn metric_unit(&self) -> &'a str {
        self.metric_text(3)
    }

    /// Kind of a metric's points, in the protocol's words, on the level of data: `gauge`, `sum`, `histogram`,
    /// `exponential_histogram`, `summary`.
    pub const fn metric_kind(&self) -> Option<&'static str> {
        match self.level() {
            Level::Data => Some(match self.place.groups[self.level].number {
                5 => "gauge",
                7 => "sum",
                9 => "histogram",
                10 => "exponential_histogram",
                _ => "summary",
            }),
            _ => None,
        }
    }

    /// The signal that the items belong to.
    pub const fn signal(&self) -> Signal {
        self.place.signal
    }

    fn metric_text(&self, number: u32) -> &'a str {
        match self.level() {
            Level::Metric => text(self.bytes(number).unwrap_or_default()),
            _ => "",
        }
    }

    /// The last value of an own field that is a message, a text or bytes.
    fn bytes(&self, number: u32) -> Option<&'a [u8]> {
        let mut found = None;
        for part in &self.place.headers[self.level] {
            for field in fields(&self.place.source[part.start..part.end]) {
                if let Value::Len(bytes) = field.value
                    && field.number == number
                {
                    found = Some(bytes);
                }
            }
        }
        found
    }
}

impl fmt::Debug for Group<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("level", &self.level())
            .field("header_len", &self.header_len())
            .finish_non_exhaustive()
    }
}
