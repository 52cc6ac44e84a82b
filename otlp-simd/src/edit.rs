//! Changing attributes.

use otlp_core::Batch;
pub use otlp_core::edit::{EditError, Edits};

/// The batch with these changes of its attributes: [`Edits::apply`].
///
/// # Errors
///
/// See [`EditError`].
pub fn edit(batch: &Batch, edits: &Edits) -> Result<Batch, EditError> {
    edits.apply(batch)
}
