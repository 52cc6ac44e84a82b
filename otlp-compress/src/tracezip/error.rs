//! What can go wrong with a frame, and where.

use super::Inner;
use crate::CompressError;

/// Why a frame could not be written or read. Offsets count bytes from the frame's start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TracezipError {
    /// The inner compression was not compiled in.
    #[error(
        "tracezip: inner compression {inner} is not part of this build: compile otlp-compress with the feature `{inner}`"
    )]
    NotBuilt {
        /// The inner compression in question.
        inner: Inner,
    },
    /// The inner compression failed: a level off its scale, or no memory.
    #[error("tracezip: inner compression: {0}")]
    Inner(#[from] CompressError),
    /// The bytes do not start with a frame.
    #[error("tracezip: no frame at the start (neither `OTZ1` nor a short stream header)")]
    NotAFrame,
    /// A later version of the format.
    #[error("tracezip: version {version} of the format, this build reads version 1")]
    Version {
        /// The version that the frame states.
        version: u8,
    },
    /// The frame was made with a preset dictionary that this build does not have.
    #[error("tracezip: preset dictionary {id} is not known to this build")]
    Preset {
        /// The dictionary's number.
        id: u64,
    },
    /// More bytes come out than the caller allows; nothing was decoded.
    #[error("tracezip: the frame holds {stated} bytes once decoded, the limit is {limit}")]
    TooLarge {
        /// What the frame's header states.
        stated: u64,
        /// The caller's limit in bytes.
        limit: u64,
    },
    /// The input ends inside the frame.
    #[error("tracezip: the frame ends too early, at offset {offset}")]
    Truncated {
        /// Where the input ends.
        offset: u64,
    },
    /// The frame is followed by other bytes.
    #[error("tracezip: unexpected data behind the frame, at offset {offset}")]
    TrailingData {
        /// Where they start.
        offset: u64,
    },
    /// A byte of the frame changed on the way.
    #[error("tracezip: the frame's checksum (CRC-32C) does not match: it was damaged on the way")]
    Checksum,
    /// What was decoded is not what was encoded.
    #[error("tracezip: the decoded bytes do not have the original's hash (XXH3)")]
    Hash,
    /// The bytes are not what an encoder writes.
    #[error("tracezip: {column}: {what}, at offset {offset}")]
    Corrupt {
        /// The column, or `header` or `directory`.
        column: &'static str,
        /// What is wrong.
        what: &'static str,
        /// Where it was noticed, as far as the column allows to tell.
        offset: u64,
    },
    /// A frame of a stream, which only the decoder of that stream can read.
    #[error("tracezip: a frame of a stream: only that stream's decoder can read it")]
    StreamFrame,
}

impl TracezipError {
    /// Whether the frame asks for more than a limit allows, rather than being broken: HTTP 413, gRPC `RESOURCE_EXHAUSTED`.
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }

    /// Whether the frame is damaged or not a frame, rather than beyond what this build or the caller allows: HTTP 400, gRPC
    /// `INVALID_ARGUMENT`.
    pub const fn is_corrupt(&self) -> bool {
        !matches!(self, Self::NotBuilt { .. } | Self::Inner(_) | Self::TooLarge { .. })
    }
}

/// Why a frame of a stream could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The decoder's state cannot read this frame: the sender resends the batch statelessly and opens a new epoch.
    #[error("tracezip stream: reset required: {reason}")]
    ResetRequired {
        /// What does not fit.
        reason: ResetReason,
    },
    /// As many frames are under way as [`StreamLimits`](super::StreamLimits) allow; acknowledge some, or send statelessly.
    #[error("tracezip stream: {limit} frames wait for their acknowledgement (`with_max_in_flight`)")]
    InFlight {
        /// The limit.
        limit: usize,
    },
    /// The frame itself could not be written, or is more than the caller allows.
    #[error(transparent)]
    Frame(#[from] TracezipError),
}

/// What a stream's decoder lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResetReason {
    /// The frame belongs to an epoch that the decoder does not hold: it was restarted, or the opening frame was lost.
    #[error("epoch {epoch} is not known here")]
    UnknownEpoch {
        /// The frame's epoch.
        epoch: u32,
    },
    /// A frame in between was lost, came twice, or frames came out of order.
    #[error("frame {found} where {expected} was due")]
    Sequence {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The frame could not be decoded; the state behind it is gone.
    #[error("{0}")]
    Damaged(TracezipError),
    /// The state would outgrow the decoder's bound.
    #[error("the stream's state outgrows {limit} bytes (`with_max_state_bytes`)")]
    StateTooLarge {
        /// The bound in bytes.
        limit: usize,
    },
}
