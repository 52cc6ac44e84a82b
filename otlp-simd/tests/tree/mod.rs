//! Random decoded requests of every signal, and batches as rows: one for each item, with its groups.

use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::metrics::v1 as m;
use otlp_core::proto::profiles::v1development as p;
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use proptest::prelude::*;
use prost::Message as _;

/// One item with what stands around it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Encodings of the groups' own fields: resource, scope, and for points metric.
    pub(crate) groups: Vec<Vec<u8>>,
    pub(crate) item: Vec<u8>,
    /// Of spans and log records.
    pub(crate) trace_id: Vec<u8>,
}

pub(crate) type Rows = Vec<Row>;

pub(crate) fn signal() -> impl Strategy<Value = Signal> {
    prop::sample::select(&Signal::ALL[..])
}

/// A seeded choice.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % limit
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        (0..self.below(4))
            .map(|_| KeyValue {
                key: ["http.route", "http.status", "user", "service.name"][self.below(4) as usize].to_owned(),
                value: Some(AnyValue {
                    value: match self.below(6) {
                        0 => Some(Value::IntValue(self.below(6) as i64 * 100)),
                        1 => Some(Value::DoubleValue(self.below(9) as f64 / 2.0)),
                        2 => Some(Value::BoolValue(self.below(2) == 1)),
                        3 => None,
                        _ => Some(Value::StringValue(
                            ["/", "/cart", "/cart/7", "ann"][self.below(4) as usize].to_owned(),
                        )),
                    },
                }),
                ..KeyValue::default()
            })
            .collect()
    }

    fn resource(&mut self) -> Option<Resource> {
        (self.below(4) > 0).then(|| Resource { attributes: self.attributes(), ..Resource::default() })
    }

    fn scope(&mut self) -> Option<InstrumentationScope> {
        (self.below(3) > 0).then(|| InstrumentationScope {
            name: ["", "lib", "http"][self.below(3) as usize].to_owned(),
            attributes: if self.below(3) == 0 { self.attributes() } else { Vec::new() },
            ..InstrumentationScope::default()
        })
    }

    fn schema_url(&mut self) -> String {
        ["", "", "https://example.test/1"][self.below(3) as usize].to_owned()
    }

    fn trace_id(&mut self) -> Vec<u8> {
        match self.below(8) {
            0 => Vec::new(),
            1 => vec![0; 16],
            2 => vec![7; 9],
            3 => vec![self.below(250) as u8 + 1; 16],
            few => (0..16).map(|at| (few * 37 + at * 11) as u8).collect(),
        }
    }

    fn text(&mut self) -> String {
        "x".repeat([0, 1, 9, 130][self.below(4) as usize])
    }

    fn span(&mut self) -> Span {
        let start = self.below(1000);
        Span {
            trace_id: self.trace_id(),
            span_id: vec![self.below(9) as u8; 8],
            name: ["GET /", "GET /cart", "query"][self.below(3) as usize].to_owned(),
            kind: self.below(6) as i32,
            start_time_unix_nano: start,
            end_time_unix_nano: start + self.below(500),
            attributes: self.attributes(),
            trace_state: self.text(),
            status: (self.below(2) == 0).then(|| Status { code: self.below(3) as i32, ..Status::default() }),
            ..Span::default()
        }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.below(1000),
            severity_number: self.below(25) as i32,
            severity_text: self.text(),
            trace_id: self.trace_id(),
            attributes: self.attributes(),
            body: Some(AnyValue { value: Some(Value::StringValue(self.text())) }),
            ..LogRecord::default()
        }
    }

    fn number_point(&mut self) -> m::NumberDataPoint {
        m::NumberDataPoint {
            attributes: self.attributes(),
            time_unix_nano: self.below(1000),
            value: Some(m::number_data_point::Value::AsInt(self.below(50) as i64)),
            ..m::NumberDataPoint::default()
        }
    }

    fn many<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    fn metric(&mut self) -> m::Metric {
        use m::metric::Data;
        let temporality = self.below(3) as i32;
        let data = match self.below(6) {
            0 => Data::Gauge(m::Gauge { data_points: self.many(4, Self::number_point) }),
            1 | 2 => Data::Sum(m::Sum {
                data_points: self.many(4, Self::number_point),
                aggregation_temporality: temporality,
                is_monotonic: self.below(2) == 0,
            }),
            3 => Data::Histogram(m::Histogram {
                data_points: self.many(3, |random| m::HistogramDataPoint {
                    attributes: random.attributes(),
                    count: random.below(9),
                    bucket_counts: vec![1, 2, 3],
                    explicit_bounds: vec![0.5, 1.5],
                    ..m::HistogramDataPoint::default()
                }),
                aggregation_temporality: temporality,
            }),
            4 => Data::ExponentialHistogram(m::ExponentialHistogram {
                data_points: self.many(3, |random| m::ExponentialHistogramDataPoint {
                    attributes: random.attributes(),
                    count: random.below(9),
                    ..m::ExponentialHistogramDataPoint::default()
                }),
                aggregation_temporality: temporality,
            }),
            _ => Data::Summary(m::Summary {
                data_points: self.many(3, |random| m::SummaryDataPoint {
                    attributes: random.attributes(),
                    count: random.below(9),
                    ..m::SummaryDataPoint::default()
                }),
            }),
        };
        m::Metric {
            name: ["requests", "latency"][self.below(2) as usize].to_owned(),
            unit: ["", "s"][self.below(2) as usize].to_owned(),
            data: Some(data),
            ..m::Metric::default()
        }
    }

    fn request(&mut self, signal: Signal) -> Vec<u8> {
        match signal {
            Signal::Traces => ExportTraceServiceRequest {
                resource_spans: self.many(4, |random| ResourceSpans {
                    resource: random.resource(),
                    scope_spans: random.many(3, |random| ScopeSpans {
                        scope: random.scope(),
                        spans: random.many(5, Self::span),
                        schema_url: random.schema_url(),
                    }),
                    schema_url: random.schema_url(),
                }),
            }
            .encode_to_vec(),
            Signal::Logs => ExportLogsServiceRequest {
                resource_logs: self.many(4, |random| ResourceLogs {
                    resource: random.resource(),
                    scope_logs: random.many(3, |random| ScopeLogs {
                        scope: random.scope(),
                        log_records: random.many(5, Self::log_record),
                        schema_url: random.schema_url(),
                    }),
                    schema_url: random.schema_url(),
                }),
            }
            .encode_to_vec(),
            Signal::Metrics => ExportMetricsServiceRequest {
                resource_metrics: self.many(3, |random| m::ResourceMetrics {
                    resource: random.resource(),
                    scope_metrics: random.many(3, |random| m::ScopeMetrics {
                        scope: random.scope(),
                        metrics: random.many(4, Self::metric),
                        schema_url: random.schema_url(),
                    }),
                    schema_url: random.schema_url(),
                }),
            }
            .encode_to_vec(),
            Signal::Profiles => ExportProfilesServiceRequest {
                resource_profiles: self.many(3, |random| p::ResourceProfiles {
                    resource: random.resource(),
                    scope_profiles: random.many(3, |random| p::ScopeProfiles {
                        scope: random.scope(),
                        profiles: random.many(4, |random| p::Profile {
                            time_unix_nano: random.below(1000),
                            original_payload_format: random.text(),
                            ..p::Profile::default()
                        }),
                        schema_url: random.schema_url(),
                    }),
                    schema_url: random.schema_url(),
                }),
                dictionary: Some(p::ProfilesDictionary {
                    string_table: vec![String::new(), "cpu".to_owned()],
                    ..p::ProfilesDictionary::default()
                }),
            }
            .encode_to_vec(),
        }
    }
}

pub(crate) fn batch(signal: Signal, seed: u64) -> Batch {
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    Batch::parse(signal, Random(seed).request(signal), &limits).unwrap()
}

/// A batch in some encoding that protobuf allows: fields in any order, repeated where one is enough, unknown ones between
/// them, keys and lengths longer than they need to be.
pub(crate) fn odd(signal: Signal, seed: u64, size: usize) -> Batch {
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    Batch::parse(signal, otlp_core::__random::request(signal, seed, size), &limits).unwrap()
}

/// A metric's points as rows; the metric without them is the group.
fn points(groups: &[Vec<u8>], metric: &m::Metric, rows: &mut Rows) {
    use m::metric::Data;
    fn take<T: prost::Message>(points: &mut Vec<T>) -> Vec<Vec<u8>> {
        points.drain(..).map(|point| point.encode_to_vec()).collect()
    }
    let mut metric = metric.clone();
    let items = match &mut metric.data {
        None => return,
        Some(Data::Gauge(data)) => take(&mut data.data_points),
        Some(Data::Sum(data)) => take(&mut data.data_points),
        Some(Data::Histogram(data)) => take(&mut data.data_points),
        Some(Data::ExponentialHistogram(data)) => take(&mut data.data_points),
        Some(Data::Summary(data)) => take(&mut data.data_points),
    };
    let groups = [groups, &[metric.encode_to_vec()]].concat();
    rows.extend(items.into_iter().map(|item| Row { groups: groups.clone(), item, trace_id: Vec::new() }));
}

/// Takes the lists out of the groups, and one row for each element of the innermost.
macro_rules! rows_of {
    ($request:ident, $resources:ident, $scopes:ident, $items:ident, |$rows:ident, $groups:ident, $item:ident| $push:expr) => {{
        let mut $rows = Rows::new();
        for mut resource in $request.$resources {
            let scopes = std::mem::take(&mut resource.$scopes);
            for mut scope in scopes {
                let items = std::mem::take(&mut scope.$items);
                let $groups = vec![resource.encode_to_vec(), scope.encode_to_vec()];
                for $item in items {
                    $push;
                }
            }
        }
        $rows
    }};
}

pub(crate) fn rows(batch: &Batch) -> Rows {
    let bytes = batch.bytes().clone();
    match batch.signal() {
        Signal::Traces => {
            let request = ExportTraceServiceRequest::decode(bytes).unwrap();
            rows_of!(request, resource_spans, scope_spans, spans, |rows, groups, item| rows.push(Row {
                groups: groups.clone(),
                item: item.encode_to_vec(),
                trace_id: item.trace_id,
            }))
        }
        Signal::Logs => {
            let request = ExportLogsServiceRequest::decode(bytes).unwrap();
            rows_of!(request, resource_logs, scope_logs, log_records, |rows, groups, item| rows.push(Row {
                groups: groups.clone(),
                item: item.encode_to_vec(),
                trace_id: item.trace_id,
            }))
        }
        Signal::Metrics => {
            let request = ExportMetricsServiceRequest::decode(bytes).unwrap();
            rows_of!(request, resource_metrics, scope_metrics, metrics, |rows, groups, metric| points(
                &groups, &metric, &mut rows
            ))
        }
        Signal::Profiles => {
            let request = ExportProfilesServiceRequest::decode(bytes).unwrap();
            rows_of!(request, resource_profiles, scope_profiles, profiles, |rows, groups, item| rows
                .push(Row { groups: groups.clone(), item: item.encode_to_vec(), trace_id: Vec::new() }))
        }
    }
}
