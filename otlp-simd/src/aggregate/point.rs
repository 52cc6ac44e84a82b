//! `Point`: a point of any kind, as it stands.

use otlp_core::metrics::{
    ExponentialHistogramPointView, HistogramPointView, NumberPointView, SummaryPointView,
};

/// A point as it stands.
#[derive(Clone, Copy)]
pub(super) enum Point<'a> {
    Number(NumberPointView<'a>),
    Histogram(HistogramPointView<'a>),
    Exponential(ExponentialHistogramPointView<'a>),
    Summary(SummaryPointView<'a>),
}

impl Point<'_> {
    pub(super) fn flags(&self) -> u32 {
        match self {
            Self::Number(point) => point.flags(),
            Self::Histogram(point) => point.flags(),
            Self::Exponential(point) => point.flags(),
            Self::Summary(point) => point.flags(),
        }
    }

    /// Start and time.
    pub(super) fn times(&self) -> (u64, u64) {
        match self {
            Self::Number(point) => (point.start_time(), point.time()),
            Self::Histogram(point) => (point.start_time(), point.time()),
            Self::Exponential(point) => (point.start_time(), point.time()),
            Self::Summary(point) => (point.start_time(), point.time()),
        }
    }

    pub(super) fn exemplars(&self) -> usize {
        match self {
            Self::Number(point) => point.exemplars().len(),
            Self::Histogram(point) => point.exemplars().len(),
            Self::Exponential(point) => point.exemplars().len(),
            Self::Summary(_) => 0,
        }
    }
}
