//! Values on the command line that several commands share.

mod address;
mod compression;
mod duration;
mod endpoint;
mod format;
mod header;
mod size;

pub(crate) use address::address;
pub(crate) use compression::Compression;
pub(crate) use duration::duration;
pub(crate) use endpoint::is_endpoint;
pub(crate) use format::{Format, format};
pub(crate) use header::HeaderArg;
pub(crate) use size::size;
