//! What a batch says, as one number: the same for the same items, whatever the encoding on the way was.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use otlp::{Batch, Signal};

use crate::render::value::pairs;
use crate::view::{metric, profile};

/// A number over all items. Those of several batches are added up, so their order does not matter.
pub(super) fn of(batch: &Batch) -> u64 {
    match batch.signal() {
        Signal::Traces => spans(batch),
        Signal::Logs => logs(batch),
        // Few, and with many fields: the text of the model is fine.
        Signal::Metrics => text(&format!("{:?}", metric::collect(std::slice::from_ref(batch)))),
        _ => text(&format!("{:?}", profile::collect(std::slice::from_ref(batch)))),
    }
}

fn text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn spans(batch: &Batch) -> u64 {
    let Some(view) = batch.traces() else { return 0 };
    let mut sum = 0_u64;
    for group in view.resource_spans() {
        let resource = group.resource().map(|resource| pairs(resource.attributes()));
        for span in group.scope_spans().iter().flat_map(|scope| scope.spans()) {
            let mut hasher = DefaultHasher::new();
            resource.hash(&mut hasher);
            (span.trace_id_bytes(), span.span_id_bytes(), span.parent_span_id_bytes()).hash(&mut hasher);
            (span.name(), span.kind_number(), span.start_time(), span.end_time(), span.flags())
                .hash(&mut hasher);
            pairs(span.attributes()).hash(&mut hasher);
            for event in span.events() {
                (event.time(), event.name(), pairs(event.attributes())).hash(&mut hasher);
            }
            for link in span.links() {
                (link.trace_id_bytes(), link.span_id_bytes()).hash(&mut hasher);
            }
            span.status().map(|status| (status.code_number(), status.message())).hash(&mut hasher);
            sum = sum.wrapping_add(hasher.finish());
        }
    }
    sum
}

fn logs(batch: &Batch) -> u64 {
    let Some(view) = batch.logs() else { return 0 };
    let mut sum = 0_u64;
    for group in view.resource_logs() {
        let resource = group.resource().map(|resource| pairs(resource.attributes()));
        for record in group.scope_logs().iter().flat_map(|scope| scope.log_records()) {
            let mut hasher = DefaultHasher::new();
            resource.hash(&mut hasher);
            (record.time(), record.observed_time(), record.severity_number()).hash(&mut hasher);
            record.body().map(crate::render::value::text).hash(&mut hasher);
            pairs(record.attributes()).hash(&mut hasher);
            (record.trace_id_bytes(), record.span_id_bytes(), record.flags()).hash(&mut hasher);
            sum = sum.wrapping_add(hasher.finish());
        }
    }
    sum
}
