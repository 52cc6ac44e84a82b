//! Signal definitions: metrics, spans, events, entities, and groups of attributes.

use std::borrow::Cow;

use super::{AttributeUse, Deprecation, Details, Origin, Requirement, Stability};
pub use crate::{Instrument, Number, SpanKind};

/// The definition of a metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The metric's name, for example `http.server.request.duration`.
    pub name: Cow<'static, str>,
    /// The instrument.
    pub instrument: Instrument,
    /// The unit in UCUM, for example `s` or `{request}`.
    pub unit: Cow<'static, str>,
    /// Whether its numbers are whole, where the model says so.
    pub number: Option<Number>,
    /// Whether instrumentation has to report the metric; `Recommended` where the model does not say.
    pub requirement: Requirement,
    /// The attributes of its points, by key.
    pub attributes: Vec<AttributeUse>,
    /// The entities it is about: at least one of the entries has to hold. Empty: any.
    pub entities: Vec<Association>,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// The definition of a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Span {
    /// The span's type, for example `http.server`: the model's id without `span.`.
    pub name: Cow<'static, str>,
    /// The kind.
    pub kind: SpanKind,
    /// How a span of this type is called: templates over attribute keys, best first, for example
    /// `{http.request.method} {http.route}`. The first whose attributes are all there applies. Empty where the
    /// convention gives none, or only words.
    pub names: Vec<Cow<'static, str>>,
    /// The span type this one specialises, for example `db.client` of `db.mysql.client`.
    pub extends: Option<Cow<'static, str>>,
    /// The attributes, by key.
    pub attributes: Vec<AttributeUse>,
    /// The entities it is about: at least one of the entries has to hold. Empty: any.
    pub entities: Vec<Association>,
    /// Whether instrumentation has to report the span; `Recommended` where the model does not say.
    pub requirement: Requirement,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// The definition of an event: a log record with an event name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The event's name, for example `exception`.
    pub name: Cow<'static, str>,
    /// The attributes, by key.
    pub attributes: Vec<AttributeUse>,
    /// The entities it is about: at least one of the entries has to hold. Empty: any.
    pub entities: Vec<Association>,
    /// Whether instrumentation has to report the event; `Recommended` where the model does not say.
    pub requirement: Requirement,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// The definition of an entity: what a resource describes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entity {
    /// The entity's type, for example `k8s.pod`.
    pub name: Cow<'static, str>,
    /// The attributes, by key, each with a role.
    pub attributes: Vec<AttributeUse>,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// A group of attributes that signals share and other registries may refer to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttributeGroup {
    /// The group's id.
    pub id: Cow<'static, str>,
    /// Whether it means something by itself; others are for referring to only, and no resolved file has them.
    pub public: bool,
    /// The attributes, by key.
    pub attributes: Vec<AttributeUse>,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// A signal as one system or library shows it: everything of the signal it refines, made more precise.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refinement<T> {
    /// The refinement's id, for example `span.messaging.kafka.send.producer`.
    pub id: Cow<'static, str>,
    /// The signal, complete, under the name of what it refines.
    pub signal: T,
}

/// Which entities a signal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Association {
    /// This entity, by its type.
    Entity(Cow<'static, str>),
    /// At least one of these holds.
    OneOf(Vec<Self>),
    /// All of these hold.
    AllOf(Vec<Self>),
}
