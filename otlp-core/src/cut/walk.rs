//! The walk over a batch: down its groups to its items, reading nothing but keys and lengths on the way.

use crate::Signal;
use crate::wire::{LEN, Value, bring_all, delimited, fields};

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

/// A walk over a batch, or over one batch after the other.
pub(super) struct Walk<'a> {
    place: Place<'a>,
    levels: &'static [&'static [u32]],
    /// How many groups there were so far.
    opened: usize,
    /// What stands below the groups that the walk is in, innermost last.
    children: Vec<Child>,
}

/// A group or an item, as a field of the group above.
#[derive(Clone, Copy)]
struct Child {
    number: u32,
    /// Where its payload starts, behind key and length.
    payload: usize,
    whole: Span,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub(super) fn new(signal: Signal) -> Self {
        let levels = levels(signal);
        let place = Place {
            signal,
            source: &[],
            depth: levels.len(),
            headers: Default::default(),
            groups: Default::default(),
            index: 0,
        };
        Self { place, levels, opened: 0, children: Vec::new() }
    }

    /// Walks over valid bytes to their end; gives the fields of the request that do not lead down. Ids of groups go
    /// on where the last run ended.
    pub(super) fn run(&mut self, source: &'a [u8], visit: &mut impl Visit<'a>) -> &[Span] {
        (self.place.source, self.place.index) = (source, 0);
        self.group(visit, 0, Span { start: 0, end: source.len() });
        &self.place.headers[0]
    }

    fn group(&mut self, visit: &mut impl Visit<'a>, level: usize, at: Span) {
        let first = self.children.len();
        self.scan(level, at);
        if visit.enter(&self.place, level) {
            let last = self.children.len();
            for index in first..last {
                let Child { number, payload, whole } = self.children[index];
                if level + 1 == self.levels.len() {
                    visit.item(&self.place, &self.place.source[payload..whole.end], whole);
                    self.place.index += 1;
                } else {
                    self.opened += 1;
                    let payload = Span { start: payload, end: whole.end };
                    self.place.groups[level + 1] = Open { id: self.opened, number, payload };
                    self.group(visit, level + 1, payload);
                }
            }
            visit.leave(&self.place, level);
        }
        self.children.truncate(first);
    }

    /// Notes where the fields of a group stand: those that lead down, and the others.
    fn scan(&mut self, level: usize, at: Span) {
        let down = self.levels[level];
        let source = &self.place.source[..at.end];
        let header = &mut self.place.headers[level];
        header.clear();
        let mut start = at.start;
        let mut near = start;
        while let [key, after @ ..] = &source[start..] {
            if start + AHEAD > near {
                near = bring_near(source, near.max(start));
            }
            // The usual key of what leads down, which nearly all fields are: anything else takes the long way.
            if *key < 0x80
                && key & 7 == LEN
                && down.contains(&u32::from(key >> 3))
                && let Some((payload, behind)) = delimited(after)
            {
                let end = at.end - behind.len();
                let whole = Span { start, end };
                self.children.push(Child {
                    number: u32::from(key >> 3),
                    payload: end - payload.len(),
                    whole,
                });
                start = end;
                continue;
            }
            let Some(field) = fields(&source[start..]).next() else { break };
            let end = start + field.end;
            let whole = Span { start, end };
            match field.value {
                Value::Len(payload) if down.contains(&field.number) => {
                    self.children.push(Child { number: field.number, payload: end - payload.len(), whole });
                }
                _ => match header.last_mut() {
                    Some(last) if last.end == start => last.end = end,
                    _ => header.push(whole),
                },
            }
            start = end;
        }
    }
}

/// How many bytes in front of a scan are to be in the cache.
const AHEAD: usize = 4096;

/// Asks for the cache lines of the next [`AHEAD`] bytes; gives where they end.
///
/// A scan learns from one length where the next stands, so each item out of the cache would cost it a whole wait for memory.
#[inline]
fn bring_near(source: &[u8], from: usize) -> usize {
    let end = source.len().min(from + AHEAD);
    bring_all(&source[from..end]);
    end
}
