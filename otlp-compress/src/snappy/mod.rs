//! Snappy by the crate `snap`: the block format (`format_description.txt` of the snappy project), and the framing format around it
//! (`framing_format.txt`).
//!
//! Chunks are read here rather than by the library, and its verdict on a broken block is replaced by a walk over the block's
//! elements: so that truncation, trailing bytes and every broken field are told apart, with their offsets.

mod block;
mod framed;
mod shrinker;

pub(crate) use block::BodyExpander;
pub(crate) use framed::FramedExpander;
pub(crate) use shrinker::{BodyShrinker, FramedBlocks};

/// The chunk that starts a framed stream.
const STREAM_IDENTIFIER: [u8; 10] = *b"\xff\x06\0\0sNaPpY";

/// Kinds of chunks.
const COMPRESSED: u8 = 0x00;
const STORED: u8 = 0x01;

/// The longest chunk of data, decompressed.
const CHUNK: usize = 64 << 10;

/// The best case of an element: 64 bytes in 3.
const MAX_RATIO: u64 = 22;

/// The checksum of a chunk's decompressed bytes.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}
