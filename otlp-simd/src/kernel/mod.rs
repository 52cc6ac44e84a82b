//! Kernels over columns of numbers: safe functions, one choice of instruction set, the same results at every level.
//!
//! [`Kernels`] holds those that gain from vector instructions; the functions here are plain Rust that nothing beats.

mod exponential;
mod fixed;
mod octave;
mod stats;
mod trace_id;

pub use crate::arch::{Kernels, Level};
pub use exponential::exponential_index;
pub use fixed::{count_varints, decode_fixed64};
pub use stats::{Stats, stats};
pub use trace_id::{randomness, shard};
