//! What the relay holds in memory, items and bytes, and where it stops taking more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use otlp::Batch;

/// Items and bytes of encoded telemetry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

impl Size {
    /// Of one batch.
    pub(super) fn of(batch: &Batch) -> Self {
        Self { items: batch.items(), bytes: batch.bytes().len() }
    }
}

/// Shared by all that hold telemetry.
#[derive(Debug)]
pub(super) struct Budget {
    held: Mutex<Size>,
    limit: Size,
}

/// A part of the budget, given back on drop.
#[derive(Debug)]
pub(super) struct Hold {
    budget: Arc<Budget>,
    size: Size,
}

impl Budget {
    pub(super) fn new(limit: Size) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), limit })
    }

    /// Room for what is about to be taken in; `None` if there is none. Whatever comes first finds room, however large it is.
    pub(super) fn take(self: &Arc<Self>, size: Size) -> Option<Hold> {
        let mut held = self.held();
        let items = held.items.saturating_add(size.items);
        let bytes = held.bytes.saturating_add(size.bytes);
        let is_empty = *held == Size::default();
        if !is_empty && (items > self.limit.items || bytes > self.limit.bytes) {
            return None;
        }
        *held = Size { items, bytes };
        drop(held);
        Some(Hold { budget: Arc::clone(self), size })
    }

    /// Room for what is in memory already, in another shape.
    pub(super) fn reshape(self: &Arc<Self>, size: Size) -> Hold {
        let mut held = self.held();
        held.items = held.items.saturating_add(size.items);
        held.bytes = held.bytes.saturating_add(size.bytes);
        drop(held);
        Hold { budget: Arc::clone(self), size }
    }

    fn held(&self) -> MutexGuard<'_, Size> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.budget.held();
        held.items = held.items.saturating_sub(self.size.items);
        held.bytes = held.bytes.saturating_sub(self.size.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Arc<Budget> {
        Budget::new(Size { items: 10, bytes: 100 })
    }

    #[test]
    fn both_limits_hold_until_something_is_given_back() {
        for second in [Size { items: 6, bytes: 1 }, Size { items: 1, bytes: 60 }] {
            let budget = budget();
            let first = budget.take(Size { items: 5, bytes: 50 }).unwrap();
            assert!(budget.take(second).is_none());
            drop(first);
            assert!(budget.take(second).is_some());
            assert_eq!(*budget.held(), Size::default());
        }
    }

    #[test]
    fn what_is_larger_than_everything_finds_room_alone() {
        let budget = budget();
        let large = budget.take(Size { items: 11, bytes: 1000 }).unwrap();
        assert!(budget.take(Size { items: 1, bytes: 1 }).is_none());
        let reshaped = budget.reshape(Size { items: 11, bytes: 900 });
        drop(large);
        assert_eq!(*budget.held(), Size { items: 11, bytes: 900 });
        drop(reshaped);
        assert_eq!(*budget.held(), Size::default());
    }
}
