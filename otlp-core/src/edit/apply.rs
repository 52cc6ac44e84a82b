//! The walk that finds what changes, and the copy that leaves the rest as it is.

use bytes::Bytes;

use super::attribute::{Changes, Entry};
use super::splice::{Patch, splice};
use super::{Edits, Place};
use crate::cut::levels;
use crate::trace::SpanView;
use crate::view::View as _;
use crate::wire::{Value, fields, put_len, put_varint, read_varint};
use crate::{Batch, Signal};

/// A new `tracestate` for a span, or `None` to leave it.
type State<'a, 'f> = &'f mut dyn FnMut(SpanView<'a>) -> Option<String>;

/// The batch with these edits, and with these `tracestate`s.
pub(super) fn apply<'a>(edits: &'a Edits, batch: &'a Batch, state: Option<State<'a, '_>>) -> Batch {
    let strings = match batch.profiles() {
        Some(view) => view.dictionary().strings().iter().collect(),
        None => Vec::new(),
    };
    let changes =
        |place| Changes::new(edits.list.iter().filter(|(at, _)| *at == place).map(|(_, action)| action));
    let source = batch.canonical();
    let mut editor = Editor {
        source,
        signal: batch.signal(),
        strings,
        resource: changes(Place::Resource),
        scope: changes(Place::Scope),
        item: changes(Place::Item),
        state,
        patches: Vec::new(),
        arena: Vec::new(),
        entries: Vec::new(),
        scratch: Vec::new(),
    };
    let grown = editor.group(0, 0, 0, source.len());
    if editor.patches.is_empty() {
        return batch.clone();
    }
    let out = splice(source, &editor.patches, &editor.arena, grown);
    Batch::trusted(batch.signal(), batch.items(), Bytes::from(out), None)
}

/// Number of `Span.trace_state`.
const TRACE_STATE: u32 = 3;

struct Editor<'a, 'f> {
    source: &'a [u8],
    signal: Signal,
    /// String table of profiles.
    strings: Vec<&'a str>,
    resource: Changes<'a>,
    scope: Changes<'a>,
    item: Changes<'a>,
    state: Option<State<'a, 'f>>,
    /// In the order of the source.
    patches: Vec<Patch>,
    /// All bytes that are new.
    arena: Vec<u8>,
    entries: Vec<Entry<'a>>,
    scratch: Vec<u8>,
}

// Each step gives by how many bytes its message grows.
impl<'a> Editor<'a, '_> {
    /// Edits a group, whose payload is `start..end` and whose field in the group above has this number.
    fn group(&mut self, level: usize, number: u32, start: usize, end: usize) -> isize {
        let levels = levels(self.signal);
        let mut grown = 0;
        let source: &'a [u8] = self.source;
        let mut described = false;
        for field in fields(&source[start..end]) {
            let Value::Len(payload) = field.value else { continue };
            let (whole, inner) = (start + field.start, start + field.end - payload.len());
            let end = start + field.end;
            if matches!(level, 1 | 2) && field.number == 1 {
                described = true;
                let (place, attributes) = if level == 1 { (Place::Resource, 1) } else { (Place::Scope, 3) };
                grown +=
                    self.nested(whole, inner, end, |editor| editor.attributes(place, attributes, inner, end));
            } else if levels[level].contains(&field.number) {
                if level + 1 < levels.len() {
                    grown += self.nested(whole, inner, end, |editor| {
                        editor.group(level + 1, field.number, inner, end)
                    });
                } else if self.state.is_some() {
                    grown += self.nested(whole, inner, end, |editor| editor.trace_state(inner, end));
                } else if !self.item.is_empty() {
                    let attributes = match (self.signal, number) {
                        (Signal::Logs, _) => 6,
                        (Signal::Metrics, 10) => 1,
                        (Signal::Metrics, 5 | 7 | 11) => 7,
                        _ => 9,
                    };
                    grown += self.nested(whole, inner, end, |editor| {
                        editor.attributes(Place::Item, attributes, inner, end)
                    });
                }
            }
        }
        if !described && matches!(level, 1 | 2) {
            grown += self.describe(level, end);
        }
        grown
    }

    /// Makes the resource or scope that is missing, if it is to have attributes.
    fn describe(&mut self, level: usize, end: usize) -> isize {
        let (changes, number) = if level == 1 { (&self.resource, 1) } else { (&self.scope, 3) };
        if !changes.adds() {
            return 0;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        changes.apply(&mut entries, &self.strings);
        let mut message = Vec::new();
        for entry in &entries {
            entry.write(number, &mut self.scratch, &mut message);
        }
        self.entries = entries;
        let from = self.arena.len();
        put_len(&mut self.arena, 1, &message);
        self.patches.push(Patch { start: end, end, from, to: self.arena.len() });
        (self.arena.len() - from) as isize
    }

    /// Edits the message in the field at `whole..end`, and its length with it.
    fn nested(
        &mut self,
        whole: usize,
        inner: usize,
        end: usize,
        edit: impl FnOnce(&mut Self) -> isize,
    ) -> isize {
        let slot = self.patches.len();
        self.patches.push(Patch::default());
        let grown = edit(self);
        if self.patches.len() == slot + 1 {
            self.patches.pop();
            return 0;
        }
        let start = read_varint(self.source, whole).map_or(whole, |(_, end)| end);
        let from = self.arena.len();
        put_varint(&mut self.arena, (end - inner).saturating_add_signed(grown) as u64);
        let to = self.arena.len();
        self.patches[slot] = Patch { start, end: inner, from, to };
        grown + (to - from) as isize - (inner - start) as isize
    }

    /// Sets the `tracestate` of the span `start..end`, in the place of the first there is.
    fn trace_state(&mut self, start: usize, end: usize) -> isize {
        let source: &'a [u8] = self.source;
        let span = &source[start..end];
        let Some(state) = self.state.as_mut().and_then(|state| state(SpanView::scan(span))) else { return 0 };
        let from = self.arena.len();
        put_len(&mut self.arena, TRACE_STATE, state.as_bytes());
        let mut new = Patch { start: end, end, from, to: self.arena.len() };
        let mut grown = (new.to - new.from) as isize;
        let mut placed = false;
        for field in fields(span).filter(|field| field.number == TRACE_STATE) {
            grown -= (field.end - field.start) as isize;
            (new.start, new.end) = (start + field.start, start + field.end);
            self.patches.push(new);
            placed = true;
            new.from = new.to;
        }
        if !placed {
            self.patches.push(new);
        }
        grown
    }

    /// Edits the attributes of the message `start..end`, which stand in field `number`.
    fn attributes(&mut self, place: Place, number: u32, start: usize, end: usize) -> isize {
        let changes = match place {
            Place::Resource => &self.resource,
            Place::Scope => &self.scope,
            Place::Item => &self.item,
        };
        let source: &'a [u8] = self.source;
        let message = &source[start..end];
        if changes.is_empty() || !changes.touch(message, number, &self.strings) {
            return 0;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        for field in fields(message).filter(|field| field.number == number) {
            let at = (start + field.start, start + field.end);
            entries.push(Entry::of(field.value.bytes(), at, &self.strings));
        }
        changes.apply(&mut entries, &self.strings);
        let mut grown = 0;
        for entry in entries.iter().filter(|entry| entry.changed()) {
            let from = self.arena.len();
            entry.write(number, &mut self.scratch, &mut self.arena);
            let (start, end) = entry.at().unwrap_or((end, end));
            self.patches.push(Patch { start, end, from, to: self.arena.len() });
            grown += (self.arena.len() - from) as isize - (end - start) as isize;
        }
        self.entries = entries;
        grown
    }
}
