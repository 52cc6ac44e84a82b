//! Compression, for both wrappers of deflate.

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::engine::Shrink;
use crate::{Codec, CompressError};

/// The window of 32 KiB, the largest and what every decoder expects.
const WINDOW_BITS: u8 = 15;

/// One gzip member, or zlib stream, after another.
pub(crate) struct Deflater {
    deflate: Compress,
    codec: Codec,
}

impl Deflater {
    /// For [`Codec::Gzip`], else the zlib format. `Level` has checked the level: 1 to 9.
    pub(crate) fn new(codec: Codec, level: i32) -> Self {
        let level = Compression::new(level.unsigned_abs());
        let deflate = match codec {
            Codec::Gzip => Compress::new_gzip(level, WINDOW_BITS),
            _ => Compress::new(level, true),
        };
        Self { deflate, codec }
    }

    fn drive(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        flush: FlushCompress,
    ) -> Result<(usize, Status), CompressError> {
        let before = self.deflate.total_in();
        let status = self.deflate.compress_vec(input, out, flush).map_err(|_| CompressError::Failed {
            codec: self.codec,
            what: "the deflate stream is in an impossible state",
        })?;
        // No more than `input.len()`, a `usize`.
        Ok(((self.deflate.total_in() - before) as usize, status))
    }
}

impl Shrink for Deflater {
    fn reset(&mut self) {
        self.deflate.reset();
    }

    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError> {
        if out.len() == out.capacity() {
            return Ok(0);
        }
        Ok(self.drive(input, out, FlushCompress::None)?.0)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        if out.len() == out.capacity() {
            return Ok(false);
        }
        self.drive(&[], out, FlushCompress::Sync)?;
        // zlib's rule: a flush is complete once it leaves room in the output.
        Ok(out.len() < out.capacity())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        if out.len() == out.capacity() {
            return Ok(false);
        }
        Ok(self.drive(&[], out, FlushCompress::Finish)?.1 == Status::StreamEnd)
    }
}
