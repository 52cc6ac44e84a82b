//! Signals from their layers: every field that an item leaves open comes from what it stands on.

use std::borrow::Cow;

use super::attribute::boxed;
use super::error::{Error, Problem};
use super::item::{Item, Kind, Patch, Sentence};
use super::link::{Found, Linker};
use super::stack::Stack;
use super::{condition, expected, name};
use crate::registry::{
    Association, Attribute, AttributeGroup, AttributeId, AttributeUse, Deprecation, Details, Entity, Event,
    Instrument, Metric, Number, Origin, Refinement, Requirement, Role, Span, SpanKind, Stability,
};

/// What an item may inherit from a signal of a registry below.
#[derive(Default)]
struct Below {
    name: Cow<'static, str>,
    stability: Stability,
    requirement: Requirement,
    deprecated: Option<Deprecation>,
    entities: Vec<Association>,
    details: Option<Box<Details>>,
    instrument: Option<Instrument>,
    unit: Option<Cow<'static, str>>,
    number: Option<Number>,
    kind: Option<SpanKind>,
    names: Vec<Cow<'static, str>>,
    extends: Option<Cow<'static, str>>,
}

impl Linker<'_, '_> {
    /// Resolves one item and adds it to the stack. Definitions of attributes alone are no item of the result.
    pub(super) fn build(&mut self, at: usize) -> Result<(), Error> {
        let layer = self.layer(at, &mut Vec::new())?;
        let item = &self.items[at];
        let entity = matches!(item.kind, Kind::Entity { .. });
        let mut attributes: Vec<AttributeUse> =
            layer.iter().map(|(id, patch)| self.used(*id, patch, entity)).collect();
        let details = self.details(item);
        for words in [&details.brief, &details.note] {
            expected::of_signal(words, &self.attributes, &mut attributes);
        }
        let stability =
            self.inherit(item, |item| item.stability, &|below| Some(below.stability)).unwrap_or_default();
        let requirement =
            self.inherit(item, |item| item.requirement, &|below| Some(below.requirement)).unwrap_or_default();
        let deprecated = match &item.deprecated {
            None if item.refines => {
                self.inherit(item, |item| item.deprecated.clone(), &|below| below.deprecated)
            }
            deprecated => deprecated.clone(),
        };
        let entities = self
            .inherit(item, |item| item.entities.clone(), &|below| Some(below.entities))
            .unwrap_or_default();
        let origin = Origin::default();
        let id: Cow<'static, str> = item.id.clone().into();
        let place = Some(item.place.clone());
        let missing = |field| Error::new(item.place.clone(), Problem::Missing(field));
        let added = match &item.kind {
            Kind::Group { .. } if item.id.starts_with("registry.") => return Ok(()),
            Kind::Group { public } => {
                let details = boxed(details);
                let group = AttributeGroup {
                    id,
                    public: *public,
                    attributes,
                    stability,
                    deprecated,
                    origin,
                    details,
                };
                Stack::add(|stack| &mut stack.groups, &mut self.stack, group, place)
            }
            Kind::Metric { name, .. } => {
                let facts = |item: &Item| match &item.kind {
                    Kind::Metric { instrument, unit, number, .. } => (*instrument, unit.clone(), *number),
                    _ => (None, None, None),
                };
                let instrument = self.inherit(item, |item| facts(item).0, &|below| below.instrument);
                let unit = self.inherit(item, |item| facts(item).1.map(Cow::Owned), &|below| below.unit);
                let number = self.inherit(item, |item| facts(item).2, &|below| below.number);
                let metric = Metric {
                    name: self.signal_name(item, name),
                    instrument: instrument.ok_or_else(|| missing("instrument"))?,
                    unit: unit.ok_or_else(|| missing("unit"))?,
                    number,
                    requirement,
                    attributes,
                    entities,
                    stability,
                    deprecated,
                    origin,
                    details: boxed(details),
                };
                if item.refines {
                    let refined = Refinement { id, signal: metric };
                    Stack::add(|stack| &mut stack.metric_refinements, &mut self.stack, refined, place)
                } else {
                    Stack::add(|stack| &mut stack.metrics, &mut self.stack, metric, place)
                }
            }
            Kind::Span { name, .. } => {
                let kind = |item: &Item| match &item.kind {
                    Kind::Span { kind, .. } => *kind,
                    _ => None,
                };
                let names = |item: &Item| {
                    Some(name::templates(&item.details, &self.attributes)).filter(|names| !names.is_empty())
                };
                let mut names = self.inherit(item, names, &|below| Some(below.names)).unwrap_or_default();
                let kind = self.inherit(item, kind, &|below| below.kind);
                name::retain(&mut names, &self.attributes, &attributes);
                let span = Span {
                    name: self.signal_name(item, name),
                    // As other tools do where the older dialect says nothing.
                    kind: kind.unwrap_or(SpanKind::Internal),
                    names,
                    extends: self.extends(item),
                    attributes,
                    entities,
                    requirement,
                    stability,
                    deprecated,
                    origin,
                    details: boxed(details),
                };
                if item.refines {
                    let refined = Refinement { id, signal: span };
                    Stack::add(|stack| &mut stack.span_refinements, &mut self.stack, refined, place)
                } else {
                    Stack::add(|stack| &mut stack.spans, &mut self.stack, span, place)
                }
            }
            Kind::Event { name } => {
                let event = Event {
                    name: self.signal_name(item, name),
                    attributes,
                    entities,
                    requirement,
                    stability,
                    deprecated,
                    origin,
                    details: boxed(details),
                };
                if item.refines {
                    let refined = Refinement { id, signal: event };
                    Stack::add(|stack| &mut stack.event_refinements, &mut self.stack, refined, place)
                } else {
                    Stack::add(|stack| &mut stack.events, &mut self.stack, event, place)
                }
            }
            Kind::Entity { name } => {
                let name = name.clone().into();
                let details = boxed(details);
                let entity = Entity { name, attributes, stability, deprecated, origin, details };
                Stack::add(|stack| &mut stack.entities, &mut self.stack, entity, place)
            }
        };
        added.map_err(|problem| Error::new(item.place.clone(), problem))
    }

    /// A signal of a registry below, by its name or id.
    fn below(&self, kind: &str, name: &str) -> Option<Below> {
        let name = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
        Some(match kind {
            "metric" => {
                let Metric {
                    name,
                    stability,
                    requirement,
                    deprecated,
                    entities,
                    details,
                    instrument,
                    unit,
                    number,
                    ..
                } = self.stack.metrics.get(name)?.clone();
                let (instrument, unit) = (Some(instrument), Some(unit));
                Below {
                    name,
                    stability,
                    requirement,
                    deprecated,
                    entities,
                    details,
                    instrument,
                    unit,
                    number,
                    ..Below::default()
                }
            }
            "span" => {
                let Span {
                    name,
                    stability,
                    requirement,
                    deprecated,
                    entities,
                    details,
                    kind,
                    names,
                    extends,
                    ..
                } = self.stack.spans.get(name)?.clone();
                let kind = Some(kind);
                Below {
                    name,
                    stability,
                    requirement,
                    deprecated,
                    entities,
                    details,
                    kind,
                    names,
                    extends,
                    ..Below::default()
                }
            }
            "event" => {
                let Event { name, stability, requirement, deprecated, entities, details, .. } =
                    self.stack.events.get(name)?.clone();
                Below { name, stability, requirement, deprecated, entities, details, ..Below::default() }
            }
            "entity" => {
                let Entity { name, stability, deprecated, details, .. } =
                    self.stack.entities.get(name)?.clone();
                Below { name, stability, deprecated, details, ..Below::default() }
            }
            _ => return None,
        })
    }

    /// The first answer among an item and the signals of its kind that it stands on.
    fn inherit<T>(
        &self,
        item: &Item,
        own: impl Fn(&Item) -> Option<T>,
        below: &dyn Fn(Below) -> Option<T>,
    ) -> Option<T> {
        let mut item = item;
        // The chain has been walked before, and ends.
        for _ in 0..=self.limits.chain {
            if let Some(answer) = own(item) {
                return Some(answer);
            }
            let base = item.base.as_ref()?;
            match self.find_base(item, &base.name)? {
                Found::Own(at) if self.items[at].kind.word() == item.kind.word() => item = &self.items[at],
                Found::Own(_) => return None,
                Found::Below(_) => return below(self.below(item.kind.word(), &base.name)?),
            }
        }
        None
    }

    /// The name of the signal that is refined in the end; of any other item its own.
    fn signal_name(&self, item: &Item, name: &str) -> Cow<'static, str> {
        let own =
            |item: &Item| (!item.refines).then(|| item.kind.name().unwrap_or(&item.id).to_owned().into());
        self.inherit(item, own, &|below| Some(below.name)).unwrap_or_else(|| name.to_owned().into())
    }

    /// The signal that this one specialises, if it is not a mere refinement.
    fn extends(&self, item: &Item) -> Option<Cow<'static, str>> {
        let base = item.base.as_ref()?;
        match self.find_base(item, &base.name)? {
            Found::Own(at) if item.refines => self.extends(&self.items[at]),
            Found::Own(at) => {
                let base = &self.items[at];
                (base.kind.word() == item.kind.word()).then(|| self.signal_name(base, &base.id))
            }
            Found::Below(_) => {
                let below = self.below(item.kind.word(), &base.name)?;
                if item.refines { below.extends } else { Some(below.name) }
            }
        }
    }

    /// What authors wrote; a refinement says only what is different.
    fn details(&self, item: &Item) -> Details {
        let mut details = item.details.clone();
        if item.refines {
            let filled = |text: &Cow<'static, str>| (!text.is_empty()).then(|| text.clone());
            let words = |of: fn(&Details) -> &Cow<'static, str>| {
                let below = move |below: Below| below.details.map(|details| of(&details).clone());
                self.inherit(item, |item| filled(of(&item.details)), &below).unwrap_or_default()
            };
            details.brief = words(|details| &details.brief);
            details.note = words(|details| &details.note);
            details.name = words(|details| &details.name);
            details.deprecated = words(|details| &details.deprecated);
        }
        details
    }

    /// One use of an attribute, from all its layers.
    fn used(&self, id: AttributeId, patch: &Patch, entity: bool) -> AttributeUse {
        let attribute = &self.attributes[id];
        let (requirement, sentence) = patch.requirement.clone().unwrap_or_default();
        let mut used = AttributeUse::new(id, requirement);
        used.condition = sentence.map(|sentence| match sentence {
            Sentence::Written(text) => condition::understand(text, id, &self.attributes),
            Sentence::Understood(condition) => condition,
        });
        used.sampling_relevant = patch.sampling_relevant.unwrap_or_default();
        used.role = if entity { Some(patch.role.unwrap_or(Role::Descriptive)) } else { None };
        used.expected = match &patch.note {
            Some(note) => expected::of_note(note, attribute),
            None => patch.expected.clone(),
        };
        used.stability = patch.stability.filter(|stability| *stability != attribute.stability);
        used.deprecated = patch
            .deprecated
            .clone()
            .map(|(deprecated, _)| deprecated)
            .filter(|_| attribute.deprecated.is_none());
        used.details = patch.details(attribute);
        used
    }

    /// Entities that a signal is about have to be defined.
    pub(super) fn check_entities(&self, item: &Item) -> Result<(), Error> {
        fn missing<'a>(list: &'a [Association], known: &dyn Fn(&str) -> bool) -> Option<&'a str> {
            list.iter().find_map(|association| match association {
                Association::Entity(name) => (!known(name)).then_some(&**name),
                Association::OneOf(members) | Association::AllOf(members) => missing(members, known),
            })
        }
        let known = |name: &str| self.stack.entities.get(name).is_some();
        match missing(item.entities.as_deref().unwrap_or_default(), &known) {
            None => Ok(()),
            Some(name) => {
                let problem = Problem::Dangling { what: "entity", name: name.to_owned() };
                Err(Error::new(item.place.clone(), problem))
            }
        }
    }
}

impl Patch {
    /// What a registry below says of a use, as a layer to build on.
    pub(super) fn of(used: &AttributeUse) -> Self {
        let details = used.details.as_deref();
        Self {
            requirement: Some((used.requirement, used.condition.clone().map(Sentence::Understood))),
            sampling_relevant: Some(used.sampling_relevant),
            role: used.role,
            stability: used.stability,
            deprecated: used.deprecated.clone().map(|deprecated| {
                (deprecated, details.map(|details| details.deprecated.clone()).unwrap_or_default())
            }),
            brief: details.map(|details| details.brief.clone()),
            note: details.map(|details| details.note.clone()),
            examples: details.map(|details| details.examples.clone()),
            annotations: details.map(|details| details.annotations.clone()),
            expected: used.expected.clone(),
        }
    }

    /// The attribute's details with what is different here; `None` if nothing is.
    fn details(&self, attribute: &Attribute) -> Option<Box<Details>> {
        let below = attribute.details.as_deref().cloned().unwrap_or_default();
        let mut details = below.clone();
        let Self { brief, note, examples, annotations, deprecated, .. } = self;
        details.brief = brief.clone().unwrap_or(details.brief);
        details.note = note.clone().unwrap_or(details.note);
        details.examples = examples.clone().unwrap_or(details.examples);
        details.annotations = annotations.clone().unwrap_or(details.annotations);
        if let Some((_, why)) = deprecated {
            details.deprecated = why.clone();
        }
        (details != below).then(|| Box::new(details))
    }
}
