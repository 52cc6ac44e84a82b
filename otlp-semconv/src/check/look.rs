//! One item under the rules: where it stands, and what was found.

use std::sync::Arc;

use otlp_core::Signal;

use super::{
    Checker, Finding, FindingId, Item, Place, Position,
    mix::Mix,
    store::{About, Store, Words, clip, shared},
    tally::Counted,
    unknown::Unknown,
};

/// What all items of one scope share.
#[derive(Debug)]
pub(super) struct Scope {
    /// A fingerprint of scope and resource.
    pub(super) seed: u64,
    pub(super) service: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) resource: Arc<Source>,
}

/// A resource as far as rules for items look at it.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// A fingerprint.
    pub(super) seed: u64,
    pub(super) service: Arc<str>,
    /// The attributes that it has, by index.
    pub(super) present: Vec<u32>,
    pub(super) has_schema_url: bool,
}

/// What repeats itself in a run's state while one item is looked at.
#[derive(Debug)]
pub(super) struct Parts<'x> {
    pub(super) store: &'x mut Store,
    pub(super) unknown: &'x mut Unknown,
    pub(super) input: &'x Arc<str>,
    pub(super) message: u64,
}

/// One item while the rules look at it.
#[derive(Debug)]
pub(super) struct Look<'x, 'c> {
    pub(super) checker: &'c Checker<'c>,
    parts: Parts<'x>,
    signal: Signal,
    place: Place,
    print: u64,
    path: String,
    found: Vec<u32>,
    counted: Vec<Counted>,
}

/// What is remembered of a look, for the next item of the same fingerprint.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) found: Box<[u32]>,
    pub(super) counted: Box<[Counted]>,
    pub(super) hits: u64,
}

impl<'x, 'c> Look<'x, 'c> {
    pub(super) fn new(
        checker: &'c Checker<'c>,
        parts: Parts<'x>,
        signal: Signal,
        place: Place,
        path: String,
    ) -> Self {
        let mut look =
            Self { checker, parts, signal, place, print: 0, path, found: Vec::new(), counted: Vec::new() };
        look.print = look.print_of(&look.place);
        look
    }

    fn print_of(&self, place: &Place) -> u64 {
        let keyed = &self.checker.table.keyed;
        let mut mix = Mix::new(place.item as u64 + 1);
        for text in [&place.service, &place.scope, &place.name] {
            mix.add(keyed.text(text.as_bytes()));
        }
        mix.get()
    }

    /// Counts what is there.
    pub(super) fn count(&mut self, counted: Counted) {
        self.counted.push(counted);
    }

    pub(super) fn unknown(&mut self) -> &mut Unknown {
        self.parts.unknown
    }

    /// Something is wrong with the item itself, or below it at `under`.
    pub(super) fn note(
        &mut self,
        id: FindingId,
        key: &str,
        detail: &str,
        under: impl FnOnce() -> String,
        words: impl FnOnce() -> Words,
    ) {
        let about = About { id, signal: self.signal, place: &self.place, print: self.print, key, detail };
        let found = self.parts.store.note(&about, words, || Position {
            input: Arc::clone(self.parts.input),
            message: self.parts.message,
            path: format!("{}{}", self.path, under()),
        });
        self.remember(found);
    }

    /// Something is wrong with the resource, as an entity that the item belongs to.
    pub(super) fn note_entity(
        &mut self,
        id: FindingId,
        entity: &str,
        key: &str,
        words: impl FnOnce() -> Words,
    ) {
        let place = Place {
            service: Arc::clone(&self.place.service),
            scope: Arc::default(),
            item: Item::Resource,
            name: shared(entity),
        };
        let print = self.print_of(&place);
        let about = About { id, signal: self.signal, place: &place, print, key, detail: "" };
        let found = self.parts.store.note(&about, words, || Position {
            input: Arc::clone(self.parts.input),
            message: self.parts.message,
            path: self.path.clone(),
        });
        self.remember(found);
    }

    fn remember(&mut self, found: Option<u32>) {
        if let Some(found) = found
            && !self.found.contains(&found)
        {
            self.found.push(found);
        }
    }

    /// What is remembered; the item counts as one.
    pub(super) fn end(self) -> Memory {
        Memory { found: self.found.into(), counted: self.counted.into(), hits: 1 }
    }
}

impl Memory {
    /// The worst of what was found.
    pub(super) fn worst(&self, findings: &[Finding]) -> Option<super::Level> {
        self.found.iter().filter_map(|index| findings.get(*index as usize)).map(Finding::level).max()
    }
}

/// A place of this kind and name in a scope.
pub(super) fn place(scope: &Scope, item: Item, name: &str) -> Place {
    Place {
        service: Arc::clone(&scope.service),
        scope: Arc::clone(&scope.name),
        item,
        name: Arc::from(clip(name)),
    }
}
