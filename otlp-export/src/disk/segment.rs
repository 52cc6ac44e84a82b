//! A segment as the queue knows it: where its batches stand, not what is in them.

use otlp_core::Signal;

use super::format::{RECORD_HEADER, record_len, segment_name};
use super::ordinal::{Ordinal, Range};

/// Where a batch stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Number of its first item.
    pub(super) start: Ordinal,
    /// Where its record begins.
    pub(super) offset: u64,
    /// Bytes of payload.
    pub(super) length: u32,
    pub(super) items: u32,
    /// The payload's checksum.
    pub(super) sum: u32,
    /// It cannot be read, and has been counted as lost.
    pub(super) bad: bool,
}

impl Entry {
    /// Numbers of its items.
    pub(super) const fn range(&self) -> Range {
        Range::of(self.start, self.items as u64)
    }

    /// Where its payload begins.
    pub(super) const fn payload_offset(&self) -> u64 {
        self.offset + RECORD_HEADER as u64
    }

    /// Bytes that its record takes.
    pub(super) const fn record_len(&self) -> u64 {
        record_len(self.length as u64)
    }
}

/// One file of the log.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: Ordinal,
    pub(super) salt: u32,
    /// Size in bytes.
    pub(super) len: u64,
    /// The batches of each signal, in order.
    pub(super) entries: [Vec<Entry>; 4],
    /// Readable items that are not finished; those whose append is under way included.
    pub(super) live: u64,
    /// Of these, items whose append is under way.
    pub(super) pending: u64,
    /// Whether any batch was ever written to it.
    pub(super) has_data: bool,
}

impl Segment {
    pub(super) fn new(id: Ordinal, salt: u32) -> Self {
        Self { id, salt, len: 0, entries: Default::default(), live: 0, pending: 0, has_data: false }
    }

    pub(super) fn name(&self) -> String {
        segment_name(self.id)
    }

    /// How many batches it knows.
    pub(super) fn records(&self) -> usize {
        self.entries.iter().map(Vec::len).sum()
    }

    /// Index of the first batch of the signal that reaches behind `position`.
    pub(super) fn first_behind(&self, signal: Signal, position: Ordinal) -> usize {
        self.entries[signal as usize].partition_point(|entry| !entry.range().to.is_ahead_of(position))
    }

    /// Items of the range that can be read here.
    pub(super) fn readable(&self, signal: Signal, range: Range) -> u64 {
        let entries = &self.entries[signal as usize];
        let first = self.first_behind(signal, range.from);
        entries[first..]
            .iter()
            .take_while(|entry| range.to.is_ahead_of(entry.start))
            .filter(|entry| !entry.bad)
            .map(|entry| entry.range().intersection(range).len())
            .sum()
    }
}
