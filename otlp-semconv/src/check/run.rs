//! A run over batches.

use std::sync::Arc;

use otlp_core::value::{Attributes, ValueView};
use otlp_core::{Batch, Signal};

use super::{
    Checker, Level, Place, Report,
    look::{Look, Memory, Parts, Scope, Source},
    mix::{ByPrint, Mix},
    shape::Shape,
    store::Store,
    tally::Tally,
    unknown::Unknown,
};

/// Most shapes that are remembered; then all are forgotten, which costs time and nothing else.
const MOST_SHAPES: usize = 1 << 14;

/// A run of a [`Checker`]: takes batches, then gives a [`Report`]. Its memory is bounded: at most 20,000 findings, 10,000 unknown
/// names and 16,384 shapes are kept.
#[derive(Debug)]
pub struct Run<'c> {
    pub(super) checker: &'c Checker<'c>,
    pub(super) tally: Tally,
    store: Store,
    unknown: Unknown,
    memories: ByPrint<Memory>,
    pub(super) sources: ByPrint<(Memory, Arc<Source>)>,
    pub(super) scopes: ByPrint<(Memory, Arc<Scope>)>,
    input: Arc<str>,
    message: u64,
    worst: Option<Level>,
    remember: bool,
}

impl<'c> Run<'c> {
    pub(super) fn new(checker: &'c Checker<'c>) -> Self {
        Self {
            checker,
            tally: Tally::new(&checker.table, checker.matcher.definitions.len()),
            store: Store::default(),
            unknown: Unknown::default(),
            memories: ByPrint::default(),
            sources: ByPrint::default(),
            scopes: ByPrint::default(),
            input: Arc::default(),
            message: 0,
            worst: None,
            remember: true,
        }
    }

    /// Names the input that the next batches come from, such as a file; their numbers start again from 1.
    pub fn input(&mut self, name: &str) {
        self.input = Arc::from(name);
        self.message = 0;
    }

    /// Counts a message that could not be read, so that the numbers of later ones are right.
    pub const fn skip(&mut self) {
        self.message += 1;
    }

    /// Checks a batch.
    pub fn check(&mut self, batch: &Batch) {
        self.message += 1;
        self.tally.items[batch.signal() as usize] += batch.items() as u64;
        if let Some(view) = batch.traces() {
            self.traces(&view);
        } else if let Some(view) = batch.metrics() {
            self.metrics(&view);
        } else if let Some(view) = batch.logs() {
            self.logs(&view);
        } else if let Some(view) = batch.profiles() {
            self.profiles(&view);
        }
    }

    /// The worst that was found so far.
    pub const fn worst(&self) -> Option<Level> {
        self.worst
    }

    /// Ends the run.
    pub fn finish(mut self) -> Report {
        self.forget();
        let definitions = &self.checker.matcher.definitions;
        let statistics = self.tally.finish(&self.checker.table, definitions, &self.store, self.unknown);
        Report::new(self.store.findings, statistics)
    }

    /// Has every item looked at in full.
    #[cfg(test)]
    pub(super) fn without_memory(mut self) -> Self {
        self.remember = false;
        self
    }

    /// Whether an item of this fingerprint was looked at already; if so it is counted.
    #[inline]
    pub(super) fn is_known(&mut self, print: u64) -> bool {
        match self.memories.get_mut(&print) {
            Some(memory) => {
                memory.hits += 1;
                true
            }
            None => false,
        }
    }

    /// A new look.
    pub(super) fn look(&mut self, signal: Signal, place: Place, path: String) -> Look<'_, 'c> {
        let parts = Parts {
            store: &mut self.store,
            unknown: &mut self.unknown,
            input: &self.input,
            message: self.message,
        };
        Look::new(self.checker, parts, signal, place, path)
    }

    /// Keeps what a look found.
    pub(super) fn remember(&mut self, print: u64, memory: Memory) {
        self.note_worst(&memory);
        if !self.remember {
            return self.tally.add(&memory, &mut self.store, &mut self.unknown);
        }
        if self.memories.len() >= MOST_SHAPES {
            self.forget();
        }
        self.memories.insert(print, memory);
    }

    pub(super) fn note_worst(&mut self, memory: &Memory) {
        self.worst = self.worst.max(memory.worst(&self.store.findings));
    }

    /// Makes room for one more resource or scope.
    pub(super) fn make_room(&mut self) {
        if self.sources.len().max(self.scopes.len()) >= MOST_SHAPES {
            self.forget();
        }
    }

    /// Counts what is remembered, and forgets it.
    fn forget(&mut self) {
        let memories = self
            .memories
            .drain()
            .map(|(_, memory)| memory)
            .chain(self.sources.drain().map(|(_, (memory, _))| memory))
            .chain(self.scopes.drain().map(|(_, (memory, _))| memory));
        for memory in memories {
            self.tally.add(&memory, &mut self.store, &mut self.unknown);
        }
    }
}

impl Checker<'_> {
    /// Takes into a fingerprint what the rules look at in attributes.
    #[inline]
    pub(super) fn fold(&self, mix: &mut Mix, attributes: &Attributes<'_>) {
        self.fold_under(mix, attributes, "");
    }

    /// As [`fold`](Self::fold), for the attributes of a span of this name.
    #[inline]
    pub(super) fn fold_under(&self, mix: &mut Mix, attributes: &Attributes<'_>, name: &str) {
        attributes.iter().for_each(|attribute| {
            self.fold_one(mix, attribute.key().as_bytes(), &attribute.value(), name);
        });
    }

    /// Takes one key and value in.
    #[inline]
    pub(super) fn fold_one(&self, mix: &mut Mix, key: &[u8], value: &ValueView<'_>, name: &str) {
        let hash = self.table.keyed.text(key);
        mix.add(hash);
        mix.add(Shape::of(value).number());
        let Some(index) = self.table.find_hashed(key, hash) else { return };
        let traits = self.table.traits(index);
        if traits.watched || traits.named && may_name(value, name) {
            self.fold_value(mix, value);
        }
    }

    #[inline]
    pub(super) fn fold_value(&self, mix: &mut Mix, value: &ValueView<'_>) {
        match value {
            ValueView::Str(text) => mix.add(self.table.keyed.text(text.as_bytes())),
            ValueView::Int(number) => mix.add(*number as u64),
            ValueView::Bool(truth) => mix.add(u64::from(*truth)),
            ValueView::Double(number) => mix.add(number.to_bits()),
            _ => {}
        }
    }
}

/// Whether a name could be made of a value. Of one that is not in the name it is not made, whatever the value is: so that
/// addresses and the like, different on every span, do not make every span look different.
#[inline]
fn may_name(value: &ValueView<'_>, name: &str) -> bool {
    match value {
        ValueView::Str("_OTHER") => true,
        ValueView::Str(value) => {
            let (value, name) = (value.as_bytes(), name.as_bytes());
            value.len() <= name.len() && name.windows(value.len().max(1)).any(|part| part.starts_with(value))
        }
        // Numbers in names are ports.
        ValueView::Int(_) => name.contains(':'),
        _ => false,
    }
}
