//! Decompression of a stream.

use std::io::{self, BufRead, Read};

use crate::engine::{Expander, FILE_MAX_WINDOW, expander};
use crate::{Codec, DecompressError};

/// The output buffer, in bytes: one zstd block.
const BUFFER: usize = 128 << 10;

/// A `BufRead` over the decompressed form of another one, in memory that does not depend on how large either is.
///
/// Errors of the codec arrive as [`io::Error`] with a [`DecompressError`] inside, and stay: each further read gives the same one.
/// Everything before the error is delivered first.
pub struct Decoder<R: BufRead> {
    codec: Codec,
    engine: Expander,
    source: R,
    buffer: Vec<u8>,
    /// How many bytes of `buffer` have been handed out.
    taken: usize,
    /// Decompressed bytes so far, and how many there may be.
    produced: u64,
    limit: u64,
    failed: Option<DecompressError>,
}

impl<R: BufRead> Decoder<R> {
    /// A stream of a codec out of `source`. No limit on its length, zstd windows up to 128 MiB.
    ///
    /// # Errors
    ///
    /// The codec is not compiled in, or not streamable ([`Codec::is_streamable`]).
    pub fn new(codec: Codec, source: R) -> Result<Self, DecompressError> {
        let engine = expander(codec, FILE_MAX_WINDOW)?;
        if !codec.is_streamable() {
            return Err(DecompressError::NotStreamable { codec });
        }
        Ok(Self {
            codec,
            engine,
            source,
            buffer: Vec::with_capacity(BUFFER),
            taken: 0,
            produced: 0,
            limit: u64::MAX,
            failed: None,
        })
    }

    /// Sets how many decompressed bytes the stream may hold; one more is [`DecompressError::TooLarge`]. Default: no limit, as
    /// memory does not grow with them.
    #[must_use]
    pub fn with_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Sets the largest window, in bytes, that a zstd frame may ask for. Default 128 MiB, as the `zstd` command.
    #[must_use]
    pub fn with_max_window(mut self, bytes: u64) -> Self {
        self.engine.set_max_window(bytes);
        self
    }

    /// The codec of this stream.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// How many compressed bytes have been read.
    pub fn compressed_offset(&self) -> u64 {
        self.engine.offset()
    }

    /// Refills the empty buffer; leaves it empty at the end of the stream.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.taken = 0;
        while self.buffer.is_empty() {
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
            let input = self.source.fill_buf()?;
            if input.is_empty() && self.engine.is_complete() {
                return Ok(());
            }
            let at_end = input.is_empty();
            match self.engine.step(input, &mut self.buffer) {
                Ok(used) => self.source.consume(used),
                Err(error) => self.failed = Some(error),
            }
            if at_end && self.buffer.is_empty() && self.failed.is_none() && !self.engine.is_complete() {
                self.failed =
                    Some(DecompressError::Truncated { codec: self.codec, offset: self.engine.offset() });
            }
        }
        let allowed = self.limit - self.produced;
        if self.buffer.len() as u64 > allowed {
            let offset = self.engine.offset();
            self.failed = Some(DecompressError::TooLarge { codec: self.codec, limit: self.limit, offset });
            // Less than the buffer's length.
            self.buffer.truncate(allowed as usize);
        }
        self.produced += self.buffer.len() as u64;
        match &self.failed {
            Some(error) if self.buffer.is_empty() => Err(error.clone().into()),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.buffer.len() {
            self.refill()?;
        }
        Ok(&self.buffer[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.buffer.len());
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(target.len());
        target[..n].copy_from_slice(&ready[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("codec", &self.codec)
            .field("compressed_offset", &self.engine.offset())
            .field("produced", &self.produced)
            .finish_non_exhaustive()
    }
}
