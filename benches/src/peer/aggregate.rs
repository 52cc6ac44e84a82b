//! Aggregation as one writes it on generated types: decode, a `HashMap` from a series to its point, encode.
//!
//! The key is what the protocol says a series is, encoded into a buffer that is kept, so that only a new series allocates.

use std::collections::HashMap;

use bytes::Bytes;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::common::v1::KeyValue;
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::metric::Data;
use otlp_core::proto::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    number_data_point::Value,
};
use prost::Message as _;

/// Where a series stands in the result: which resource and metric, and which of its points.
type Place = (usize, usize);

/// One request in which each series of the requests has one point; delta points add up, gauges keep the latest.
pub fn by_prost(requests: &[Bytes]) -> Vec<u8> {
    let mut all = ExportMetricsServiceRequest::default();
    let mut metrics: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut series: HashMap<Vec<u8>, Place> = HashMap::new();
    let mut key = Vec::new();
    for request in requests {
        let request = ExportMetricsServiceRequest::decode(request.clone()).expect("valid");
        for mut resource in request.resource_metrics {
            for mut scope in std::mem::take(&mut resource.scope_metrics) {
                for mut metric in std::mem::take(&mut scope.metrics) {
                    key.clear();
                    encode(&resource.resource, &mut key);
                    encode(&scope.scope, &mut key);
                    for text in [&metric.name, &metric.unit] {
                        key.extend(text.as_bytes());
                        key.push(0xff);
                    }
                    let data = metric.data.take();
                    let metric = match metrics.get(&key) {
                        Some(index) => *index,
                        None => {
                            metrics.insert(key.clone(), all.resource_metrics.len());
                            all.resource_metrics.push(alone(&resource, &scope, &metric, data.as_ref()));
                            all.resource_metrics.len() - 1
                        }
                    };
                    let into = all.resource_metrics[metric].scope_metrics[0].metrics[0].data.as_mut();
                    let prefix = key.len();
                    let mut find = |attributes: &[KeyValue], next: usize| -> Option<usize> {
                        key.truncate(prefix);
                        attributes
                            .iter()
                            .for_each(|attribute| attribute.encode_length_delimited(&mut key).expect("room"));
                        if let Some((_, point)) = series.get(&key) {
                            return Some(*point);
                        }
                        series.insert(key.clone(), (metric, next));
                        None
                    };
                    match (into, data) {
                        (Some(Data::Gauge(all)), Some(Data::Gauge(one))) => {
                            merge(
                                &mut all.data_points,
                                one.data_points,
                                &mut find,
                                |point| &point.attributes,
                                latest,
                            );
                        }
                        (Some(Data::Sum(all)), Some(Data::Sum(one))) => {
                            merge(
                                &mut all.data_points,
                                one.data_points,
                                &mut find,
                                |point| &point.attributes,
                                add,
                            );
                        }
                        (Some(Data::Histogram(all)), Some(Data::Histogram(one))) => {
                            merge(
                                &mut all.data_points,
                                one.data_points,
                                &mut find,
                                |point| &point.attributes,
                                histogram,
                            );
                        }
                        (Some(Data::ExponentialHistogram(all)), Some(Data::ExponentialHistogram(one))) => {
                            merge(
                                &mut all.data_points,
                                one.data_points,
                                &mut find,
                                |point| &point.attributes,
                                exponential,
                            );
                        }
                        _ => unreachable!("metrics of one name are of one kind here"),
                    }
                }
            }
        }
    }
    all.encode_to_vec()
}

fn encode<M: prost::Message>(message: &Option<M>, into: &mut Vec<u8>) {
    if let Some(message) = message {
        message.encode_length_delimited(into).expect("room");
    }
}

/// The metric with its resource and scope, without points.
fn alone(
    resource: &ResourceMetrics,
    scope: &otlp_core::proto::metrics::v1::ScopeMetrics,
    metric: &Metric,
    data: Option<&Data>,
) -> ResourceMetrics {
    let data = data.map(|data| match data {
        Data::Gauge(_) => Data::Gauge(Default::default()),
        Data::Sum(sum) => Data::Sum(otlp_core::proto::metrics::v1::Sum { data_points: Vec::new(), ..*sum }),
        Data::Histogram(histogram) => Data::Histogram(otlp_core::proto::metrics::v1::Histogram {
            data_points: Vec::new(),
            ..*histogram
        }),
        Data::ExponentialHistogram(histogram) => {
            Data::ExponentialHistogram(otlp_core::proto::metrics::v1::ExponentialHistogram {
                data_points: Vec::new(),
                ..*histogram
            })
        }
        Data::Summary(_) => Data::Summary(Default::default()),
    });
    let mut scope = scope.clone();
    scope.metrics.push(Metric { data, ..metric.clone() });
    ResourceMetrics { scope_metrics: vec![scope], ..resource.clone() }
}

/// Each new point to the point of its series.
fn merge<P>(
    all: &mut Vec<P>,
    points: Vec<P>,
    find: &mut impl FnMut(&[KeyValue], usize) -> Option<usize>,
    attributes: impl Fn(&P) -> &Vec<KeyValue>,
    mut join: impl FnMut(&mut P, P),
) {
    for point in points {
        match find(attributes(&point), all.len()) {
            Some(index) => join(&mut all[index], point),
            None => all.push(point),
        }
    }
}

fn latest(into: &mut NumberDataPoint, point: NumberDataPoint) {
    if point.time_unix_nano >= into.time_unix_nano {
        *into = point;
    }
}

fn times(into: (&mut u64, &mut u64), point: (u64, u64)) {
    *into.0 = (*into.0).min(point.0);
    *into.1 = (*into.1).max(point.1);
}

fn add(into: &mut NumberDataPoint, point: NumberDataPoint) {
    times(
        (&mut into.start_time_unix_nano, &mut into.time_unix_nano),
        (point.start_time_unix_nano, point.time_unix_nano),
    );
    match (&mut into.value, point.value) {
        (Some(Value::AsDouble(sum)), Some(Value::AsDouble(value))) => *sum += value,
        (Some(Value::AsInt(sum)), Some(Value::AsInt(value))) => *sum += value,
        _ => unreachable!("values of one series are of one type here"),
    }
}

fn option(into: &mut Option<f64>, value: Option<f64>, join: fn(f64, f64) -> f64) {
    *into = into.zip(value).map(|(into, value)| join(into, value));
}

fn histogram(into: &mut HistogramDataPoint, point: HistogramDataPoint) {
    times(
        (&mut into.start_time_unix_nano, &mut into.time_unix_nano),
        (point.start_time_unix_nano, point.time_unix_nano),
    );
    assert_eq!(into.explicit_bounds, point.explicit_bounds, "one set of bounds here");
    into.count += point.count;
    into.bucket_counts.iter_mut().zip(&point.bucket_counts).for_each(|(sum, count)| *sum += count);
    option(&mut into.sum, point.sum, |a, b| a + b);
    option(&mut into.min, point.min, f64::min);
    option(&mut into.max, point.max, f64::max);
}

fn exponential(into: &mut ExponentialHistogramDataPoint, point: ExponentialHistogramDataPoint) {
    times(
        (&mut into.start_time_unix_nano, &mut into.time_unix_nano),
        (point.start_time_unix_nano, point.time_unix_nano),
    );
    assert_eq!(into.scale, point.scale, "one scale here");
    into.count += point.count;
    into.zero_count += point.zero_count;
    option(&mut into.sum, point.sum, |a, b| a + b);
    option(&mut into.min, point.min, f64::min);
    option(&mut into.max, point.max, f64::max);
    for (into, point) in [(&mut into.positive, point.positive), (&mut into.negative, point.negative)] {
        match (into, point) {
            (Some(into), Some(point)) => buckets(into, &point),
            (into, point) => *into = into.take().or(point),
        }
    }
}

/// Adds buckets of the same scale, wherever they begin.
fn buckets(into: &mut Buckets, point: &Buckets) {
    let before = (into.offset - point.offset).max(0) as usize;
    if before > 0 {
        into.bucket_counts.splice(..0, std::iter::repeat_n(0, before));
        into.offset = point.offset;
    }
    let at = (point.offset - into.offset) as usize;
    let end = at + point.bucket_counts.len();
    if into.bucket_counts.len() < end {
        into.bucket_counts.resize(end, 0);
    }
    into.bucket_counts[at..].iter_mut().zip(&point.bucket_counts).for_each(|(sum, count)| *sum += count);
}
