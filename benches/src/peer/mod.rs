//! The same reading by other libraries' types. Each visit reaches the sum that [`crate::walk`] reaches.

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod buffa;
pub mod prost;
pub mod quick;
