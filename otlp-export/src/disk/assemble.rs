//! Requests out of stored batches: the same items always give the same bytes.

use otlp_core::Batch;
use otlp_core::cut::{self, Group, Item, Look, Sorter};

/// Levels of groups, the request's included, that a signal has at most.
const LEVELS: usize = 5;

/// Bytes that a group's length may grow by when items come in.
const LENGTH_SLACK: usize = 4;

/// The items of the batch from `skip` up to `end`. All of them are the batch itself, byte for byte.
pub(super) fn slice(batch: &Batch, skip: usize, end: usize) -> Option<Batch> {
    if skip == 0 && end >= batch.items() {
        return Some(batch.clone());
    }
    cut::distribute(batch, 1, |item| (skip..end).contains(&item.index).then_some(0)).pop()
}

/// How many items from `skip` on fit into a request of so many items and bytes: at least one, however large.
pub(super) fn fitting(batch: &Batch, skip: usize, items: usize, bytes: usize) -> usize {
    let left = batch.items().saturating_sub(skip).min(items.max(1));
    let whole = skip == 0 && left == batch.items();
    if whole && batch.bytes().len() <= bytes {
        return left;
    }
    let mut fit =
        Fit { range: skip..skip + left, bytes, used: 0, taken: 0, full: false, groups: [0; LEVELS] };
    cut::sort(batch, 1, &mut fit);
    fit.taken.max(1)
}

/// Batches of one signal as one request.
pub(super) fn join(mut pieces: Vec<Batch>) -> Option<Batch> {
    if pieces.len() > 1 { otlp_simd::regroup(&pieces).ok() } else { pieces.pop() }
}

/// Adds up what items and the groups around them take, and copies nothing.
struct Fit {
    range: std::ops::Range<usize>,
    bytes: usize,
    used: usize,
    taken: usize,
    full: bool,
    /// Bytes of the groups that the next item stands in and no item before it did.
    groups: [usize; LEVELS],
}

impl<'a> Sorter<'a> for Fit {
    fn group(&mut self, group: &Group<'a, '_>) -> Look {
        let level = group.level() as usize;
        self.groups[level..].fill(0);
        self.groups[level] = group.header_len() + group.field_len(0) + LENGTH_SLACK;
        if self.full { Look::All(None) } else { Look::Inside }
    }

    fn item(&mut self, item: Item<'a>) -> Option<usize> {
        if self.full || !self.range.contains(&item.index) {
            return None;
        }
        let with = self.used + self.groups.iter().sum::<usize>() + item.field_len();
        if self.taken > 0 && with > self.bytes {
            self.full = true;
            return None;
        }
        self.used = with;
        self.taken += 1;
        self.groups.fill(0);
        None
    }
}
