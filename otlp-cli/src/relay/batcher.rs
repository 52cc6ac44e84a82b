//! Batches of one signal into larger ones, by items, bytes and time. Neither clock nor channel: time comes in from outside.

use std::{num::NonZeroUsize, time::Duration};

use otlp::{Batch, split_items};
use tokio::time::Instant;

use super::{budget::Size, join::join};

/// When a batch is large or old enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// Items of a full batch, and the most that any batch has.
    pub(super) items: NonZeroUsize,
    /// Bytes that a batch does not grow over by joining others; one that comes in larger goes on as it is.
    pub(super) bytes: usize,
    /// How long the oldest item waits for others.
    pub(super) delay: Duration,
}

/// Collects until a batch is full; gives the items of each scope out in the order in which they came.
#[derive(Debug)]
pub(super) struct Batcher {
    limits: BatchLimits,
    held: Vec<Batch>,
    size: Size,
    due: Option<Instant>,
}

impl Batcher {
    pub(super) const fn new(limits: BatchLimits) -> Self {
        Self { limits, held: Vec::new(), size: Size { items: 0, bytes: 0 }, due: None }
    }

    /// What waits for more.
    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// When what waits is to be flushed; `None` if nothing does.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a batch with at least one item; gives what is ready now.
    pub(super) fn push(&mut self, batch: Batch, now: Instant) -> Vec<Batch> {
        let size = Size::of(&batch);
        let mut ready = Vec::new();
        if !self.held.is_empty() && self.size.bytes.saturating_add(size.bytes) > self.limits.bytes {
            ready = self.flush();
        }
        self.hold(batch, size, now);
        if self.size.items >= self.limits.items.get() {
            let mut parts = self.cut();
            if let Some(rest) = parts.pop_if(|rest| rest.items() < self.limits.items.get()) {
                let size = Size::of(&rest);
                self.hold(rest, size, now);
            }
            ready.append(&mut parts);
        } else if self.size.bytes >= self.limits.bytes {
            ready.append(&mut self.flush());
        }
        ready
    }

    /// Gives everything that waits.
    pub(super) fn flush(&mut self) -> Vec<Batch> {
        self.cut()
    }

    fn hold(&mut self, batch: Batch, size: Size, now: Instant) {
        self.size.items += size.items;
        self.size.bytes += size.bytes;
        self.due.get_or_insert(now + self.limits.delay);
        self.held.push(batch);
    }

    fn cut(&mut self) -> Vec<Batch> {
        self.size = Size::default();
        self.due = None;
        let joined = join(std::mem::take(&mut self.held));
        joined.into_iter().flat_map(|batch| split_items(&batch, self.limits.items)).collect()
    }
}

#[cfg(test)]
mod tests {
    use otlp::{Limits, Signal};

    use super::*;

    const DELAY: Duration = Duration::from_millis(200);

    fn batcher(items: usize, bytes: usize) -> Batcher {
        Batcher::new(BatchLimits { items: items.try_into().unwrap(), bytes, delay: DELAY })
    }

    /// Log records with these times, 15 bytes and a few each.
    fn batch(times: std::ops::Range<u64>) -> Batch {
        let mut records = Vec::new();
        for time in times {
            records.extend([0x12, 9, 9]);
            records.extend(time.to_le_bytes());
        }
        let length = u8::try_from(records.len()).unwrap();
        let bytes = [&[0x0a, length + 2, 0x12, length][..], &records].concat();
        Batch::parse(Signal::Logs, bytes, &Limits::default()).unwrap()
    }

    fn times(batches: &[Batch]) -> Vec<Vec<u64>> {
        let of = |batch: &Batch| {
            let mut times = Vec::new();
            for resource in batch.logs().unwrap().resource_logs() {
                for scope in resource.scope_logs() {
                    times.extend(scope.log_records().into_iter().map(|record| record.time()));
                }
            }
            times
        };
        batches.iter().map(of).collect()
    }

    #[test]
    fn full_batches_come_out_at_once_and_in_order() {
        let mut batcher = batcher(4, 1 << 20);
        let now = Instant::now();
        assert!(batcher.push(batch(0..3), now).is_empty());
        assert_eq!(times(&batcher.push(batch(3..9), now)), [[0, 1, 2, 3], [4, 5, 6, 7]]);
        assert_eq!(batcher.size().items, 1);
        assert_eq!(times(&batcher.push(batch(9..12), now)), [[8, 9, 10, 11]]);
        assert_eq!((batcher.size(), batcher.due()), (Size::default(), None));
    }

    #[test]
    fn the_oldest_item_sets_the_time() {
        let mut batcher = batcher(4, 1 << 20);
        let start = Instant::now();
        batcher.push(batch(0..1), start);
        batcher.push(batch(1..2), start + DELAY / 2);
        assert_eq!(batcher.due(), Some(start + DELAY));
        assert_eq!(times(&batcher.flush()), [[0, 1]]);
        assert!(batcher.flush().is_empty());
        // What is left of a full batch starts anew.
        batcher.push(batch(0..1), start);
        batcher.push(batch(1..6), start + DELAY / 2);
        assert_eq!(batcher.due(), Some(start + DELAY / 2 + DELAY));
    }

    #[test]
    fn joining_stops_short_of_the_bytes() {
        let one = batch(0..2).bytes().len();
        let mut batcher = batcher(100, one * 2);
        let now = Instant::now();
        assert!(batcher.push(batch(0..2), now).is_empty());
        let ready = batcher.push(batch(2..5), now);
        assert_eq!(times(&ready), [[0, 1]]);
        assert!(ready.iter().all(|batch| batch.bytes().len() <= one * 2));
        // One that is larger by itself goes on, in its turn.
        assert_eq!(times(&batcher.push(batch(5..15), now)), [vec![2, 3, 4], (5..15).collect()]);
    }
}
