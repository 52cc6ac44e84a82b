//! Compression.

use snap::raw::{Encoder, max_compress_len};

use super::{CHUNK, COMPRESSED, STORED, STREAM_IDENTIFIER, checksum};
use crate::block::Blocks;
use crate::engine::Shrink;
use crate::{Codec, CompressError};

/// One whole body as one block.
pub(crate) struct BodyShrinker {
    encoder: Encoder,
}

impl BodyShrinker {
    pub(crate) fn new() -> Self {
        Self { encoder: Encoder::new() }
    }
}

/// Appends a block.
fn append(encoder: &mut Encoder, codec: Codec, raw: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
    let start = out.len();
    out.resize(start + max_compress_len(raw.len()), 0);
    let n = encoder
        .compress(raw, &mut out[start..])
        .map_err(|_| CompressError::Failed { codec, what: "the body is over 4 GiB" })?;
    out.truncate(start + n);
    Ok(())
}

impl Shrink for BodyShrinker {
    fn reset(&mut self) {}

    fn push(&mut self, _input: &[u8], _out: &mut Vec<u8>) -> Result<usize, CompressError> {
        Err(CompressError::NotStreamable { codec: Codec::Snappy })
    }

    fn flush(&mut self, _out: &mut Vec<u8>) -> Result<bool, CompressError> {
        Err(CompressError::NotStreamable { codec: Codec::Snappy })
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<bool, CompressError> {
        Err(CompressError::NotStreamable { codec: Codec::Snappy })
    }

    fn whole(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        append(&mut self.encoder, Codec::Snappy, input, out)
    }
}

/// Chunks of a framed stream.
pub(crate) struct FramedBlocks {
    encoder: Encoder,
}

impl FramedBlocks {
    pub(crate) fn new() -> Self {
        Self { encoder: Encoder::new() }
    }
}

impl Blocks for FramedBlocks {
    const STREAM_BLOCK: usize = CHUNK;

    fn head(&mut self, _content: Option<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(&STREAM_IDENTIFIER);
    }

    fn block_len(_content: usize) -> usize {
        CHUNK
    }

    fn block(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        let start = out.len();
        out.extend_from_slice(&[COMPRESSED, 0, 0, 0]);
        out.extend_from_slice(&checksum(raw).to_le_bytes());
        append(&mut self.encoder, Codec::SnappyFramed, raw, out)?;
        let data = start + 8;
        // The format's advice: what shrinks by less than an eighth is not worth a reader's time.
        if out.len() - data >= raw.len() - raw.len() / 8 {
            out.truncate(data);
            out.extend_from_slice(raw);
            out[start] = STORED;
        }
        // At most the longest block, three bytes.
        let len = (out.len() - start - 4) as u32;
        out[start + 1..start + 4].copy_from_slice(&len.to_le_bytes()[..3]);
        Ok(())
    }

    fn tail(&mut self, _out: &mut Vec<u8>) {}
}
