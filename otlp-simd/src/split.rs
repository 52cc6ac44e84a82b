//! One batch into several.

use std::num::NonZeroUsize;

use otlp_core::{Batch, cut};

/// Cuts a batch into batches of at most `items` items, in order; all but the last hold exactly that many.
///
/// A batch that is small enough comes back as it is, sharing its bytes. Otherwise each part repeats the resource, scope
/// and metric around its items, and profiles repeat the dictionary. Resources, scopes and metrics without any item are
/// left out, as the specification asks of senders (rule H16).
pub fn split_items(batch: &Batch, items: NonZeroUsize) -> Vec<Batch> {
    if batch.items() <= items.get() {
        return vec![batch.clone()];
    }
    cut::distribute(batch, batch.items().div_ceil(items.get()), |item| Some(item.index / items))
}
