//! Several batches of one signal into one.

use otlp::{Batch, regroup};

/// One batch of all, in which equal resources and scopes stand once; items of one scope keep their order. As they are, if they do not
/// go together.
pub(super) fn join(batches: Vec<Batch>) -> Vec<Batch> {
    if batches.len() < 2 {
        return batches;
    }
    match regroup(&batches) {
        Ok(joined) => vec![joined],
        Err(_) => batches,
    }
}
