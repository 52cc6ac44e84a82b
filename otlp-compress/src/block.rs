//! What formats made of blocks share: a compressor that cuts its input into blocks, and the two buffers of a decompressor whose
//! blocks come in pieces and go out in pieces.

use crate::CompressError;
use crate::engine::Shrink;

/// A format that compresses block by block.
pub(crate) trait Blocks {
    /// The length of a block of a stream, in bytes.
    const STREAM_BLOCK: usize;

    /// Writes what stands before the first block. `content`: the whole body's length, where it is known.
    fn head(&mut self, content: Option<usize>, out: &mut Vec<u8>);

    /// The length of a block of a body of so many bytes.
    fn block_len(content: usize) -> usize;

    /// Compresses one block; never an empty one.
    fn block(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError>;

    /// Writes what stands after the last block.
    fn tail(&mut self, out: &mut Vec<u8>);
}

/// The compressor of such a format.
pub(crate) struct BlockShrinker<B> {
    blocks: B,
    /// What is left of the input, less than a block.
    raw: Vec<u8>,
    /// What is compressed and not yet taken.
    ready: Pending,
    started: bool,
    ended: bool,
}

impl<B: Blocks> BlockShrinker<B> {
    pub(crate) fn new(blocks: B) -> Self {
        Self { blocks, raw: Vec::new(), ready: Pending::default(), started: false, ended: false }
    }

    fn start(&mut self) {
        if !self.started {
            self.blocks.head(None, &mut self.ready.bytes);
            self.started = true;
        }
    }

    fn end_block(&mut self) -> Result<(), CompressError> {
        if !self.raw.is_empty() {
            self.blocks.block(&self.raw, &mut self.ready.bytes)?;
            self.raw.clear();
        }
        Ok(())
    }
}

impl<B: Blocks> Shrink for BlockShrinker<B> {
    fn reset(&mut self) {
        self.raw.clear();
        self.ready.clear();
        self.started = false;
        self.ended = false;
    }

    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError> {
        if !self.ready.take(out) {
            return Ok(0);
        }
        self.start();
        let n = input.len().min(B::STREAM_BLOCK - self.raw.len());
        self.raw.extend_from_slice(&input[..n]);
        if self.raw.len() == B::STREAM_BLOCK {
            self.end_block()?;
        }
        self.ready.take(out);
        Ok(n)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        self.end_block()?;
        Ok(self.ready.take(out))
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError> {
        if !self.ended {
            self.start();
            self.end_block()?;
            self.blocks.tail(&mut self.ready.bytes);
            self.ended = true;
        }
        Ok(self.ready.take(out))
    }

    /// Block by block straight from the input into the output.
    fn whole(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        self.reset();
        self.blocks.head(Some(input.len()), out);
        for raw in input.chunks(B::block_len(input.len())) {
            self.blocks.block(raw, out)?;
        }
        self.blocks.tail(out);
        Ok(())
    }
}

/// Bytes that are done and wait for room in the output.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) bytes: Vec<u8>,
    taken: usize,
}

impl Pending {
    /// Moves what there is room for. Whether nothing is left.
    pub(crate) fn take(&mut self, out: &mut Vec<u8>) -> bool {
        let left = &self.bytes[self.taken..];
        let n = left.len().min(out.capacity() - out.len());
        out.extend_from_slice(&left[..n]);
        self.taken += n;
        if self.taken < self.bytes.len() {
            return false;
        }
        self.clear();
        true
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
    }
}

/// The next `need` bytes of an input that comes in pieces: straight out of `input` if it holds all of them, else once `held` has
/// collected them. Adds to `used` what it consumes; who gets bytes clears `held` when it is done with them.
pub(crate) fn gather<'a>(
    held: &'a mut Vec<u8>,
    input: &'a [u8],
    used: &mut usize,
    need: usize,
) -> Option<&'a [u8]> {
    let rest = &input[*used..];
    let missing = need - held.len();
    if held.is_empty() && rest.len() >= need {
        *used += need;
        return Some(&rest[..need]);
    }
    let n = missing.min(rest.len());
    held.extend_from_slice(&rest[..n]);
    *used += n;
    (n == missing).then_some(held.as_slice())
}
