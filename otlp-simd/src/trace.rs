//! Operations that keep traces together.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use otlp_core::{Batch, Signal, cut};

use crate::Ratio;

/// Cuts spans or log records into exactly `shards` batches by trace id: items of one trace go to the same number, in every
/// process and every release of one major version.
///
/// Items keep their order. Those without a valid trace id, and metrics and profiles whole, go to the first shard; shards
/// without items are empty batches.
///
/// Ids are taken for random, as W3C Trace Context asks: their last seven bytes, as one number, times `shards`, over 2^56.
/// A sender who picks ids can fill one shard.
pub fn shard_by_trace(batch: &Batch, shards: NonZeroUsize) -> Vec<Batch> {
    let count = shards.get() as u128;
    let mut out = cut::distribute(batch, shards.get(), |item| {
        let randomness = item.trace_id().map_or(0, |id| randomness(id.as_bytes()));
        Some(((u128::from(randomness) * count) >> 56) as usize)
    });
    out.resize_with(shards.get(), || Batch::empty(batch.signal()));
    out
}

/// Keeps the share `ratio` of traces, each with all its spans or log records, or without any.
///
/// Consistent probability sampling (OTEP 235): a trace is kept if the last seven bytes of its id, as one number, are at
/// least [`Ratio::threshold`]. So every process that samples with the same ratio keeps the same traces, and one that samples
/// with a larger ratio keeps those as well. The `tracestate` stays as it is.
///
/// Items without a valid trace id are kept, whatever the ratio, unless it is [`Ratio::NOTHING`]; so are metrics and profiles.
pub fn sample_by_trace(batch: &Batch, ratio: Ratio) -> Batch {
    let threshold = ratio.threshold();
    if threshold == 0 {
        return batch.clone();
    }
    if ratio == Ratio::NOTHING {
        return Batch::empty(batch.signal());
    }
    let kept = cut::distribute(batch, 1, |item| match item.trace_id() {
        Some(id) if randomness(id.as_bytes()) < threshold => None,
        _ => Some(0),
    });
    kept.into_iter().next().unwrap_or_else(|| Batch::empty(batch.signal()))
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

/// The 56 bits that W3C Trace Context level 2 asks to be random: the id's last seven bytes.
const fn randomness(id: &[u8; 16]) -> u64 {
    let [_, _, _, _, _, _, _, _, low @ ..] = id;
    u64::from_be_bytes(*low) & ((1 << 56) - 1)
}
