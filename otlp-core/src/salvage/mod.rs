//! Saving what is good of a request that does not parse as a whole.

mod cutter;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::{Batch, Limits, ParseError, ParseErrorKind, Signal};
use cutter::Cutter;

/// What [`salvage`] made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// What is left; byte for byte the request where nothing had to go.
    pub batch: Batch,
    /// The first faults, in wire order, at most [`Salvaged::MOST_REMOVED`].
    pub removed: Vec<Removed>,
    /// Items that are gone, over all faults: spans, data points, log records, profiles.
    pub removed_items: usize,
}

impl Salvaged {
    /// Most entries of [`removed`](Self::removed); the items behind further ones are only counted.
    pub const MOST_REMOVED: usize = 16;

    /// A batch that lost nothing.
    #[must_use]
    pub const fn whole(batch: Batch) -> Self {
        Self { batch, removed: Vec::new(), removed_items: 0 }
    }
}

/// One fault, and what went with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// What was wrong and where, in the request as it came.
    pub error: ParseError,
    /// Items that went with it: 1 for a fault in an item; all those below it for one in a resource, scope or metric.
    pub items: usize,
}

/// Parses a request as [`Batch::parse`] does, but cuts out the items that are at fault instead of refusing the whole.
///
/// An item goes if it would not parse: a string that is not UTF-8, nesting over [`Limits::max_depth`], a broken field, or, with
/// [`Limits::strict_ids`], an id of a wrong length. A fault in what several items share (resource, scope, metric)
/// takes all of them. The bytes of other items, and the own fields of the resources and scopes around them, stay as they are;
/// a resource, scope or metric that loses all that it held goes too. A request without fault comes back byte for byte.
///
/// # Errors
///
/// What leaves nothing to save: lengths that do not lead from the request to its items, a fault in the profiles'
/// dictionary or in the request's own fields, a limit on the whole ([`Limits::max_bytes`], [`Limits::max_items`]),
/// profiles in an older layout.
///
/// ```
/// use otlp_core::{Limits, Signal, salvage};
/// // Two spans; the name of the second is not UTF-8.
/// let bytes = b"\x0a\x0d\x12\x0b\x12\x03\x2a\x01a\x12\x04\x2a\x02b\xff";
/// let saved = salvage(Signal::Traces, &bytes[..], &Limits::default())?;
/// assert_eq!((saved.batch.items(), saved.removed_items), (1, 1));
/// assert_eq!(saved.removed[0].error.path(), "resource_spans[0].scope_spans[0].spans[1].name");
/// # Ok::<(), otlp_core::ParseError>(())
/// ```
pub fn salvage(signal: Signal, bytes: impl Into<Bytes>, limits: &Limits) -> Result<Salvaged, ParseError> {
    let bytes = bytes.into();
    let error = match Batch::parse(signal, bytes.clone(), limits) {
        Ok(batch) => return Ok(Salvaged::whole(batch)),
        Err(error) => error,
    };
    if let ParseErrorKind::TooLarge { .. } | ParseErrorKind::OldProfilesLayout { .. } = error.kind() {
        return Err(error);
    }
    let cut = Cutter::new(signal, &bytes, limits).run()?;
    if cut.removed.is_empty() {
        // Too many items: nothing was wrong with any of them.
        return Err(error);
    }
    let batch = Batch::parse(signal, cut.out, limits)?;
    Ok(Salvaged { batch, removed: cut.removed, removed_items: cut.removed_items })
}
