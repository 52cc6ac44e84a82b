//! References followed: what every signal's attributes are once `extends`, `ref` and `ref_group` are done.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::error::{Error, Place, Problem};
use super::item::{Definitions, Import, Item, Patch, Slot};
use super::limit::Limits;
use super::stack::{Stack, Table};
use crate::registry::{AttributeId, AttributeUse, Deprecation, Registry, Role, Source};

/// What of the registries below becomes part of the result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything.
    All,
    /// What is imported, and the attributes that are referred to.
    Imported,
}

/// Resolves the definitions of one registry on top of others, the first of which may be its own resolved file.
pub(super) fn link(
    definitions: Definitions,
    source: Source,
    bases: &[Cow<'_, Registry>],
    resolved: bool,
    keep: Keep,
    limits: &Limits,
) -> Result<Registry, Error> {
    let whole = Place { file: source.schema_url.to_string(), ..Place::default() };
    let at = |problem| Error::new(whole.clone(), problem);
    let Definitions { attributes, items, imports } = definitions;
    let mut stack = Stack::new(source);
    let mut sources = Vec::with_capacity(bases.len());
    for (nth, base) in bases.iter().enumerate() {
        let places = stack.add_sources(base, resolved && nth == 0).map_err(at)?;
        stack.add_attributes(base, &places).map_err(at)?;
        sources.push(places);
    }
    for (place, attribute) in attributes {
        let own = Some(place.clone());
        stack.add_attribute(attribute, own).map_err(|problem| Error::new(place, problem))?;
    }
    check_renames("attribute", &stack.attributes, |attribute| attribute.deprecated.as_ref())?;
    // From here on an attribute is its place among the sorted keys.
    let attributes = Registry { attributes: stack.take_attributes(), ..Registry::default() };
    for (base, sources) in bases.iter().zip(&sources) {
        stack.add_signals(base, sources, &|id| attributes.attribute_id(&base[id].key)).map_err(at)?;
    }
    imports.iter().try_for_each(|import| check_import(import, bases))?;
    let mut linker = Linker::new(&items, attributes, stack, limits)?;
    for at in 0..items.len() {
        linker.build(at)?;
    }
    items.iter().try_for_each(|item| linker.check_entities(item))?;
    let Linker { attributes, mut stack, .. } = linker;
    check_renames("metric", &stack.metrics, |metric| metric.deprecated.as_ref())?;
    check_renames("event", &stack.events, |event| event.deprecated.as_ref())?;
    let mut attributes = attributes.attributes;
    if keep == Keep::Imported {
        stack.retain(&mut attributes, &|what, name, own, hidden| {
            own || (!hidden && imports.iter().any(|import| import.matches(what, name)))
        });
    }
    Ok(stack.finish(attributes))
}

/// What something of the registry itself was renamed to has to be there.
fn check_renames<T>(
    what: &'static str,
    table: &Table<T>,
    deprecated: impl Fn(&T) -> Option<&Deprecation>,
) -> Result<(), Error> {
    for (name, (item, place)) in &table.0 {
        let Some(place) = place else { continue };
        let Some(to) =
            deprecated(item).and_then(Deprecation::renamed_to).filter(|to| table.get(to).is_none())
        else {
            continue;
        };
        let place = Place { id: name.to_string(), ..place.clone() };
        return Err(Error::new(place, Problem::Dangling { what, name: to.to_owned() }));
    }
    Ok(())
}

/// An import that nothing below matches is a mistake.
fn check_import(import: &Import, bases: &[Cow<'_, Registry>]) -> Result<(), Error> {
    let any = |name: &str| import.matches(import.what, name);
    let found = bases.iter().any(|base| match import.what {
        "attribute" => base.attributes().iter().any(|item| any(&item.key)),
        "group" => base.groups().iter().any(|item| any(&item.id)),
        "metric" => base.metrics().iter().any(|item| any(&item.name)),
        "span" => base.spans().iter().any(|item| any(&item.name)),
        "event" => base.events().iter().any(|item| any(&item.name)),
        _ => base.entities().iter().any(|item| any(&item.name)),
    });
    if found {
        return Ok(());
    }
    let problem = Problem::Dangling { what: import.what, name: import.pattern.clone() };
    Err(Error::new(import.place.clone(), problem))
}

/// The attributes of an item: what all its layers together say of each.
pub(super) type Layer = BTreeMap<AttributeId, Patch>;

/// Something that an item refers to.
pub(super) enum Found<'s> {
    Own(usize),
    Below(&'s [AttributeUse]),
}

pub(super) struct Linker<'i, 'l> {
    pub(super) items: &'i [Item],
    by_id: HashMap<&'i str, usize>,
    by_name: HashMap<(&'static str, &'i str), usize>,
    layers: Vec<Option<Rc<Layer>>>,
    /// Only the attributes are filled in.
    pub(super) attributes: Registry,
    pub(super) stack: Stack,
    uses: usize,
    pub(super) limits: &'l Limits,
}

impl<'i, 'l> Linker<'i, 'l> {
    fn new(items: &'i [Item], attributes: Registry, stack: Stack, limits: &'l Limits) -> Result<Self, Error> {
        let mut by_id = HashMap::with_capacity(items.len());
        let mut by_name = HashMap::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let duplicate = |what, name: &str, first: usize| {
                let first = items[first].place.to_string();
                let problem = Problem::Duplicate { what, name: name.to_owned(), first };
                Err(Error::new(item.place.clone(), problem))
            };
            if let Some(first) = by_id.insert(&*item.id, at) {
                return duplicate(item.kind.word(), &item.id, first);
            }
            if item.refines {
                continue;
            }
            if let Some(name) = item.kind.name()
                && let Some(first) = by_name.insert((item.kind.word(), name), at)
            {
                return duplicate(item.kind.word(), name, first);
            }
        }
        let layers = vec![None; items.len()];
        Ok(Self { items, by_id, by_name, layers, attributes, stack, uses: 0, limits })
    }

    /// What `extends` or a refinement's `ref` means.
    pub(super) fn find_base(&self, item: &Item, name: &str) -> Option<Found<'_>> {
        let kind = item.kind.word();
        if item.refines {
            let own = self.by_name.get(&(kind, name)).or_else(|| self.by_id.get(name)).copied();
            return own.map(Found::Own).or_else(|| self.signal_below(kind, name).map(Found::Below));
        }
        if let Some(own) = self.by_id.get(name) {
            return Some(Found::Own(*own));
        }
        let group = self.stack.groups.get(name).map(|group| &group.attributes[..]);
        let signal = || name.split_once('.').and_then(|(kind, name)| self.signal_below(kind, name));
        group.or_else(signal).map(Found::Below)
    }

    /// The attributes of a signal of a registry below.
    fn signal_below(&self, kind: &str, name: &str) -> Option<&[AttributeUse]> {
        let stack = &self.stack;
        Some(match kind {
            "metric" => &stack.metrics.get(name)?.attributes,
            "span" => &stack.spans.get(name)?.attributes,
            "event" => &stack.events.get(name)?.attributes,
            "entity" => &stack.entities.get(name)?.attributes,
            _ => return None,
        })
    }

    fn at(&self, item: usize, line: usize, problem: Problem) -> Error {
        Error::new(Place { line, ..self.items[item].place.clone() }, problem)
    }

    /// All layers of an item; `path` is how it was reached.
    pub(super) fn layer(&mut self, at: usize, path: &mut Vec<usize>) -> Result<Rc<Layer>, Error> {
        if let Some(layer) = &self.layers[at] {
            return Ok(Rc::clone(layer));
        }
        let items = self.items;
        let item = &items[at];
        if let Some(start) = path.iter().position(|above| *above == at) {
            let circle: Vec<&str> = path[start..].iter().chain([&at]).map(|at| &*items[*at].id).collect();
            return Err(self.at(at, item.place.line, Problem::Cycle(circle.join(" > "))));
        }
        if path.len() >= self.limits.chain {
            let problem =
                Problem::Limit { limit: self.limits.chain, what: "references in a chain", setting: "chain" };
            return Err(self.at(at, item.place.line, problem));
        }
        path.push(at);
        let mut layer = match &item.base {
            None => Layer::new(),
            Some(base) => match self.find_base(item, &base.name) {
                Some(Found::Own(base)) => Layer::clone(&*self.layer(base, path)?),
                Some(Found::Below(uses)) => below(uses),
                None => {
                    let what = if item.refines { item.kind.word() } else { "group" };
                    return Err(self.at(at, base.line, Problem::Dangling { what, name: base.name.clone() }));
                }
            },
        };
        self.groups(at, path, &mut layer)?;
        self.own(at, &mut layer)?;
        path.pop();
        self.uses = self.uses.saturating_add(layer.len());
        if self.uses > self.limits.uses {
            let problem =
                Problem::Limit { limit: self.limits.uses, what: "uses of attributes", setting: "uses" };
            return Err(self.at(at, item.place.line, problem));
        }
        let layer = Rc::new(layer);
        self.layers[at] = Some(Rc::clone(&layer));
        Ok(layer)
    }

    /// Puts the referenced groups on what is inherited. They may not overlap.
    fn groups(&mut self, at: usize, path: &mut Vec<usize>, layer: &mut Layer) -> Result<(), Error> {
        let items = self.items;
        let mut from: HashMap<AttributeId, &str> = HashMap::new();
        for slot in &items[at].slots {
            let Slot::Group { line, id } = slot else { continue };
            let group = match self.by_id.get(&**id) {
                Some(group) => self.layer(*group, path)?,
                None => match self.stack.groups.get(id) {
                    Some(group) => Rc::new(below(&group.attributes)),
                    None => {
                        return Err(self.at(
                            at,
                            *line,
                            Problem::Dangling { what: "group", name: id.clone() },
                        ));
                    }
                },
            };
            for (attribute, patch) in group.iter() {
                if let Some(first) = from.insert(*attribute, id) {
                    let key = self.attributes[*attribute].key.to_string();
                    let problem = Problem::Collision { key, first: first.to_owned(), second: id.clone() };
                    return Err(self.at(at, *line, problem));
                }
                layer.entry(*attribute).or_default().apply(patch);
            }
        }
        Ok(())
    }

    /// Puts the item's own references on top.
    fn own(&self, at: usize, layer: &mut Layer) -> Result<(), Error> {
        let mut seen: HashMap<AttributeId, usize> = HashMap::new();
        for slot in &self.items[at].slots {
            let Slot::Attribute { line, key, patch } = slot else { continue };
            let Some(id) = self.attributes.attribute_id(key) else {
                return Err(self.at(at, *line, Problem::Dangling { what: "attribute", name: key.clone() }));
            };
            if let Some(first) = seen.insert(id, *line) {
                let first = format!("{}:{first}", self.items[at].place.file);
                let problem = Problem::Duplicate { what: "attribute", name: key.clone(), first };
                return Err(self.at(at, *line, problem));
            }
            if self.items[at].refines && patch.role.is_some() {
                let below = layer.get(&id).and_then(|below| below.role).unwrap_or(Role::Descriptive);
                if patch.role != Some(below) {
                    return Err(self.at(at, *line, Problem::Identity(key.clone())));
                }
            }
            layer.entry(id).or_default().apply(patch);
        }
        Ok(())
    }
}

/// Uses of a registry below as a layer to build on.
fn below(uses: &[AttributeUse]) -> Layer {
    uses.iter().map(|used| (used.attribute, Patch::of(used))).collect()
}
