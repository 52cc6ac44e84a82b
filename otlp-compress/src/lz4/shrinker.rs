//! Compression.

use std::hash::Hasher;

use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};
use twox_hash::XxHash32;

use super::{
    CONTENT_CHECKSUM, CONTENT_SIZE, INDEPENDENT, MAGIC, STORED, VERSION, block_max, header_checksum,
};
use crate::block::Blocks;
use crate::{Codec, CompressError};

/// Blocks of 256 KiB in streams.
const STREAM_CODE: u8 = 5;

/// Frames of independent blocks: any of the four sizes in whole bodies, the least that holds all.
pub(crate) struct Lz4Blocks {
    table: CompressTable,
    /// The checksum of the content so far, where frames carry one.
    content: Option<XxHash32>,
}

impl Lz4Blocks {
    pub(crate) fn new(checksum: bool) -> Self {
        Self { table: CompressTable::large(), content: checksum.then(|| XxHash32::with_seed(0)) }
    }
}

/// The code of the least block size that holds so many bytes, or of the largest.
fn code(content: usize) -> u8 {
    (4..7).find(|&code| content <= block_max(code)).unwrap_or(7)
}

impl Blocks for Lz4Blocks {
    const STREAM_BLOCK: usize = block_max(STREAM_CODE);

    fn head(&mut self, content: Option<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        let start = out.len();
        let mut flags = VERSION | INDEPENDENT;
        if let Some(hash) = &mut self.content {
            *hash = XxHash32::with_seed(0);
            flags |= CONTENT_CHECKSUM;
        }
        match content {
            Some(content) => {
                out.extend_from_slice(&[flags | CONTENT_SIZE, code(content) << 4]);
                out.extend_from_slice(&(content as u64).to_le_bytes());
            }
            None => out.extend_from_slice(&[flags, STREAM_CODE << 4]),
        }
        out.push(header_checksum(&out[start..]));
    }

    fn block_len(content: usize) -> usize {
        block_max(code(content))
    }

    fn block(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        if let Some(hash) = &mut self.content {
            hash.write(raw);
        }
        let start = out.len();
        out.resize(start + 4 + get_maximum_output_size(raw.len()), 0);
        let len = compress_into_with_table(raw, &mut out[start + 4..], &mut self.table)
            .map_err(|_| CompressError::Failed { codec: Codec::Lz4, what: "a block outgrew its bound" })?;
        // A block holds 4 MiB at most.
        let word = if len < raw.len() {
            out.truncate(start + 4 + len);
            len as u32
        } else {
            out.truncate(start + 4);
            out.extend_from_slice(raw);
            raw.len() as u32 | STORED
        };
        out[start..start + 4].copy_from_slice(&word.to_le_bytes());
        Ok(())
    }

    fn tail(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 4]);
        if let Some(hash) = &self.content {
            out.extend_from_slice(&hash.finish_32().to_le_bytes());
        }
    }
}
