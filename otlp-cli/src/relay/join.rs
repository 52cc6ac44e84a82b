//! Several batches of one signal into one.

use otlp::{Batch, concat};

/// One batch of all, in order; as they are, if they do not go together.
pub(super) fn join(batches: Vec<Batch>) -> Vec<Batch> {
    if batches.len() < 2 {
        return batches;
    }
    match concat(&batches) {
        Ok(joined) => vec![joined],
        Err(_) => batches,
    }
}
