//! OTLP data model: batches that stay encoded, views, writers, JSON.
#![deny(unsafe_code)]

mod id;
mod limits;
mod signal;

pub use id::{IdError, SpanId, TraceId};
pub use limits::{Limits, ProfilesLayout};
pub use signal::{Signal, UnknownSignal};
