//! The same reading by other libraries' types. Each visit reaches the sum that [`crate::walk`] reaches.

pub mod aggregate;
#[cfg(feature = "arrow")]
pub mod arrow;
pub mod buffa;
#[cfg(feature = "transport")]
pub mod hyper;
pub mod prost;
pub mod quick;
#[cfg(feature = "transport")]
pub mod sdk;
#[cfg(feature = "transport")]
pub mod tonic;
#[cfg(feature = "transport")]
mod window;
