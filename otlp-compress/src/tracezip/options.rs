//! What an encoder is told: inner compression, level, checking.

use crate::{Codec, CompressError, Level};

/// The general compression inside a frame, for the columns that hold text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inner {
    /// None: columns stand as they are.
    None,
    /// LZ4 blocks.
    Lz4,
    /// Deflate (RFC 1951), without gzip's header and checksum: the frame has its own.
    Gzip,
    /// Zstandard (RFC 8878), without its magic number.
    Zstd,
}

impl Inner {
    /// Every inner compression, built in or not.
    pub const ALL: [Self; 4] = [Self::None, Self::Lz4, Self::Gzip, Self::Zstd];

    /// Whether this build can use it.
    pub const fn is_supported(self) -> bool {
        match self {
            Self::None => true,
            Self::Lz4 => cfg!(feature = "lz4"),
            Self::Gzip => cfg!(feature = "gzip"),
            Self::Zstd => cfg!(feature = "zstd"),
        }
    }

    /// The name in flags and messages: `none`, `lz4`, `gzip`, `zstd`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The two bits of the frame's flags.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Lz4 => 1,
            Self::Gzip => 2,
            Self::Zstd => 3,
        }
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self::ALL[(bits & 3) as usize]
    }
}

impl Default for Inner {
    /// The best that this build has.
    fn default() -> Self {
        [Self::Zstd, Self::Gzip, Self::Lz4]
            .into_iter()
            .find(|inner| inner.is_supported())
            .unwrap_or(Self::None)
    }
}

impl std::fmt::Display for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How often an encoder decodes what it wrote and compares. A difference would be a defect; the batch then travels as a raw body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Verify {
    /// Every batch.
    Always,
    /// The first batch of an encoder and one in 64 from there on; of a stream, whose frames need all that came before, none.
    #[default]
    Sampled,
    /// None: a decoder would notice by the checksum of the original bytes.
    Never,
}

/// Settings of an encoder.
///
/// ```
/// use otlp_compress::Level;
/// use otlp_compress::tracezip::{Inner, Options, Verify};
///
/// let options = Options::default().with_inner(Inner::None).with_verify(Verify::Always);
/// assert_eq!((options.inner(), options.level()), (Inner::None, Level::Default));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    inner: Inner,
    level: Level,
    verify: Verify,
    raw: bool,
}

impl Options {
    /// The inner compression.
    pub const fn inner(&self) -> Inner {
        self.inner
    }

    /// The level of the inner compression.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// How often the encoder checks itself.
    pub const fn verify(&self) -> Verify {
        self.verify
    }

    /// Whether bodies are always the batch as it is under the inner compression, without columns.
    pub const fn raw(&self) -> bool {
        self.raw
    }

    /// Sets [`inner`](Self::inner).
    #[must_use]
    pub const fn with_inner(mut self, inner: Inner) -> Self {
        self.inner = inner;
        self
    }

    /// Sets [`level`](Self::level), on the inner compression's own scale. [`Level::Default`] is 3 for zstd, whose share of the
    /// bytes is small here, and 6 for gzip; LZ4 has one level.
    #[must_use]
    pub const fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets [`verify`](Self::verify).
    #[must_use]
    pub const fn with_verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Sets [`raw`](Self::raw).
    #[must_use]
    pub const fn with_raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    /// The number of the level on the inner compression's scale.
    pub(crate) fn number(&self) -> Result<i32, CompressError> {
        match (self.inner, self.level) {
            (Inner::None | Inner::Lz4, _) => Ok(0),
            (Inner::Zstd, Level::Default) => Ok(3),
            (Inner::Zstd, level) => level.number(Codec::Zstd),
            (Inner::Gzip, level) => level.number(Codec::Gzip),
        }
    }
}
