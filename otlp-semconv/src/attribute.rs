//! `Attribute`, and the ways by which attributes leave their builder.

use core::fmt;

use crate::{Name, Value};

/// An attribute: a name and a value, both borrowed.
#[derive(Clone, Copy, PartialEq)]
pub struct Attribute<'a> {
    name: Name<'a>,
    value: Value<'a>,
}

impl<'a> Attribute<'a> {
    #[inline(always)]
    pub(crate) const fn new(key: &'static str, value: Value<'a>) -> Self {
        Self { name: Name::constant(key), value }
    }

    #[inline(always)]
    pub(crate) const fn named(name: Name<'a>, value: Value<'a>) -> Self {
        Self { name, value }
    }

    /// The name.
    pub const fn name(&self) -> Name<'a> {
        self.name
    }

    /// The key of the convention; for templates the prefix with its dot.
    pub const fn key(&self) -> &'static str {
        self.name.prefix()
    }

    /// The value.
    pub const fn value(&self) -> Value<'a> {
        self.value
    }
}

impl Attribute<'_> {
    /// Hands it to `sink`.
    #[inline(always)]
    pub fn write_to(self, sink: &mut impl Sink) {
        sink.put(self);
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}", self.name, self.value)
    }
}

/// What takes attributes: the writers of otlp-core (feature `write`), vectors of `opentelemetry::KeyValue` (feature
/// `opentelemetry`), every closure.
pub trait Sink {
    /// Takes one.
    fn put(&mut self, attribute: Attribute<'_>);
}

impl<F: FnMut(Attribute<'_>)> Sink for F {
    #[inline(always)]
    fn put(&mut self, attribute: Attribute<'_>) {
        self(attribute);
    }
}

/// Which attributes of a span are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    All,
    /// Those that samplers look at, to be given when the span starts.
    Start,
    /// The others, which may come later.
    Later,
}

/// A set of attributes, filled by the setters of a builder: what spans, metrics, events and entities share.
///
/// ```
/// use otlp_semconv::{Attribute, Attributes as _, service};
///
/// let service = service::entity::Service::new("shop").version("1.4.2");
/// let mut keys = Vec::new();
/// service.write_to(&mut |attribute: Attribute<'_>| keys.push(attribute.key()));
/// assert_eq!(keys, ["service.name", "service.version"]);
/// ```
pub trait Attributes {
    /// Hands the attributes that are set, in the convention's order, to `sink`.
    fn each(&self, part: Part, sink: &mut impl Sink);

    /// All of them.
    #[inline(always)]
    fn write_to(&self, sink: &mut impl Sink) {
        self.each(Part::All, sink);
    }
}
