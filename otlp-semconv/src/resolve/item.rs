//! Definitions as both dialects say them, before references are followed.

use std::borrow::Cow;

use super::error::Place;
use crate::registry::{
    Association, Attribute, Condition, Deprecation, Details, Expected, Instrument, Number, Requirement, Role,
    SpanKind, Stability, Value,
};

/// Everything that the files of one registry define.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) attributes: Vec<(Place, Attribute)>,
    pub(super) items: Vec<Item>,
    pub(super) imports: Vec<Import>,
}

/// A group or signal.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    /// What others refer to it by: of the older dialect the id, of the newer `span.TYPE`, `metric.NAME`, ...
    pub(super) id: String,
    pub(super) kind: Kind,
    /// `extends`, or the signal that a refinement refines.
    pub(super) base: Option<Base>,
    /// A refinement rather than a signal of its own.
    pub(super) refines: bool,
    pub(super) slots: Vec<Slot>,
    pub(super) stability: Option<Stability>,
    pub(super) requirement: Option<Requirement>,
    pub(super) deprecated: Option<Deprecation>,
    pub(super) entities: Option<Vec<Association>>,
    pub(super) details: Details,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum Kind {
    Group { public: bool },
    Metric { name: String, instrument: Option<Instrument>, unit: Option<String>, number: Option<Number> },
    Span { name: String, kind: Option<SpanKind> },
    Event { name: String },
    Entity { name: String },
}

impl Kind {
    /// The word for it in messages and in front of ids.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Group { .. } => "group",
            Self::Metric { .. } => "metric",
            Self::Span { .. } => "span",
            Self::Event { .. } => "event",
            Self::Entity { .. } => "entity",
        }
    }

    /// The signal's name; of a group there is only the id.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Group { .. } => None,
            Self::Metric { name, .. }
            | Self::Span { name, .. }
            | Self::Event { name }
            | Self::Entity { name } => Some(name),
        }
    }
}

/// What an item stands on.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) line: usize,
    /// The other item's id, or the name of a signal of the same kind.
    pub(super) name: String,
}

/// One entry of an item's attributes.
#[derive(Debug)]
pub(super) enum Slot {
    /// An attribute, and what is different about it here.
    Attribute { line: usize, key: String, patch: Box<Patch> },
    /// All attributes of a group.
    Group { line: usize, id: String },
}

/// What one layer says of an attribute's use; `None` leaves it to the layer below.
#[derive(Clone, Debug, Default)]
pub(super) struct Patch {
    pub(super) requirement: Option<(Requirement, Option<Sentence>)>,
    pub(super) sampling_relevant: Option<bool>,
    pub(super) role: Option<Role>,
    pub(super) stability: Option<Stability>,
    pub(super) deprecated: Option<(Deprecation, Cow<'static, str>)>,
    pub(super) brief: Option<Cow<'static, str>>,
    pub(super) note: Option<Cow<'static, str>>,
    pub(super) examples: Option<Vec<Value>>,
    pub(super) annotations: Option<Vec<(Cow<'static, str>, Value)>>,
    /// Pinned values from a registry whose notes are gone; a note of this layer takes their place.
    pub(super) expected: Option<Expected>,
}

/// A condition as written, or as a registry below already understood it.
#[derive(Clone, Debug)]
pub(super) enum Sentence {
    Written(Cow<'static, str>),
    Understood(Condition),
}

impl Patch {
    /// Puts `over` on top, field by field.
    pub(super) fn apply(&mut self, over: &Self) {
        fn set<T: Clone>(below: &mut Option<T>, over: &Option<T>) {
            if over.is_some() {
                below.clone_from(over);
            }
        }
        set(&mut self.requirement, &over.requirement);
        set(&mut self.sampling_relevant, &over.sampling_relevant);
        set(&mut self.role, &over.role);
        set(&mut self.stability, &over.stability);
        set(&mut self.deprecated, &over.deprecated);
        set(&mut self.brief, &over.brief);
        if over.note.is_some() {
            self.expected = None;
        }
        set(&mut self.note, &over.note);
        set(&mut self.expected, &over.expected);
        set(&mut self.examples, &over.examples);
        set(&mut self.annotations, &over.annotations);
    }
}

/// An entry of `imports`: which signals of the registries below are taken over.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) place: Place,
    pub(super) what: &'static str,
    /// A name, in which `*` stands for anything.
    pub(super) pattern: String,
}

impl Import {
    pub(super) fn matches(&self, what: &str, name: &str) -> bool {
        self.what == what && wildcard(&self.pattern, name)
    }
}

/// Whether `name` is of the pattern: the parts between stars stand in it in order, the first and last at its ends.
fn wildcard(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("host", "host", true),
            ("host", "hosts", false),
            ("k8s.*", "k8s.pod", true),
            ("k8s.*", "k8s", false),
            ("*", "anything", true),
            ("*.duration", "http.server.request.duration", true),
            ("http.*.duration", "http.server.request.duration", true),
            ("http.*.duration", "http.duration", false),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(wildcard(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
