//! The bytes that all requests together may hold.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A counter of held bytes with a ceiling, shared by all connections of a server.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    ceiling: usize,
}

/// The part of the budget that one request holds; given back on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
    /// The part of `bytes` that stays until the end, such as headers.
    fixed: usize,
}

/// The budget is used up by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OverBudget {
    pub(super) ceiling: usize,
}

impl Budget {
    pub(super) fn new(ceiling: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), ceiling })
    }

    /// A reservation of nothing yet.
    pub(super) fn reservation(self: &Arc<Self>) -> Reservation {
        Reservation { budget: Arc::clone(self), bytes: 0, fixed: 0 }
    }
}

impl Reservation {
    /// Takes more; refused if others hold something and the total would go over the ceiling. Whoever holds the budget alone is
    /// bounded by the limits on one message instead, so that no ceiling can shut out a legal request for ever.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let before = self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        let others = before.saturating_sub(self.bytes);
        if others > 0 && before.saturating_add(bytes) > self.budget.ceiling {
            self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
            return Err(OverBudget { ceiling: self.budget.ceiling });
        }
        self.bytes += bytes;
        Ok(())
    }

    /// As [`grow`](Self::grow), for bytes that stay until the end.
    pub(super) fn grow_fixed(&mut self, bytes: usize) -> Result<(), OverBudget> {
        self.grow(bytes)?;
        self.fixed += bytes;
        Ok(())
    }

    /// Holds exactly this much from now on besides what is fixed, whatever the ceiling: for bytes that exist already.
    pub(super) fn settle(&mut self, bytes: usize) {
        let bytes = bytes.saturating_add(self.fixed);
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CEILING: usize = 100;

    #[test]
    fn others_are_refused_over_the_ceiling_until_bytes_come_back() {
        let budget = Budget::new(CEILING);
        let mut first = budget.reservation();
        assert_eq!(first.grow(80), Ok(()));
        let mut second = budget.reservation();
        assert_eq!(second.grow(20), Ok(()));
        assert_eq!(second.grow(1), Err(OverBudget { ceiling: CEILING }));
        drop(first);
        assert_eq!(second.grow(1), Ok(()));
        drop(second);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_lone_request_passes_any_ceiling() {
        let budget = Budget::new(CEILING);
        let mut lone = budget.reservation();
        assert_eq!(lone.grow(80), Ok(()));
        assert_eq!(lone.grow(80), Ok(()));
        assert_eq!(budget.reservation().grow(1), Err(OverBudget { ceiling: CEILING }));
    }

    #[test]
    fn settling_replaces_what_was_held() {
        let budget = Budget::new(CEILING);
        let mut one = budget.reservation();
        one.grow(80).unwrap();
        one.settle(3);
        assert_eq!(budget.held.load(Ordering::Relaxed), 3);
        one.grow_fixed(7).unwrap();
        one.settle(3);
        assert_eq!(budget.held.load(Ordering::Relaxed), 10);
        one.settle(300);
        assert_eq!(budget.reservation().grow(1), Err(OverBudget { ceiling: CEILING }));
    }
}
