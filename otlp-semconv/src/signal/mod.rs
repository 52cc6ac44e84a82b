//! What a convention says about metrics, spans, events and entities.

mod entity;
mod event;
mod metric;
#[cfg(feature = "builders")]
mod name;
mod span;

pub use entity::Entity;
pub use event::Event;
pub use metric::{
    AnyNumber, Counter, Gauge, Histogram, Instrument, Metric, MetricAttributes, MetricKind, MetricNumber,
    Number, UpDownCounter,
};
#[cfg(feature = "builders")]
pub(crate) use name::{Piece, of, write_whole};
pub use span::{Span, SpanKind, SpanName};
