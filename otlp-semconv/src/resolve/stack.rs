//! Registries put on top of each other: one table of attributes, one list of signals a kind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::error::{Place, Problem};
use crate::registry::{
    Attribute, AttributeGroup, AttributeId, AttributeUse, Condition, Deprecation, Details, Entity, Event,
    Metric, Origin, Refinement, Registry, Source, Span, Value, When,
};

/// What is the same about all signals and groups.
pub(super) trait Signal {
    const WHAT: &'static str;
    fn name(&self) -> &Cow<'static, str>;
    fn deprecated(&self) -> Option<&Deprecation>;
    fn origin(&mut self) -> &mut Origin;
    fn uses(&mut self) -> &mut Vec<AttributeUse>;
    fn details(&self) -> Option<&Details>;
}

macro_rules! signal {
    ($type:ty, $name:ident, $what:literal) => {
        impl Signal for $type {
            const WHAT: &'static str = $what;
            fn name(&self) -> &Cow<'static, str> {
                &self.$name
            }
            fn deprecated(&self) -> Option<&Deprecation> {
                self.deprecated.as_ref()
            }
            fn origin(&mut self) -> &mut Origin {
                &mut self.origin
            }
            fn uses(&mut self) -> &mut Vec<AttributeUse> {
                &mut self.attributes
            }
            fn details(&self) -> Option<&Details> {
                self.details.as_deref()
            }
        }
    };
}

signal!(Metric, name, "metric");
signal!(Span, name, "span");
signal!(Event, name, "event");
signal!(Entity, name, "entity");
signal!(AttributeGroup, id, "group");

impl<T: Signal> Signal for Refinement<T> {
    const WHAT: &'static str = "refinement";
    fn name(&self) -> &Cow<'static, str> {
        &self.id
    }
    fn deprecated(&self) -> Option<&Deprecation> {
        self.signal.deprecated()
    }
    fn origin(&mut self) -> &mut Origin {
        self.signal.origin()
    }
    fn uses(&mut self) -> &mut Vec<AttributeUse> {
        self.signal.uses()
    }
    fn details(&self) -> Option<&Details> {
        self.signal.details()
    }
}

/// Named items and where they were defined; `None`: in a registry below.
#[derive(Debug)]
pub(super) struct Table<T>(pub(super) BTreeMap<Cow<'static, str>, (T, Option<Place>)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Table<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.get(name).map(|(item, _)| item)
    }

    fn into_list(self) -> Vec<T> {
        self.0.into_values().map(|(item, _)| item).collect()
    }

    /// Adds a definition. Of two under one name the live one stands, of two deprecated ones the one below, of two
    /// versions of one registry the later; any other two live ones are an error, as are two of the same registry.
    fn add(
        &mut self,
        what: &'static str,
        name: Cow<'static, str>,
        mut item: T,
        place: Option<Place>,
        versions: &[Version],
        lifecycle: impl Fn(&mut T) -> (bool, &mut Origin),
    ) -> Result<(), Problem> {
        let Some((first, first_place)) = self.0.get_mut(&name) else {
            self.0.insert(name, (item, place));
            return Ok(());
        };
        if first_place.is_none() || place.is_none() {
            let (first_deprecated, first_origin) = lifecycle(first);
            let (deprecated, origin) = lifecycle(&mut item);
            if first_deprecated && !deprecated {
                origin.moved = true;
                self.0.insert(name, (item, place));
                return Ok(());
            }
            // The same definition, reached on two ways.
            if deprecated || (place.is_none() && origin == first_origin) {
                return Ok(());
            }
            let version = |origin: &Origin| versions.get(usize::from(origin.source));
            if let (None, Some(version), Some(first)) = (&place, version(origin), version(first_origin))
                && version.family == first.family
            {
                if version.numbers > first.numbers {
                    self.0.insert(name, (item, place));
                }
                return Ok(());
            }
        }
        let first = first_place.as_ref().map_or_else(|| "a registry below".to_owned(), Place::to_string);
        Err(Problem::Duplicate { what, name: name.into_owned(), first })
    }
}

/// A registry's schema URL, taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    /// All but the last segment.
    family: String,
    numbers: Vec<u32>,
}

impl Version {
    fn of(source: &Source) -> Self {
        let url = &*source.schema_url;
        let (family, version) = url.rsplit_once('/').unwrap_or(("", url));
        let numbers = version.split(['.', '-', '+']).map_while(|number| number.parse().ok()).collect();
        Self { family: family.to_owned(), numbers }
    }
}

/// The registries below, and what is put on top of them.
#[derive(Debug, Default)]
pub(super) struct Stack {
    sources: Vec<Source>,
    /// Of each source.
    versions: Rc<[Version]>,
    pub(super) attributes: Table<Attribute>,
    pub(super) metrics: Table<Metric>,
    pub(super) spans: Table<Span>,
    pub(super) events: Table<Event>,
    pub(super) entities: Table<Entity>,
    pub(super) groups: Table<AttributeGroup>,
    pub(super) metric_refinements: Table<Refinement<Metric>>,
    pub(super) span_refinements: Table<Refinement<Span>>,
    pub(super) event_refinements: Table<Refinement<Event>>,
}

impl Stack {
    /// Adds a definition to its table.
    pub(super) fn add<T: Signal>(
        table: impl FnOnce(&mut Self) -> &mut Table<T>,
        stack: &mut Self,
        item: T,
        place: Option<Place>,
    ) -> Result<(), Problem> {
        let name = item.name().clone();
        let versions = Rc::clone(&stack.versions);
        table(stack)
            .add(T::WHAT, name, item, place, &versions, |item| (item.deprecated().is_some(), item.origin()))
    }

    pub(super) fn add_attribute(
        &mut self,
        attribute: Attribute,
        place: Option<Place>,
    ) -> Result<(), Problem> {
        let name = attribute.key.clone();
        self.attributes.add("attribute", name, attribute, place, &self.versions, |attribute| {
            (attribute.deprecated.is_some(), &mut attribute.origin)
        })
    }

    /// An empty stack for a registry of this schema URL.
    pub(super) fn new(source: Source) -> Self {
        Self { sources: vec![source], ..Self::default() }
    }

    /// Where the sources of a registry below are in this stack; of the registry's `own` resolved file, the first is
    /// the registry itself. Versions of one registry that differ in their major number do not go together.
    pub(super) fn add_sources(&mut self, base: &Registry, own: bool) -> Result<Vec<u16>, Problem> {
        let mut places = Vec::with_capacity(base.sources().len());
        if own {
            places.push(0);
        }
        for source in base.sources().iter().skip(places.len()) {
            let known =
                self.sources.iter().position(|known| known == source && !source.schema_url.is_empty());
            let version = Version::of(source);
            let major = |version: &Version| version.numbers.first().copied();
            let other = self.sources.iter().find(|other| {
                let other = Version::of(other);
                !version.family.is_empty()
                    && other.family == version.family
                    && major(&other) != major(&version)
            });
            if let Some(other) = other {
                let (first, second) = (other.schema_url.to_string(), source.schema_url.to_string());
                return Err(Problem::Versions { first, second });
            }
            let at = known.unwrap_or(self.sources.len());
            if known.is_none() {
                self.sources.push(source.clone());
            }
            places.push(u16::try_from(at).unwrap_or(u16::MAX));
        }
        self.versions = self.sources.iter().map(Version::of).collect();
        Ok(places)
    }

    /// Adds the attributes of a registry below.
    pub(super) fn add_attributes(&mut self, base: &Registry, sources: &[u16]) -> Result<(), Problem> {
        base.attributes().iter().try_for_each(|attribute| {
            let mut attribute = attribute.clone();
            relocate(&mut attribute.origin, sources);
            self.add_attribute(attribute, None)
        })
    }

    /// Adds the signals of a registry below; `ids` gives each of its attributes the new handle.
    pub(super) fn add_signals(
        &mut self,
        base: &Registry,
        sources: &[u16],
        ids: &dyn Fn(AttributeId) -> Option<AttributeId>,
    ) -> Result<(), Problem> {
        fn all<T: Signal + Clone>(
            stack: &mut Stack,
            table: fn(&mut Stack) -> &mut Table<T>,
            list: &[T],
            sources: &[u16],
            ids: &dyn Fn(AttributeId) -> Option<AttributeId>,
        ) -> Result<(), Problem> {
            list.iter().cloned().try_for_each(|mut item| {
                relocate(item.origin(), sources);
                rename(item.uses(), ids);
                Stack::add(table, stack, item, None)
            })
        }
        all(self, |stack| &mut stack.metrics, base.metrics(), sources, ids)?;
        all(self, |stack| &mut stack.spans, base.spans(), sources, ids)?;
        all(self, |stack| &mut stack.events, base.events(), sources, ids)?;
        all(self, |stack| &mut stack.entities, base.entities(), sources, ids)?;
        all(self, |stack| &mut stack.groups, base.groups(), sources, ids)?;
        all(self, |stack| &mut stack.metric_refinements, base.metric_refinements(), sources, ids)?;
        all(self, |stack| &mut stack.span_refinements, base.span_refinements(), sources, ids)?;
        all(self, |stack| &mut stack.event_refinements, base.event_refinements(), sources, ids)
    }

    /// Leaves out what `keep` (kind, name, whether it is the registry's own, whether it is hidden from those above)
    /// does not want, except attributes that something kept uses.
    pub(super) fn retain(
        &mut self,
        attributes: &mut Vec<Attribute>,
        keep: &dyn Fn(&str, &str, bool, bool) -> bool,
    ) {
        fn some<T: Signal>(
            table: &mut Table<T>,
            used: &mut [bool],
            keep: &dyn Fn(&str, &str, bool, bool) -> bool,
        ) {
            table.0.retain(|name, (item, _)| {
                let own = item.origin().source == 0;
                keep(T::WHAT, name, own, hidden(item.details()))
            });
            for (item, _) in table.0.values_mut() {
                item.uses().iter_mut().for_each(|item| {
                    each_id(item, &mut |id| {
                        used[id.index()] = true;
                        Some(*id)
                    });
                });
            }
        }
        let mut used: Vec<bool> = attributes
            .iter()
            .map(|item| {
                keep("attribute", &item.key, item.origin.source == 0, hidden(item.details.as_deref()))
            })
            .collect();
        some(&mut self.metrics, &mut used, keep);
        some(&mut self.spans, &mut used, keep);
        some(&mut self.events, &mut used, keep);
        some(&mut self.entities, &mut used, keep);
        some(&mut self.groups, &mut used, keep);
        some(&mut self.metric_refinements, &mut used, keep);
        some(&mut self.span_refinements, &mut used, keep);
        some(&mut self.event_refinements, &mut used, keep);
        // Handles are places in the table, which closes its ranks.
        let mut next = 0;
        let places: Vec<Option<AttributeId>> = used
            .iter()
            .map(|used| {
                next += u32::from(*used);
                used.then(|| AttributeId(next - 1))
            })
            .collect();
        let mut at = 0;
        attributes.retain(|_| {
            at += 1;
            used[at - 1]
        });
        let ids = |id: AttributeId| places[id.index()];
        self.metrics.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.spans.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.events.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.entities.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.groups.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.metric_refinements.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.span_refinements.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
        self.event_refinements.0.values_mut().for_each(|(item, _)| rename(item.uses(), &ids));
    }

    /// The registry, with the attributes that were taken out to number them.
    pub(super) fn finish(self, attributes: Vec<Attribute>) -> Registry {
        Registry {
            sources: self.sources,
            attributes,
            metrics: self.metrics.into_list(),
            spans: self.spans.into_list(),
            events: self.events.into_list(),
            entities: self.entities.into_list(),
            groups: self.groups.into_list(),
            metric_refinements: self.metric_refinements.into_list(),
            span_refinements: self.span_refinements.into_list(),
            event_refinements: self.event_refinements.into_list(),
        }
    }

    /// The attributes in the order of their keys.
    pub(super) fn take_attributes(&mut self) -> Vec<Attribute> {
        std::mem::take(&mut self.attributes).into_list()
    }
}

/// Whether authors keep an item from registries that stand on theirs.
fn hidden(details: Option<&Details>) -> bool {
    let flag = details.and_then(|details| details.annotation(&["dependency_resolution", "exclude"]));
    flag.and_then(Value::as_bool) == Some(true)
}

fn relocate(origin: &mut Origin, sources: &[u16]) {
    origin.source = sources.get(usize::from(origin.source)).copied().unwrap_or(u16::MAX);
}

/// Gives every attribute of the uses its new handle, and leaves out those that have none.
fn rename(uses: &mut Vec<AttributeUse>, ids: &dyn Fn(AttributeId) -> Option<AttributeId>) {
    uses.retain_mut(|used| each_id(used, &mut |id| ids(*id)));
    // Handles are in the order of keys, before and after.
}

/// Replaces each handle in a use; `false` if its own attribute has none any more.
fn each_id(used: &mut AttributeUse, new: &mut dyn FnMut(&AttributeId) -> Option<AttributeId>) -> bool {
    let Some(id) = new(&used.attribute) else { return false };
    used.attribute = id;
    if let Some(Condition { when, mentions, .. }) = &mut used.condition {
        mentions.retain_mut(|id| new(id).map(|new| *id = new).is_some());
        let gone = match when {
            Some(When::Present(id) | When::Absent(id) | When::Equals(id, _) | When::Differs(id, _)) => {
                new(id).map(|new| *id = new).is_none()
            }
            Some(When::Failed) | None => false,
        };
        if gone {
            *when = None;
        }
    }
    true
}

impl Registry {
    /// Makes the source of this schema URL the registry itself, which [`version`](Self::version) tells of: for a
    /// registry that completes another one instead of standing on it. Without such a source nothing changes.
    #[must_use]
    pub fn with_main_source(mut self, schema_url: &str) -> Self {
        let Some(at) = self.sources.iter().position(|source| source.schema_url == schema_url) else {
            return self;
        };
        self.sources.swap(0, at);
        let swapped = |origin: &mut Origin| {
            if usize::from(origin.source) == at {
                origin.source = 0;
            } else if origin.source == 0 {
                origin.source = u16::try_from(at).unwrap_or(u16::MAX);
            }
        };
        self.attributes.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.metrics.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.spans.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.events.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.entities.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.groups.iter_mut().for_each(|item| swapped(&mut item.origin));
        self.metric_refinements.iter_mut().for_each(|item| swapped(item.origin()));
        self.span_refinements.iter_mut().for_each(|item| swapped(item.origin()));
        self.event_refinements.iter_mut().for_each(|item| swapped(item.origin()));
        self
    }
}
