//! Data points put together into metrics and series.

use std::collections::HashMap;

use otlp::Batch;
use otlp::metrics::{
    BucketsView, DataView, ExemplarView, ExponentialHistogramPointView, HistogramPointView, MetricView,
    NumberPointView, SummaryPointView, Temporality,
};

use super::distribution::{Bucket, Distribution};
use super::trace::source_name;
use crate::render::value::pairs;

/// All points of one name, kind and unit.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) description: String,
    /// In UCUM.
    pub(crate) unit: String,
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    pub(crate) kind: &'static str,
    /// Whether points cover the time since the one before, not since a common start.
    pub(crate) delta: bool,
    /// Whether a sum only grows.
    pub(crate) monotonic: bool,
    /// The series with most points and largest values first.
    pub(crate) series: Vec<Series>,
    /// Points of all series.
    pub(crate) points: usize,
}

/// Points with the same attributes from the same resource.
#[derive(Debug)]
pub(crate) struct Series {
    /// The service, or else what names the resource.
    pub(crate) source: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// By time.
    pub(crate) points: Vec<Point>,
}

/// One point.
#[derive(Debug)]
pub(crate) struct Point {
    /// Nanoseconds since the epoch.
    pub(crate) time: u64,
    pub(crate) value: Value,
    /// Trace ids of exemplars, in hex.
    pub(crate) exemplars: Vec<String>,
}

/// What a point says.
#[derive(Debug)]
pub(crate) enum Value {
    /// No value recorded.
    None,
    /// Of a gauge or sum.
    Number(f64),
    /// Of either kind of histogram.
    Distribution(Distribution),
    /// Count, sum, and values at quantiles.
    Summary(u64, f64, Vec<(f64, f64)>),
}

/// All metrics, by name.
pub(crate) fn collect(batches: &[Batch]) -> Vec<Metric> {
    // The resource as it stands: services have many instances, and what is no service has no name at all.
    type Key<'a> = (&'a [u8], Vec<(String, String)>);
    let mut metrics: Vec<Metric> = Vec::new();
    let mut by_name: HashMap<(String, &'static str, String), usize> = HashMap::new();
    let mut by_series: Vec<HashMap<Key<'_>, usize>> = Vec::new();
    for view in batches.iter().filter_map(Batch::metrics) {
        for group in view.resource_metrics() {
            let source = source_name(group.resource());
            let resource = group.resource().map_or(&[][..], |resource| resource.encoded());
            for metric in group.scope_metrics().iter().flat_map(|scope| scope.metrics()) {
                let Some(data) = metric.data() else { continue };
                let key = (metric.name().to_owned(), data.kind(), metric.unit().to_owned());
                let index = *by_name.entry(key).or_insert_with(|| {
                    metrics.push(begin(metric, data));
                    by_series.push(HashMap::new());
                    metrics.len() - 1
                });
                let (metric, series) = (&mut metrics[index], &mut by_series[index]);
                each_point(data, |attributes, point| {
                    metric.points += 1;
                    let index =
                        *series.entry((resource, attributes)).or_insert_with_key(|(_, attributes)| {
                            let (source, attributes) = (source.to_owned(), attributes.clone());
                            metric.series.push(Series { source, attributes, points: Vec::new() });
                            metric.series.len() - 1
                        });
                    metric.series[index].points.push(point);
                });
            }
        }
    }
    for metric in &mut metrics {
        for series in &mut metric.series {
            series.points.sort_by_key(|point| point.time);
        }
        metric.series.sort_by(|a, b| {
            let rank = |s: &Series| (s.points.len(), s.points.last().map_or(0.0, |point| point.value.size()));
            let ((a_points, a_size), (b_points, b_size)) = (rank(a), rank(b));
            b_points
                .cmp(&a_points)
                .then(b_size.total_cmp(&a_size))
                .then_with(|| a.attributes.cmp(&b.attributes))
        });
    }
    metrics.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    metrics
}

fn begin(metric: MetricView<'_>, data: DataView<'_>) -> Metric {
    let (temporality, monotonic) = match data {
        DataView::Sum(sum) => (sum.temporality(), sum.is_monotonic()),
        DataView::Histogram(histogram) => (histogram.temporality(), false),
        DataView::ExponentialHistogram(histogram) => (histogram.temporality(), false),
        _ => (Temporality::Unspecified, false),
    };
    Metric {
        name: metric.name().to_owned(),
        description: metric.description().to_owned(),
        unit: metric.unit().to_owned(),
        kind: data.kind(),
        delta: temporality == Temporality::Delta,
        monotonic,
        series: Vec::new(),
        points: 0,
    }
}

fn each_point(data: DataView<'_>, mut f: impl FnMut(Vec<(String, String)>, Point)) {
    macro_rules! points {
        ($data:ident, $read:ident) => {
            for point in $data.points() {
                f(pairs(point.attributes()), $read(point));
            }
        };
    }
    match data {
        DataView::Gauge(data) => points!(data, number),
        DataView::Sum(data) => points!(data, number),
        DataView::Histogram(data) => points!(data, histogram),
        DataView::ExponentialHistogram(data) => points!(data, exponential),
        DataView::Summary(data) => points!(data, summary),
        _ => {}
    }
}

fn number(point: NumberPointView<'_>) -> Point {
    let value = point.value().map_or(Value::None, |value| Value::Number(value.as_f64()));
    Point { time: point.time(), value, exemplars: exemplars(point.exemplars()) }
}

fn histogram(point: HistogramPointView<'_>) -> Point {
    let bounds: Vec<f64> = point.explicit_bounds().collect();
    let buckets = point
        .bucket_counts()
        .enumerate()
        .map(|(index, count)| {
            let low = if index == 0 {
                f64::NEG_INFINITY
            } else {
                bounds.get(index - 1).copied().unwrap_or(f64::INFINITY)
            };
            Bucket { low, high: bounds.get(index).copied().unwrap_or(f64::INFINITY), count }
        })
        .collect();
    let value =
        Distribution { count: point.count(), sum: point.sum(), min: point.min(), max: point.max(), buckets };
    Point { time: point.time(), value: Value::Distribution(value), exemplars: exemplars(point.exemplars()) }
}

fn exponential(point: ExponentialHistogramPointView<'_>) -> Point {
    let base = 2_f64.powi(-point.scale().clamp(-20, 20)).exp2();
    let bound = |index: i64| base.powf(index as f64);
    let read = |buckets: Option<BucketsView<'_>>| -> Vec<Bucket> {
        let Some(buckets) = buckets else { return Vec::new() };
        let offset = i64::from(buckets.offset());
        buckets
            .bucket_counts()
            // The specification's default maximum is 160; more are joined away on screen in any case.
            .take(4_096)
            .enumerate()
            .map(|(index, count)| {
                let index = offset + index as i64;
                Bucket { low: bound(index), high: bound(index + 1), count }
            })
            .collect()
    };
    let negative = read(point.negative()).into_iter().rev();
    let mut buckets: Vec<Bucket> =
        negative.map(|bucket| Bucket { low: -bucket.high, high: -bucket.low, count: bucket.count }).collect();
    if point.zero_count() > 0 {
        let threshold = point.zero_threshold().abs();
        buckets.push(Bucket { low: -threshold, high: threshold, count: point.zero_count() });
    }
    buckets.extend(read(point.positive()));
    let value =
        Distribution { count: point.count(), sum: point.sum(), min: point.min(), max: point.max(), buckets };
    Point { time: point.time(), value: Value::Distribution(value), exemplars: exemplars(point.exemplars()) }
}

fn summary(point: SummaryPointView<'_>) -> Point {
    let quantiles = point.quantiles().iter().map(|pair| (pair.quantile(), pair.value())).collect();
    Point {
        time: point.time(),
        value: Value::Summary(point.count(), point.sum(), quantiles),
        exemplars: Vec::new(),
    }
}

fn exemplars<'a>(views: impl IntoIterator<Item = ExemplarView<'a>>) -> Vec<String> {
    views
        .into_iter()
        .map(|exemplar| crate::render::value::hex(exemplar.trace_id_bytes()))
        .filter(|id| !id.is_empty())
        .take(10)
        .collect()
}

impl Value {
    /// What series are ordered by.
    fn size(&self) -> f64 {
        match self {
            Self::None => f64::NEG_INFINITY,
            Self::Number(value) => value.abs(),
            Self::Distribution(value) => value.count as f64,
            Self::Summary(count, ..) => *count as f64,
        }
    }
}

impl Metric {
    /// Whether its points are totals since a start, of which the last tells all.
    const fn is_cumulative(&self) -> bool {
        !self.delta
    }

    /// The values of a series as they changed over time: of growing sums the increase per point, of distributions the counts.
    pub(crate) fn over_time(&self, series: &Series) -> Vec<f64> {
        let raw: Vec<f64> = series
            .points
            .iter()
            .map(|point| match &point.value {
                Value::None => f64::NAN,
                Value::Number(value) => *value,
                Value::Distribution(value) => value.count as f64,
                Value::Summary(count, ..) => *count as f64,
            })
            .collect();
        let growing = self.monotonic || !matches!(self.kind, "gauge" | "sum");
        if !(growing && self.is_cumulative()) || raw.len() < 2 {
            return raw;
        }
        // A fall is a restart: the series counts from zero again.
        raw.windows(2).map(|pair| if pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] }).collect()
    }

    /// The distribution over all of the series' time; `None` if it has none.
    pub(crate) fn distribution(&self, series: &Series) -> Option<Distribution> {
        let mut all = series.points.iter().filter_map(|point| match &point.value {
            Value::Distribution(value) => Some(value),
            _ => None,
        });
        if self.is_cumulative() {
            return all.next_back().cloned();
        }
        let mut total = all.next()?.clone();
        for value in all {
            total.add(value);
        }
        Some(total)
    }
}
