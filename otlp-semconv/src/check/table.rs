//! The registry's attributes, prepared for the look-up of keys and for what the rules ask of them.

use std::collections::{HashMap, HashSet};

use super::{mix::Keyed, name, spelling::Spelling};
use crate::registry::{Attribute, AttributeUse, Deprecation, Registry, When};

/// The registry's attributes by key, with what all their definitions together say of them.
#[derive(Debug)]
pub(super) struct Table<'r> {
    pub(super) registry: &'r Registry,
    pub(super) keyed: Keyed,
    /// Where a key's hash leads: part of the hash, and the attribute's index plus one.
    slots: Vec<(u32, u32)>,
    keys: Vec<&'r str>,
    traits: Vec<Traits>,
    namespaces: HashSet<&'r str>,
    spelling: Spelling<'r>,
    metric_names: Spelling<'r>,
    event_names: Spelling<'r>,
}

/// What is known of an attribute beyond its definition.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traits {
    /// Rules look at its value, not only at its type.
    pub(super) watched: bool,
    /// Rules for span names look at its value.
    pub(super) named: bool,
    /// Some entity has it.
    pub(super) of_resources: bool,
    /// Some span, metric or event has it.
    pub(super) of_items: bool,
    /// Some attribute was renamed to it.
    pub(super) renamed_to: bool,
    /// Its key is in the namespace of another attribute that is in use.
    pub(super) illegal: bool,
}

/// What a key is in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The attribute of this key.
    Exact(usize),
    /// One of many keys of a template.
    Template(usize),
    /// Nothing.
    Unknown,
}

impl<'r> Table<'r> {
    pub(super) fn new(registry: &'r Registry) -> Self {
        let attributes = registry.attributes();
        let size = (attributes.len() * 4).next_power_of_two().max(4);
        let mut table = Self {
            registry,
            keyed: Keyed::default(),
            slots: vec![(0, 0); size],
            keys: attributes.iter().map(|attribute| &*attribute.key).collect(),
            traits: vec![Traits::default(); attributes.len()],
            namespaces: HashSet::new(),
            spelling: Spelling::default(),
            metric_names: Spelling::default(),
            event_names: Spelling::default(),
        };
        for (index, attribute) in attributes.iter().enumerate() {
            table.insert(index);
            table.namespaces.extend(name::namespaces(&attribute.key));
            table.traits[index].watched = !is_open(attribute);
        }
        for (index, attribute) in attributes.iter().enumerate() {
            if let Some(to) = renamed_to(attribute.deprecated.as_ref())
                && let Some(id) = registry.attribute_id(to)
            {
                table.traits[id.index()].renamed_to = true;
            }
            table.traits[index].illegal = table.owner(&attribute.key).is_some();
        }
        table.watch();
        table.spell();
        table
    }

    fn insert(&mut self, index: usize) {
        let hash = self.keyed.text(self.keys[index].as_bytes());
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = ((hash >> 32) as u32, index as u32 + 1);
    }

    /// Notes where attributes are used, and which values the rules look at.
    fn watch(&mut self) {
        let registry = self.registry;
        let items = registry
            .spans()
            .iter()
            .map(|span| &span.attributes)
            .chain(registry.span_refinements().iter().map(|span| &span.signal.attributes))
            .chain(registry.metrics().iter().map(|metric| &metric.attributes))
            .chain(registry.metric_refinements().iter().map(|metric| &metric.signal.attributes))
            .chain(registry.events().iter().map(|event| &event.attributes));
        for used in items.flatten() {
            self.traits[used.attribute.index()].of_items = true;
            self.watch_use(used);
        }
        for used in registry.entities().iter().flat_map(|entity| &entity.attributes) {
            self.traits[used.attribute.index()].of_resources = true;
            self.watch_use(used);
        }
    }

    fn watch_use(&mut self, used: &AttributeUse) {
        if used.expected.is_some() {
            self.traits[used.attribute.index()].watched = true;
        }
        if let Some(When::Equals(other, _) | When::Differs(other, _)) =
            used.condition.as_ref().and_then(|condition| condition.when.as_ref())
        {
            self.traits[other.index()].watched = true;
        }
    }

    /// Has a value looked at where span names are made of it.
    pub(super) fn name_key(&mut self, key: &str) {
        if let Some(id) = self.registry.attribute_id(key) {
            self.traits[id.index()].named = true;
        }
    }

    /// Has a value looked at.
    pub(super) fn watch_key(&mut self, key: &str) {
        if let Some(id) = self.registry.attribute_id(key) {
            self.traits[id.index()].watched = true;
        }
    }

    fn spell(&mut self) {
        let attributes = self.registry.attributes();
        // What is in use comes first, so that of two names equally near it wins.
        let (live, old): (Vec<_>, Vec<_>) =
            attributes.iter().partition(|attribute| attribute.deprecated.is_none());
        for attribute in live.into_iter().chain(old) {
            self.spelling.add(&attribute.key, attribute.is_template());
        }
        for metric in self.registry.metrics() {
            self.metric_names.add(&metric.name, false);
        }
        for event in self.registry.events() {
            self.event_names.add(&event.name, false);
        }
    }

    /// The index of the attribute with exactly this key.
    #[inline]
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        self.find_hashed(key, self.keyed.text(key))
    }

    /// As [`find`](Self::find), for a key whose hash is known.
    #[inline]
    pub(super) fn find_hashed(&self, key: &[u8], hash: u64) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (tag, index) = self.slots[at];
            let index = index.checked_sub(1)? as usize;
            if tag == (hash >> 32) as u32 && self.keys[index].as_bytes() == key {
                return Some(index);
            }
            at = (at + 1) & mask;
        }
    }

    /// What a key is.
    pub(super) fn known(&self, key: &str) -> Known {
        match self.find(key.as_bytes()) {
            Some(index) if !self.registry.attributes()[index].is_template() => Known::Exact(index),
            // A template's own name is no attribute.
            _ => self.template(key).map_or(Known::Unknown, Known::Template),
        }
    }

    /// The longest template that a key is of.
    fn template(&self, key: &str) -> Option<usize> {
        name::namespaces(key).filter(|prefix| prefix.len() + 1 < key.len()).find_map(|prefix| {
            self.find(prefix.as_bytes()).filter(|index| self.registry.attributes()[*index].is_template())
        })
    }

    pub(super) fn attribute(&self, index: usize) -> &'r Attribute {
        &self.registry.attributes()[index]
    }

    #[inline]
    pub(super) fn traits(&self, index: usize) -> Traits {
        self.traits[index]
    }

    /// The attribute in use, if any, whose key is a namespace of this one.
    pub(super) fn owner(&self, key: &str) -> Option<&'r str> {
        name::namespaces(key).find_map(|prefix| {
            let attribute = self.attribute(self.find(prefix.as_bytes())?);
            (attribute.deprecated.is_none() && !attribute.is_template()).then_some(&*attribute.key)
        })
    }

    /// The longest namespace of the registry that an unknown key is in.
    pub(super) fn namespace<'k>(&self, key: &'k str) -> Option<&'k str> {
        name::namespaces(key).find(|prefix| self.namespaces.contains(prefix))
    }

    /// The attribute's key that an unknown one was probably meant to be; of a renamed one, the new name.
    pub(super) fn nearest(&self, unknown: &str) -> Option<String> {
        let (name, rest) = self.spelling.nearest(unknown)?;
        let renamed = self
            .find(name.as_bytes())
            .and_then(|index| renamed_to(self.attribute(index).deprecated.as_ref()));
        Some(format!("{}{rest}", renamed.unwrap_or(name)))
    }

    /// The metric that an unknown one was probably meant to be.
    pub(super) fn nearest_metric(&self, unknown: &str) -> Option<&'r str> {
        self.metric_names.nearest(unknown).map(|(name, _)| name)
    }

    /// The event that an unknown one was probably meant to be.
    pub(super) fn nearest_event(&self, unknown: &str) -> Option<&'r str> {
        self.event_names.nearest(unknown).map(|(name, _)| name)
    }

    /// How many attributes in use each first namespace has.
    pub(super) fn sizes(&self) -> HashMap<&'r str, u64> {
        let mut sizes = HashMap::new();
        for attribute in self.registry.attributes().iter().filter(|attribute| attribute.deprecated.is_none())
        {
            *sizes.entry(attribute.namespace()).or_default() += 1;
        }
        sizes
    }
}

/// Whether any value is as good as another: no enum, or one whose only member stands for all others.
pub(super) fn is_open(attribute: &Attribute) -> bool {
    attribute.members().iter().all(|member| member.value.as_str() == Some("_OTHER"))
}

/// The new name, if it is a renaming.
pub(super) fn renamed_to(deprecation: Option<&Deprecation>) -> Option<&str> {
    deprecation?.renamed_to()
}
