//! What an aggregation makes of points.

use crate::kernel::Kernels;

/// What becomes of the values of a gauge's series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberFunction {
    /// The value with the latest time; of equal times the one that stands last.
    #[default]
    Last,
    /// The sum.
    Sum,
    /// The smallest value that is not NaN; NaN if all are.
    Min,
    /// The largest value that is not NaN; NaN if all are.
    Max,
    /// How many values there are.
    Count,
}

/// How [`aggregate`](super::aggregate) treats each kind of metric.
#[derive(Debug, Clone)]
pub struct Aggregation {
    pub(super) gauge: NumberFunction,
    pub(super) bounds: Option<Vec<f64>>,
    pub(super) max_buckets: usize,
    pub(super) kernels: Kernels,
}

impl Default for Aggregation {
    /// Last value of gauges, histograms with the bounds they have, 160 exponential buckets, the kernels of this process.
    fn default() -> Self {
        Self { gauge: NumberFunction::Last, bounds: None, max_buckets: 160, kernels: Kernels::get() }
    }
}

impl Aggregation {
    /// What becomes of a gauge's values. Sums and histograms add up (delta) or keep the latest point (cumulative), whatever
    /// is set here: nothing else would be true.
    #[must_use]
    pub fn with_gauge(mut self, function: NumberFunction) -> Self {
        self.gauge = function;
        self
    }

    /// Bounds that histograms are brought to before they are merged, ascending. Each must be a bound of the histogram
    /// already; points of another are passed on and reported.
    #[must_use]
    pub fn with_bounds(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.bounds = Some(bounds.into());
        self
    }

    /// Most buckets on each side of zero that a merged exponential histogram has, at least 2: its scale falls until they
    /// suffice. 160 is what SDKs use.
    #[must_use]
    pub fn with_max_buckets(mut self, buckets: usize) -> Self {
        self.max_buckets = buckets.max(2);
        self
    }

    /// The kernels that decode and add buckets. All of them give the same bytes: for tests and measurements.
    #[must_use]
    pub fn with_kernels(mut self, kernels: Kernels) -> Self {
        self.kernels = kernels;
        self
    }
}
