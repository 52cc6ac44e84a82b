//! Keeping some of the spans: by an attribute, by their trace.

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, any_value::Value};
use otlp_core::proto::trace::v1::Span;
use otlp_simd::{Predicate, Ratio};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::Payloads;

const KEY: &str = "http.route";
const ROUTE: &str = "/api/v1/orders";
/// 1/8 of the trace ids, by their low 56 bits.
const PROBABILITY: f64 = 0.125;

/// Spans with one value of one attribute: a sixteenth of them.
pub fn filter(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let bytes = batch.bytes();
    let predicate = Predicate::attribute(KEY).equals(ROUTE);
    let theirs = |span: &Span| {
        span.attributes.iter().any(|attribute| {
            attribute.key == KEY
                && matches!(&attribute.value, Some(AnyValue { value: Some(Value::StringValue(text)) }) if text == ROUTE)
        })
    };
    anyhow::ensure!(
        otlp_simd::filter(batch, &predicate).bytes()[..] == by_prost(bytes, theirs)[..],
        "filter and prost keep different spans"
    );
    let contest = Contest::new("filter on one attribute", "traces", batch.items(), move || {
        otlp_simd::filter(batch, &predicate).items() as u64
    });
    let target = Target::gate(15.0).aim(30.0).aim_mimalloc(20.0);
    Ok(vec![
        contest.against("prost decode, retain, encode", target, move || by_prost(bytes, theirs).len() as u64),
    ])
}

/// Spans of some traces.
pub fn sample(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let bytes = batch.bytes();
    let ratio = Ratio::new(PROBABILITY)?;
    let threshold = ratio.threshold();
    let theirs = move |span: &Span| {
        span.trace_id.iter().skip(9).fold(0, |number, byte| number << 8 | u64::from(*byte)) >= threshold
    };
    anyhow::ensure!(
        otlp_simd::sample_by_trace(batch, ratio).bytes()[..] == by_prost(bytes, theirs)[..],
        "sample_by_trace and prost keep different spans"
    );
    let contest = Contest::new("sample 1/8 by trace", "traces", batch.items(), move || {
        otlp_simd::sample_by_trace(batch, ratio).items() as u64
    });
    Ok(vec![
        contest.against("prost decode, retain, encode", Target::NONE, move || {
            by_prost(bytes, theirs).len() as u64
        }),
    ])
}

/// Decodes, keeps spans and what stands around them, encodes.
fn by_prost(bytes: &[u8], keep: impl Fn(&Span) -> bool) -> Vec<u8> {
    let mut request = ExportTraceServiceRequest::decode(bytes).expect("valid");
    request.resource_spans.retain_mut(|group| {
        group.scope_spans.retain_mut(|inner| {
            inner.spans.retain(&keep);
            !inner.spans.is_empty()
        });
        !group.scope_spans.is_empty()
    });
    request.encode_to_vec()
}
