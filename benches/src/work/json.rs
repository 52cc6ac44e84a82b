//! OTLP/JSON, against serde_json on opentelemetry-proto's types.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::Signal;
use otlp_core::json::{self, JsonOptions};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::{Payloads, limits};

pub fn write(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let tree = ExportTraceServiceRequest::decode(batch.bytes().clone())?;
    let mut text = Vec::new();
    let mut theirs = Vec::new();
    let contest = Contest::new("json write", "traces", batch.items(), move || {
        text.clear();
        json::write(batch, &mut text);
        text.len() as u64
    });
    // Both sides write into a buffer that they keep.
    Ok(vec![contest.against("serde_json", Target::gate(2.5).aim(3.5), move || {
        theirs.clear();
        serde_json::to_writer(&mut theirs, &tree).expect("a tree that JSON can hold");
        theirs.len() as u64
    })])
}

pub fn read(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let mut text = Vec::new();
    json::write(batch, &mut text);
    let copy = text.clone();
    let again = json::read(Signal::Traces, &text, &JsonOptions::default(), &limits())?;
    anyhow::ensure!(
        ExportTraceServiceRequest::decode(again.bytes().clone())? == serde_json::from_slice(&text)?,
        "json::read and serde_json read different spans"
    );
    let contest = Contest::new("json read", "traces", batch.items(), move || {
        json::read(Signal::Traces, &text, &JsonOptions::default(), &limits()).expect("valid").items() as u64
    });
    Ok(vec![contest.against("serde_json", Target::gate(1.8).aim(3.0), move || {
        let tree: ExportTraceServiceRequest = serde_json::from_slice(&copy).expect("valid");
        tree.resource_spans.len() as u64
    })])
}
