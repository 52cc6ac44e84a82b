//! Whether and how a client sends tracezip.

use std::fmt;

/// How a client uses tracezip, the compression made for telemetry (feature `tracezip`).
///
/// Whoever does not take it gets the client's other compression: see [`ClientBuilder::tracezip`](crate::ClientBuilder::tracezip).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Tracezip {
    /// Never.
    #[default]
    Off,
    /// Each batch by itself: any retry, load balancer and disk queue works with it.
    Stateless,
    /// Over gRPC, one batch after another on a stream whose two ends remember what they have seen: pays with batches below some 2000
    /// items. What goes wrong with the stream is sent again statelessly. Over HTTP the same as [`Stateless`](Self::Stateless).
    Stream,
}

impl Tracezip {
    /// The name among the compressions of flags and environment variables: `tracezip`, `tracezip-stream`; `none` for
    /// [`Off`](Self::Off).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "none",
            Self::Stateless => "tracezip",
            Self::Stream => "tracezip-stream",
        }
    }

    /// Whether this build can do it.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        matches!(self, Self::Off) || cfg!(feature = "tracezip")
    }
}

impl fmt::Display for Tracezip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
