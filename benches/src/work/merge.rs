//! 128 requests of 64 spans into one.

use std::num::NonZeroUsize;

use otlp_core::Batch;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::Payloads;

const ITEMS: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");

/// The requests, one behind another.
pub fn concat(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let parts = otlp_simd::split_items(&payloads.traces, ITEMS);
    let copies = parts.clone();
    anyhow::ensure!(
        otlp_simd::concat(&parts)?.bytes()[..] == by_prost(&parts, false)[..],
        "concat and prost give different requests"
    );
    let bytes = otlp_simd::concat(&parts)?.into_bytes();
    let contest = Contest::new("merge, concatenated", "traces", payloads.traces.items(), move || {
        otlp_simd::concat(&parts).expect("one signal").items() as u64
    })
    .against("prost decode, append, encode", Target::gate(10.0).aim(100.0), move || {
        by_prost(&copies, false).len() as u64
    })
    .against("memcpy", Target::gate(0.3), move || bytes.to_vec().len() as u64);
    Ok(vec![contest])
}

/// The requests as one in which equal resources and scopes stand once.
pub fn regroup(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let parts = otlp_simd::split_items(&payloads.traces, ITEMS);
    let copies = parts.clone();
    let bytes = otlp_simd::regroup(&parts)?.into_bytes();
    anyhow::ensure!(bytes[..] == by_prost(&parts, true)[..], "regroup and prost give different requests");
    let contest = Contest::new("merge, regrouped", "traces", payloads.traces.items(), move || {
        otlp_simd::regroup(&parts).expect("one signal").items() as u64
    })
    .against("prost decode, group, encode", Target::gate(10.0).aim(45.0).aim_mimalloc(16.0), move || {
        by_prost(&copies, true).len() as u64
    })
    .against("memcpy", Target::gate(0.3), move || bytes.to_vec().len() as u64);
    Ok(vec![contest])
}

/// Decodes all, puts them into one request, encodes. With `regroup`, equal resources and scopes stand once.
fn by_prost(parts: &[Batch], regroup: bool) -> Vec<u8> {
    let mut all = ExportTraceServiceRequest::default();
    for part in parts {
        let request = ExportTraceServiceRequest::decode(part.bytes().clone()).expect("valid");
        if regroup {
            request.resource_spans.into_iter().for_each(|group| join(&mut all.resource_spans, group));
        } else {
            all.resource_spans.extend(request.resource_spans);
        }
    }
    all.encode_to_vec()
}

fn join(all: &mut Vec<ResourceSpans>, group: ResourceSpans) {
    let same =
        |other: &&mut ResourceSpans| other.resource == group.resource && other.schema_url == group.schema_url;
    match all.iter_mut().find(same) {
        None => all.push(group),
        Some(found) => {
            group.scope_spans.into_iter().for_each(|inner| join_scope(&mut found.scope_spans, inner))
        }
    }
}

fn join_scope(all: &mut Vec<ScopeSpans>, group: ScopeSpans) {
    let same = |other: &&mut ScopeSpans| other.scope == group.scope && other.schema_url == group.schema_url;
    match all.iter_mut().find(same) {
        None => all.push(group),
        Some(found) => found.spans.extend(group.spans),
    }
}
