//! Values on the command line that several commands share.

mod duration;
mod size;

pub(crate) use duration::duration;
pub(crate) use size::size;
