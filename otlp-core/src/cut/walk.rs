//! The walk over a batch: down its groups to its items, reading nothing but keys and lengths on the way.

use crate::Signal;
use crate::wire::{Value, fields};

/// For each level of grouping, the fields that lead one level down; the last leads to the items.
pub(crate) const fn levels(signal: Signal) -> &'static [&'static [u32]] {
    match signal {
        Signal::Metrics => &[&[1], &[2], &[2], &[5, 7, 9, 10, 11], &[1]],
        Signal::Traces | Signal::Logs | Signal::Profiles => &[&[1], &[2], &[2]],
    }
}

/// Most levels that any signal has.
pub(super) const MOST_LEVELS: usize = 5;

/// A range of the source.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A group that the walk is in: a resource, scope, metric or its data.
#[derive(Clone, Copy, Default)]
pub(super) struct Open {
    /// Different for each group of one walk; 0 for none.
    pub(super) id: usize,
    /// Field number in the group above.
    pub(super) number: u32,
    /// Where its payload stands; no copy is longer.
    pub(super) payload: Span,
}

/// Where a walk stands.
pub(super) struct Place<'a> {
    pub(super) signal: Signal,
    pub(super) source: &'a [u8],
    /// Levels of this signal.
    pub(super) depth: usize,
    /// For each level, the fields of the current group that do not lead down.
    pub(super) headers: [Vec<Span>; MOST_LEVELS],
    pub(super) groups: [Open; MOST_LEVELS],
    /// How many items there were so far.
    pub(super) index: usize,
}

impl Place<'_> {
    /// Bytes of a group's own fields.
    pub(super) fn header_len(&self, level: usize) -> usize {
        self.headers[level].iter().map(|part| part.end - part.start).sum()
    }
}

/// What a walk does on its way.
pub(super) trait Visit<'a> {
    /// Enters a group, or skips it for `false`.
    fn enter(&mut self, place: &Place<'a>, level: usize) -> bool;
    /// Leaves the group that was entered last.
    fn leave(&mut self, place: &Place<'a>, level: usize);
    /// An item, and where its whole field stands.
    fn item(&mut self, place: &Place<'a>, encoded: &'a [u8], whole: Span);
}

/// A walk that has not begun.
pub(super) struct Walk<'a> {
    place: Place<'a>,
    levels: &'static [&'static [u32]],
    /// How many groups there were so far.
    opened: usize,
}

impl<'a> Walk<'a> {
    /// A walk over valid bytes; group ids start behind `opened`.
    pub(super) fn new(signal: Signal, source: &'a [u8], opened: usize) -> Self {
        let levels = levels(signal);
        let place = Place {
            signal,
            source,
            depth: levels.len(),
            headers: Default::default(),
            groups: Default::default(),
            index: 0,
        };
        Self { place, levels, opened }
    }

    /// Walks to the end; gives the fields of the request that do not lead down.
    pub(super) fn run(mut self, visit: &mut impl Visit<'a>) -> Vec<Span> {
        self.group(visit, 0, Span { start: 0, end: self.place.source.len() });
        std::mem::take(&mut self.place.headers[0])
    }

    fn group(&mut self, visit: &mut impl Visit<'a>, level: usize, at: Span) {
        let down = self.levels[level];
        let payload = &self.place.source[at.start..at.end];
        let header = &mut self.place.headers[level];
        header.clear();
        for field in fields(payload).filter(|field| !down.contains(&field.number)) {
            let (start, end) = (at.start + field.start, at.start + field.end);
            match header.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => header.push(Span { start, end }),
            }
        }
        if !visit.enter(&self.place, level) {
            return;
        }
        for field in fields(payload) {
            let Value::Len(inner) = field.value else { continue };
            if !down.contains(&field.number) {
                continue;
            }
            let whole = Span { start: at.start + field.start, end: at.start + field.end };
            if level + 1 == self.levels.len() {
                visit.item(&self.place, inner, whole);
                self.place.index += 1;
            } else {
                self.opened += 1;
                let payload = Span { start: whole.end - inner.len(), end: whole.end };
                self.place.groups[level + 1] = Open { id: self.opened, number: field.number, payload };
                self.group(visit, level + 1, payload);
            }
        }
        visit.leave(&self.place, level);
    }
}
