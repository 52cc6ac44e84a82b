//! The queue in memory: batches in the order they came.

use std::collections::VecDeque;

use otlp_core::Batch;

/// A queued batch.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) batch: Batch,
    /// Place in the order of submission.
    pub(super) sequence: u64,
    /// The lane's tick when it came.
    pub(super) tick: u64,
}

/// Bytes that a batch holds in memory: where views need a merged copy, that is as large as the batch.
pub(super) fn cost(batch: &Batch) -> usize {
    let copies = if batch.is_merged() { 2 } else { 1 };
    batch.bytes().len() * copies
}

/// Batches of one signal, with sums kept.
#[derive(Debug, Default)]
pub(super) struct MemoryQueue {
    entries: VecDeque<Entry>,
    items: usize,
    bytes: usize,
}

/// Room made at the first push, so that filling the queue up to a batch's size asks the allocator for nothing more.
const FIRST_CAPACITY: usize = 1024;

impl MemoryQueue {
    pub(super) const fn items(&self) -> usize {
        self.items
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(super) fn push(&mut self, entry: Entry, batch_items: usize) {
        if self.entries.capacity() == 0 {
            self.entries.reserve(batch_items.min(FIRST_CAPACITY));
        }
        self.items += entry.batch.items();
        self.bytes += cost(&entry.batch);
        self.entries.push_back(entry);
    }

    /// Puts what was taken too much back where it was.
    pub(super) fn push_front(&mut self, entry: Entry) {
        self.items += entry.batch.items();
        self.bytes += cost(&entry.batch);
        self.entries.push_front(entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.items -= entry.batch.items();
        self.bytes -= cost(&entry.batch);
        Some(entry)
    }

    /// The oldest batches that together have at most so many items and bytes, but at least one.
    pub(super) fn take(&mut self, max_items: usize, max_bytes: usize) -> Vec<Entry> {
        let mut taken: Vec<Entry> = Vec::new();
        let (mut items, mut bytes) = (0, 0);
        while let Some(front) = self.entries.front() {
            items += front.batch.items();
            bytes += cost(&front.batch);
            if !taken.is_empty() && (items > max_items || bytes > max_bytes) {
                break;
            }
            taken.extend(self.pop());
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use otlp_core::logs::LogsWriter;

    use super::*;

    fn entry(sequence: u64, items: usize) -> Entry {
        let mut writer = LogsWriter::new();
        let mut resource = writer.resource(|_| {});
        let mut scope = resource.scope("", "");
        for _ in 0..items {
            scope.record().body("ten bytes!");
        }
        Entry { batch: writer.finish(), sequence, tick: 0 }
    }

    #[test]
    fn takes_whole_batches_up_to_the_bounds_and_at_least_one() {
        let mut queue = MemoryQueue::default();
        for (sequence, items) in [(0, 3), (1, 3), (2, 9), (3, 1)] {
            queue.push(entry(sequence, items), 5);
        }
        let mut take = |items, bytes| -> Vec<u64> {
            queue.take(items, bytes).iter().map(|entry| entry.sequence).collect()
        };
        assert_eq!(take(6, usize::MAX), [0, 1], "exactly full");
        assert_eq!(take(6, usize::MAX), [2], "larger than a batch, alone");
        assert_eq!(take(6, 1), [3]);
        assert_eq!(take(6, 1), []);
        assert_eq!((queue.items(), queue.bytes()), (0, 0));
    }

    #[test]
    fn what_comes_back_is_first_again() {
        let mut queue = MemoryQueue::default();
        queue.push(entry(0, 1), 5);
        queue.push(entry(1, 1), 5);
        let first = queue.pop().unwrap();
        queue.push_front(first);
        assert_eq!(queue.front().unwrap().sequence, 0);
        assert_eq!(queue.items(), 2);
    }
}
