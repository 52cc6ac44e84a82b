//! Random metrics as generated types, and what they should come to.

use std::collections::BTreeMap;

use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, KeyValue, any_value};
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::metric::Data;
use otlp_core::proto::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, number_data_point,
};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::{Batch, Limits, Signal};
use proptest::prelude::*;
use prost::Message as _;

pub(super) const DELTA: i32 = 1;
pub(super) const CUMULATIVE: i32 = 2;

/// A point of any kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Point {
    Number(NumberDataPoint),
    Histogram(HistogramDataPoint),
    Exponential(ExponentialHistogramDataPoint),
    Summary(SummaryDataPoint),
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Gauge,
    Sum(i32),
    Histogram(i32),
    Exponential(i32),
    Summary,
}

pub(super) const KINDS: [Kind; 9] = [
    Kind::Gauge,
    Kind::Sum(0),
    Kind::Sum(DELTA),
    Kind::Sum(CUMULATIVE),
    Kind::Histogram(DELTA),
    Kind::Histogram(CUMULATIVE),
    Kind::Exponential(DELTA),
    Kind::Exponential(CUMULATIVE),
    Kind::Summary,
];

/// One point and where it belongs.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) resource: u8,
    pub(super) kind: Kind,
    pub(super) series: u8,
    pub(super) point: Point,
}

/// Resource, kind and series.
pub(super) type Key = (u8, Kind, u8);

fn attribute(value: u8) -> Vec<KeyValue> {
    let value = Some(AnyValue { value: Some(any_value::Value::IntValue(value.into())) });
    vec![KeyValue { key: "id".into(), value, ..KeyValue::default() }]
}

fn id(attributes: &[KeyValue]) -> u8 {
    match attributes[0].value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::IntValue(value)) => *value as u8,
        other => panic!("{other:?}"),
    }
}

pub(super) fn number(series: u8, (start, time): (u64, u64), value: i64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attribute(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

pub(super) fn histogram(
    series: u8,
    (start, time): (u64, u64),
    bounds: &[f64],
    counts: &[u64],
) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attribute(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        count: counts.iter().sum(),
        sum: Some(counts.iter().sum::<u64>() as f64),
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    }
}

pub(super) fn exponential(
    series: u8,
    (start, time): (u64, u64),
    scale: i32,
    positive: (i32, Vec<u64>),
    negative: (i32, Vec<u64>),
) -> ExponentialHistogramDataPoint {
    let count = positive.1.iter().chain(&negative.1).sum();
    let side = |(offset, bucket_counts)| Some(Buckets { offset, bucket_counts });
    ExponentialHistogramDataPoint {
        attributes: attribute(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        count,
        sum: Some(count as f64),
        scale,
        positive: side(positive),
        negative: side(negative),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn row() -> impl Strategy<Value = Row> {
    let counts = || prop::collection::vec(prop_oneof![0..3_u64, 0..1000_u64, 0..100_000_u64], 0..40);
    let place = (0..2_u8, prop::sample::select(&KINDS[..]), 0..3_u8, 0..50_u64, 1..50_u64);
    let values =
        (-1000..1000_i64, any::<bool>(), counts(), counts(), -3..6_i32, -300..300_i32, -300..300_i32);
    (place, values).prop_map(|((resource, kind, series, start, length), values)| {
        let (value, double, positive, negative, scale, offset, other_offset) = values;
        let times = (start, start + length);
        let point = match kind {
            Kind::Gauge | Kind::Sum(_) => {
                let mut point = number(series, times, value);
                if double {
                    // Halves add up exactly in any order.
                    point.value = Some(number_data_point::Value::AsDouble(value as f64 / 2.0));
                }
                Point::Number(point)
            }
            Kind::Histogram(_) => {
                let mut counts = positive;
                counts.resize(5, 1);
                Point::Histogram(histogram(series, times, &[1.0, 2.0, 4.0, 8.0], &counts))
            }
            Kind::Exponential(_) => Point::Exponential(exponential(
                series,
                times,
                scale,
                (offset, positive),
                (other_offset, negative),
            )),
            Kind::Summary => Point::Summary(SummaryDataPoint {
                attributes: attribute(series),
                time_unix_nano: start,
                count: 1,
                ..SummaryDataPoint::default()
            }),
        };
        Row { resource, kind, series, point }
    })
}

/// Some batches of points.
pub(super) fn requests() -> impl Strategy<Value = Vec<Vec<Row>>> {
    // Under miri each point takes seconds.
    let (rows, batches) = if cfg!(miri) { (6, 3) } else { (60, 4) };
    prop::collection::vec(prop::collection::vec(row(), 0..rows), 0..batches)
}

/// Rows as a batch; neighbours of one metric share it.
pub(super) fn batch(rows: &[Row]) -> Batch {
    let mut request = ExportMetricsServiceRequest::default();
    for same in rows.chunk_by(|one, next| (one.resource, one.kind) == (next.resource, next.kind)) {
        let Row { resource, kind, .. } = same[0];
        macro_rules! points {
            ($variant:ident) => {
                same.iter()
                    .filter_map(|row| {
                        if let Point::$variant(point) = &row.point { Some(point.clone()) } else { None }
                    })
                    .collect()
            };
        }
        let (name, data) = match kind {
            Kind::Gauge => ("gauge".to_owned(), Data::Gauge(Gauge { data_points: points!(Number) })),
            Kind::Sum(aggregation_temporality) => {
                let data_points = points!(Number);
                let sum = Sum { data_points, aggregation_temporality, is_monotonic: true };
                (format!("sum {aggregation_temporality}"), Data::Sum(sum))
            }
            Kind::Histogram(aggregation_temporality) => {
                let histogram = Histogram { data_points: points!(Histogram), aggregation_temporality };
                (format!("histogram {aggregation_temporality}"), Data::Histogram(histogram))
            }
            Kind::Exponential(aggregation_temporality) => {
                let data_points = points!(Exponential);
                let histogram = ExponentialHistogram { data_points, aggregation_temporality };
                (format!("exponential {aggregation_temporality}"), Data::ExponentialHistogram(histogram))
            }
            Kind::Summary => ("summary".to_owned(), Data::Summary(Summary { data_points: points!(Summary) })),
        };
        let metric = Metric { name, data: Some(data), ..Metric::default() };
        request.resource_metrics.push(ResourceMetrics {
            resource: Some(Resource { attributes: attribute(resource), ..Resource::default() }),
            scope_metrics: vec![ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() }],
            ..ResourceMetrics::default()
        });
    }
    Batch::parse(Signal::Metrics, request.encode_to_vec(), &Limits::default()).unwrap()
}

/// All points of a batch by series. Decoded by prost, after a check by the parser.
pub(super) fn by_series(batch: &Batch) -> BTreeMap<Key, Vec<Point>> {
    let again = Batch::parse(Signal::Metrics, batch.bytes().clone(), &Limits::default()).unwrap();
    assert_eq!(again.items(), batch.items());
    let request = ExportMetricsServiceRequest::decode(batch.bytes().clone()).unwrap();
    let mut map = BTreeMap::<Key, Vec<Point>>::new();
    for group in request.resource_metrics {
        let resource = id(&group.resource.unwrap().attributes);
        for metric in group.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
            let mut push = |kind, attributes: &[KeyValue], point| {
                map.entry((resource, kind, id(attributes))).or_default().push(point);
            };
            match metric.data.unwrap() {
                Data::Gauge(data) => data
                    .data_points
                    .into_iter()
                    .for_each(|point| push(Kind::Gauge, &point.attributes.clone(), Point::Number(point))),
                Data::Sum(data) => data.data_points.into_iter().for_each(|point| {
                    push(
                        Kind::Sum(data.aggregation_temporality),
                        &point.attributes.clone(),
                        Point::Number(point),
                    );
                }),
                Data::Histogram(data) => data.data_points.into_iter().for_each(|point| {
                    let kind = Kind::Histogram(data.aggregation_temporality);
                    push(kind, &point.attributes.clone(), Point::Histogram(point));
                }),
                Data::ExponentialHistogram(data) => data.data_points.into_iter().for_each(|point| {
                    let kind = Kind::Exponential(data.aggregation_temporality);
                    push(kind, &point.attributes.clone(), Point::Exponential(point));
                }),
                Data::Summary(data) => data
                    .data_points
                    .into_iter()
                    .for_each(|point| push(Kind::Summary, &point.attributes.clone(), Point::Summary(point))),
            }
        }
    }
    map
}
