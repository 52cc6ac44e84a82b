//! Writing metrics straight into the encoding: from the request down to the kind of metric.

use super::{
    ExponentialHistogramPointView, ExponentialHistogramPointWriter, HistogramPointView, HistogramPointWriter,
    MetricView, Number, NumberPointView, NumberPointWriter, SummaryPointView, SummaryPointWriter,
    Temporality,
};
use crate::KeyRef;
use crate::write::{Message, ValueRef, group_writers, opaque_debug};

group_writers! {
    Metrics,
    /// Writes a batch of metrics.
    ///
    /// ```
    /// use otlp_core::metrics::{MetricsWriter, Temporality};
    /// let mut writer = MetricsWriter::new();
    /// let mut shop = writer.resource(|resource| {
    ///     resource.attr("service.name", "shop");
    /// });
    /// let mut scope = shop.scope("shop.http", "0.3.0");
    /// let (start, now) = (1_767_225_600_000_000_000, 1_767_225_660_000_000_000);
    ///
    /// let mut requests = scope
    ///     .metric("http.server.requests")
    ///     .unit("{request}")
    ///     .sum(Temporality::Cumulative, true);
    /// requests.point(412).times(start, now).attr("http.route", "/cart");
    /// requests.point(7).times(start, now).attr("http.route", "/pay");
    ///
    /// let mut duration = scope.metric("http.server.duration").unit("s").histogram(Temporality::Delta);
    /// duration.point(10).times(start, now).sum(1.5).buckets(&[0.1, 0.5], &[2, 7, 1]);
    ///
    /// assert_eq!(writer.finish().items(), 3);
    /// ```
    MetricsWriter,
    /// Writes the scopes of one resource (`ResourceMetrics`).
    ResourceMetricsWriter,
    /// Writes the metrics of one scope (`ScopeMetrics`).
    ScopeMetricsWriter
}

impl ScopeMetricsWriter<'_> {
    /// Begins a metric: what describes it first, then its kind, then its points.
    pub fn metric(&mut self, name: &str) -> MetricWriter<'_> {
        let mut metric = self.0.child(2, 0);
        metric.string(1, name);
        MetricWriter(metric)
    }

    /// Begins a metric with name, description, unit and metadata of another.
    pub fn metric_like(&mut self, metric: &MetricView<'_>) -> MetricWriter<'_> {
        let mut message = self.0.child(2, 0);
        message.string(1, metric.name());
        message.string(2, metric.description());
        message.string(3, metric.unit());
        for entry in metric.metadata() {
            message.element(12, entry.encoded());
        }
        MetricWriter(message)
    }
}

/// Writes what describes a metric, until its kind is chosen.
///
/// ```compile_fail
/// # use otlp_core::metrics::{MetricsWriter, Temporality};
/// # let mut writer = MetricsWriter::new();
/// # let mut resource = writer.resource(|_| {});
/// # let mut scope = resource.scope("", "");
/// let metric = scope.metric("one kind only");
/// metric.gauge();
/// metric.summary();
/// ```
#[must_use = "a metric without a kind holds no points"]
pub struct MetricWriter<'a>(Message<'a>);

impl<'a> MetricWriter<'a> {
    /// What it measures, for people.
    pub fn description(mut self, description: &str) -> Self {
        self.0.string(2, description);
        self
    }

    /// Unit as UCUM has it: `s`, `By`, `{request}`.
    pub fn unit(mut self, unit: &str) -> Self {
        self.0.string(3, unit);
        self
    }

    /// Adds an entry to the metadata of the metric, which is not part of its identity.
    pub fn metadata<'k, 'v>(mut self, key: impl Into<KeyRef<'k>>, value: impl Into<ValueRef<'v>>) -> Self {
        self.0.attribute(12, key.into(), value.into());
        self
    }

    /// Current values.
    pub fn gauge(self) -> NumbersWriter<'a> {
        NumbersWriter(self.0.into_child(5, 0))
    }

    /// Sums; monotonic ones never fall.
    pub fn sum(self, temporality: Temporality, monotonic: bool) -> NumbersWriter<'a> {
        let mut sum = self.0.into_child(7, 0);
        sum.varint(2, temporality.number() as u64);
        sum.varint(3, monotonic.into());
        NumbersWriter(sum)
    }

    /// Distributions over buckets with explicit bounds.
    pub fn histogram(self, temporality: Temporality) -> HistogramWriter<'a> {
        let mut histogram = self.0.into_child(9, 0);
        histogram.varint(2, temporality.number() as u64);
        HistogramWriter(histogram)
    }

    /// Distributions over buckets whose bounds grow exponentially.
    pub fn exponential_histogram(self, temporality: Temporality) -> ExponentialHistogramWriter<'a> {
        let mut histogram = self.0.into_child(10, 0);
        histogram.varint(2, temporality.number() as u64);
        ExponentialHistogramWriter(histogram)
    }

    /// Quantiles that the source computed.
    pub fn summary(self) -> SummaryWriter<'a> {
        SummaryWriter(self.0.into_child(11, 0))
    }
}

/// Writes the points of a gauge or sum.
pub struct NumbersWriter<'a>(Message<'a>);

impl NumbersWriter<'_> {
    /// Begins a point.
    #[inline]
    pub fn point(&mut self, value: impl Into<Number>) -> NumberPointWriter<'_> {
        NumberPointWriter::begin(self.0.item(1, 0), Some(value.into()))
    }

    /// Begins a point that says that there is no value (`NO_RECORDED_VALUE`).
    pub fn no_value(&mut self) -> NumberPointWriter<'_> {
        NumberPointWriter::begin(self.0.item(1, 0), None)
    }
}

/// Writes the points of a histogram.
pub struct HistogramWriter<'a>(Message<'a>);

impl HistogramWriter<'_> {
    /// Begins a point; `count` is how many values were measured.
    #[inline]
    pub fn point(&mut self, count: u64) -> HistogramPointWriter<'_> {
        HistogramPointWriter::begin(self.0.item(1, 0), count)
    }
}

/// Writes the points of an exponential histogram.
pub struct ExponentialHistogramWriter<'a>(Message<'a>);

impl ExponentialHistogramWriter<'_> {
    /// Begins a point; `count` is how many values were measured, `scale` sets the base: 2^(2^-scale).
    #[inline]
    pub fn point(&mut self, count: u64, scale: i32) -> ExponentialHistogramPointWriter<'_> {
        ExponentialHistogramPointWriter::begin(self.0.item(1, 0), count, scale)
    }
}

/// Writes the points of a summary.
pub struct SummaryWriter<'a>(Message<'a>);

impl SummaryWriter<'_> {
    /// Begins a point; `count` is how many values were measured, `sum` what they add up to.
    #[inline]
    pub fn point(&mut self, count: u64, sum: f64) -> SummaryPointWriter<'_> {
        SummaryPointWriter::begin(self.0.item(1, 0), count, sum)
    }
}

macro_rules! copy_method {
    ($($writer:ident: $view:ident),*) => {$(
        impl $writer<'_> {
            /// Copies a point of another batch as it stands, unknown fields included.
            pub fn copy(&mut self, point: &$view<'_>) {
                self.0.copy_item(1, point.encoded());
            }
        }
    )*};
}

copy_method!(
    NumbersWriter: NumberPointView,
    HistogramWriter: HistogramPointView,
    ExponentialHistogramWriter: ExponentialHistogramPointView,
    SummaryWriter: SummaryPointView
);

opaque_debug!(MetricWriter, NumbersWriter, HistogramWriter, ExponentialHistogramWriter, SummaryWriter);
