//! Equal resources and scopes at one place.

use otlp_core::{Batch, cut};

use crate::ConcatError;
use crate::concat::one_signal;

/// Puts batches of one signal into one in which equal resources stand once, and so do equal scopes within a resource and
/// equal metrics within a scope.
///
/// Groups are equal when the bytes of their own fields are: for a resource its encoding, its schema URL and unknown fields.
/// So the order of attributes counts: the same attributes in two orders make two resources, which costs bytes and no meaning.
/// A metric's own fields are name, description, unit, metadata, kind, temporality and monotonicity. Items of one group keep
/// their order; a group stands where the first of its equals stood, and one without items is left out. Profiles get one
/// dictionary, as in [`concat()`](crate::concat()).
///
/// Costs one look at each item's key and length and one copy of the bytes; memory is allocated per group, not per item.
///
/// # Errors
///
/// [`ConcatError`] for no batches at all and for mixed signals.
pub fn regroup(batches: &[Batch]) -> Result<Batch, ConcatError> {
    one_signal(batches)?;
    cut::arrange(batches, |_| 0).ok_or(ConcatError::Nothing)
}

/// The batch with equal resources, scopes and metrics at one place: [`regroup()`] of one batch.
pub fn dedup(batch: &Batch) -> Batch {
    cut::arrange(std::slice::from_ref(batch), |_| 0).unwrap_or_else(|| batch.clone())
}
