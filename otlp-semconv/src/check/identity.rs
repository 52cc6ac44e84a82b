//! Ids of traces, spans and profiles as they stand on the wire.

use super::{FindingId, look::Look, store::Words};

/// An id in a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id<'a> {
    bytes: &'a [u8],
    length: usize,
    field: &'static str,
}

impl<'a> Id<'a> {
    pub(super) const fn trace(bytes: &'a [u8]) -> Self {
        Self { bytes, length: 16, field: "traceId" }
    }

    pub(super) const fn span(bytes: &'a [u8]) -> Self {
        Self { bytes, length: 8, field: "spanId" }
    }

    pub(super) const fn parent(bytes: &'a [u8]) -> Self {
        Self { bytes, length: 8, field: "parentSpanId" }
    }

    pub(super) const fn profile(bytes: &'a [u8]) -> Self {
        Self { bytes, length: 16, field: "profileId" }
    }

    /// Whether it has its length and is not zero.
    #[inline]
    pub(super) fn is_right(&self) -> bool {
        self.bytes.len() == self.length && self.bytes.iter().any(|byte| *byte != 0)
    }

    /// Whether it is right, or absent where it may be.
    #[inline]
    pub(super) fn is_right_or_absent(&self) -> bool {
        self.bytes.is_empty() || self.is_right()
    }
}

impl Look<'_, '_> {
    /// An id that has to be there.
    pub(super) fn id(&mut self, id: Id<'_>) {
        let Id { bytes, length, field } = id;
        if id.is_right() {
            return;
        }
        self.note(
            FindingId::ZeroId,
            field,
            "",
            || format!(".{field}"),
            || {
                let message = match bytes.len() {
                    0 => format!("The field `{field}` is empty."),
                    wrong if wrong != length => {
                        format!("The field `{field}` has {wrong} bytes instead of {length}.")
                    }
                    _ => format!("The field `{field}` is zero."),
                };
                Words::new(message).fix("set it to the id of what it is about")
            },
        );
    }

    /// An id that may be absent.
    pub(super) fn optional_id(&mut self, id: Id<'_>) {
        if !id.is_right_or_absent() {
            self.id(id);
        }
    }
}
