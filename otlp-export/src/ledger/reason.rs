//! Why items were dropped.

use std::fmt;

/// The reason for which items were given up. Every dropped item has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue had no room: the batch was handed back to its sender, or made room for newer ones.
    QueueFull,
    /// Over the client's limit, or the server said that it is over its own (HTTP 413, `RESOURCE_EXHAUSTED` about a size).
    TooLarge,
    /// The answer forbids sending again (rules G12, H10, H11), or says success in a form that cannot be read.
    NonRetryable,
    /// Retryable, but the retry policy's time was over.
    RetryExhausted,
    /// Not delivered when the deadline of the shutdown came, or sent after it.
    Shutdown,
    /// The batch could not be written in the destination's encoding or compression.
    Encode,
    /// Stored by a durable queue and found damaged.
    Corrupt,
    /// The durable queue's disk or its size bound was full.
    DiskFull,
}

impl DropReason {
    /// All, in the order of the ledger's columns.
    pub const ALL: [Self; 8] = [
        Self::QueueFull,
        Self::TooLarge,
        Self::NonRetryable,
        Self::RetryExhausted,
        Self::Shutdown,
        Self::Encode,
        Self::Corrupt,
        Self::DiskFull,
    ];

    /// The name in reports and metrics: `queue_full`, `too_large`, `non_retryable`, `retry_exhausted`, `shutdown`, `encode`,
    /// `corrupt`, `disk_full`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::TooLarge => "too_large",
            Self::NonRetryable => "non_retryable",
            Self::RetryExhausted => "retry_exhausted",
            Self::Shutdown => "shutdown",
            Self::Encode => "encode",
            Self::Corrupt => "corrupt",
            Self::DiskFull => "disk_full",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_each_reason_at_its_own_place() {
        for (at, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at, "{reason}");
        }
    }
}
