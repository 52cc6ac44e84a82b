//! OpenTelemetry's semantic conventions.
#![cfg_attr(not(feature = "registry"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "resolve")]
pub mod resolve;
