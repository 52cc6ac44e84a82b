//! The batch engine: operations on encoded OTLP that copy items as bytes and never decode them.
//!
//! ```
//! use otlp_core::{Batch, Limits, Signal, SpanId, TraceId};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let one = Batch::parse(Signal::Logs, vec![0x0a, 0x04, 0x12, 0x02, 0x12, 0x00], &Limits::default())?;
//! let three = otlp_simd::concat(&[one.clone(), one.clone(), one])?;
//! assert_eq!(three.items(), 3);
//! let parts = otlp_simd::split_items(&three, 2.try_into()?);
//! assert_eq!(parts.iter().map(Batch::items).collect::<Vec<_>>(), [2, 1]);
//! # Ok(())
//! # }
//! ```
//!
//! | function | what it does |
//! |---|---|
//! | [`concat()`] | several batches into one, in order; profiles get one dictionary |
//! | [`split_items`] | one batch into batches of at most so many items, in order |
//! | [`Rebatch`] | a stream of batches into a stream of batches of exactly so many items |
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "vector intrinsics; each block says why it is sound")]
mod arch;
mod concat;
pub mod kernel;
mod rebatch;
mod split;

pub use concat::{ConcatError, concat};
pub use rebatch::Rebatch;
pub use split::split_items;
