//! Metric points, a quarter each: gauge, sum, histogram of 16 buckets, exponential histogram of 120 buckets.

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
use super::row::SERVICES;
use super::trace::{attribute, string};

const CUMULATIVE: i32 = 2;
const START: u64 = 1_767_225_600_000_000_000;

/// 4 resources, 4 metrics each, `points` points in all.
pub fn request(points: usize, seed: u64) -> ExportMetricsServiceRequest {
    let random = &mut Random::new(seed);
    let each = points / 16;
    let resource_metrics = SERVICES
        .iter()
        .map(|service| ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", string(service))],
                ..Default::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope { name: "shop".to_owned(), ..Default::default() }),
                metrics: metrics(each, random),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        })
        .collect();
    ExportMetricsServiceRequest { resource_metrics }
}

fn metrics(each: usize, random: &mut Random) -> Vec<Metric> {
    let gauge = Gauge { data_points: (0..each).map(|_| number(random)).collect() };
    let sum = Sum {
        data_points: (0..each).map(|_| number(random)).collect(),
        aggregation_temporality: CUMULATIVE,
        is_monotonic: true,
    };
    let histogram = Histogram {
        data_points: (0..each).map(|_| histogram(random)).collect(),
        aggregation_temporality: CUMULATIVE,
    };
    let exponential = ExponentialHistogram {
        data_points: (0..each).map(|_| exponential(random)).collect(),
        aggregation_temporality: CUMULATIVE,
    };
    vec![
        metric("process.memory.usage", "By", Data::Gauge(gauge)),
        metric("http.server.requests", "{request}", Data::Sum(sum)),
        metric("http.server.request.duration", "s", Data::Histogram(histogram)),
        metric("db.client.operation.duration", "s", Data::ExponentialHistogram(exponential)),
    ]
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Default::default() }
}

/// One of 16 series.
fn attributes(random: &mut Random) -> Vec<KeyValue> {
    vec![
        attribute("http.route", string(random.pick(&["/carts", "/orders", "/products", "/payments"]))),
        attribute("http.request.method", string(random.pick(&["GET", "POST"]))),
        attribute("error", string(random.pick(&["no", "yes"]))),
        attribute("server.address", string("shop.example.com")),
        attribute("network.protocol.name", string("http")),
    ]
}

fn number(random: &mut Random) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(random),
        start_time_unix_nano: START,
        time_unix_nano: START + random.below(60_000_000_000),
        value: Some(number_data_point::Value::AsDouble(random.fraction() * 1e6)),
        ..Default::default()
    }
}

fn histogram(random: &mut Random) -> HistogramDataPoint {
    let bucket_counts: Vec<u64> = (0..16).map(|_| random.below(500)).collect();
    HistogramDataPoint {
        attributes: attributes(random),
        start_time_unix_nano: START,
        time_unix_nano: START + random.below(60_000_000_000),
        count: bucket_counts.iter().sum(),
        sum: Some(random.fraction() * 1e4),
        bucket_counts,
        explicit_bounds: (0..15).map(|index| 0.005 * f64::from(1 << index)).collect(),
        min: Some(0.001),
        max: Some(random.fraction() * 100.0),
        ..Default::default()
    }
}

fn exponential(random: &mut Random) -> ExponentialHistogramDataPoint {
    // One or two bytes each, at random: as bell-shaped distributions give.
    let bucket_counts: Vec<u64> = (0..120)
        .map(|_| {
            let bits = 3 + random.below(8);
            random.below(1 << bits)
        })
        .collect();
    ExponentialHistogramDataPoint {
        attributes: attributes(random),
        start_time_unix_nano: START,
        time_unix_nano: START + random.below(60_000_000_000),
        count: bucket_counts.iter().sum(),
        sum: Some(random.fraction() * 1e4),
        scale: 3,
        positive: Some(Buckets { offset: -40, bucket_counts }),
        ..Default::default()
    }
}
