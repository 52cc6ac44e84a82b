//! The conventions as data: what every attribute, metric, span, event and entity is.

mod attribute;
mod builtin;
mod compact;
mod details;
mod lifecycle;
mod signal;
mod usage;
mod value;

use std::ops::Index;

pub use attribute::{Attribute, AttributeType, Member, ValueType};
pub use compact::CompactError;
pub use details::Details;
pub use lifecycle::{Deprecation, Origin, Source, Stability};
pub use signal::{
    Association, AttributeGroup, Entity, Event, Instrument, Metric, Number, Refinement, Span, SpanKind,
};
pub use usage::{AttributeId, AttributeUse, Condition, Expected, Requirement, Role, When};
pub use value::Value;

/// A resolved registry: every reference followed, every list sorted by name.
///
/// ```
/// use otlp_semconv::registry::{Registry, Requirement};
///
/// let registry = Registry::builtin();
/// let server = registry.span("http.server").unwrap();
/// let method = server.attributes.iter().find(|used| registry[used.attribute].key == "http.request.method").unwrap();
/// assert_eq!(method.requirement, Requirement::Required);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    pub(crate) sources: Vec<Source>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Event>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) groups: Vec<AttributeGroup>,
    pub(crate) metric_refinements: Vec<Refinement<Metric>>,
    pub(crate) span_refinements: Vec<Refinement<Span>>,
    pub(crate) event_refinements: Vec<Refinement<Event>>,
}

/// The item of a list sorted by `name`.
fn find<'a, T>(list: &'a [T], name: &str, of: impl Fn(&T) -> &str) -> Option<&'a T> {
    list.binary_search_by(|item| of(item).cmp(name)).ok().map(|at| &list[at])
}

impl Registry {
    /// The registries that were resolved together: this one first, then those it stands on.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The registry that a definition is from.
    pub fn source(&self, origin: Origin) -> Option<&Source> {
        self.sources.get(usize::from(origin.source))
    }

    /// The version by the registry's own schema URL, for example `1.44.0`; empty if it names none.
    pub fn version(&self) -> &str {
        self.sources.first().map(Source::version).unwrap_or_default()
    }

    /// All attributes, by key.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attribute of exactly this key. The keys of a template are found by [`template`](Self::template).
    pub fn attribute(&self, key: &str) -> Option<&Attribute> {
        find(&self.attributes, key, |attribute| &attribute.key)
    }

    /// The handle of the attribute of exactly this key.
    pub fn attribute_id(&self, key: &str) -> Option<AttributeId> {
        let at = self.attributes.binary_search_by(|attribute| (*attribute.key).cmp(key)).ok()?;
        u32::try_from(at).ok().map(AttributeId)
    }

    /// The template that a key is of, and the part behind the template's dot: for
    /// `http.request.header.content-type` the attribute `http.request.header` and `content-type`. The longest wins.
    pub fn template<'k>(&self, key: &'k str) -> Option<(&Attribute, &'k str)> {
        key.rmatch_indices('.').map(|(dot, _)| (&key[..dot], &key[dot + 1..])).find_map(|(prefix, rest)| {
            let attribute = self.attribute(prefix)?;
            (attribute.is_template() && !rest.is_empty()).then_some((attribute, rest))
        })
    }

    /// All metrics, by name.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The metric of this name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        find(&self.metrics, name, |metric| &metric.name)
    }

    /// All span types, by name.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The span type of this name, for example `http.server`.
    pub fn span(&self, name: &str) -> Option<&Span> {
        find(&self.spans, name, |span| &span.name)
    }

    /// All events, by name.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event of this name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        find(&self.events, name, |event| &event.name)
    }

    /// All entities, by type.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entity of this type, for example `k8s.pod`.
    pub fn entity(&self, name: &str) -> Option<&Entity> {
        find(&self.entities, name, |entity| &entity.name)
    }

    /// All groups of attributes, by id.
    pub fn groups(&self) -> &[AttributeGroup] {
        &self.groups
    }

    /// The group of this id.
    pub fn group(&self, id: &str) -> Option<&AttributeGroup> {
        find(&self.groups, id, |group| &group.id)
    }

    /// Refined metrics, by id.
    pub fn metric_refinements(&self) -> &[Refinement<Metric>] {
        &self.metric_refinements
    }

    /// Refined span types, by id.
    pub fn span_refinements(&self) -> &[Refinement<Span>] {
        &self.span_refinements
    }

    /// Refined events, by id.
    pub fn event_refinements(&self) -> &[Refinement<Event>] {
        &self.event_refinements
    }

    /// The root namespaces that attributes have, sorted: the first segments of the keys.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.attributes
            .iter()
            .map(Attribute::namespace)
            .filter(move |name| last.replace(*name) != Some(*name))
    }
}

/// The attribute behind a handle. Panics if the handle is of a larger registry.
impl Index<AttributeId> for Registry {
    type Output = Attribute;

    fn index(&self, id: AttributeId) -> &Attribute {
        &self.attributes[id.index()]
    }
}
