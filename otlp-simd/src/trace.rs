//! Operations that keep traces together.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use otlp_core::{Batch, Signal, cut};

use crate::kernel::shard;

/// Cuts spans or log records into exactly `shards` batches by trace id: items of one trace go to the same number, in every
/// process and every release of one major version.
///
/// Items keep their order. Those without a valid trace id, and metrics and profiles whole, go to the first shard; shards
/// without items are empty batches.
///
/// Ids are taken for random, as W3C Trace Context asks: their last seven bytes, as one number, times `shards`, over 2^56
/// ([`kernel::shard`](crate::kernel::shard)).
/// A sender who picks ids can fill one shard.
pub fn shard_by_trace(batch: &Batch, shards: NonZeroUsize) -> Vec<Batch> {
    let mut out = cut::distribute(batch, shards.get(), |item| {
        Some(item.trace_id().map_or(0, |id| shard(id.as_bytes(), shards.get())))
    });
    out.resize_with(shards.get(), || Batch::empty(batch.signal()));
    out
}

/// Puts the spans or log records of each trace behind each other, traces in the order in which they first appear.
///
/// Within a trace, equal resources and scopes stand once, and items of one scope keep their order. Each trace repeats the
/// resources and scopes it has items of. Items without a valid trace id stand together in front; metrics and profiles are
/// deduplicated only.
pub fn group_by_trace(batch: &Batch) -> Batch {
    if !matches!(batch.signal(), Signal::Traces | Signal::Logs) {
        return crate::dedup(batch);
    }
    let mut known: HashMap<[u8; 16], usize, foldhash::fast::RandomState> = HashMap::default();
    let arranged = cut::arrange(std::slice::from_ref(batch), |item| match item.trace_id() {
        None => 0,
        Some(id) => {
            let next = known.len() + 1;
            *known.entry(*id.as_bytes()).or_insert(next)
        }
    });
    arranged.unwrap_or_else(|| batch.clone())
}
