//! What generated modules import.
#![allow(unused_imports, reason = "what is used depends on the features")]

#[cfg(feature = "builders")]
pub(crate) use crate::builder::{LATER, SAMPLED, builder, entity, event, metric, span};
pub(crate) use crate::enumeration::{numbers, texts};
pub(crate) use crate::namespace::*;
#[cfg(feature = "builders")]
pub(crate) use crate::signal::{Piece::Fixed, of};
pub(crate) use crate::{
    Any, AnyNumber, Counter, Deprecated, Entries, Gauge, Histogram, Instrument, Key, Metric, Stability,
    TemplateKey, UpDownCounter, Value,
};
