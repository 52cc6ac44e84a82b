#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "registry", feature = "write", feature = "opentelemetry", feature = "migrate")),
    no_std
)]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod attribute;
#[cfg(feature = "builders")]
mod builder;
#[cfg(feature = "check")]
pub mod check;
#[cfg(all(
    test,
    feature = "builders",
    feature = "deprecated",
    feature = "development",
    feature = "registry"
))]
mod coverage;
mod enumeration;
#[cfg(feature = "migrate")]
mod generated {
    pub(crate) mod schemas;
}
mod key;
#[cfg(feature = "migrate")]
pub mod migrate;
#[path = "generated/namespace/mod.rs"]
#[allow(deprecated, reason = "deprecated conventions refer to each other")]
#[allow(clippy::new_without_default, reason = "an entity of nothing is no default of anything")]
#[allow(clippy::too_many_arguments, reason = "conventions may require many attributes")]
#[allow(unreachable_patterns, reason = "two members may have one value")]
#[allow(unused_imports, reason = "which imports a module needs depends on the features")]
#[allow(unused_variables, reason = "an event may have no attributes")]
mod namespace;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod prelude;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "resolve")]
pub mod resolve;
mod signal;
mod stability;
#[cfg(test)]
mod tests;
mod value;
#[cfg(feature = "write")]
mod write;

pub use attribute::{Attribute, Attributes, Part, Sink};
pub use key::{Key, Name, TemplateKey};
#[cfg(feature = "opentelemetry")]
pub use opentelemetry::KeyValues;
pub use signal::{
    AnyNumber, Counter, Entity, Event, Gauge, Histogram, Instrument, Metric, MetricAttributes, MetricKind,
    MetricNumber, Number, Span, SpanKind, SpanName, UpDownCounter,
};
pub use stability::{Deprecated, Stability};
pub use value::{Any, Entries, Given, Kind, Maybe, Numbers, Single, Texts, Value, ValueType};

// One module a namespace; the list is the generator's.
pub use namespace::*;
