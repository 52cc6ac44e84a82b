//! A stream of batches into a stream of batches of one size.

use std::num::NonZeroUsize;

use otlp_core::Batch;

use crate::{ConcatError, concat, split_items};

/// Collects batches of one signal and gives out batches of exactly so many items, in order.
///
/// Holds at most one batch's worth of items plus the batch pushed last.
///
/// ```
/// # use otlp_core::{Batch, Limits, Signal};
/// # let one = Batch::parse(Signal::Logs, vec![0x0a, 0x04, 0x12, 0x02, 0x12, 0x00], &Limits::default())?;
/// let mut rebatch = otlp_simd::Rebatch::new(2.try_into()?);
/// assert!(rebatch.push(one.clone())?.is_empty());
/// assert_eq!(rebatch.push(one.clone())?.len(), 1);
/// rebatch.push(one)?;
/// assert_eq!(rebatch.finish()?.unwrap().items(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Rebatch {
    items: NonZeroUsize,
    held: Vec<Batch>,
    held_items: usize,
}

impl Rebatch {
    /// Gives out batches of `items` items.
    pub const fn new(items: NonZeroUsize) -> Self {
        Self { items, held: Vec::new(), held_items: 0 }
    }

    /// Takes a batch in; gives the batches that are full now.
    ///
    /// # Errors
    ///
    /// See [`concat()`].
    pub fn push(&mut self, batch: Batch) -> Result<Vec<Batch>, ConcatError> {
        if self.held.is_empty() && batch.items() == self.items.get() {
            return Ok(vec![batch]);
        }
        self.held_items += batch.items();
        self.held.push(batch);
        if self.held_items < self.items.get() {
            return Ok(Vec::new());
        }
        let mut parts = split_items(&concat(&std::mem::take(&mut self.held))?, self.items);
        self.held_items = 0;
        if let Some(last) = parts.pop_if(|last| last.items() < self.items.get()) {
            self.held_items = last.items();
            self.held.push(last);
        }
        Ok(parts)
    }

    /// What is left: fewer items than a full batch, or nothing.
    ///
    /// # Errors
    ///
    /// See [`concat()`].
    pub fn finish(mut self) -> Result<Option<Batch>, ConcatError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        concat(&std::mem::take(&mut self.held)).map(Some)
    }
}
