//! What can go wrong with a disk queue.

use std::io;
use std::path::PathBuf;

use otlp_core::Batch;

/// Why a queue cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskQueueError {
    /// The directory belongs to another queue that is open, here or in another process.
    #[error(
        "{}: another process (or another queue of this one) uses this directory; give each its own", .dir.display()
    )]
    Locked {
        /// The queue's directory.
        dir: PathBuf,
    },
    /// The directory cannot be used.
    #[error("{}: {what}: {source}", .dir.display())]
    Io {
        /// The queue's directory.
        dir: PathBuf,
        /// What was being done.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A segment was written by a version of this library that writes another format. Nothing was changed.
    #[error(
        "{}: {file} has format version {found}, this build reads version {known}: use the version that wrote it, or another \
         directory", .dir.display()
    )]
    Version {
        /// The queue's directory.
        dir: PathBuf,
        /// The segment.
        file: String,
        /// Its version.
        found: u16,
        /// The version this build reads and writes.
        known: u16,
    },
}

/// A batch that was not taken. Whoever waited for it has to be told so: it is not in the queue.
#[derive(Debug, thiserror::Error)]
#[error("the disk queue did not take a batch of {} items: {reason}", .batch.items())]
pub struct AppendError {
    /// The batch, handed back.
    pub batch: Batch,
    /// Why.
    pub reason: AppendRefusal,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendRefusal {
    /// The queue has reached [`max_bytes`](super::DiskQueueOptions::max_bytes).
    #[error("it would hold more than the {limit} bytes that DiskQueueOptions::max_bytes allows")]
    SizeBound {
        /// The limit in bytes.
        limit: u64,
    },
    /// The queue has reached [`max_records`](super::DiskQueueOptions::max_records).
    #[error("it holds the {limit} records that DiskQueueOptions::max_records allows")]
    RecordBound {
        /// The limit.
        limit: usize,
    },
    /// Too much waits in memory for its write: [`max_waiting_bytes`](super::DiskQueueOptions::max_waiting_bytes).
    #[error("{limit} bytes wait for their write already (DiskQueueOptions::max_waiting_bytes)")]
    Waiting {
        /// The limit in bytes.
        limit: usize,
    },
    /// The disk, or the quota on it, is full.
    #[error("the disk is full: {message}")]
    DiskFull {
        /// What the system says.
        message: String,
    },
    /// Writing or syncing failed. After a failed sync nobody knows what is on the disk; the batch counts as not there, but a
    /// crash at this moment may bring it back.
    #[error("writing to the queue failed: {message}")]
    Io {
        /// What the system says.
        message: String,
    },
    /// The queue is closing.
    #[error("the queue is closed")]
    Closed,
}

impl AppendRefusal {
    /// Whether there is no room, now: later there may be.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(
            self,
            Self::SizeBound { .. } | Self::RecordBound { .. } | Self::Waiting { .. } | Self::DiskFull { .. }
        )
    }

    /// The refusal for what the system says.
    pub(super) fn of(error: &io::Error) -> Self {
        let message = error.to_string();
        if is_disk_full(error) { Self::DiskFull { message } } else { Self::Io { message } }
    }
}

/// Whether an error says that there is no space.
pub(super) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// A record could not be read just now. The same call may succeed later; after eight failures the record counts as corrupt and
/// is stepped over.
#[derive(Debug, thiserror::Error)]
#[error("{file}, byte {offset}: reading the queue failed: {source}")]
pub struct ReadError {
    /// The segment.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// What the system says.
    pub source: io::Error,
}
