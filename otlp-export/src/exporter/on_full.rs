//! What a full queue does.

use std::time::Duration;

/// What `send` does when a destination's queue has no room for the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnFull {
    /// Hands the new batch back.
    #[default]
    DropNew,
    /// Drops the oldest queued batches until the new one has room; hands it back if requests under way hold all the room.
    DropOldest,
    /// Blocks the calling thread until there is room, at most this long in all; then hands the batch back. On the exporter's own
    /// threads (a hook, say) it does not block.
    Block(Duration),
}
