//! Times: by the unit of the sender's clock, relative to a span nearby.

use crate::tracezip::coder::{Bit, Coder, Number, Tree};

/// Nanoseconds of the units that clocks have.
const UNITS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// Models of the times of all sets.
pub(crate) struct Times {
    /// What a set without experience starts from, by kind.
    parents: Vec<Clock>,
    clocks: Vec<Clock>,
    /// Clock by set and kind; `u32::MAX` for none yet.
    by_set: Vec<[u32; KINDS]>,
}

/// Kinds of times: starts by what they are relative to, then durations and events.
pub(crate) const START_BY_PARENT: usize = 0;
pub(crate) const START_BY_CHILD: usize = 1;
pub(crate) const START_BY_KIN: usize = 2;
pub(crate) const START_ALONE: usize = 3;
pub(crate) const DURATION: usize = 4;
pub(crate) const EVENT: usize = 5;
pub(crate) const KINDS: usize = 6;

/// Times of a set that its kind's common model learns from.
const LESSONS: u32 = 16;

/// Models of one kind of time of one set.
#[derive(Clone)]
struct Clock {
    /// The unit of the last time, whether it repeats, and which comes else.
    last: usize,
    again: Bit,
    unit: Tree<4>,
    back: Bit,
    size: Number,
    /// Times that this clock has taught its parent.
    taught: u32,
}

impl Clock {
    const fn new() -> Self {
        Self { last: 1, again: Bit::EVEN, unit: Tree::new(), back: Bit::EVEN, size: Number::new(), taught: 0 }
    }

    fn offspring(&self) -> Self {
        let mut new = self.clone();
        new.size = self.size.offspring(6);
        new.taught = 0;
        new
    }
}

impl Times {
    pub(crate) fn new() -> Self {
        Self { parents: Vec::new(), clocks: Vec::new(), by_set: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.parents.clear();
        self.parents.resize(KINDS, Clock::new());
        self.clocks.clear();
        self.by_set.clear();
    }

    pub(crate) fn memory(&self) -> usize {
        self.clocks.len() * size_of::<Clock>() + self.by_set.len() * KINDS * 4
    }

    /// A time of a set, relative to `base`.
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        set: u32,
        kind: usize,
        base: u64,
        time: u64,
    ) -> u64 {
        if self.by_set.len() <= set as usize {
            self.by_set.resize(set as usize + 1, [u32::MAX; KINDS]);
        }
        let parent = &mut self.parents[kind];
        let slot = &mut self.by_set[set as usize][kind];
        if *slot == u32::MAX {
            *slot = self.clocks.len() as u32;
            self.clocks.push(parent.offspring());
        }
        let clock = &mut self.clocks[*slot as usize];
        let relative = if kind == DURATION { time.wrapping_sub(base) } else { time };
        let unit = if C::READS { 0 } else { unit_of(relative) };
        let again = coder.bit(&mut clock.again, unit == clock.last);
        let unit = if again { clock.last } else { clock.unit.code(coder, unit) };
        clock.last = unit;
        let nanos = UNITS[unit];
        // Durations are differences already; other times are told from the base's own unit of time.
        let from = if kind == DURATION { 0 } else { base / nanos };
        let count = relative / nanos;
        let back = coder.bit(&mut clock.back, count < from);
        let size = if back { from.wrapping_sub(count) } else { count.wrapping_sub(from) };
        let size = clock.size.code(coder, size);
        if clock.taught < LESSONS {
            clock.taught += 1;
            parent.again.learn(again);
            parent.last = unit;
            parent.unit.learn(unit);
            parent.back.learn(back);
            parent.size.learn(size);
        }
        let count = if back { from.wrapping_sub(size) } else { from.wrapping_add(size) };
        let relative = count.wrapping_mul(nanos);
        if kind == DURATION { base.wrapping_add(relative) } else { relative }
    }
}

/// The largest unit that a time is a multiple of.
fn unit_of(time: u64) -> usize {
    if !time.is_multiple_of(1_000) {
        0
    } else if !time.is_multiple_of(1_000_000) {
        1
    } else if !time.is_multiple_of(1_000_000_000) {
        2
    } else {
        3
    }
}
