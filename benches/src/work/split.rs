//! One request into requests of 512 items.

use std::num::NonZeroUsize;

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::Payloads;

const ITEMS: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

pub fn split(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let bytes = batch.bytes();
    let parts = otlp_simd::split_items(batch, ITEMS);
    anyhow::ensure!(
        parts.iter().map(|part| part.bytes().to_vec()).eq(by_prost(bytes, ITEMS.get())),
        "split_items and prost give different parts"
    );
    let contest =
        Contest::new("split", "traces", batch.items(), || otlp_simd::split_items(batch, ITEMS).len() as u64)
            .against("prost decode, split, encode", Target::gate(10.0).aim(45.0).aim_mimalloc(16.0), || {
                by_prost(bytes, ITEMS.get()).len() as u64
            })
            .against("memcpy", Target::gate(0.3).aim(1.0 / 2.2), || bytes.to_vec().len() as u64);
    Ok(vec![contest])
}

/// Decodes, moves spans into requests of at most `items`, encodes each.
fn by_prost(bytes: &[u8], items: usize) -> Vec<Vec<u8>> {
    let request = ExportTraceServiceRequest::decode(bytes).expect("valid");
    let mut out = Vec::new();
    let mut part = ExportTraceServiceRequest::default();
    let mut held = 0;
    for group in request.resource_spans {
        let mut resource_open = false;
        for mut inner in group.scope_spans {
            let mut spans = std::mem::take(&mut inner.spans).into_iter().peekable();
            let mut scope_open = false;
            while spans.peek().is_some() {
                if held == items {
                    out.push(std::mem::take(&mut part).encode_to_vec());
                    (held, resource_open, scope_open) = (0, false, false);
                }
                if !resource_open {
                    part.resource_spans.push(ResourceSpans {
                        resource: group.resource.clone(),
                        scope_spans: Vec::new(),
                        schema_url: group.schema_url.clone(),
                    });
                    resource_open = true;
                }
                let Some(resource) = part.resource_spans.last_mut() else { break };
                if !scope_open {
                    resource.scope_spans.push(ScopeSpans {
                        scope: inner.scope.clone(),
                        spans: Vec::new(),
                        schema_url: inner.schema_url.clone(),
                    });
                    scope_open = true;
                }
                let Some(scope) = resource.scope_spans.last_mut() else { break };
                let before = scope.spans.len();
                scope.spans.extend(spans.by_ref().take(items - held));
                held += scope.spans.len() - before;
            }
        }
    }
    if held > 0 {
        out.push(part.encode_to_vec());
    }
    out
}
