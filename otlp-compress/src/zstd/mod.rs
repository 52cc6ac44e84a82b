//! Zstandard (RFC 8878) by the reference library.
//!
//! Frame headers are read here before the library sees them, so that a window or a dictionary that will not do is
//! refused by name and before any memory is taken for it.

mod expander;
mod header;
mod shrinker;

pub(crate) use expander::ZstdExpander;
pub(crate) use shrinker::ZstdShrinker;
