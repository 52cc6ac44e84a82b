//! Tests of the rules on small registries of their own, and on the built-in one.

mod generated;
mod memory;
mod rules;
mod weaver;

use std::collections::BTreeMap;

use otlp_core::{Batch, Limits, Signal, json};

use super::{Checker, Finding, FindingId, Report};
use crate::registry::Registry;

/// A registry in the compact form.
fn registry(text: &'static str) -> Registry {
    Registry::from_compact(text).unwrap()
}

fn batch(signal: Signal, text: &str) -> Batch {
    json::read(signal, text.as_bytes(), &json::JsonOptions::default(), &Limits::default()).unwrap()
}

fn check(registry: &Registry, signal: Signal, text: &str) -> Report {
    Checker::new(registry).check(&batch(signal, text))
}

/// A request of one span, right but for what `fields` say: JSON fields of the span.
fn span(fields: &str) -> String {
    let ids = r#""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","startTimeUnixNano":"1","endTimeUnixNano":"2""#;
    format!(
        r#"{{"resourceSpans":[{{"schemaUrl":"https://example.com/schemas/1.0.0","resource":{{}},"scopeSpans":[{{"scope":{{"name":"s"}},"spans":[{{{ids},{fields}}}]}}]}}]}}"#
    )
}

/// A request of one metric.
fn metric(fields: &str) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"schemaUrl":"https://example.com/schemas/1.0.0","scopeMetrics":[{{"metrics":[{{{fields}}}]}}]}}]}}"#
    )
}

/// A request of log records of one resource.
fn logs(resource: &str, records: &str) -> String {
    format!(
        r#"{{"resourceLogs":[{{"schemaUrl":"https://example.com/schemas/1.0.0","resource":{{"attributes":[{resource}]}},"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#
    )
}

/// An attribute in JSON; the value is JSON of an `AnyValue`'s field, such as `"stringValue":"x"`.
fn attribute(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":{{{value}}}}}"#)
}

fn text(key: &str, value: &str) -> String {
    attribute(key, &format!(r#""stringValue":"{value}""#))
}

/// A span's attributes, each a text.
fn texts(pairs: &[(&str, &str)]) -> String {
    let list: Vec<_> = pairs.iter().map(|(key, value)| text(key, value)).collect();
    format!(r#""attributes":[{}]"#, list.join(","))
}

/// How often each id was found.
fn counts(report: &Report) -> BTreeMap<&'static str, u64> {
    report.statistics.by_id.iter().map(|(id, count)| (id.as_str(), *count)).collect()
}

fn of(report: &Report, id: FindingId) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.id == id).collect()
}

/// The ids of what was found about a key.
fn about<'a>(report: &'a Report, key: &str) -> Vec<&'a str> {
    let mut ids: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.key == key)
        .map(|finding| finding.id.as_str())
        .collect();
    ids.sort_unstable();
    ids
}
