//! Metrics.

use otlp_core::metrics::{MetricsWriter, Number, ScopeMetricsWriter, Temporality};
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::common::v1::KeyValue;
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::metric::Data;
use otlp_core::proto::metrics::v1::summary_data_point::ValueAtQuantile;
use otlp_core::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
    number_data_point,
};
use proptest::prelude::*;

use crate::random::Random;
use crate::span::ids;
use crate::value::{put_attributes, put_resource, put_scope, scalar};

fn exemplars(r: &mut Random) -> Vec<Exemplar> {
    r.many(2, |r| {
        let has_ids = r.chance();
        Exemplar {
            filtered_attributes: r.attributes(),
            time_unix_nano: r.integer(),
            span_id: if has_ids { r.bytes(8) } else { Vec::new() },
            trace_id: if has_ids { r.bytes(16) } else { Vec::new() },
            value: Some(if r.chance() {
                exemplar::Value::AsDouble(r.double())
            } else {
                exemplar::Value::AsInt(r.integer() as i64)
            }),
        }
    })
}

fn number(r: &mut Random) -> NumberDataPoint {
    let value = match r.below(3) {
        0 => None,
        1 => Some(number_data_point::Value::AsDouble(r.double())),
        _ => Some(number_data_point::Value::AsInt(r.integer() as i64)),
    };
    NumberDataPoint {
        attributes: r.attributes(),
        start_time_unix_nano: r.integer(),
        time_unix_nano: r.integer(),
        exemplars: exemplars(r),
        flags: if value.is_none() { 1 } else { r.u32() },
        value,
    }
}

fn histogram(r: &mut Random) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: r.attributes(),
        start_time_unix_nano: r.integer(),
        time_unix_nano: r.integer(),
        count: r.integer(),
        sum: r.chance().then(|| r.double()),
        bucket_counts: r.many(20, Random::integer),
        explicit_bounds: r.many(20, Random::double),
        exemplars: exemplars(r),
        flags: r.u32(),
        min: r.chance().then(|| r.double()),
        max: r.chance().then(|| r.double()),
    }
}

fn buckets(r: &mut Random) -> Option<Buckets> {
    r.chance().then(|| Buckets { offset: r.integer() as i32, bucket_counts: r.many(160, Random::integer) })
}

fn exponential(r: &mut Random) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        attributes: r.attributes(),
        start_time_unix_nano: r.integer(),
        time_unix_nano: r.integer(),
        count: r.integer(),
        sum: r.chance().then(|| r.double()),
        scale: r.integer() as i32,
        zero_count: r.integer(),
        positive: buckets(r),
        negative: buckets(r),
        flags: r.u32(),
        exemplars: exemplars(r),
        min: r.chance().then(|| r.double()),
        max: r.chance().then(|| r.double()),
        zero_threshold: r.double(),
    }
}

fn summary(r: &mut Random) -> SummaryDataPoint {
    SummaryDataPoint {
        attributes: r.attributes(),
        start_time_unix_nano: r.integer(),
        time_unix_nano: r.integer(),
        count: r.integer(),
        sum: r.double(),
        quantile_values: r.many(4, |r| ValueAtQuantile { quantile: r.double(), value: r.double() }),
        flags: r.u32(),
    }
}

fn metric(r: &mut Random) -> Metric {
    let temporality = r.below(4) as i32;
    let data = match r.below(6) {
        0 => None,
        1 => Some(Data::Gauge(Gauge { data_points: r.many(3, number) })),
        2 => Some(Data::Sum(Sum {
            data_points: r.many(3, number),
            aggregation_temporality: temporality,
            is_monotonic: r.chance(),
        })),
        3 => Some(Data::Histogram(Histogram {
            data_points: r.many(3, histogram),
            aggregation_temporality: temporality,
        })),
        4 => Some(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: r.many(3, exponential),
            aggregation_temporality: temporality,
        })),
        _ => Some(Data::Summary(Summary { data_points: r.many(3, summary) })),
    };
    let metadata = r.many(2, |r| KeyValue { key: "m".into(), value: Some(r.value(0)), key_strindex: 0 });
    Metric { name: r.text(), description: r.text(), unit: r.text(), metadata, data }
}

/// Times, attributes, flags.
macro_rules! put_common {
    ($out:expr, $point:expr) => {
        $out.times($point.start_time_unix_nano, $point.time_unix_nano).flags($point.flags);
        put_attributes!($out, &$point.attributes);
    };
}

macro_rules! put_exemplars {
    ($out:expr, $point:expr) => {
        for exemplar in &$point.exemplars {
            let value = match exemplar.value.unwrap() {
                exemplar::Value::AsDouble(value) => Number::Double(value),
                exemplar::Value::AsInt(value) => Number::Int(value),
            };
            let mut out = $out.exemplar(value, exemplar.time_unix_nano);
            put_attributes!(out, &exemplar.filtered_attributes);
            if !exemplar.trace_id.is_empty() {
                let (trace, span) = ids(&exemplar.trace_id, &exemplar.span_id);
                out.ids(trace, span);
            }
        }
    };
}

/// `sum`, `min`, `max`, each only when there.
macro_rules! put_range {
    ($out:expr, $point:expr) => {
        if let Some(sum) = $point.sum {
            $out.sum(sum);
        }
        if let Some(min) = $point.min {
            $out.min(min);
        }
        if let Some(max) = $point.max {
            $out.max(max);
        }
    };
}

fn put(writer: &mut ScopeMetricsWriter<'_>, metric: &Metric) {
    let mut head = writer.metric(&metric.name).description(&metric.description).unit(&metric.unit);
    for pair in &metric.metadata {
        head = head.metadata(&pair.key, scalar(&pair.value.as_ref().unwrap().value));
    }
    let points = match metric.data.as_ref() {
        None => return,
        Some(Data::Gauge(gauge)) => (head.gauge(), &gauge.data_points),
        Some(Data::Sum(sum)) => {
            let temporality = Temporality::from_number(sum.aggregation_temporality);
            (head.sum(temporality, sum.is_monotonic), &sum.data_points)
        }
        Some(Data::Histogram(histogram)) => {
            let mut out = head.histogram(Temporality::from_number(histogram.aggregation_temporality));
            for point in &histogram.data_points {
                let mut out = out.point(point.count);
                out.buckets(&[1.0, 2.0], &[1]);
                out.buckets(&point.explicit_bounds, &point.bucket_counts);
                put_exemplars!(out, point);
                put_range!(out, point);
                put_common!(out, point);
            }
            return;
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let mut out =
                head.exponential_histogram(Temporality::from_number(histogram.aggregation_temporality));
            for point in &histogram.data_points {
                let mut out = out.point(point.count, point.scale);
                put_common!(out, point);
                out.zeros(point.zero_count, point.zero_threshold);
                if let Some(Buckets { offset, bucket_counts }) = &point.positive {
                    out.positive(*offset, bucket_counts);
                }
                if let Some(Buckets { offset, bucket_counts }) = &point.negative {
                    out.negative(-1, &[300; 9]).negative(*offset, bucket_counts);
                }
                // Written after `negative`, so that replacing moves it.
                if let Some(Buckets { offset, bucket_counts }) = &point.positive {
                    out.positive(*offset, bucket_counts);
                }
                put_range!(out, point);
                put_exemplars!(out, point);
            }
            return;
        }
        Some(Data::Summary(summary)) => {
            let mut out = head.summary();
            for point in &summary.data_points {
                let mut out = out.point(point.count, point.sum);
                put_common!(out, point);
                for pair in &point.quantile_values {
                    out.quantile(pair.quantile, pair.value);
                }
            }
            return;
        }
    };
    let (mut out, points) = points;
    for point in points {
        let mut out = match point.value {
            Some(number_data_point::Value::AsDouble(value)) => out.point(value),
            Some(number_data_point::Value::AsInt(value)) => out.point(value),
            None => out.no_value(),
        };
        out.times(point.start_time_unix_nano, point.time_unix_nano);
        if point.value.is_some() {
            out.flags(point.flags);
        }
        put_attributes!(out, &point.attributes);
        put_exemplars!(out, point);
    }
}

proptest! {
    #[test]
    fn written_and_decoded_is_the_same(seed: u64) {
        let r = &mut Random(seed);
        let expected = ExportMetricsServiceRequest {
            resource_metrics: r.many(2, |r| ResourceMetrics {
                resource: Some(r.resource()),
                schema_url: r.text(),
                scope_metrics: r.many(2, |r| ScopeMetrics {
                    scope: Some(r.scope()),
                    schema_url: r.text(),
                    metrics: r.many(5, metric),
                }),
            }),
        };
        let mut writer = MetricsWriter::new();
        for group in &expected.resource_metrics {
            let mut resource = writer.resource(|out| put_resource(out, group.resource.as_ref().unwrap()));
            resource.schema_url(&group.schema_url);
            for group in &group.scope_metrics {
                let scope = group.scope.as_ref().unwrap();
                let mut out = resource.scope_with(&scope.name, &scope.version, |out| put_scope(out, scope));
                out.schema_url(&group.schema_url);
                for metric in &group.metrics {
                    put(&mut out, metric);
                }
            }
        }
        prop_assert_eq!(crate::decode::<ExportMetricsServiceRequest>(&writer.finish()), expected);
    }
}
