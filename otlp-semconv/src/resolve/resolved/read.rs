//! Reading the resolved form.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::attribute::{Lifecycle, associations, boxed, definition, level};
use super::super::error::{Error, Problem};
use super::super::field::{Fields, text};
use super::super::groups::{INSTRUMENTS, SPAN_KINDS, number, signal_requirement};
use super::super::limit::Limits;
use super::super::stack::Signal;
use super::super::yaml::{Data, Node};
use super::super::{condition, expected, name};
use super::ANNOTATION;
use crate::registry::{
    Association, Attribute, AttributeGroup, AttributeId, AttributeUse, Deprecation, Details, Entity, Event,
    Instrument, Metric, Origin, Refinement, Registry, Requirement, Role, Source, Span, SpanKind, Stability,
    Value,
};

/// The registry of a resolved file.
pub(in super::super) fn read(file: &Fields<'_, '_>, limits: &Limits) -> Result<Registry, Error> {
    let mut registry = Registry::default();
    registry.sources.push(Source { schema_url: file.text("schema_url")?.unwrap_or_default().into() });
    for node in file.list("dependencies")? {
        let schema_url =
            text(node).ok_or_else(|| file.wrong("dependencies", "a list of schema URLs", node))?;
        registry.sources.push(Source { schema_url: schema_url.into() });
    }
    let mut catalog = Vec::new();
    for node in file.list("attribute_catalog")? {
        let fields = Fields::of(node, &file.place, "an attribute")?;
        let key = fields.need("key")?;
        let fields = fields.named(&key);
        let mut attribute = definition(&fields, key)?;
        let mut details = attribute.details.take().map(|details| *details).unwrap_or_default();
        attribute.origin = origin(&fields, &mut details)?;
        attribute.details = boxed(details);
        catalog.push(attribute);
    }
    let lists = section(file, "registry")?;
    // The definitions first; of what is only referred to, the first entry stands for one.
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for node in lists.list("attributes")? {
        let at = place(&lists, node, catalog.len())?;
        if keys.insert(&catalog[at].key, at).is_some() {
            let (name, first) = (catalog[at].key.to_string(), file.place.to_string());
            return Err(lists.error(Problem::Duplicate { what: "attribute", name, first }));
        }
    }
    for (at, attribute) in catalog.iter().enumerate() {
        keys.entry(&attribute.key).or_insert(at);
    }
    registry.attributes = keys.values().map(|at| catalog[*at].clone()).collect();
    let definitions: Vec<usize> = keys.into_values().collect();
    let mut reader = Reader { catalog: &catalog, definitions, attributes: registry, uses: 0, limits };
    let spans = reader.all(&lists, "spans", Reader::span)?;
    let metrics = reader.all(&lists, "metrics", Reader::metric)?;
    let events = reader.all(&lists, "events", Reader::event)?;
    let mut entities = reader.all(&lists, "entities", Reader::entity)?;
    let groups = reader.all(&lists, "attribute_groups", Reader::group)?;
    let mut registry = Registry::default();
    if file.has("refinements") {
        let lists = section(file, "refinements")?;
        registry.span_refinements = refinements(reader.all(&lists, "spans", Reader::span)?);
        registry.metric_refinements = refinements(reader.all(&lists, "metrics", Reader::metric)?);
        registry.event_refinements = refinements(reader.all(&lists, "events", Reader::event)?);
        // An entity's refinement has its own type on the wire.
        let refined = reader.all(&lists, "entities", Reader::entity)?;
        entities.extend(refined.into_iter().filter(|(id, entity)| *id != entity.name).map(|(id, entity)| {
            let entity = Entity { name: id.clone(), ..entity };
            (id, entity)
        }));
    }
    registry.spans = sorted(file, "span", spans)?;
    registry.metrics = sorted(file, "metric", metrics)?;
    registry.events = sorted(file, "event", events)?;
    registry.entities = sorted(file, "entity", entities)?;
    registry.groups = sorted(file, "group", groups)?;
    registry.attributes = reader.attributes.attributes;
    registry.sources = reader.attributes.sources;
    Ok(registry)
}

type Named<T> = Vec<(Cow<'static, str>, T)>;

/// The signals by name, each once.
fn sorted<T>(file: &Fields<'_, '_>, what: &'static str, mut list: Named<T>) -> Result<Vec<T>, Error> {
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(pair) = list.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let (name, first) = (pair[0].0.to_string(), file.place.to_string());
        return Err(file.error(Problem::Duplicate { what, name, first }));
    }
    Ok(list.into_iter().map(|(_, item)| item).collect())
}

/// The refinements, without those that are signals over again.
fn refinements<T: Signal>(mut list: Named<T>) -> Vec<Refinement<T>> {
    list.retain(|(id, signal)| id != signal.name());
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    list.into_iter().map(|(id, signal)| Refinement { id, signal }).collect()
}

fn section<'n, 'y>(file: &Fields<'n, 'y>, field: &'static str) -> Result<Fields<'n, 'y>, Error> {
    match file.get(field) {
        Some(node) => Fields::of(node, &file.place, field),
        None => Err(file.error(Problem::Missing(field))),
    }
}

/// An index into the catalog.
fn place(fields: &Fields<'_, '_>, node: &Node<'_>, len: usize) -> Result<usize, Error> {
    let Data::Int(at) = node.data else {
        return Err(fields.wrong("attributes", "a place in the catalog", node));
    };
    match usize::try_from(at).ok().filter(|at| *at < len) {
        Some(at) => Ok(at),
        None => {
            Err(fields.error(Problem::Dangling { what: "attribute of the catalog", name: at.to_string() }))
        }
    }
}

/// Where a definition is from; our own annotation is taken out of the details.
fn origin(fields: &Fields<'_, '_>, details: &mut Details) -> Result<Origin, Error> {
    let moved = details.annotation(&[ANNOTATION, "moved"]).and_then(Value::as_bool).unwrap_or_default();
    details.annotations.retain(|(key, _)| key != ANNOTATION);
    let Some(node) = fields.get("provenance") else { return Ok(Origin { source: 0, moved }) };
    let provenance = Fields::of(node, &fields.place, "provenance")?;
    let source = provenance.get("source").map(Node::to_value).as_ref().and_then(Value::as_int);
    let source = source.and_then(|at| u16::try_from(at).ok()).map_or(0, |at| at.saturating_add(1));
    Ok(Origin { source, moved })
}

/// What every signal has.
struct Common {
    id: Option<String>,
    attributes: Vec<AttributeUse>,
    entities: Vec<Association>,
    requirement: Requirement,
    stability: Stability,
    deprecated: Option<Deprecation>,
    origin: Origin,
    details: Details,
}

/// A signal, and what it is listed under: its id, else its name.
type Read<T> = Result<(String, T), Error>;

struct Reader<'c, 'l> {
    catalog: &'c [Attribute],
    /// For each attribute its definition in the catalog.
    definitions: Vec<usize>,
    /// Only sources and attributes.
    attributes: Registry,
    uses: usize,
    limits: &'l Limits,
}

impl Reader<'_, '_> {
    fn all<T>(
        &mut self,
        lists: &Fields<'_, '_>,
        field: &'static str,
        read: fn(&mut Self, &Fields<'_, '_>) -> Read<T>,
    ) -> Result<Named<T>, Error> {
        let mut all = Vec::new();
        for node in lists.list(field)? {
            let (name, item) = read(self, &Fields::of(node, &lists.place, field)?)?;
            all.push((name.into(), item));
        }
        Ok(all)
    }

    fn common(&mut self, fields: &Fields<'_, '_>) -> Result<Common, Error> {
        let lifecycle = Lifecycle::of(fields)?;
        let mut details = Details {
            brief: fields.text("brief")?.unwrap_or_default().into(),
            note: fields.text("note")?.unwrap_or_default().into(),
            deprecated: lifecycle.why,
            annotations: fields.map("annotations")?.unwrap_or_default(),
            ..Details::default()
        };
        let origin = origin(fields, &mut details)?;
        let mut attributes = Vec::new();
        for (field, role) in [
            ("attributes", None),
            ("identity", Some(Role::Identifying)),
            ("description", Some(Role::Descriptive)),
        ] {
            for node in fields.list(field)? {
                attributes.push(self.used(fields, node, role)?);
            }
        }
        self.uses = self.uses.saturating_add(attributes.len());
        if self.uses > self.limits.uses {
            let problem =
                Problem::Limit { limit: self.limits.uses, what: "uses of attributes", setting: "uses" };
            return Err(fields.error(problem));
        }
        attributes.sort_by_key(|used| used.attribute);
        if let Some(pair) = attributes.windows(2).find(|pair| pair[0].attribute == pair[1].attribute) {
            let (name, first) =
                (self.attributes[pair[0].attribute].key.to_string(), fields.place.to_string());
            return Err(fields.error(Problem::Duplicate { what: "attribute", name, first }));
        }
        for words in [&details.brief, &details.note] {
            expected::of_signal(words, &self.attributes, &mut attributes);
        }
        Ok(Common {
            id: fields.text("id")?,
            attributes,
            entities: associations(fields)?.unwrap_or_default(),
            requirement: signal_requirement(fields)?.unwrap_or_default(),
            stability: lifecycle.stability.unwrap_or_default(),
            deprecated: lifecycle.deprecated,
            origin,
            details,
        })
    }

    /// A use: a place in the catalog, or a map that says more about it.
    fn used(
        &self,
        around: &Fields<'_, '_>,
        node: &Node<'_>,
        role: Option<Role>,
    ) -> Result<AttributeUse, Error> {
        let (at, requirement, sampling_relevant) = if let Data::Int(_) = node.data {
            (place(around, node, self.catalog.len())?, None, None)
        } else {
            let fields = Fields::of(node, &around.place, "an attribute")?;
            let Some(base) = fields.get("base") else { return Err(fields.error(Problem::Missing("base"))) };
            (place(&fields, base, self.catalog.len())?, level(&fields)?, fields.flag("sampling_relevant")?)
        };
        let entry = &self.catalog[at];
        let id = self.attributes.attribute_id(&entry.key).unwrap_or(AttributeId(0));
        let attribute = &self.attributes[id];
        let (requirement, sentence) = requirement.unwrap_or_default();
        let mut used = AttributeUse::new(id, requirement);
        used.condition = sentence.map(|sentence| condition::understand(sentence, id, &self.attributes));
        used.sampling_relevant = sampling_relevant.unwrap_or_default();
        used.role = role;
        if self.definitions[id.index()] != at {
            let note = |attribute: &Attribute| attribute.details.as_ref().map(|details| details.note.clone());
            let refined = note(entry).filter(|_| note(entry) != note(attribute));
            used.expected = refined.and_then(|note| expected::of_note(&note, attribute));
            used.stability = Some(entry.stability).filter(|stability| *stability != attribute.stability);
            used.deprecated = entry.deprecated.clone().filter(|_| attribute.deprecated.is_none());
            used.details = entry.details.clone().filter(|_| entry.details != attribute.details);
        }
        Ok(used)
    }

    fn span(&mut self, fields: &Fields<'_, '_>) -> Read<Span> {
        let name = fields.need("type")?;
        let kind = fields.word("kind", SPAN_KINDS, SpanKind::parse)?;
        let annotations =
            Details { annotations: fields.map("annotations")?.unwrap_or_default(), ..Details::default() };
        let extends =
            annotations.annotation(&[ANNOTATION, "extends"]).and_then(Value::as_str).map(str::to_owned);
        let mut common = self.common(fields)?;
        if let Some(node) = fields.get("name") {
            common.details.name =
                Fields::of(node, &fields.place, "name")?.text("note")?.unwrap_or_default().into();
        }
        let names = name::of_span(&common.details, &self.attributes, &common.attributes);
        let Common { id, attributes, entities, requirement, stability, deprecated, origin, details } = common;
        let span = Span {
            name: name.clone().into(),
            kind: kind.ok_or_else(|| fields.error(Problem::Missing("kind")))?,
            names,
            extends: extends.map(Cow::Owned),
            attributes,
            entities,
            requirement,
            stability,
            deprecated,
            origin,
            details: boxed(details),
        };
        Ok((id.unwrap_or(name), span))
    }

    fn metric(&mut self, fields: &Fields<'_, '_>) -> Read<Metric> {
        let name = fields.need("name")?;
        let instrument = fields.word("instrument", INSTRUMENTS, Instrument::parse)?;
        let number = number(fields)?;
        let Common { id, attributes, entities, requirement, stability, deprecated, origin, details } =
            self.common(fields)?;
        let metric = Metric {
            name: name.clone().into(),
            instrument: instrument.ok_or_else(|| fields.error(Problem::Missing("instrument")))?,
            unit: fields.text("unit")?.ok_or_else(|| fields.error(Problem::Missing("unit")))?.into(),
            number,
            requirement,
            attributes,
            entities,
            stability,
            deprecated,
            origin,
            details: boxed(details),
        };
        Ok((id.unwrap_or(name), metric))
    }

    fn event(&mut self, fields: &Fields<'_, '_>) -> Read<Event> {
        let name = fields.need("name")?;
        let Common { id, attributes, entities, requirement, stability, deprecated, origin, details } =
            self.common(fields)?;
        let event = Event {
            name: name.clone().into(),
            attributes,
            entities,
            requirement,
            stability,
            deprecated,
            origin,
            details: boxed(details),
        };
        Ok((id.unwrap_or(name), event))
    }

    fn entity(&mut self, fields: &Fields<'_, '_>) -> Read<Entity> {
        let name = fields.need("type")?;
        let Common { id, attributes, stability, deprecated, origin, details, .. } = self.common(fields)?;
        let details = boxed(details);
        let entity = Entity { name: name.clone().into(), attributes, stability, deprecated, origin, details };
        Ok((id.unwrap_or(name), entity))
    }

    fn group(&mut self, fields: &Fields<'_, '_>) -> Read<AttributeGroup> {
        let id = fields.need("id")?;
        let Common { attributes, stability, deprecated, origin, details, .. } = self.common(fields)?;
        let details = boxed(details);
        let name = id.clone().into();
        let group =
            AttributeGroup { id: name, public: true, attributes, stability, deprecated, origin, details };
        Ok((id, group))
    }
}
