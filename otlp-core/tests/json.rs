//! OTLP/JSON of whole requests: golden texts of each signal, the specification's examples, real telemetry.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is the report; helpers are not seen as tests"
)]

mod golden;

use std::path::PathBuf;

use otlp_core::json::{self, JsonOptions};
use otlp_core::{Batch, Limits, Signal};
use prost::Message;
use serde_json::Value;

fn written(batch: &Batch) -> String {
    let mut out = Vec::new();
    assert_eq!(json::write(batch, &mut out), 0);
    String::from_utf8(out).unwrap()
}

fn read(signal: Signal, text: &str) -> Batch {
    json::read(signal, text.as_bytes(), &JsonOptions::default(), &Limits::default()).unwrap()
}

/// The request's JSON, indented; that text is what we write, apart from white space, and reads back to the same message.
fn golden<M: Message + Default>(signal: Signal, request: &M) -> String {
    let bytes = request.encode_to_vec();
    let text = written(&Batch::parse(signal, bytes.clone(), &Limits::default()).unwrap());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value.to_string(), text, "compact, each key once, numbers as serde_json has them");
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    // Compared in prost's encoding, in which NaN equals NaN and oneofs stand in one place.
    assert_eq!(M::decode(read(signal, &pretty).into_bytes()).unwrap().encode_to_vec(), bytes);
    pretty
}

#[test]
fn golden_traces() {
    insta::assert_snapshot!(golden(Signal::Traces, &golden::traces()));
}

#[test]
fn golden_metrics() {
    insta::assert_snapshot!(golden(Signal::Metrics, &golden::metrics()));
}

#[test]
fn golden_logs() {
    insta::assert_snapshot!(golden(Signal::Logs, &golden::logs()));
}

#[test]
fn golden_profiles() {
    insta::assert_snapshot!(golden(Signal::Profiles, &golden::profiles()));
}

/// A file of `shared/data`, or `None` with a note on a machine without it.
fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")).join(name);
    let read = std::fs::read(&path).ok();
    if read.is_none() {
        println!("skipped: {} is missing", path.display());
    }
    read
}

/// The same meaning in one form: ids in lower case, numbers as doubles, defaults left out.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(id) if key.ends_with("Id") => (key.clone(), id.to_lowercase().into()),
                _ => (key.clone(), plain(value)),
            })
            .filter(|(_, value)| *value != 0.0 && *value != "")
            .collect(),
        Value::Number(number) => number.as_f64().into(),
        _ => value.clone(),
    }
}

#[test]
fn examples_of_the_specification_lose_nothing() {
    for (name, signal, items) in [
        ("trace", Signal::Traces, 1),
        ("metrics", Signal::Metrics, 4),
        ("logs", Signal::Logs, 1),
        ("events", Signal::Logs, 1),
    ] {
        let Some(text) = shared(&format!("examples/{name}.json")) else { return };
        let batch = json::read(signal, &text, &JsonOptions::default(), &Limits::default()).unwrap();
        assert_eq!(batch.items(), items, "{name}");
        let ours: Value = serde_json::from_str(&written(&batch)).unwrap();
        assert_eq!(plain(&ours), plain(&serde_json::from_slice(&text).unwrap()), "{name}");
    }
}

#[test]
fn real_logs_come_back_equal() {
    let Some(bytes) = shared("synthetic/otlp2records-logs_large.pb") else { return };
    let batch = Batch::parse(Signal::Logs, bytes, &Limits::default()).unwrap();
    let again = read(Signal::Logs, &written(&batch));
    assert_eq!(again.items(), 3495);
    let decode = |batch: &Batch| {
        otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest::decode(batch.bytes().clone())
            .unwrap()
    };
    assert_eq!(decode(&again), decode(&batch));
}
