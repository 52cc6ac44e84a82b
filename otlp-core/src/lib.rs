//! OTLP data model: batches that stay encoded, views, writers, JSON.
#![deny(unsafe_code)]

mod batch;
mod generated;
mod id;
mod limits;
pub mod proto;
pub mod schema;
mod signal;
mod wire;

pub use batch::Batch;
pub use id::{IdError, SpanId, TraceId};
pub use limits::{Limits, ProfilesLayout};
pub use signal::{Signal, UnknownSignal};
