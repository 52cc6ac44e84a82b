//! Delta points of 64 series, as exporters send them: 128 requests, each with one point of every series.

use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::common::v1::{InstrumentationScope, KeyValue};
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::metric::Data;
use otlp_core::proto::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, number_data_point,
};
use otlp_core::proto::resource::v1::Resource;

use super::random::Random;
use super::trace::{attribute, string};

pub const REQUESTS: u64 = 128;
pub const SERIES: usize = 64;

const DELTA: i32 = 1;
const START: u64 = 1_767_225_600_000_000_000;
const STEP: u64 = 10_000_000_000;
const ROUTES: [&str; 8] =
    ["/carts", "/orders", "/products", "/payments", "/users", "/search", "/stock", "/healthz"];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const CODES: [&str; 2] = ["200", "500"];

/// What the points are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Gauge,
    Sum,
    /// Of 16 buckets.
    Histogram,
    /// Of 120 buckets on the positive side, all of one scale.
    Exponential,
}

/// The requests, in the order of their times.
pub fn requests(kind: Kind, seed: u64) -> Vec<ExportMetricsServiceRequest> {
    let random = &mut Random::new(seed);
    (0..REQUESTS).map(|number| request(kind, number, random)).collect()
}

fn request(kind: Kind, number: u64, random: &mut Random) -> ExportMetricsServiceRequest {
    let (start, time) = (START + number * STEP, START + (number + 1) * STEP);
    let data = match kind {
        Kind::Gauge => Data::Gauge(Gauge {
            data_points: points(|series| point(series, start, time, random.fraction() * 100.0)),
        }),
        Kind::Sum => Data::Sum(Sum {
            data_points: points(|series| point(series, start, time, random.below(1000) as f64)),
            aggregation_temporality: DELTA,
            is_monotonic: true,
        }),
        Kind::Histogram => Data::Histogram(Histogram {
            data_points: points(|series| histogram(series, start, time, random)),
            aggregation_temporality: DELTA,
        }),
        Kind::Exponential => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: points(|series| exponential(series, start, time, random)),
            aggregation_temporality: DELTA,
        }),
    };
    let metric = Metric {
        name: "http.server.request.duration".to_owned(),
        unit: "s".to_owned(),
        data: Some(data),
        ..Default::default()
    };
    let scope = InstrumentationScope { name: "shop".to_owned(), ..Default::default() };
    let resource =
        Resource { attributes: vec![attribute("service.name", string("checkout"))], ..Default::default() };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics: vec![metric],
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    }
}

fn points<P>(make: impl FnMut(usize) -> P) -> Vec<P> {
    (0..SERIES).map(make).collect()
}

fn attributes(series: usize) -> Vec<KeyValue> {
    vec![
        attribute("http.route", string(ROUTES[series % 8])),
        attribute("http.request.method", string(METHODS[series / 8 % 4])),
        attribute("http.response.status_code", string(CODES[series / 32])),
    ]
}

fn point(series: usize, start: u64, time: u64, value: f64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..Default::default()
    }
}

fn histogram(series: usize, start: u64, time: u64, random: &mut Random) -> HistogramDataPoint {
    let bucket_counts: Vec<u64> = (0..16).map(|_| random.below(500)).collect();
    HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        count: bucket_counts.iter().sum(),
        sum: Some(random.below(10_000) as f64),
        bucket_counts,
        explicit_bounds: (0..15).map(|index| 0.005 * f64::from(1 << index)).collect(),
        min: Some(0.001),
        max: Some(random.fraction() * 100.0),
        ..Default::default()
    }
}

fn exponential(series: usize, start: u64, time: u64, random: &mut Random) -> ExponentialHistogramDataPoint {
    // One or two bytes each, at random, none empty: the range of every point is the same.
    let bucket_counts: Vec<u64> = (0..120)
        .map(|_| {
            let bits = 3 + random.below(8);
            1 + random.below(1 << bits)
        })
        .collect();
    ExponentialHistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: time,
        count: bucket_counts.iter().sum(),
        sum: Some(random.below(10_000) as f64),
        scale: 3,
        positive: Some(Buckets { offset: -40 + random.below(8) as i32, bucket_counts }),
        ..Default::default()
    }
}
