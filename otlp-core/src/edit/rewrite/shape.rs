//! Which fields of which messages can change.

use super::Spot;
use crate::Signal;
use crate::logs::LogRecordView;
use crate::metrics::MetricView;
use crate::trace::{EventView, SpanView};
use crate::view::View as _;

/// The messages that a walk goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request(Signal),
    ResourceGroup(Signal),
    Resource,
    Entity,
    ScopeGroup(Signal),
    Scope,
    Span,
    Event,
    Link,
    LogRecord,
    Metric,
    /// What a metric's data stands in; the field number tells which.
    Data(u32),
    NumberPoint,
    HistogramPoint,
    ExponentialPoint,
    SummaryPoint,
    Quantile,
    Exemplar,
}

/// Field numbers by what stands there; 0 for what a message has not.
pub(super) struct Shape {
    /// Repeated `KeyValue`.
    pub(super) attributes: u32,
    /// Repeated strings that are keys of attributes.
    pub(super) keys: &'static [u32],
    /// For each [`Text`](super::Text).
    pub(super) texts: [u32; 3],
    pub(super) numbers: Numbers,
}

/// Measured numbers of a message.
pub(super) struct Numbers {
    /// Doubles, single or in lists.
    pub(super) doubles: &'static [u32],
    /// An integer of eight bytes, and the double that can stand in its place.
    pub(super) int: (u32, u32),
}

const NO_NUMBERS: Numbers = Numbers { doubles: &[], int: (0, 0) };
const NOTHING: Shape = Shape { attributes: 0, keys: &[], texts: [0; 3], numbers: NO_NUMBERS };

const fn attributes(attributes: u32) -> Shape {
    Shape { attributes, ..NOTHING }
}

impl Kind {
    pub(super) const fn shape(self) -> &'static Shape {
        match self {
            Self::Request(_) | Self::Data(_) => &NOTHING,
            Self::ResourceGroup(_) | Self::ScopeGroup(_) => &const { Shape { texts: [0, 0, 3], ..NOTHING } },
            Self::Resource => &const { attributes(1) },
            Self::Entity => &const { Shape { keys: &[3, 4], texts: [0, 0, 1], ..NOTHING } },
            Self::Scope => &const { attributes(3) },
            Self::Span => &const { Shape { texts: [5, 0, 0], ..attributes(9) } },
            Self::Event => &const { Shape { texts: [2, 0, 0], ..attributes(3) } },
            Self::Link => &const { attributes(4) },
            Self::LogRecord => &const { Shape { texts: [12, 0, 0], ..attributes(6) } },
            Self::Metric => &const { Shape { texts: [1, 3, 0], ..NOTHING } },
            Self::NumberPoint => {
                &const { Shape { numbers: Numbers { doubles: &[4], int: (6, 4) }, ..attributes(7) } }
            }
            Self::HistogramPoint => {
                &const { Shape { numbers: Numbers { doubles: &[5, 7, 11, 12], int: (0, 0) }, ..attributes(9) } }
            }
            Self::ExponentialPoint => &const { attributes(1) },
            Self::SummaryPoint => {
                &const { Shape { numbers: Numbers { doubles: &[5], int: (0, 0) }, ..attributes(7) } }
            }
            Self::Quantile => &const { Shape { numbers: Numbers { doubles: &[2], int: (0, 0) }, ..NOTHING } },
            Self::Exemplar => {
                &const { Shape { numbers: Numbers { doubles: &[3], int: (6, 3) }, ..attributes(7) } }
            }
        }
    }

    /// What stands in field `number`, if the walk goes there.
    pub(super) const fn child(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Request(signal), 1) => Self::ResourceGroup(signal),
            (Self::ResourceGroup(_), 1) => Self::Resource,
            (Self::Resource, 3) => Self::Entity,
            (Self::ResourceGroup(signal), 2) => Self::ScopeGroup(signal),
            (Self::ScopeGroup(_), 1) => Self::Scope,
            (Self::ScopeGroup(Signal::Traces), 2) => Self::Span,
            (Self::ScopeGroup(Signal::Logs), 2) => Self::LogRecord,
            (Self::ScopeGroup(Signal::Metrics), 2) => Self::Metric,
            (Self::Span, 11) => Self::Event,
            (Self::Span, 13) => Self::Link,
            (Self::Metric, 5 | 7 | 9 | 10 | 11) => Self::Data(number),
            (Self::Data(5 | 7), 1) => Self::NumberPoint,
            (Self::Data(9), 1) => Self::HistogramPoint,
            (Self::Data(10), 1) => Self::ExponentialPoint,
            (Self::Data(11), 1) => Self::SummaryPoint,
            (Self::NumberPoint, 5) | (Self::HistogramPoint, 8) | (Self::ExponentialPoint, 11) => {
                Self::Exemplar
            }
            (Self::SummaryPoint, 6) => Self::Quantile,
            _ => return None,
        })
    }

    /// What the callback is told; `None` where it is not asked.
    pub(super) fn spot(self, message: &[u8]) -> Option<Spot<'_>> {
        Some(match self {
            Self::Request(_) | Self::Data(_) | Self::Quantile => return None,
            Self::ResourceGroup(_) => Spot::ResourceGroup,
            Self::Resource => Spot::Resource,
            Self::Entity => Spot::Entity,
            Self::ScopeGroup(_) => Spot::ScopeGroup,
            Self::Scope => Spot::Scope,
            Self::Span => Spot::Span(SpanView::scan(message)),
            Self::Event => Spot::Event(EventView::scan(message)),
            Self::Link => Spot::Link,
            Self::LogRecord => Spot::LogRecord(LogRecordView::scan(message)),
            Self::Metric => Spot::Metric(MetricView::scan(message)),
            Self::NumberPoint | Self::HistogramPoint | Self::ExponentialPoint | Self::SummaryPoint => {
                Spot::Point
            }
            Self::Exemplar => Spot::Exemplar,
        })
    }
}
