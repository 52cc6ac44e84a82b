//! Compression of a stream.

use std::io::{self, Write};

use crate::engine::{Shrinker, shrinker};
use crate::{Codec, CompressError, Level};

/// The output buffer, in bytes.
const BUFFER: usize = 64 << 10;

/// A `Write` that compresses what is written to it and passes it on, in memory that does not depend on how much that is.
///
/// [`Encoder::finish`] writes the end; without it the output is truncated, and a reader will say so. `flush` ends the current
/// block, so that a reader gets everything written before; it costs a few bytes and some compression each time.
/// zstd and lz4 frames carry a checksum.
#[must_use = "call `finish`, or the output is truncated"]
pub struct Encoder<W: Write> {
    codec: Codec,
    engine: Shrinker,
    sink: W,
    buffer: Vec<u8>,
    /// How many bytes of `buffer` the sink has taken; more than none only after it failed.
    taken: usize,
}

impl<W: Write> Encoder<W> {
    /// A stream of a codec at a level into `sink`, which needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// The codec is not compiled in, or not streamable ([`Codec::is_streamable`]), or the level is not on its scale.
    pub fn new(codec: Codec, level: Level, sink: W) -> Result<Self, CompressError> {
        let engine = shrinker(codec, level.number(codec)?, true)?;
        if !codec.is_streamable() {
            return Err(CompressError::NotStreamable { codec });
        }
        Ok(Self { codec, engine, sink, buffer: Vec::with_capacity(BUFFER), taken: 0 })
    }

    /// The codec of this stream.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// What the compressed bytes go to.
    pub const fn get_ref(&self) -> &W {
        &self.sink
    }

    /// Writes the end of the stream, flushes the sink and gives it back.
    ///
    /// # Errors
    ///
    /// What the sink says.
    pub fn finish(mut self) -> io::Result<W> {
        while !self.engine.finish(&mut self.buffer)? {
            self.drain()?;
        }
        self.drain()?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Passes the buffer on. If the sink fails, what it took is not offered again.
    fn drain(&mut self) -> io::Result<()> {
        while self.taken < self.buffer.len() {
            match self.sink.write(&self.buffer[self.taken..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.taken += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.clear();
        self.taken = 0;
        Ok(())
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        loop {
            if self.buffer.len() == self.buffer.capacity() {
                self.drain()?;
            }
            let used = self.engine.push(data, &mut self.buffer)?;
            if used > 0 || data.is_empty() {
                return Ok(used);
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.engine.flush(&mut self.buffer)? {
            self.drain()?;
        }
        self.drain()?;
        self.sink.flush()
    }
}

impl<W: Write> std::fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("codec", &self.codec)
            .field("buffered", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
