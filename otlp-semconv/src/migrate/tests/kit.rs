//! Small batches, and what is in them.

use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, KeyValue, any_value::Value};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point,
};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use otlp_core::trace::SpanKind;
use otlp_core::{Batch, Limits, Signal};
use prost::Message;

use crate::migrate::{Collision, MigrationReport, Mode, Outcome, Plan};

pub(super) fn batch(signal: Signal, message: &impl Message) -> Batch {
    Batch::parse(signal, message.encode_to_vec(), &Limits::default()).unwrap()
}

pub(super) fn decode<M: Message + Default>(batch: &Batch) -> M {
    M::decode(&**batch.bytes()).unwrap()
}

/// A value by what it looks like: digits are an integer, `[a,b]` texts, anything else a text.
pub(super) fn value(text: &str) -> Value {
    use otlp_core::proto::common::v1::ArrayValue;
    if let Ok(number) = text.parse() {
        return Value::IntValue(number);
    }
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(list) => Value::ArrayValue(ArrayValue {
            values: list
                .split(',')
                .map(|text| AnyValue { value: Some(Value::StringValue(text.to_owned())) })
                .collect(),
        }),
        None => Value::StringValue(text.to_owned()),
    }
}

pub(super) fn pairs(list: &[(&str, &str)]) -> Vec<KeyValue> {
    let pair = |(key, text): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { value: Some(value(text)) }),
        key_strindex: 0,
    };
    list.iter().map(pair).collect()
}

/// `key=value` for each; integers with `#` in front, lists in brackets.
pub(super) fn show(list: &[KeyValue]) -> String {
    let value = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => format!("#{number}"),
        Some(Value::ArrayValue(list)) => format!("{:?}", list.values.len()),
        other => format!("{other:?}"),
    };
    let pair =
        |pair: &KeyValue| format!("{}={}", pair.key, pair.value.as_ref().map(value).unwrap_or_default());
    list.iter().map(pair).collect::<Vec<_>>().join(" ")
}

pub(super) fn span(kind: SpanKind, list: &[(&str, &str)]) -> Batch {
    let span = Span { kind: kind.number(), attributes: pairs(list), ..Default::default() };
    spans(vec![span])
}

pub(super) fn spans(spans: Vec<Span>) -> Batch {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans })
}

pub(super) fn resource(list: &[(&str, &str)]) -> Batch {
    let resource = Some(Resource { attributes: pairs(list), ..Default::default() });
    let resource_spans = vec![ResourceSpans { resource, ..Default::default() }];
    batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans })
}

pub(super) fn record(event_name: &str, list: &[(&str, &str)]) -> Batch {
    let record =
        LogRecord { event_name: event_name.to_owned(), attributes: pairs(list), ..Default::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    batch(Signal::Logs, &ExportLogsServiceRequest { resource_logs })
}

/// Name, unit, attributes.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Metrics of one point each.
pub(super) fn gauges(list: &[Row<'_>]) -> Batch {
    let gauge = |(name, unit, list): &Row<'_>| Metric {
        name: (*name).to_owned(),
        unit: (*unit).to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: vec![NumberDataPoint {
                attributes: pairs(list),
                value: Some(number_data_point::Value::AsInt(9)),
                ..Default::default()
            }],
        })),
        ..Default::default()
    };
    metrics(list.iter().map(gauge).collect())
}

pub(super) fn metrics(metrics: Vec<Metric>) -> Batch {
    let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..Default::default() }];
    batch(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics })
}

/// The attributes of the first item, or of the resource.
pub(super) fn first(batch: &Batch) -> String {
    match batch.signal() {
        Signal::Traces => {
            let tree: ExportTraceServiceRequest = decode(batch);
            let group = &tree.resource_spans[0];
            match group.scope_spans.first() {
                Some(scope) => show(&scope.spans[0].attributes),
                None => show(&group.resource.as_ref().unwrap().attributes),
            }
        }
        Signal::Logs => {
            let tree: ExportLogsServiceRequest = decode(batch);
            let record = &tree.resource_logs[0].scope_logs[0].log_records[0];
            format!("{}: {}", record.event_name, show(&record.attributes))
        }
        _ => all(batch).remove(0),
    }
}

/// Name, unit, value and attributes of each metric.
pub(super) fn all(batch: &Batch) -> Vec<String> {
    let tree: ExportMetricsServiceRequest = decode(batch);
    let metrics =
        tree.resource_metrics.iter().flat_map(|group| &group.scope_metrics).flat_map(|group| &group.metrics);
    let show = |metric: &Metric| {
        let Some(Data::Gauge(gauge)) = &metric.data else { panic!("{metric:?}") };
        let point = &gauge.data_points[0];
        let value = match point.value {
            Some(number_data_point::Value::AsInt(value)) => value.to_string(),
            Some(number_data_point::Value::AsDouble(value)) => format!("{value:?}"),
            None => String::new(),
        };
        format!("{} {} {value}: {}", metric.name, metric.unit, show(&point.attributes))
    };
    metrics.map(show).collect()
}

pub(super) fn go(batch: &Batch, from: &str, to: &str) -> (Batch, MigrationReport) {
    Plan::between(from, to).unwrap().apply(batch, Mode::Rename, Collision::default())
}

/// `from -> to outcome` of all that happened.
pub(super) fn told(report: &MigrationReport) -> Vec<String> {
    let line = |operation: crate::migrate::Operation| {
        let name = |name: String| if name.is_empty() { "-".to_owned() } else { name };
        format!(
            "{} {} -> {} {}",
            operation.version,
            name(operation.from),
            name(operation.to),
            operation.outcome
        )
    };
    report.operations().map(line).collect()
}

/// Whether all that happened can be undone.
pub(super) fn lossless(report: &MigrationReport) -> bool {
    report.total(Outcome::Lossy) + report.total(Outcome::Refused) == 0
}
