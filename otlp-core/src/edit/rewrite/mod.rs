//! Changes that depend on the message: a callback sees each one on the way down and says what becomes of it.

mod draft;
mod shape;
#[cfg(test)]
mod tests;
mod walk;

pub use draft::{Draft, Text};

use crate::Batch;
use crate::logs::LogRecordView;
use crate::metrics::MetricView;
use crate::trace::{EventView, SpanView};

/// A message that can change.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Spot<'a> {
    /// A resource with all that belongs to it: `ResourceSpans`, `ResourceMetrics`, `ResourceLogs`, `ResourceProfiles`.
    ResourceGroup,
    /// The resource itself.
    Resource,
    /// An entity of a resource, which has the keys of some of its attributes.
    Entity,
    /// A scope with all that belongs to it.
    ScopeGroup,
    /// The scope itself.
    Scope,
    /// A span.
    Span(SpanView<'a>),
    /// An event of the span before.
    Event(EventView<'a>),
    /// A link of the span before.
    Link,
    /// A log record.
    LogRecord(LogRecordView<'a>),
    /// A metric.
    Metric(MetricView<'a>),
    /// A data point of the metric before.
    Point,
    /// An exemplar of the point before.
    Exemplar,
}

/// Whether to go on below a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Ask about what is in it.
    Inside,
    /// Leave what is in it as it is.
    Past,
}

/// The batch with the changes that `change` makes to each message's draft: each before what is in it, otherwise in wire order.
///
/// What it does not touch arrives as it was, byte for byte, unknown fields included; a batch in which nothing changes shares
/// its bytes. Of profiles, whose attributes stand in a table that they share, only resources and scopes are asked about.
///
/// ```
/// use otlp_core::edit::{self, Look, Spot, Text};
/// # use otlp_core::{Batch, Signal};
/// # let batch = Batch::empty(Signal::Metrics);
/// let renamed = edit::rewrite(&batch, |spot, draft| {
///     if let Spot::Metric(metric) = spot
///         && metric.name() == "http.server.duration"
///         && metric.unit() == "ms"
///         && draft.scale(0.001)
///     {
///         draft.set_text(Text::Name, "http.server.request.duration");
///         draft.set_text(Text::Unit, "s");
///     }
///     Look::Inside
/// });
/// ```
pub fn rewrite<'a>(batch: &'a Batch, change: impl FnMut(Spot<'a>, &mut Draft<'a>) -> Look) -> Batch {
    walk::walk(batch, change)
}
