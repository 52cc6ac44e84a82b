//! `Ordinal`: a counter that may wrap.

use std::ops::AddAssign;

/// A number that only counts up, and after `u64::MAX` goes on with 0: segment ids, sequences, items of a signal.
///
/// Two of them are compared by their distance, which is right as long as they stand less than 2^63 apart; all that are alive
/// in one queue do, by far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Ordinal(pub(super) u64);

impl Ordinal {
    /// This one, `count` further.
    pub(super) const fn plus(self, count: u64) -> Self {
        Self(self.0.wrapping_add(count))
    }

    /// This one, `count` back.
    pub(super) const fn minus(self, count: u64) -> Self {
        Self(self.0.wrapping_sub(count))
    }

    /// How far it is ahead of `other`; 0 if it is behind.
    pub(super) const fn since(self, other: Self) -> u64 {
        if self.is_ahead_of(other) { self.0.wrapping_sub(other.0) } else { 0 }
    }

    /// Whether it comes after `other`.
    pub(super) const fn is_ahead_of(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0).cast_signed() > 0
    }

    /// How far the two stand from each other, whichever is ahead.
    pub(super) const fn apart(self, other: Self) -> u64 {
        let ahead = self.0.wrapping_sub(other.0);
        let behind = other.0.wrapping_sub(self.0);
        if ahead < behind { ahead } else { behind }
    }

    /// The later of the two.
    pub(super) const fn max(self, other: Self) -> Self {
        if other.is_ahead_of(self) { other } else { self }
    }

    /// The earlier of the two.
    pub(super) const fn min(self, other: Self) -> Self {
        if other.is_ahead_of(self) { self } else { other }
    }
}

/// Most items that may stand, or be missing, between two places of one log. More are no log: there are not so many.
pub(super) const MOST_BETWEEN: u64 = 1 << 48;

impl AddAssign<u64> for Ordinal {
    fn add_assign(&mut self, count: u64) {
        *self = self.plus(count);
    }
}

/// Consecutive items of one signal: from the first up to, not including, the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Ordinal,
    pub(super) to: Ordinal,
}

impl Range {
    /// `count` items from `from`.
    pub(super) const fn of(from: Ordinal, count: u64) -> Self {
        Self { from, to: from.plus(count) }
    }

    /// How many items it holds.
    pub(super) const fn len(self) -> u64 {
        self.to.since(self.from)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// What the two have in common; empty if nothing.
    pub(super) const fn intersection(self, other: Self) -> Self {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        // Ranges from opposite sides of the circle have no order, and nothing in common.
        if both.len() > self.len() || both.len() > other.len() {
            Self { from: self.from, to: self.from }
        } else {
            both
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_across_the_wrap() {
        let last = Ordinal(u64::MAX);
        let next = last.plus(1);
        assert_eq!(next, Ordinal(0));
        assert!(next.is_ahead_of(last) && !last.is_ahead_of(next) && !last.is_ahead_of(last));
        assert_eq!(next.since(last), 1);
        assert_eq!(last.since(next), 0);
        assert_eq!((next.apart(last), last.apart(next), last.apart(last)), (1, 1, 0));
        assert_eq!(next.max(last), next);
        assert_eq!(next.min(last), last);
        assert_eq!(next.minus(1), last);
    }

    #[test]
    fn ranges_meet_across_the_wrap() {
        let one = Range::of(Ordinal(u64::MAX - 2), 5);
        let two = Range::of(Ordinal(u64::MAX), 9);
        assert_eq!(one.intersection(two), Range { from: Ordinal(u64::MAX), to: Ordinal(2) });
        assert_eq!(one.intersection(two).len(), 3);
        assert!(one.intersection(Range::of(Ordinal(2), 1)).is_empty());
    }
}
