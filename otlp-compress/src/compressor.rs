//! One body after another with one context.

use bytes::Bytes;

use crate::engine::{Shrinker, shrinker};
use crate::{Codec, CompressError, Level};

/// How much output buffer a compressor keeps between two bodies.
const KEEP: usize = 4 << 20;

/// A compression context that is used again and again: setting one up costs 10 to 20 % of a typical body's time.
///
/// It holds about 300 KiB for gzip and 1 MiB for zstd at the default level, and an output buffer of at most 4 MiB between uses.
pub struct Compressor {
    codec: Codec,
    engine: Shrinker,
    scratch: Vec<u8>,
}

impl Compressor {
    /// A context for a codec at a level.
    ///
    /// # Errors
    ///
    /// The codec is not compiled in, or the level is not on its scale.
    pub fn new(codec: Codec, level: Level) -> Result<Self, CompressError> {
        let engine = shrinker(codec, level.number(codec)?, false)?;
        Ok(Self { codec, engine, scratch: Vec::new() })
    }

    /// The codec of this context.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Compresses one whole body; the result takes as much memory as it has bytes. [`Codec::Identity`] copies: a caller
    /// that holds `Bytes` sends those instead.
    ///
    /// # Errors
    ///
    /// Only if the library under the codec fails, which means that memory ran out.
    pub fn compress(&mut self, body: &[u8]) -> Result<Bytes, CompressError> {
        if self.codec == Codec::Identity {
            return Ok(Bytes::copy_from_slice(body));
        }
        self.scratch.clear();
        self.engine.whole(body, &mut self.scratch)?;
        // Compressed bytes may wait in a queue for long; the buffer that they grew in is much larger than they are.
        let result = Bytes::copy_from_slice(&self.scratch);
        if self.scratch.capacity() > KEEP {
            self.scratch = Vec::new();
        }
        Ok(result)
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compressor").field("codec", &self.codec).finish_non_exhaustive()
    }
}

/// Compresses one body with a new context. Who has several uses [`Compressor`].
///
/// # Errors
///
/// As [`Compressor::new`] and [`Compressor::compress`].
pub fn compress(codec: Codec, level: Level, body: &[u8]) -> Result<Bytes, CompressError> {
    Compressor::new(codec, level)?.compress(body)
}
