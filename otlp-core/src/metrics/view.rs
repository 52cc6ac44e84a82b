//! Views of metrics.

use super::Temporality;
use crate::value::{AttributeView, Attributes, ResourceView, ScopeView};
use crate::view::{
    Bool, Bytes, Double, Fixed64, Int32, Many, Numbers, One, OptionalDouble, OptionalSfixed64, Packed,
    PackedDouble, PackedFixed64, PackedUint64, Repeated, Sint32, Text, Uint32, view,
};
use crate::{SpanId, TraceId};

view! {
    /// A whole metrics request.
    pub struct MetricsView {
        /// One for each resource, in wire order.
        1 => resource_metrics: Repeated<'a, ResourceMetricsView<'a>> = Many<'a, ResourceMetricsView<'a>>,
    }
}

impl<'a> MetricsView<'a> {
    /// All metrics, in wire order.
    pub fn metrics(&self) -> impl Iterator<Item = MetricView<'a>> + use<'a> {
        self.resource_metrics()
            .iter()
            .flat_map(|group| group.scope_metrics())
            .flat_map(|group| group.metrics())
    }
}

view! {
    /// Metrics of one resource.
    pub struct ResourceMetricsView {
        /// The resource; `None` means unknown.
        1 => resource: Option<ResourceView<'a>> = One<'a, ResourceView<'a>>,
        /// One for each scope.
        2 => scope_metrics: Repeated<'a, ScopeMetricsView<'a>> = Many<'a, ScopeMetricsView<'a>>,
        /// Schema of the resource.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// Metrics of one scope.
    pub struct ScopeMetricsView {
        /// The scope; `None` means unknown.
        1 => scope: Option<ScopeView<'a>> = One<'a, ScopeView<'a>>,
        /// The metrics.
        2 => metrics: Repeated<'a, MetricView<'a>> = Many<'a, MetricView<'a>>,
        /// Schema of the metrics.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// One metric with its points (`Metric`).
    pub struct MetricView {
        /// Its name.
        1 => name: &'a str = Text<'a>,
        /// What it measures.
        2 => description: &'a str = Text<'a>,
        /// Its unit, in UCUM.
        3 => unit: &'a str = Text<'a>,
        /// Set if it is a gauge.
        5 => gauge: Option<GaugeView<'a>> = One<'a, GaugeView<'a>>,
        /// Set if it is a sum.
        7 => sum: Option<SumView<'a>> = One<'a, SumView<'a>>,
        /// Set if it is a histogram with explicit bounds.
        9 => histogram: Option<HistogramView<'a>> = One<'a, HistogramView<'a>>,
        /// Set if it is an exponential histogram.
        10 => exponential_histogram: Option<ExponentialHistogramView<'a>> = One<'a, ExponentialHistogramView<'a>>,
        /// Set if it is a summary.
        11 => summary: Option<SummaryView<'a>> = One<'a, SummaryView<'a>>,
        /// Attributes about the metric itself.
        12 => metadata: Attributes<'a> = Many<'a, AttributeView<'a>>,
    }
}

/// A metric's points, by kind (`Metric.data`).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DataView<'a> {
    /// Sampled values.
    Gauge(GaugeView<'a>),
    /// Sums.
    Sum(SumView<'a>),
    /// Histograms with explicit bounds.
    Histogram(HistogramView<'a>),
    /// Exponential histograms.
    ExponentialHistogram(ExponentialHistogramView<'a>),
    /// Quantile summaries.
    Summary(SummaryView<'a>),
}

impl<'a> MetricView<'a> {
    /// The points; `None` if the metric has none of a known kind.
    pub fn data(&self) -> Option<DataView<'a>> {
        None.or_else(|| self.gauge().map(DataView::Gauge))
            .or_else(|| self.sum().map(DataView::Sum))
            .or_else(|| self.histogram().map(DataView::Histogram))
            .or_else(|| self.exponential_histogram().map(DataView::ExponentialHistogram))
            .or_else(|| self.summary().map(DataView::Summary))
    }
}

impl DataView<'_> {
    /// Kind of the metric, in the protocol's words: `gauge`, `sum`, `histogram`, `exponential_histogram`, `summary`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gauge(_) => "gauge",
            Self::Sum(_) => "sum",
            Self::Histogram(_) => "histogram",
            Self::ExponentialHistogram(_) => "exponential_histogram",
            Self::Summary(_) => "summary",
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Gauge(data) => data.points().len(),
            Self::Sum(data) => data.points().len(),
            Self::Histogram(data) => data.points().len(),
            Self::ExponentialHistogram(data) => data.points().len(),
            Self::Summary(data) => data.points().len(),
        }
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

view! {
    /// Points of a gauge (`Gauge`).
    pub struct GaugeView {
        /// The points.
        1 => points: Repeated<'a, NumberPointView<'a>> = Many<'a, NumberPointView<'a>>,
    }
}

view! {
    /// Points of a sum (`Sum`).
    pub struct SumView {
        /// The points.
        1 => points: Repeated<'a, NumberPointView<'a>> = Many<'a, NumberPointView<'a>>,
        /// Number of the temporality; see [`temporality`](Self::temporality).
        2 => temporality_number: i32 = Int32,
        /// Whether it only grows.
        3 => is_monotonic: bool = Bool,
    }
}

view! {
    /// Points of a histogram (`Histogram`).
    pub struct HistogramView {
        /// The points.
        1 => points: Repeated<'a, HistogramPointView<'a>> = Many<'a, HistogramPointView<'a>>,
        /// Number of the temporality; see [`temporality`](Self::temporality).
        2 => temporality_number: i32 = Int32,
    }
}

view! {
    /// Points of an exponential histogram (`ExponentialHistogram`).
    pub struct ExponentialHistogramView {
        /// The points.
        1 => points: Repeated<'a, ExponentialHistogramPointView<'a>> = Many<'a, ExponentialHistogramPointView<'a>>,
        /// Number of the temporality; see [`temporality`](Self::temporality).
        2 => temporality_number: i32 = Int32,
    }
}

view! {
    /// Points of a summary (`Summary`).
    pub struct SummaryView {
        /// The points.
        1 => points: Repeated<'a, SummaryPointView<'a>> = Many<'a, SummaryPointView<'a>>,
    }
}

macro_rules! temporality {
    ($($name:ident)+) => {$(
        impl $name<'_> {
            /// What the points' time ranges start from.
            pub fn temporality(&self) -> Temporality {
                Temporality::from_number(self.temporality_number())
            }
        }
    )+};
}

temporality!(SumView HistogramView ExponentialHistogramView);

/// A number of a point or an exemplar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A floating-point number.
    Double(f64),
    /// A signed integer.
    Int(i64),
}

impl Number {
    /// The number as floating point; large integers are rounded.
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Double(value) => value,
            Self::Int(value) => value as f64,
        }
    }
}

macro_rules! number {
    ($($name:ident)+) => {$(
        impl $name<'_> {
            /// The value; `None` if none is set.
            pub fn value(&self) -> Option<Number> {
                self.as_double().map(Number::Double).or_else(|| self.as_int().map(Number::Int))
            }
        }
    )+};
}

number!(NumberPointView ExemplarView);

view! {
    /// A point of a gauge or sum (`NumberDataPoint`).
    pub struct NumberPointView {
        /// Start of the range, in nanoseconds since the Unix epoch; 0 if unknown.
        2 => start_time: u64 = Fixed64,
        /// When, in nanoseconds since the Unix epoch.
        3 => time: u64 = Fixed64,
        /// The value, if it is floating point.
        4 => as_double: Option<f64> = OptionalDouble,
        /// Examples of what was measured.
        5 => exemplars: Repeated<'a, ExemplarView<'a>> = Many<'a, ExemplarView<'a>>,
        /// The value, if it is an integer.
        6 => as_int: Option<i64> = OptionalSfixed64,
        /// What identifies the series.
        7 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// `DataPointFlags`: bit 0 says that there is no recorded value.
        8 => flags: u32 = Uint32,
    }
}

view! {
    /// A point of a histogram (`HistogramDataPoint`).
    pub struct HistogramPointView {
        /// Start of the range, in nanoseconds since the Unix epoch; 0 if unknown.
        2 => start_time: u64 = Fixed64,
        /// When, in nanoseconds since the Unix epoch.
        3 => time: u64 = Fixed64,
        /// How many values there were.
        4 => count: u64 = Fixed64,
        /// Their sum, if it makes sense.
        5 => sum: Option<f64> = OptionalDouble,
        /// How many fell in each bucket: one more than there are bounds, or none.
        6 => bucket_counts: Packed<'a, PackedFixed64> = Numbers<'a, PackedFixed64>,
        /// Upper bounds of all buckets but the last, each inclusive.
        7 => explicit_bounds: Packed<'a, PackedDouble> = Numbers<'a, PackedDouble>,
        /// Examples of what was measured.
        8 => exemplars: Repeated<'a, ExemplarView<'a>> = Many<'a, ExemplarView<'a>>,
        /// What identifies the series.
        9 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// `DataPointFlags`.
        10 => flags: u32 = Uint32,
        /// The smallest value.
        11 => min: Option<f64> = OptionalDouble,
        /// The largest value.
        12 => max: Option<f64> = OptionalDouble,
    }
}

view! {
    /// A point of an exponential histogram (`ExponentialHistogramDataPoint`).
    pub struct ExponentialHistogramPointView {
        /// What identifies the series.
        1 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// Start of the range, in nanoseconds since the Unix epoch; 0 if unknown.
        2 => start_time: u64 = Fixed64,
        /// When, in nanoseconds since the Unix epoch.
        3 => time: u64 = Fixed64,
        /// How many values there were.
        4 => count: u64 = Fixed64,
        /// Their sum, if it makes sense.
        5 => sum: Option<f64> = OptionalDouble,
        /// Bucket `i` ends at `2^(2^-scale * (i + 1))`, inclusive.
        6 => scale: i32 = Sint32,
        /// How many were within the zero threshold.
        7 => zero_count: u64 = Fixed64,
        /// Buckets of values above zero.
        8 => positive: Option<BucketsView<'a>> = One<'a, BucketsView<'a>>,
        /// Buckets of values below zero.
        9 => negative: Option<BucketsView<'a>> = One<'a, BucketsView<'a>>,
        /// `DataPointFlags`.
        10 => flags: u32 = Uint32,
        /// Examples of what was measured.
        11 => exemplars: Repeated<'a, ExemplarView<'a>> = Many<'a, ExemplarView<'a>>,
        /// The smallest value.
        12 => min: Option<f64> = OptionalDouble,
        /// The largest value.
        13 => max: Option<f64> = OptionalDouble,
        /// Values of at most this size count as zero.
        14 => zero_threshold: f64 = Double,
    }
}

view! {
    /// A run of exponential buckets (`ExponentialHistogramDataPoint.Buckets`).
    pub struct BucketsView {
        /// Index of the first bucket.
        1 => offset: i32 = Sint32,
        /// How many fell in each.
        2 => bucket_counts: Packed<'a, PackedUint64> = Numbers<'a, PackedUint64>,
    }
}

view! {
    /// A point of a summary (`SummaryDataPoint`).
    pub struct SummaryPointView {
        /// Start of the range, in nanoseconds since the Unix epoch; 0 if unknown.
        2 => start_time: u64 = Fixed64,
        /// When, in nanoseconds since the Unix epoch.
        3 => time: u64 = Fixed64,
        /// How many values there were.
        4 => count: u64 = Fixed64,
        /// Their sum.
        5 => sum: f64 = Double,
        /// Values at quantiles.
        6 => quantiles: Repeated<'a, QuantileView<'a>> = Many<'a, QuantileView<'a>>,
        /// What identifies the series.
        7 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// `DataPointFlags`.
        8 => flags: u32 = Uint32,
    }
}

view! {
    /// The value at a quantile (`SummaryDataPoint.ValueAtQuantile`).
    pub struct QuantileView {
        /// The quantile, 0 to 1.
        1 => quantile: f64 = Double,
        /// The value there.
        2 => value: f64 = Double,
    }
}

view! {
    /// One measured value, kept as an example (`Exemplar`).
    pub struct ExemplarView {
        /// When, in nanoseconds since the Unix epoch.
        2 => time: u64 = Fixed64,
        /// The value, if it is floating point.
        3 => as_double: Option<f64> = OptionalDouble,
        /// The span id as it stands; empty where it was measured outside a span.
        4 => span_id_bytes: &'a [u8] = Bytes<'a>,
        /// The trace id as it stands; empty where it was measured outside a trace.
        5 => trace_id_bytes: &'a [u8] = Bytes<'a>,
        /// The value, if it is an integer.
        6 => as_int: Option<i64> = OptionalSfixed64,
        /// Attributes that the point itself does not carry.
        7 => filtered_attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
    }
}

impl ExemplarView<'_> {
    /// The trace id; `None` if it is not 16 bytes.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_slice(self.trace_id_bytes())
    }

    /// The span id; `None` if it is not 8 bytes.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.span_id_bytes())
    }
}
