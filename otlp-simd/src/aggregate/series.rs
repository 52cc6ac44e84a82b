//! `Series`: the points of one series on their way into one, and the metrics they stand in.

use otlp_core::metrics::{DataView, MetricView};
use otlp_core::value::Attributes;

use super::column::Column;
use super::exponential::Exponential;
use super::histogram::Histogram;
use super::point::Point;

/// A metric, and its series by number.
pub(super) struct Metric<'a> {
    pub(super) view: MetricView<'a>,
    pub(super) data: DataView<'a>,
    /// Whether another kind, unit or temporality had the name before.
    pub(super) conflict: bool,
    pub(super) series: Vec<u32>,
}

/// One series.
pub(super) struct Series<'a> {
    pub(super) attributes: Attributes<'a>,
    pub(super) state: State<'a>,
    /// Points that were not merged.
    pub(super) others: Vec<Point<'a>>,
}

/// What a series comes to so far.
#[allow(
    clippy::large_enum_variant,
    reason = "numbers are what most series are; a box would cost each of their points"
)]
pub(super) enum State<'a> {
    Nothing,
    Column(Column<'a>),
    /// A histogram that needs no merging: the latest of a cumulative series.
    One(Box<Point<'a>>),
    /// Merged ones, and the first as it stands until there is a second.
    Histogram(Box<Histogram>, (u64, u64), Option<Box<Point<'a>>>),
    Exponential(Box<Exponential>, (u64, u64), Option<Box<Point<'a>>>),
}

impl<'a> Series<'a> {
    /// The points that are copied.
    pub(super) fn as_they_stand(&self) -> impl Iterator<Item = &Point<'a>> {
        let one = match &self.state {
            State::One(point) => Some(point),
            State::Histogram(_, _, alone) | State::Exponential(_, _, alone) => alone.as_ref(),
            State::Nothing | State::Column(_) => None,
        };
        one.map(|point| &**point).into_iter().chain(&self.others)
    }
}
