//! What a queue found when it was opened, and what it lost since.

use otlp_core::Signal;

/// What stood in the directory of a queue that was opened.
///
/// Items of each signal, by [`Signal`] as index. A ledger adds `items` and `corrupt` to what it recovered, and `corrupt` to what it
/// dropped; the torn tail was never acknowledged as durable and belongs to neither.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// Items that were found and will come out.
    pub items: [u64; 4],
    /// Of these, items in requests that were cut before and not finished: they come out first, in the same requests.
    pub resent: [u64; 4],
    /// Items that had been written durably and cannot be read any more. Their bytes are copied to `.bad` files.
    pub corrupt: [u64; 4],
    /// Items, as far as known, in bytes that were written but never known to be on the disk, and are not whole: what a power loss
    /// or a kill leaves of the last writes.
    pub torn: [u64; 4],
    /// Bytes of that tail.
    pub torn_bytes: u64,
    /// Bytes that are corrupt.
    pub corrupt_bytes: u64,
    /// Segments found.
    pub segments: usize,
}

impl Recovery {
    /// All readable items found, whatever the signal.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.items.iter().sum()
    }

    /// Whether everything found was whole.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.corrupt_bytes == 0 && self.torn_bytes == 0 && self.corrupt == [0; 4] && self.torn == [0; 4]
    }
}

/// Items that the queue had acknowledged and gave up since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Losses {
    /// Found unreadable when their turn came.
    pub corrupt: [u64; 4],
    /// Dropped to make room, with [`OnDiskFull::DropOldest`](super::OnDiskFull::DropOldest).
    pub dropped: [u64; 4],
}

impl Losses {
    /// Whether nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Items of a signal found unreadable.
    #[must_use]
    pub const fn corrupt(&self, signal: Signal) -> u64 {
        self.corrupt[signal as usize]
    }

    /// Items of a signal dropped to make room.
    #[must_use]
    pub const fn dropped(&self, signal: Signal) -> u64 {
        self.dropped[signal as usize]
    }
}
