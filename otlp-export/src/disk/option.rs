//! Settings of a disk queue.

use std::time::Duration;

/// When what was appended is forced down to the disk: what a crash of the machine can take.
///
/// A crash of the process alone (`kill -9`, a panic) loses nothing that was acknowledged under any of them: written data is the
/// kernel's then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fsync {
    /// Before an append is acknowledged. Appends that wait at the same time share one sync (group commit). A power loss takes
    /// nothing that was acknowledged.
    Batch,
    /// So often. A power loss takes what was acknowledged since the last sync: at most this much time, and the sync's own.
    Interval(Duration),
    /// Never by us; the kernel writes back when it likes. A power loss takes what it had not written: on Linux about the last
    /// 30 seconds.
    Never,
}

/// What happens to a batch that finds the queue full: its size limit reached, or no space left on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDiskFull {
    /// It is refused and handed back; the queue keeps what it has.
    Refuse,
    /// The oldest segment that no open request reads from is dropped, counted in [`Losses`](super::Losses), and the batch
    /// taken. Refused only if there is nothing to drop.
    DropOldest,
}

/// How a [`DiskQueue`](super::DiskQueue) works.
///
/// ```
/// use std::time::Duration;
/// use otlp_export::disk::{DiskQueueOptions, Fsync};
/// let options = DiskQueueOptions::default().with_max_bytes(4 << 30).with_fsync(Fsync::Interval(Duration::from_secs(1)));
/// assert_eq!(options.max_bytes(), 4 << 30);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskQueueOptions {
    max_bytes: u64,
    max_records: usize,
    max_waiting_bytes: usize,
    segment_bytes: u64,
    fsync: Fsync,
    on_full: OnDiskFull,
}

impl Default for DiskQueueOptions {
    /// 1 GiB in segments of 64 MiB, 4 Mi records, 64 MiB waiting for their write, a sync for every batch, refusing what does
    /// not fit.
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_records: 4 << 20,
            max_waiting_bytes: 64 << 20,
            segment_bytes: 64 << 20,
            fsync: Fsync::Batch,
            on_full: OnDiskFull::Refuse,
        }
    }
}

impl DiskQueueOptions {
    /// Most bytes that the segments may take together, headers and finished records in them included. Quarantined bytes
    /// count apart: at most 64 MiB.
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Most appended batches in the queue. Each takes 32 bytes of memory, so this bounds the memory.
    pub const fn max_records(&self) -> usize {
        self.max_records
    }

    /// Most bytes of batches that wait in memory for their write.
    pub const fn max_waiting_bytes(&self) -> usize {
        self.max_waiting_bytes
    }

    /// Size in bytes at which a segment is closed and the next begun; at most an eighth of [`max_bytes`](Self::max_bytes), as
    /// space comes back one segment at a time.
    pub const fn segment_bytes(&self) -> u64 {
        let most = self.max_bytes / 8;
        if self.segment_bytes < most { self.segment_bytes } else { most }
    }

    /// When data is forced to the disk.
    pub const fn fsync(&self) -> Fsync {
        self.fsync
    }

    /// What happens when there is no room.
    pub const fn on_full(&self) -> OnDiskFull {
        self.on_full
    }

    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets [`max_records`](Self::max_records).
    #[must_use]
    pub const fn with_max_records(mut self, records: usize) -> Self {
        self.max_records = records;
        self
    }

    /// Sets [`max_waiting_bytes`](Self::max_waiting_bytes).
    #[must_use]
    pub const fn with_max_waiting_bytes(mut self, bytes: usize) -> Self {
        self.max_waiting_bytes = bytes;
        self
    }

    /// Sets [`segment_bytes`](Self::segment_bytes), between 4 KiB and 2 GiB.
    #[must_use]
    pub const fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = if bytes < 4 << 10 {
            4 << 10
        } else if bytes > 2 << 30 {
            2 << 30
        } else {
            bytes
        };
        self
    }

    /// Sets [`fsync`](Self::fsync).
    #[must_use]
    pub const fn with_fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Sets [`on_full`](Self::on_full).
    #[must_use]
    pub const fn with_on_full(mut self, on_full: OnDiskFull) -> Self {
        self.on_full = on_full;
        self
    }
}
