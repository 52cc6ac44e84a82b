//! New bytes in the place of old ones.

/// Bytes `start..end` of the source become `from..to` of the arena.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patch {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The source with these patches, which come in its order, and which make it longer by `grown`.
pub(super) fn splice(source: &[u8], patches: &[Patch], arena: &[u8], grown: isize) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len().saturating_add_signed(grown));
    let mut at = 0;
    for patch in patches {
        debug_assert!(at <= patch.start, "patches come in order");
        out.extend_from_slice(&source[at..patch.start]);
        out.extend_from_slice(&arena[patch.from..patch.to]);
        at = patch.end;
    }
    out.extend_from_slice(&source[at..]);
    out
}
