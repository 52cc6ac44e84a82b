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
//! | [`concat()`] | several batches into one, in order; profiles get one dictionary, equal entries once |
//! | [`regroup()`] | several batches into one in which equal resources, scopes and metrics stand once |
//! | [`dedup()`] | the same for one batch |
//! | [`split_items`] | one batch into batches of at most so many items, in order |
//! | [`split_bytes`] | one batch into batches of at most so many bytes; items too large for any are handed back apart |
//! | [`shard_by_trace`] | one batch into so many, items of one trace in the same |
//! | [`sample_by_trace`] | keeps a [`Ratio`] of traces, consistently; [`Sampling`] says whether `tracestate` tells of it |
//! | [`group_by_trace`] | items of one trace behind each other |
//! | [`filter()`] | the items for which a [`Predicate`] holds |
//! | [`select`] | several predicates: each item goes to the first that holds |
//! | [`edit()`] | attributes of resources, scopes and items set, renamed, deleted or, with feature `hash`, hashed |
//! | [`Rebatch`] | a stream of batches into a stream of batches of exactly so many items |
//! | [`aggregate`] | metrics: points of a series into one point, delta to cumulative and back |
//! | [`kernel`] | loops over columns of numbers, with vector instructions where they gain |
#![deny(unsafe_code)]

pub mod aggregate;
mod arch;
mod concat;
mod edit;
mod filter;
pub mod kernel;
mod predicate;
mod ratio;
mod rebatch;
mod regroup;
mod sample;
mod split;
mod trace;
mod tracestate;

pub use concat::{ConcatError, concat};
pub use edit::{EditError, Edits, edit};
pub use filter::{filter, select};
pub use predicate::{Field, Place, Predicate, Question, Value};
pub use ratio::{Ratio, RatioError};
pub use rebatch::Rebatch;
pub use regroup::{dedup, regroup};
pub use sample::{Sampling, sample_by_trace};
pub use split::{Split, split_bytes, split_items};
pub use trace::{group_by_trace, shard_by_trace};
