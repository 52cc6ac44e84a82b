//! One finding: what, where, how often, and what to do.

use std::fmt;
use std::sync::Arc;

use otlp_core::Signal;

use super::{FindingId, Level};

/// What is wrong at one place, told once however often it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub id: FindingId,
    /// The signal that it was found in.
    pub signal: Signal,
    /// The place, the same for all occurrences.
    pub place: Place,
    /// The attribute's key, or the metric's, event's or span's name; what it is about.
    pub key: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it, as an imperative sentence without a full stop.
    pub suggestion: Option<String>,
    /// What to use instead, where one thing can be named: an attribute's key, a value, a unit.
    pub replacement: Option<String>,
    /// How many items have it.
    pub count: u64,
    /// Where the first of them stands.
    pub first: Position,
}

impl Finding {
    /// How bad it is.
    pub const fn level(&self) -> Level {
        self.id.level()
    }
}

/// Where an item comes from, in the terms of its producer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Place {
    /// `service.name` of the resource; empty if unknown.
    pub service: Arc<str>,
    /// Name of the scope; empty if there is none or the finding is about the resource.
    pub scope: Arc<str>,
    /// What kind of thing it is.
    pub item: Item,
    /// Name of the span, metric, event or span event; empty for the others, and where there are too many places to keep.
    pub name: Arc<str>,
}

impl fmt::Display for Place {
    /// `service "cart", scope "http", span "GET /cart"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.service.is_empty() {
            write!(f, "service {:?}, ", self.service)?;
        }
        if !self.scope.is_empty() && self.item != Item::Scope {
            write!(f, "scope {:?}, ", self.scope)?;
        }
        f.write_str(self.item.as_str())?;
        match (self.item, &*self.name, &*self.scope) {
            (Item::Scope, _, "") | (_, "", _) if self.item != Item::Scope => Ok(()),
            (Item::Scope, _, scope) => write!(f, " {scope:?}"),
            (_, name, _) => write!(f, " {name:?}"),
        }
    }
}

/// What kind of thing a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// A resource.
    Resource,
    /// An instrumentation scope.
    Scope,
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
    /// A link of a span.
    SpanLink,
    /// A metric, or its points.
    Metric,
    /// A log record or an event.
    LogRecord,
    /// A profile, or its samples.
    Profile,
}

impl Item {
    /// The kind in words, such as `span event`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Span => "span",
            Self::SpanEvent => "span event",
            Self::SpanLink => "span link",
            Self::Metric => "metric",
            Self::LogRecord => "log record",
            Self::Profile => "profile",
        }
    }
}

/// A position in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Name of the input, such as a file; see [`Run::input`](super::Run::input).
    pub input: Arc<str>,
    /// Number of the message in it, from 1.
    pub message: u64,
    /// The way down from the request, in the names of OTLP/JSON: `resourceSpans[0].scopeSpans[0].spans[7].attributes[2]`.
    pub path: String,
}
