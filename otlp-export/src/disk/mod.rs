//! A queue of batches that survives the process: [`DiskQueue`].
//!
//! ```
//! use otlp_export::disk::{DiskQueue, DiskQueueOptions, RequestSize};
//! use otlp_core::{Batch, Limits, Signal};
//!
//! # let dir = tempfile::tempdir()?;
//! # let logs = Batch::parse(Signal::Logs, vec![0x0a, 0x04, 0x12, 0x02, 0x12, 0x00], &Limits::default())?;
//! let (queue, recovery) = DiskQueue::open(dir.path(), &DiskQueueOptions::default())?;
//! assert!(recovery.is_clean());
//! queue.append(&logs)?; // on the disk when it returns
//!
//! let size = RequestSize { items: 8192, bytes: 3_500_000 };
//! while let Some(request) = queue.next_request(Signal::Logs, size)? {
//!     // send request.batch, and when the server has taken it:
//!     queue.done(request.id);
//! }
//! queue.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | type | what it is |
//! |---|---|
//! | [`DiskQueue`] | append batches, take requests, finish them |
//! | [`DiskQueueOptions`] | bounds, [`Fsync`], [`OnDiskFull`] |
//! | [`Recovery`] | what was found at the start, and what was damaged |
//! | [`Request`] | what to send next; after a restart the same as before |
//! | [`Losses`] | acknowledged items that were given up, and why |
//!
//! A batch that was appended comes out in requests until [`DiskQueue::done`]; a request that was given out and not finished comes
//! out first after a restart, so the receiver may see its items twice, and never misses one. Memory holds an index of 32 bytes a
//! batch, not the batches. The format on the disk and what each kind of crash can take is described in the book's chapter on the
//! disk queue.

mod append;
mod assemble;
mod committer;
mod engine;
mod error;
mod format;
mod option;
mod ordinal;
mod progress;
mod quarantine;
mod queue;
mod recover;
mod recovery;
mod request;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod vfs;

pub use engine::Backlog;
pub use error::{AppendError, AppendRefusal, DiskQueueError, ReadError};
pub use option::{DiskQueueOptions, Fsync, OnDiskFull};
pub use queue::{DiskQueue, DiskQueueStats};
pub use recovery::{Losses, Recovery};
pub use request::{Request, RequestId, RequestSize};
