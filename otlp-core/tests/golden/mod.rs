//! One small request of each signal in which every field of every message has a value, built with prost.

use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::any_value::Value;
use otlp_core::proto::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::metric::Data;
use otlp_core::proto::metrics::v1::summary_data_point::ValueAtQuantile;
use otlp_core::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
    number_data_point,
};
use otlp_core::proto::profiles::v1development as p;
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};

const TIME: u64 = 1_700_000_000_000_000_000;
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.44.0";

fn trace_id() -> Vec<u8> {
    (0x10..0x20).collect()
}

fn span_id() -> Vec<u8> {
    (0xa0..0xa8).collect()
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), key_strindex: 0 }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

/// One attribute of each type, the defaults among them.
fn attributes() -> Vec<KeyValue> {
    vec![
        text("string", "GET /caf\u{e9} \"quoted\"\n\u{1}"),
        text("empty", ""),
        pair("bool", Value::BoolValue(false)),
        pair("int", Value::IntValue(-9_007_199_254_740_993)),
        pair("double", Value::DoubleValue(0.1)),
        pair("nan", Value::DoubleValue(f64::NAN)),
        pair("bytes", Value::BytesValue(vec![0xfb, 0xff, 0])),
        pair(
            "array",
            Value::ArrayValue(ArrayValue { values: vec![any(Value::IntValue(0)), AnyValue { value: None }] }),
        ),
        pair("map", Value::KvlistValue(KeyValueList { values: vec![text("inner", "value")] })),
        KeyValue { key: "no value".to_owned(), value: None, key_strindex: 0 },
    ]
}

fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", "checkout")],
        dropped_attributes_count: 1,
        entity_refs: vec![EntityRef {
            schema_url: SCHEMA.to_owned(),
            r#type: "service".to_owned(),
            id_keys: vec!["service.name".to_owned()],
            description_keys: vec!["service.version".to_owned(), String::new()],
        }],
    })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "golden".to_owned(),
        version: "1.2.3".to_owned(),
        attributes: vec![text("scope.kind", "test")],
        dropped_attributes_count: 2,
    })
}

pub(crate) fn traces() -> ExportTraceServiceRequest {
    let full = Span {
        trace_id: trace_id(),
        span_id: span_id(),
        trace_state: "vendor=1".to_owned(),
        parent_span_id: vec![0xff; 8],
        flags: 0x301,
        name: "POST /pay".to_owned(),
        kind: 2,
        start_time_unix_nano: TIME,
        end_time_unix_nano: u64::MAX,
        attributes: attributes(),
        dropped_attributes_count: 3,
        events: vec![span::Event {
            time_unix_nano: TIME + 1,
            name: "exception".to_owned(),
            attributes: vec![text("exception.type", "Timeout")],
            dropped_attributes_count: 4,
        }],
        dropped_events_count: 5,
        links: vec![span::Link {
            trace_id: trace_id(),
            span_id: span_id(),
            trace_state: "a=b".to_owned(),
            attributes: vec![text("link", "retry")],
            dropped_attributes_count: 6,
            flags: 1,
        }],
        dropped_links_count: u32::MAX,
        status: Some(Status { message: "declined".to_owned(), code: 2 }),
    };
    let empty = Span { status: Some(Status::default()), ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![
            ResourceSpans {
                resource: resource(),
                scope_spans: vec![ScopeSpans {
                    scope: scope(),
                    spans: vec![full, empty],
                    schema_url: SCHEMA.to_owned(),
                }],
                schema_url: SCHEMA.to_owned(),
            },
            ResourceSpans::default(),
        ],
    }
}

fn exemplar(value: exemplar::Value) -> Exemplar {
    Exemplar {
        filtered_attributes: vec![text("user", "7")],
        time_unix_nano: TIME + 2,
        span_id: span_id(),
        trace_id: trace_id(),
        value: Some(value),
    }
}

fn number(value: number_data_point::Value) -> NumberDataPoint {
    NumberDataPoint {
        attributes: vec![text("http.route", "/pay")],
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 3,
        exemplars: vec![
            exemplar(exemplar::Value::AsInt(i64::MIN)),
            exemplar(exemplar::Value::AsDouble(-0.0)),
        ],
        flags: 1,
        value: Some(value),
    }
}

pub(crate) fn metrics() -> ExportMetricsServiceRequest {
    let metric = |name: &str, data| Metric {
        name: name.to_owned(),
        description: format!("a {name}"),
        unit: "By".to_owned(),
        metadata: vec![text("origin", "golden")],
        data: Some(data),
    };
    let histogram = HistogramDataPoint {
        attributes: vec![text("le", "x")],
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 4,
        count: 3,
        sum: Some(0.0),
        bucket_counts: vec![1, 0, u64::MAX],
        explicit_bounds: vec![0.5, f64::INFINITY],
        exemplars: vec![exemplar(exemplar::Value::AsDouble(1.5))],
        flags: 0,
        min: Some(-1.0),
        max: Some(1e300),
    };
    let exponential = ExponentialHistogramDataPoint {
        attributes: vec![text("le", "y")],
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 5,
        count: 9,
        sum: Some(f64::NEG_INFINITY),
        scale: -3,
        zero_count: 2,
        positive: Some(Buckets { offset: -7, bucket_counts: vec![1, 2, 3] }),
        negative: Some(Buckets::default()),
        flags: 1,
        exemplars: vec![exemplar(exemplar::Value::AsInt(5))],
        min: Some(0.25),
        max: Some(64.0),
        zero_threshold: 1e-9,
    };
    let summary = SummaryDataPoint {
        attributes: vec![text("q", "z")],
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 6,
        count: 4,
        sum: 10.5,
        quantile_values: vec![ValueAtQuantile { quantile: 0.99, value: 7.0 }, ValueAtQuantile::default()],
        flags: 1,
    };
    let data = [
        ("gauge", Data::Gauge(Gauge { data_points: vec![number(number_data_point::Value::AsDouble(2.5))] })),
        (
            "sum",
            Data::Sum(Sum {
                data_points: vec![number(number_data_point::Value::AsInt(0))],
                aggregation_temporality: 2,
                is_monotonic: true,
            }),
        ),
        (
            "histogram",
            Data::Histogram(Histogram { data_points: vec![histogram], aggregation_temporality: 1 }),
        ),
        (
            "exponential histogram",
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![exponential],
                aggregation_temporality: 2,
            }),
        ),
        ("summary", Data::Summary(Summary { data_points: vec![summary] })),
    ];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(),
            scope_metrics: vec![ScopeMetrics {
                scope: scope(),
                metrics: data.into_iter().map(|(name, data)| metric(name, data)).collect(),
                schema_url: SCHEMA.to_owned(),
            }],
            schema_url: SCHEMA.to_owned(),
        }],
    }
}

pub(crate) fn logs() -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(),
            scope_logs: vec![ScopeLogs {
                scope: scope(),
                log_records: vec![
                    LogRecord {
                        time_unix_nano: TIME,
                        observed_time_unix_nano: TIME + 7,
                        severity_number: 17,
                        severity_text: "ERROR".to_owned(),
                        body: Some(any(Value::KvlistValue(KeyValueList { values: attributes() }))),
                        attributes: vec![text("log.file", "a.log")],
                        dropped_attributes_count: 8,
                        flags: 1,
                        trace_id: trace_id(),
                        span_id: span_id(),
                        event_name: "payment.failed".to_owned(),
                    },
                    LogRecord { body: Some(AnyValue { value: None }), ..Default::default() },
                ],
                schema_url: SCHEMA.to_owned(),
            }],
            schema_url: SCHEMA.to_owned(),
        }],
    }
}

pub(crate) fn profiles() -> ExportProfilesServiceRequest {
    let profile = p::Profile {
        sample_type: Some(p::ValueType { type_strindex: 1, unit_strindex: 2 }),
        samples: vec![p::Sample {
            stack_index: 1,
            attribute_indices: vec![1],
            link_index: 1,
            values: vec![5, -1, 0],
            timestamps_unix_nano: vec![TIME, TIME + 8],
        }],
        time_unix_nano: TIME,
        duration_nano: 30_000_000_000,
        period_type: Some(p::ValueType { type_strindex: 1, unit_strindex: 2 }),
        period: 10_101_010,
        profile_id: trace_id(),
        dropped_attributes_count: 9,
        original_payload_format: "pprof".to_owned(),
        original_payload: vec![0x1f, 0x8b, 0xff],
        attribute_indices: vec![1, 0],
    };
    let dictionary = p::ProfilesDictionary {
        mapping_table: vec![
            p::Mapping::default(),
            p::Mapping {
                memory_start: 0x40_0000,
                memory_limit: u64::MAX,
                file_offset: 1,
                filename_strindex: 3,
                attribute_indices: vec![1],
            },
        ],
        location_table: vec![
            p::Location::default(),
            p::Location {
                mapping_index: 1,
                address: 0x40_1000,
                lines: vec![p::Line { function_index: 1, line: 42, column: 7 }],
                attribute_indices: vec![1],
            },
        ],
        function_table: vec![
            p::Function::default(),
            p::Function { name_strindex: 4, system_name_strindex: 4, filename_strindex: 3, start_line: 40 },
        ],
        link_table: vec![p::Link::default(), p::Link { trace_id: trace_id(), span_id: span_id() }],
        string_table: ["", "cpu", "nanoseconds", "main.rs", "main"].map(str::to_owned).to_vec(),
        attribute_table: vec![
            p::KeyValueAndUnit::default(),
            p::KeyValueAndUnit {
                key_strindex: 4,
                value: Some(any(Value::StringValueStrindex(3))),
                unit_strindex: 2,
            },
        ],
        stack_table: vec![p::Stack::default(), p::Stack { location_indices: vec![1] }],
    };
    ExportProfilesServiceRequest {
        resource_profiles: vec![p::ResourceProfiles {
            resource: resource(),
            scope_profiles: vec![p::ScopeProfiles {
                scope: scope(),
                profiles: vec![profile],
                schema_url: SCHEMA.to_owned(),
            }],
            schema_url: SCHEMA.to_owned(),
        }],
        dictionary: Some(dictionary),
    }
}
