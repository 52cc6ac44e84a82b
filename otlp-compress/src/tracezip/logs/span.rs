//! Which span a record belongs to: that of the record before, of one shortly before, or a new one.

use crate::tracezip::coder::{Bit, Coder, Tree};

/// A record's ids; what its shape does not have is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) trace: (u64, u64),
    pub(super) span: u64,
}

/// Owners that are remembered.
const RECENT: usize = 16;

/// The last owners, newest first.
pub(super) struct Owners {
    recent: [Owner; RECENT],
    same: [Bit; 2],
    was_same: bool,
    place: Tree<16>,
    same_trace: Bit,
    short: Bit,
}

impl Owners {
    pub(super) const fn new() -> Self {
        Self {
            recent: [Owner { trace: (0, 0), span: 0 }; RECENT],
            same: [Bit::EVEN; 2],
            was_same: true,
            place: Tree::new(),
            same_trace: Bit::EVEN,
            short: Bit::EVEN,
        }
    }

    /// The owner of a record whose shape has both ids or one.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        has_trace: bool,
        has_span: bool,
        owner: Owner,
    ) -> Owner {
        let same = coder.bit(&mut self.same[usize::from(self.was_same)], owner == self.recent[0]);
        self.was_same = same;
        let found = if same { self.recent[0] } else { self.other(coder, has_trace, has_span, owner) };
        let at = self.recent.iter().position(|&recent| recent == found).unwrap_or(RECENT - 1);
        self.recent.copy_within(..at, 1);
        self.recent[0] = found;
        // What another shape left there does not come out where there is no place for it.
        Owner {
            trace: if has_trace { found.trace } else { (0, 0) },
            span: if has_span { found.span } else { 0 },
        }
    }

    fn other<C: Coder>(&mut self, coder: &mut C, has_trace: bool, has_span: bool, owner: Owner) -> Owner {
        let place = self.recent.iter().skip(1).position(|&recent| recent == owner);
        let place = self.place.code(coder, place.map_or(0, |place| place + 1));
        if place > 0 {
            return self.recent[place];
        }
        let mut new = Owner::default();
        if has_trace {
            let last = self.recent[0].trace;
            new.trace = if coder.bit(&mut self.same_trace, owner.trace == last) {
                last
            } else {
                let short = coder.bit(&mut self.short, owner.trace.0 == 0);
                let high = if short { 0 } else { coder.raw(owner.trace.0, 64) };
                (high, coder.raw(owner.trace.1, 64))
            };
        }
        if has_span {
            new.span = coder.raw(owner.span, 64);
        }
        new
    }
}
