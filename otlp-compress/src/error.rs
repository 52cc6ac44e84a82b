//! What can go wrong, and where.

use crate::Codec;

/// Why bytes could not be compressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The codec was not compiled in.
    #[error("{codec} is not part of this build: compile otlp-compress with the feature `{}`", codec.feature())]
    NotBuilt {
        /// The codec asked for.
        codec: Codec,
    },
    /// The codec compresses whole bodies only.
    #[error(
        "{codec} knows no streams: its length stands first; compress the whole body, or use {}",
        Codec::SnappyFramed
    )]
    NotStreamable {
        /// The codec asked for.
        codec: Codec,
    },
    /// The level is not on the codec's scale.
    #[error("{codec} has no level {level}: choose from {min} to {max}, without 0")]
    LevelOutOfRange {
        /// The codec asked for.
        codec: Codec,
        /// The level asked for.
        level: i32,
        /// The lowest level.
        min: i32,
        /// The highest level.
        max: i32,
    },
    /// The library under the codec gave up; out of memory is the only known reason.
    #[error("{codec} could not compress: {what}")]
    Failed {
        /// The codec in use.
        codec: Codec,
        /// The library's own words.
        what: &'static str,
    },
}

/// Why bytes could not be decompressed. Offsets count compressed bytes from the start of the body or file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// The codec was not compiled in.
    #[error("{codec} is not part of this build: compile otlp-compress with the feature `{}`", codec.feature())]
    NotBuilt {
        /// The codec asked for.
        codec: Codec,
    },
    /// The codec decompresses whole bodies only.
    #[error("{codec} knows no streams: decompress the whole body")]
    NotStreamable {
        /// The codec asked for.
        codec: Codec,
    },
    /// More bytes come out than the caller allows. No more than the limit was ever held in memory.
    #[error(
        "{codec}: the decompressed size passes the limit of {limit} bytes (at compressed offset {offset})"
    )]
    TooLarge {
        /// The codec in use.
        codec: Codec,
        /// The caller's limit on decompressed bytes.
        limit: u64,
        /// Where reading stopped.
        offset: u64,
    },
    /// A zstd frame wants the decoder to keep more decompressed bytes at hand than allowed.
    #[error(
        "zstd: the frame at compressed offset {offset} asks for a window of {window} bytes, \
         the limit is {limit} (`with_max_window`)"
    )]
    WindowTooLarge {
        /// The window that the frame asks for, in bytes.
        window: u64,
        /// The limit in bytes.
        limit: u64,
        /// Where the frame starts.
        offset: u64,
    },
    /// A frame was made with a dictionary, which OTLP has no way to name.
    #[error(
        "{codec}: the frame at compressed offset {offset} needs dictionary {id}, and OTLP knows no dictionaries"
    )]
    NeedsDictionary {
        /// The codec in use.
        codec: Codec,
        /// The dictionary's number.
        id: u32,
        /// Where the frame starts.
        offset: u64,
    },
    /// The bytes are not what the codec wrote: a bad magic number, a broken structure, a wrong checksum.
    #[error("{codec}: {what} at compressed offset {offset}")]
    Corrupt {
        /// The codec in use.
        codec: Codec,
        /// What is wrong.
        what: &'static str,
        /// Where it was noticed.
        offset: u64,
    },
    /// The input ends in the middle of a member or frame.
    #[error("{codec}: the input ends too early, at compressed offset {offset}")]
    Truncated {
        /// The codec in use.
        codec: Codec,
        /// Where the input ends.
        offset: u64,
    },
    /// Bytes that start no member and no frame follow the last one.
    #[error("{codec}: unexpected data after the end, at compressed offset {offset}")]
    TrailingData {
        /// The codec in use.
        codec: Codec,
        /// Where they start.
        offset: u64,
    },
}

impl DecompressError {
    /// The compressed offset that the error is about, in bytes from the start.
    pub const fn offset(&self) -> Option<u64> {
        match *self {
            Self::NotBuilt { .. } | Self::NotStreamable { .. } => None,
            Self::TooLarge { offset, .. }
            | Self::WindowTooLarge { offset, .. }
            | Self::NeedsDictionary { offset, .. }
            | Self::Corrupt { offset, .. }
            | Self::Truncated { offset, .. }
            | Self::TrailingData { offset, .. } => Some(offset),
        }
    }

    /// Whether the input asks for more than a limit allows, rather than being broken: HTTP 413, gRPC `RESOURCE_EXHAUSTED`.
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::WindowTooLarge { .. })
    }
}

/// How [`Decoder`](crate::Decoder) hands it over: `UnexpectedEof` for a truncated input, else `InvalidData`; the error itself is inside.
impl From<DecompressError> for std::io::Error {
    fn from(error: DecompressError) -> Self {
        let kind = match error {
            DecompressError::Truncated { .. } => std::io::ErrorKind::UnexpectedEof,
            DecompressError::NotBuilt { .. } | DecompressError::NotStreamable { .. } => {
                std::io::ErrorKind::Unsupported
            }
            _ => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// How [`Encoder`](crate::Encoder) hands it over: `Other`, or `Unsupported` when the codec cannot be used so.
impl From<CompressError> for std::io::Error {
    fn from(error: CompressError) -> Self {
        let kind = match error {
            CompressError::NotBuilt { .. } | CompressError::NotStreamable { .. } => {
                std::io::ErrorKind::Unsupported
            }
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
