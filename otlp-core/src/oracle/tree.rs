//! prost trees built from views: every accessor of every view is read.

use crate::logs::LogsView;
use crate::metrics::{BucketsView, DataView, ExemplarView, MetricsView, Number, NumberPointView};
use crate::profiles::{ProfilesView, ValueTypeView};
use crate::proto::collector::logs::v1::ExportLogsServiceRequest;
use crate::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use crate::proto::collector::trace::v1::ExportTraceServiceRequest;
use crate::proto::{common, logs as l, metrics as m, profiles as p, resource, trace as t};
use crate::trace::TracesView;
use crate::value::{Attributes, ResourceView, ScopeView, ValueView};

fn value(view: ValueView<'_>) -> common::v1::AnyValue {
    use common::v1::any_value::Value;
    let value = match view {
        ValueView::Empty => None,
        ValueView::Str(text) => Some(Value::StringValue(text.to_owned())),
        ValueView::Bool(value) => Some(Value::BoolValue(value)),
        ValueView::Int(value) => Some(Value::IntValue(value)),
        ValueView::Double(value) => Some(Value::DoubleValue(value)),
        ValueView::Array(array) => Some(Value::ArrayValue(common::v1::ArrayValue {
            values: array.values().iter().map(value).collect(),
        })),
        ValueView::Map(map) => {
            Some(Value::KvlistValue(common::v1::KeyValueList { values: attributes(map.entries()) }))
        }
        ValueView::Bytes(bytes) => Some(Value::BytesValue(bytes.to_vec())),
        ValueView::StrIndex(index) => Some(Value::StringValueStrindex(index)),
    };
    common::v1::AnyValue { value }
}

fn attributes(view: Attributes<'_>) -> Vec<common::v1::KeyValue> {
    view.iter()
        .map(|attribute| common::v1::KeyValue {
            key: attribute.key().to_owned(),
            value: attribute.value_field().map(value),
            key_strindex: attribute.key_strindex(),
        })
        .collect()
}

fn resource(view: ResourceView<'_>) -> resource::v1::Resource {
    resource::v1::Resource {
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
        entity_refs: view
            .entity_refs()
            .iter()
            .map(|entity| common::v1::EntityRef {
                schema_url: entity.schema_url().to_owned(),
                r#type: entity.kind().to_owned(),
                id_keys: entity.id_keys().iter().map(str::to_owned).collect(),
                description_keys: entity.description_keys().iter().map(str::to_owned).collect(),
            })
            .collect(),
    }
}

fn scope(view: ScopeView<'_>) -> common::v1::InstrumentationScope {
    common::v1::InstrumentationScope {
        name: view.name().to_owned(),
        version: view.version().to_owned(),
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
    }
}

pub(super) fn traces(view: TracesView<'_>) -> ExportTraceServiceRequest {
    let span = |span: crate::trace::SpanView<'_>| t::v1::Span {
        trace_id: span.trace_id_bytes().to_vec(),
        span_id: span.span_id_bytes().to_vec(),
        trace_state: span.trace_state().to_owned(),
        parent_span_id: span.parent_span_id_bytes().to_vec(),
        flags: span.flags(),
        name: span.name().to_owned(),
        kind: span.kind().number(),
        start_time_unix_nano: span.start_time(),
        end_time_unix_nano: span.end_time(),
        attributes: attributes(span.attributes()),
        dropped_attributes_count: span.dropped_attributes_count(),
        events: span
            .events()
            .iter()
            .map(|event| t::v1::span::Event {
                time_unix_nano: event.time(),
                name: event.name().to_owned(),
                attributes: attributes(event.attributes()),
                dropped_attributes_count: event.dropped_attributes_count(),
            })
            .collect(),
        dropped_events_count: span.dropped_events_count(),
        links: span
            .links()
            .iter()
            .map(|link| t::v1::span::Link {
                trace_id: link.trace_id_bytes().to_vec(),
                span_id: link.span_id_bytes().to_vec(),
                trace_state: link.trace_state().to_owned(),
                attributes: attributes(link.attributes()),
                dropped_attributes_count: link.dropped_attributes_count(),
                flags: link.flags(),
            })
            .collect(),
        dropped_links_count: span.dropped_links_count(),
        status: span.status().map(|status| t::v1::Status {
            message: status.message().to_owned(),
            code: status.code().number(),
        }),
    };
    ExportTraceServiceRequest {
        resource_spans: view
            .resource_spans()
            .iter()
            .map(|group| t::v1::ResourceSpans {
                resource: group.resource().map(resource),
                scope_spans: group
                    .scope_spans()
                    .iter()
                    .map(|group| t::v1::ScopeSpans {
                        scope: group.scope().map(scope),
                        spans: group.spans().iter().map(span).collect(),
                        schema_url: group.schema_url().to_owned(),
                    })
                    .collect(),
                schema_url: group.schema_url().to_owned(),
            })
            .collect(),
    }
}

pub(super) fn logs(view: LogsView<'_>) -> ExportLogsServiceRequest {
    let record = |record: crate::logs::LogRecordView<'_>| l::v1::LogRecord {
        time_unix_nano: record.time(),
        observed_time_unix_nano: record.observed_time(),
        severity_number: record.severity().number(),
        severity_text: record.severity_text().to_owned(),
        body: record.body().map(value),
        attributes: attributes(record.attributes()),
        dropped_attributes_count: record.dropped_attributes_count(),
        flags: record.flags(),
        trace_id: record.trace_id_bytes().to_vec(),
        span_id: record.span_id_bytes().to_vec(),
        event_name: record.event_name().to_owned(),
    };
    ExportLogsServiceRequest {
        resource_logs: view
            .resource_logs()
            .iter()
            .map(|group| l::v1::ResourceLogs {
                resource: group.resource().map(resource),
                scope_logs: group
                    .scope_logs()
                    .iter()
                    .map(|group| l::v1::ScopeLogs {
                        scope: group.scope().map(scope),
                        log_records: group.log_records().iter().map(record).collect(),
                        schema_url: group.schema_url().to_owned(),
                    })
                    .collect(),
                schema_url: group.schema_url().to_owned(),
            })
            .collect(),
    }
}

fn exemplar(view: ExemplarView<'_>) -> m::v1::Exemplar {
    use m::v1::exemplar::Value;
    m::v1::Exemplar {
        filtered_attributes: attributes(view.filtered_attributes()),
        time_unix_nano: view.time(),
        span_id: view.span_id_bytes().to_vec(),
        trace_id: view.trace_id_bytes().to_vec(),
        value: view.value().map(|number| match number {
            Number::Double(value) => Value::AsDouble(value),
            Number::Int(value) => Value::AsInt(value),
        }),
    }
}

fn number_point(view: NumberPointView<'_>) -> m::v1::NumberDataPoint {
    use m::v1::number_data_point::Value;
    m::v1::NumberDataPoint {
        attributes: attributes(view.attributes()),
        start_time_unix_nano: view.start_time(),
        time_unix_nano: view.time(),
        exemplars: view.exemplars().iter().map(exemplar).collect(),
        flags: view.flags(),
        value: view.value().map(|number| match number {
            Number::Double(value) => Value::AsDouble(value),
            Number::Int(value) => Value::AsInt(value),
        }),
    }
}

fn buckets(view: BucketsView<'_>) -> m::v1::exponential_histogram_data_point::Buckets {
    m::v1::exponential_histogram_data_point::Buckets {
        offset: view.offset(),
        bucket_counts: view.bucket_counts().collect(),
    }
}

fn data(view: DataView<'_>) -> m::v1::metric::Data {
    use m::v1::metric::Data;
    match view {
        DataView::Gauge(data) => {
            Data::Gauge(m::v1::Gauge { data_points: data.points().iter().map(number_point).collect() })
        }
        DataView::Sum(data) => Data::Sum(m::v1::Sum {
            data_points: data.points().iter().map(number_point).collect(),
            aggregation_temporality: data.temporality().number(),
            is_monotonic: data.is_monotonic(),
        }),
        DataView::Histogram(data) => Data::Histogram(m::v1::Histogram {
            data_points: data
                .points()
                .iter()
                .map(|point| m::v1::HistogramDataPoint {
                    attributes: attributes(point.attributes()),
                    start_time_unix_nano: point.start_time(),
                    time_unix_nano: point.time(),
                    count: point.count(),
                    sum: point.sum(),
                    bucket_counts: point.bucket_counts().collect(),
                    explicit_bounds: point.explicit_bounds().collect(),
                    exemplars: point.exemplars().iter().map(exemplar).collect(),
                    flags: point.flags(),
                    min: point.min(),
                    max: point.max(),
                })
                .collect(),
            aggregation_temporality: data.temporality().number(),
        }),
        DataView::ExponentialHistogram(data) => Data::ExponentialHistogram(m::v1::ExponentialHistogram {
            data_points: data
                .points()
                .iter()
                .map(|point| m::v1::ExponentialHistogramDataPoint {
                    attributes: attributes(point.attributes()),
                    start_time_unix_nano: point.start_time(),
                    time_unix_nano: point.time(),
                    count: point.count(),
                    sum: point.sum(),
                    scale: point.scale(),
                    zero_count: point.zero_count(),
                    positive: point.positive().map(buckets),
                    negative: point.negative().map(buckets),
                    flags: point.flags(),
                    exemplars: point.exemplars().iter().map(exemplar).collect(),
                    min: point.min(),
                    max: point.max(),
                    zero_threshold: point.zero_threshold(),
                })
                .collect(),
            aggregation_temporality: data.temporality().number(),
        }),
        DataView::Summary(data) => Data::Summary(m::v1::Summary {
            data_points: data
                .points()
                .iter()
                .map(|point| m::v1::SummaryDataPoint {
                    attributes: attributes(point.attributes()),
                    start_time_unix_nano: point.start_time(),
                    time_unix_nano: point.time(),
                    count: point.count(),
                    sum: point.sum(),
                    quantile_values: point
                        .quantiles()
                        .iter()
                        .map(|entry| m::v1::summary_data_point::ValueAtQuantile {
                            quantile: entry.quantile(),
                            value: entry.value(),
                        })
                        .collect(),
                    flags: point.flags(),
                })
                .collect(),
        }),
    }
}

pub(super) fn metrics(view: MetricsView<'_>) -> ExportMetricsServiceRequest {
    let metric = |metric: crate::metrics::MetricView<'_>| m::v1::Metric {
        name: metric.name().to_owned(),
        description: metric.description().to_owned(),
        unit: metric.unit().to_owned(),
        metadata: attributes(metric.metadata()),
        data: metric.data().map(data),
    };
    ExportMetricsServiceRequest {
        resource_metrics: view
            .resource_metrics()
            .iter()
            .map(|group| m::v1::ResourceMetrics {
                resource: group.resource().map(resource),
                scope_metrics: group
                    .scope_metrics()
                    .iter()
                    .map(|group| m::v1::ScopeMetrics {
                        scope: group.scope().map(scope),
                        metrics: group.metrics().iter().map(metric).collect(),
                        schema_url: group.schema_url().to_owned(),
                    })
                    .collect(),
                schema_url: group.schema_url().to_owned(),
            })
            .collect(),
    }
}

/// Each point of a metric as text, with what its kind adds.
pub(super) fn points(metric: &m::v1::Metric) -> Vec<String> {
    use m::v1::metric::Data;
    fn rows<T: std::fmt::Debug>(kind: &str, points: &[T]) -> Vec<String> {
        points.iter().map(|point| format!("{kind} {point:?}")).collect()
    }
    match &metric.data {
        None => Vec::new(),
        Some(Data::Gauge(data)) => rows("gauge", &data.data_points),
        Some(Data::Sum(data)) => {
            rows(&format!("sum {} {}", data.aggregation_temporality, data.is_monotonic), &data.data_points)
        }
        Some(Data::Histogram(data)) => {
            rows(&format!("histogram {}", data.aggregation_temporality), &data.data_points)
        }
        Some(Data::ExponentialHistogram(data)) => {
            rows(&format!("exponential {}", data.aggregation_temporality), &data.data_points)
        }
        Some(Data::Summary(data)) => rows("summary", &data.data_points),
    }
}

fn value_type(view: ValueTypeView<'_>) -> p::v1development::ValueType {
    p::v1development::ValueType { type_strindex: view.type_strindex(), unit_strindex: view.unit_strindex() }
}

fn dictionary(view: crate::profiles::DictionaryView<'_>) -> p::v1development::ProfilesDictionary {
    use p::v1development as p;
    p::ProfilesDictionary {
        mapping_table: view
            .mappings()
            .iter()
            .map(|mapping| p::Mapping {
                memory_start: mapping.memory_start(),
                memory_limit: mapping.memory_limit(),
                file_offset: mapping.file_offset(),
                filename_strindex: mapping.filename_strindex(),
                attribute_indices: mapping.attribute_indices().collect(),
            })
            .collect(),
        location_table: view
            .locations()
            .iter()
            .map(|location| p::Location {
                mapping_index: location.mapping_index(),
                address: location.address(),
                lines: location
                    .lines()
                    .iter()
                    .map(|line| p::Line {
                        function_index: line.function_index(),
                        line: line.line(),
                        column: line.column(),
                    })
                    .collect(),
                attribute_indices: location.attribute_indices().collect(),
            })
            .collect(),
        function_table: view
            .functions()
            .iter()
            .map(|function| p::Function {
                name_strindex: function.name_strindex(),
                system_name_strindex: function.system_name_strindex(),
                filename_strindex: function.filename_strindex(),
                start_line: function.start_line(),
            })
            .collect(),
        link_table: view
            .links()
            .iter()
            .map(|link| p::Link {
                trace_id: link.trace_id_bytes().to_vec(),
                span_id: link.span_id_bytes().to_vec(),
            })
            .collect(),
        // Once by look-up, so that the look-ups are checked too.
        string_table: (0..view.strings().len() as i32)
            .map(|index| view.string(index).unwrap().to_owned())
            .collect(),
        attribute_table: view
            .attributes()
            .iter()
            .map(|attribute| p::KeyValueAndUnit {
                key_strindex: attribute.key_strindex(),
                value: attribute.value().map(value),
                unit_strindex: attribute.unit_strindex(),
            })
            .collect(),
        stack_table: view
            .stacks()
            .iter()
            .map(|stack| p::Stack { location_indices: stack.location_indices().collect() })
            .collect(),
    }
}

pub(super) fn profiles(view: ProfilesView<'_>) -> ExportProfilesServiceRequest {
    use p::v1development as p;
    let profile = |profile: crate::profiles::ProfileView<'_>| p::Profile {
        sample_type: profile.sample_type().map(value_type),
        samples: profile
            .samples()
            .iter()
            .map(|sample| p::Sample {
                stack_index: sample.stack_index(),
                attribute_indices: sample.attribute_indices().collect(),
                link_index: sample.link_index(),
                values: sample.values().collect(),
                timestamps_unix_nano: sample.timestamps().collect(),
            })
            .collect(),
        time_unix_nano: profile.time(),
        duration_nano: profile.duration(),
        period_type: profile.period_type().map(value_type),
        period: profile.period(),
        profile_id: profile.profile_id().to_vec(),
        dropped_attributes_count: profile.dropped_attributes_count(),
        original_payload_format: profile.original_payload_format().to_owned(),
        original_payload: profile.original_payload().to_vec(),
        attribute_indices: profile.attribute_indices().collect(),
    };
    ExportProfilesServiceRequest {
        resource_profiles: view
            .resource_profiles()
            .iter()
            .map(|group| p::ResourceProfiles {
                resource: group.resource().map(resource),
                scope_profiles: group
                    .scope_profiles()
                    .iter()
                    .map(|group| p::ScopeProfiles {
                        scope: group.scope().map(scope),
                        profiles: group.profiles().iter().map(profile).collect(),
                        schema_url: group.schema_url().to_owned(),
                    })
                    .collect(),
                schema_url: group.schema_url().to_owned(),
            })
            .collect(),
        dictionary: view.dictionary_field().map(dictionary),
    }
}
