//! What the writers of all signals share: attributes, values, resources, scopes.
//!
//! Start at [`TracesWriter`](crate::trace::TracesWriter), [`MetricsWriter`](crate::metrics::MetricsWriter),
//! [`LogsWriter`](crate::logs::LogsWriter) or [`ProfilesWriter`](crate::profiles::ProfilesWriter). Each writer of a message borrows the writer of the message around it; using
//! the outer one again ends the inner message. So fields cannot land in the wrong message, and a writer that is
//! forgotten, or dropped by a panic, leaves a message that ends where it stood.
//!
//! Each setter appends a whole field to the encoding; setting a field again replaces it.

mod attribute;
mod group;
mod message;
mod resource;
mod sink;
mod value;

pub use attribute::{ArrayWriter, MapWriter};
pub use resource::{ResourceWriter, ScopeWriter};
pub use value::ValueRef;

pub(crate) use attribute::attribute_methods;
pub(crate) use group::{group_writers, opaque_debug};
pub(crate) use message::Message;
pub(crate) use sink::Sink;
