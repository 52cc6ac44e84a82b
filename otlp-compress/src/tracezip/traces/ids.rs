//! Trace, span and parent ids: each random number is written once, where it is first mentioned.
//!
//! A span mentions its own id and its parent's. Whichever comes first is written; the other side points back at it, within the trace.
//! The trace itself is that of the span before, the one that followed that span's trace last time, one so many
//! spans back, or new.

use crate::tracezip::coder::{Bit, Coder, Number};
use crate::tracezip::shape::{Lookup, mix};

pub(super) const NONE: u32 = u32::MAX;
/// Mentions of a trace that are looked at.
const NEAR: usize = 24;

/// A span that was seen, or only named as a parent.
#[derive(Clone, Copy)]
pub(super) struct Mention {
    id: u64,
    trace: u32,
    /// The mention before in its trace.
    before: u32,
    /// Whether the span itself was seen.
    pub(super) seen: bool,
    /// Its set; that of the child if it was only named.
    set: u32,
    /// Its start; that of the child if it was only named.
    pub(super) start: u64,
    pub(super) duration: u64,
}

struct Trace {
    high: u64,
    low: u64,
    last: u32,
    /// The span that was the last of it.
    used: u32,
    /// The trace of the span that followed a span of this one.
    next: u32,
}

/// The ids of a span; what a shape does not have is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SpanIds {
    pub(super) trace: (u64, u64),
    pub(super) span: u64,
    pub(super) parent: u64,
}

/// Which ids a shape has.
#[derive(Clone, Copy)]
pub(super) struct Present {
    pub(super) trace: bool,
    pub(super) span: bool,
    pub(super) parent: bool,
}

/// How a span stands to those before.
#[derive(Clone, Copy)]
pub(super) struct Relation {
    /// Its parent, if mentioned before.
    pub(super) parent: u32,
    /// Its own mention, if it was named before.
    pub(super) own: u32,
    /// The newest mention of its trace.
    pub(super) kin: u32,
    trace: u32,
}

/// All that was mentioned.
pub(super) struct Ids {
    traces: Vec<Trace>,
    pub(super) mentions: Vec<Mention>,
    /// Traces of spans, by span.
    spans: Vec<u32>,
    trace_lookup: Lookup,
    models: Models,
}

struct Models {
    same: [Bit; 4],
    followed: [Bit; 4],
    new: [Bit; 4],
    distance: Number,
    short: Bit,
    root: Bit,
    parent: Vec<Bit>,
    own: Vec<Bit>,
    /// How the last two traces were found.
    history: usize,
}

const PAIRS: usize = 1 << 10;

impl Models {
    fn new() -> Self {
        Self {
            same: [Bit::EVEN; 4],
            followed: [Bit::EVEN; 4],
            new: [Bit::EVEN; 4],
            distance: Number::new(),
            short: Bit::EVEN,
            root: Bit::EVEN,
            parent: vec![Bit::EVEN; PAIRS],
            own: vec![Bit::EVEN; PAIRS],
            history: 0,
        }
    }

    fn clear(&mut self) {
        let (mut parent, mut own) = (std::mem::take(&mut self.parent), std::mem::take(&mut self.own));
        parent.fill(Bit::EVEN);
        own.fill(Bit::EVEN);
        *self = Self { parent, own, ..Self { parent: Vec::new(), own: Vec::new(), ..Self::bare() } };
    }

    fn bare() -> Self {
        Self {
            same: [Bit::EVEN; 4],
            followed: [Bit::EVEN; 4],
            new: [Bit::EVEN; 4],
            distance: Number::new(),
            short: Bit::EVEN,
            root: Bit::EVEN,
            parent: Vec::new(),
            own: Vec::new(),
            history: 0,
        }
    }
}

/// The model of a pair of sets.
fn pair(set: u32, other: u32, seen: bool) -> usize {
    mix(u64::from(set) << 1 | u64::from(seen), u64::from(other)) as usize % PAIRS
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            traces: Vec::new(),
            mentions: Vec::new(),
            spans: Vec::new(),
            trace_lookup: Lookup::new(),
            models: Models::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.traces.clear();
        self.mentions.clear();
        self.spans.clear();
        self.trace_lookup.clear();
        self.models.clear();
    }

    pub(super) fn memory(&self) -> usize {
        self.traces.len() * (size_of::<Trace>() + 12)
            + self.mentions.len() * size_of::<Mention>()
            + self.spans.len() * 4
    }

    /// The ids of a span of set `set`.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        present: Present,
        set: u32,
        ids: SpanIds,
    ) -> (SpanIds, Relation) {
        let mut coded = SpanIds::default();
        let mut relation = Relation { parent: NONE, own: NONE, kin: NONE, trace: NONE };
        if !present.trace {
            if present.span {
                coded.span = coder.raw(ids.span, 64);
            }
            if present.parent {
                coded.parent = coder.raw(ids.parent, 64);
            }
            return (coded, relation);
        }
        let (trace, fresh) = self.code_trace(coder, ids.trace);
        relation.trace = trace;
        if fresh {
            let short = coder.bit(&mut self.models.short, ids.trace.0 == 0);
            coded.trace.0 = if short { 0 } else { coder.raw(ids.trace.0, 64) };
            let is_root = present.span && short && coder.bit(&mut self.models.root, ids.trace.1 == ids.span);
            coded.trace.1 = coder.raw(ids.trace.1, 64);
            if present.parent {
                coded.parent = coder.raw(ids.parent, 64);
            }
            if present.span {
                coded.span = if is_root { coded.trace.1 } else { coder.raw(ids.span, 64) };
            }
            self.add_trace(coded.trace, !C::READS);
            return (coded, relation);
        }
        let found = &self.traces[trace as usize];
        coded.trace = (found.high, found.low);
        relation.kin = found.last;
        if present.parent {
            (coded.parent, relation.parent) = self.code_parent(coder, relation.kin, set, ids.parent);
        }
        if present.span {
            (coded.span, relation.own) = self.code_own(coder, relation.kin, set, ids.span);
        }
        (coded, relation)
    }

    /// The trace; and whether it is new.
    fn code_trace<C: Coder>(&mut self, coder: &mut C, id: (u64, u64)) -> (u32, bool) {
        let known = self.traces.len() as u32;
        let wanted = if C::READS {
            NONE
        } else {
            let hash = mix(id.0, id.1);
            let traces = &self.traces;
            let same = |trace: u32| (traces[trace as usize].high, traces[trace as usize].low) == id;
            self.trace_lookup.find(hash, same).unwrap_or(known)
        };
        let models = &mut self.models;
        let context = models.history;
        let Some(&last) = self.spans.last() else { return (known, true) };
        if coder.bit(&mut models.same[context], wanted == last) {
            models.history = context << 1 & 2;
            return (last, false);
        }
        models.history = context << 1 & 2 | 1;
        let next = self.traces[last as usize].next;
        if next != NONE && next != last && coder.bit(&mut models.followed[context], wanted == next) {
            return (next, false);
        }
        if coder.bit(&mut models.new[context], wanted >= known) {
            return (known, true);
        }
        let distance = if C::READS { 0 } else { self.spans.len() as u32 - self.traces[wanted as usize].used };
        let distance = models.distance.code(coder, u64::from(distance));
        let at = (self.spans.len() as u64).checked_sub(distance).and_then(|at| self.spans.get(at as usize));
        match at {
            Some(&trace) => (trace, false),
            None => {
                coder.fail("a trace from before the first");
                (last, false)
            }
        }
    }

    fn add_trace(&mut self, id: (u64, u64), find: bool) {
        let number = self.traces.len() as u32;
        self.traces.push(Trace { high: id.0, low: id.1, last: NONE, used: 0, next: NONE });
        // A decoder is told numbers, and looks nothing up.
        if !find {
            return;
        }
        let traces = &self.traces;
        self.trace_lookup.insert(mix(id.0, id.1), number, |trace| {
            let trace = &traces[trace as usize];
            mix(trace.high, trace.low)
        });
    }

    /// The parent's id, and its mention if there is one near.
    fn code_parent<C: Coder>(&mut self, coder: &mut C, kin: u32, set: u32, id: u64) -> (u64, u32) {
        let mut at = kin;
        for _ in 0..NEAR {
            if at == NONE {
                break;
            }
            let mention = self.mentions[at as usize];
            let model = &mut self.models.parent[pair(set, mention.set, mention.seen)];
            if coder.bit(model, mention.id == id) {
                return (mention.id, at);
            }
            at = mention.before;
        }
        (coder.raw(id, 64), NONE)
    }

    /// The span's own id, and its mention if it was named as a parent before.
    fn code_own<C: Coder>(&mut self, coder: &mut C, kin: u32, set: u32, id: u64) -> (u64, u32) {
        let mut at = kin;
        for _ in 0..NEAR {
            if at == NONE {
                break;
            }
            let mention = self.mentions[at as usize];
            if !mention.seen {
                let model = &mut self.models.own[pair(set, mention.set, false)];
                if coder.bit(model, mention.id == id) {
                    return (mention.id, at);
                }
            }
            at = mention.before;
        }
        (coder.raw(id, 64), NONE)
    }

    /// Remembers a span.
    pub(super) fn add(
        &mut self,
        present: Present,
        set: u32,
        ids: SpanIds,
        relation: Relation,
        start: u64,
        duration: u64,
    ) {
        if !present.trace {
            return;
        }
        let trace = relation.trace;
        let number = self.spans.len() as u32;
        if let Some(&last) = self.spans.last() {
            self.traces[last as usize].next = trace;
        }
        self.spans.push(trace);
        self.traces[trace as usize].used = number;
        if present.parent && relation.parent == NONE {
            self.mention(Mention {
                id: ids.parent,
                trace,
                before: NONE,
                seen: false,
                set,
                start,
                duration: 0,
            });
        }
        if present.span {
            if relation.own == NONE {
                self.mention(Mention { id: ids.span, trace, before: NONE, seen: true, set, start, duration });
            } else {
                let own = &mut self.mentions[relation.own as usize];
                (own.seen, own.set, own.start, own.duration) = (true, set, start, duration);
            }
        }
    }

    fn mention(&mut self, mention: Mention) {
        let trace = &mut self.traces[mention.trace as usize];
        let before = std::mem::replace(&mut trace.last, self.mentions.len() as u32);
        self.mentions.push(Mention { before, ..mention });
    }
}
