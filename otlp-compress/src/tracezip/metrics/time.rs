//! Times: mostly one of the last few.

use crate::tracezip::coder::{Bit, Coder, Number, Tree};
use crate::tracezip::shape::{unzigzag, zigzag};

/// Times that are remembered.
const RECENT: usize = 4;

/// Times of one sort: starts, or the points' own.
pub(super) struct Times {
    recent: [u64; RECENT],
    same: [Bit; 2],
    was_same: bool,
    own: [Bit; 2],
    other: Tree<4>,
    far: Number,
    near: Number,
}

impl Times {
    pub(super) fn new() -> Self {
        Self {
            recent: [0; RECENT],
            same: [Bit::EVEN; 2],
            was_same: true,
            own: [Bit::EVEN; 2],
            other: Tree::new(),
            far: Number::new(),
            near: Number::new(),
        }
    }

    /// A time of a series whose last one was `last`, and `step` after the one before.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, last: u64, step: u64, time: u64) -> u64 {
        let context = usize::from(self.was_same);
        self.was_same = coder.bit(&mut self.same[context], time == self.recent[0]);
        if self.was_same {
            return self.recent[0];
        }
        let found = self.find(coder, last, step, time);
        let at = self.recent.iter().position(|&recent| recent == found).unwrap_or(RECENT - 1);
        self.recent.copy_within(..at, 1);
        self.recent[0] = found;
        found
    }

    fn find<C: Coder>(&mut self, coder: &mut C, last: u64, step: u64, time: u64) -> u64 {
        if last != 0 && last != self.recent[0] && coder.bit(&mut self.own[context(step)], time == last) {
            return last;
        }
        let place = self.recent.iter().skip(1).position(|&recent| recent == time);
        let other = self.other.code(coder, place.map_or(0, |place| place + 1));
        if other > 0 {
            return self.recent[other];
        }
        // The newest time if this series has been there already, else one step on.
        let newest = self.recent[0];
        if newest > last {
            let delta = self.near.code(coder, zigzag(time.wrapping_sub(newest)));
            newest.wrapping_add(unzigzag(delta))
        } else {
            let expected = last.wrapping_add(step);
            let delta = self.far.code(coder, zigzag(time.wrapping_sub(expected)));
            expected.wrapping_add(unzigzag(delta))
        }
    }
}

const fn context(step: u64) -> usize {
    (step == 0) as usize
}
