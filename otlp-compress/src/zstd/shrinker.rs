//! Compression.

use zstd::zstd_safe::{
    CCtx, CParameter, InBuffer, OutBuffer, ResetDirective, compress_bound, get_error_name,
};

use crate::engine::Shrink;
use crate::{Codec, CompressError};

/// The largest window that a decoder of the `zstd` content coding must support: 8 MiB (RFC 9659).
const MAX_WINDOW_LOG: u32 = 23;
/// From this level on the library would choose a larger window.
const LARGE_WINDOW_LEVEL: i32 = 20;

/// One zstd frame after another.
pub(crate) struct ZstdShrinker {
    context: CCtx<'static>,
}

impl ZstdShrinker {
    pub(crate) fn new(level: i32, checksum: bool) -> Result<Self, CompressError> {
        let mut context = CCtx::try_create()
            .ok_or(CompressError::Failed { codec: Codec::Zstd, what: "no memory for a context" })?;
        let mut set = |parameter| context.set_parameter(parameter).map_err(failed);
        set(CParameter::CompressionLevel(level))?;
        set(CParameter::ChecksumFlag(checksum))?;
        if level >= LARGE_WINDOW_LEVEL {
            set(CParameter::WindowLog(MAX_WINDOW_LOG))?;
        }
        Ok(Self { context })
    }
}

fn failed(code: usize) -> CompressError {
    CompressError::Failed { codec: Codec::Zstd, what: get_error_name(code) }
}

impl Shrink for ZstdShrinker {
    fn reset(&mut self) {
        // Resetting the session cannot fail; if it did, the next call would say so.
        let _ = self.context.reset(ResetDirective::SessionOnly);
    }

    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError> {
        let filled = out.len();
        let mut input = InBuffer::around(input);
        self.context.compress_stream(&mut OutBuffer::around_pos(out, filled), &mut input).map_err(failed)?;
        Ok(input.pos())
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        let filled = out.len();
        Ok(self.context.flush_stream(&mut OutBuffer::around_pos(out, filled)).map_err(failed)? == 0)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        let filled = out.len();
        Ok(self.context.end_stream(&mut OutBuffer::around_pos(out, filled)).map_err(failed)? == 0)
    }

    /// In one call, straight into the output: the frame then states its size, and no window is copied.
    fn whole(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        out.clear();
        out.reserve_exact(compress_bound(input.len()));
        self.context.compress2(out, input).map_err(failed)?;
        Ok(())
    }
}
