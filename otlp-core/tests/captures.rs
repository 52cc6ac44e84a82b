//! Real telemetry: what `shared/data` holds, read by us and by prost.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is a failed test; a skipped one says so"
)]

use std::path::PathBuf;

use bytes::Bytes;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::{Batch, Limits, ParseErrorKind, Signal};
use prost::Message as _;

/// A file of `shared/data`, or `None` with a note on a machine without it.
fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")).join(name);
    let read = std::fs::read(&path).ok();
    if read.is_none() {
        println!("skipped: {} is missing", path.display());
    }
    read
}

#[test]
fn synthetic_metrics_agree_with_prost() {
    let Some(bytes) = shared("synthetic/otelarrow-metrics.pb") else { return };
    // Ten times the same request, each behind its length, in spite of the file's ending.
    let bytes = Bytes::from(bytes).slice(4..4 + 3073);
    let expected = ExportMetricsServiceRequest::decode(bytes.clone()).unwrap();
    let batch = Batch::parse(Signal::Metrics, bytes, &Limits::default()).unwrap();
    let names: Vec<&str> = batch.metrics().unwrap().metrics().map(|metric| metric.name()).collect();
    let expected_names: Vec<&str> = expected
        .resource_metrics
        .iter()
        .flat_map(|group| &group.scope_metrics)
        .flat_map(|group| &group.metrics)
        .map(|metric| metric.name.as_str())
        .collect();
    assert_eq!(names, expected_names);
    let points: usize =
        batch.metrics().unwrap().metrics().filter_map(|metric| metric.data()).map(|data| data.len()).sum();
    assert_eq!(batch.items(), points);
    assert!(points > 0);
}

#[test]
fn logs_with_few_bodies() {
    let Some(bytes) = shared("synthetic/otlp2records-logs_large.pb") else { return };
    let batch = Batch::parse(Signal::Logs, bytes, &Limits::default()).unwrap();
    assert_eq!(batch.items(), 3495);
    let logs = batch.logs().unwrap();
    let mut bodies: Vec<&str> =
        logs.log_records().filter_map(|record| record.body()).filter_map(|body| body.as_str()).collect();
    assert_eq!(bodies.len(), 3495);
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), 8);
}

#[test]
fn older_profiles_are_named_and_refused() {
    for (name, skip) in [("profiles/profile.otlp", 0), ("profiles/k8s.otlp", 4)] {
        let Some(bytes) = shared(name) else { return };
        let error =
            Batch::parse(Signal::Profiles, Bytes::from(bytes).slice(skip..), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::OldProfilesLayout { layout: "1.8" }, "{name}: {error}");
        assert!(error.path().starts_with("resource_profiles[0].scope_profiles[0].profiles[0]."), "{error}");
    }
}

#[test]
fn an_empty_request_is_an_empty_batch() {
    for signal in Signal::ALL {
        let batch = Batch::parse(signal, Bytes::new(), &Limits::default()).unwrap();
        assert!(batch.is_empty());
    }
    assert_eq!(ExportTraceServiceRequest::default().encoded_len(), 0);
}
