//! Compression.

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::engine::Shrink;
use crate::{Codec, CompressError};

/// The window of 32 KiB, the largest and what every decoder expects.
const WINDOW_BITS: u8 = 15;

/// One gzip member after another.
pub(crate) struct Deflater {
    deflate: Compress,
}

impl Deflater {
    pub(crate) fn new(level: i32) -> Self {
        // `Level` has checked the range: 1 to 9.
        Self { deflate: Compress::new_gzip(Compression::new(level.unsigned_abs()), WINDOW_BITS) }
    }

    fn drive(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        flush: FlushCompress,
    ) -> Result<(usize, Status), CompressError> {
        let before = self.deflate.total_in();
        let status = self.deflate.compress_vec(input, out, flush).map_err(|_| CompressError::Failed {
            codec: Codec::Gzip,
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
