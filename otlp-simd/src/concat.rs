//! Several batches into one.

use otlp_core::{Batch, Signal, cut};

/// Why batches do not go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConcatError {
    /// There is no batch to begin with.
    #[error("there is no batch to concatenate")]
    Nothing,
    /// The batches carry different signals.
    #[error("a batch of {found} cannot join batches of {expected}")]
    Signals {
        /// Signal of the first batch.
        expected: Signal,
        /// Signal of a later one.
        found: Signal,
    },
}

/// Puts batches of one signal into one, items in order.
///
/// See [`cut::concat`], which does the work.
///
/// # Errors
///
/// [`ConcatError`] for no batches at all and for mixed signals.
pub fn concat(batches: &[Batch]) -> Result<Batch, ConcatError> {
    one_signal(batches)?;
    cut::concat(batches).ok_or(ConcatError::Nothing)
}

/// Refuses what cannot become one batch.
pub(crate) fn one_signal(batches: &[Batch]) -> Result<(), ConcatError> {
    let first = batches.first().ok_or(ConcatError::Nothing)?;
    match batches.iter().find(|batch| batch.signal() != first.signal()) {
        Some(other) => Err(ConcatError::Signals { expected: first.signal(), found: other.signal() }),
        None => Ok(()),
    }
}
