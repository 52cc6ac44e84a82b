//! The LZ4 frame format (`doc/lz4_Frame_format.md` of the lz4 project, 1.6.4) on lz4_flex's blocks.
//!
//! Frames are read here rather than by the library: so that several frames, skippable ones, truncation and every broken field are
//! told apart, with their offsets, and so that a block takes no more memory than its compressed bytes can fill.

mod expander;
mod header;
mod shrinker;

pub(crate) use expander::Lz4Expander;
pub(crate) use shrinker::Lz4Blocks;

/// `04 22 4d 18`.
const MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
/// The bit of a block's length that says that it is stored as it is.
const STORED: u32 = 1 << 31;
/// How far back a block may refer: into the blocks before it, where they are linked.
const HISTORY: usize = 64 << 10;

// The descriptor's first byte: the version, and what the frame holds.
const VERSION: u8 = 0b0100_0000;
const VERSION_MASK: u8 = 0b1100_0000;
const INDEPENDENT: u8 = 0b0010_0000;
const BLOCK_CHECKSUMS: u8 = 0b0001_0000;
const CONTENT_SIZE: u8 = 0b0000_1000;
const CONTENT_CHECKSUM: u8 = 0b0000_0100;
const RESERVED: u8 = 0b0000_0010;
const DICTIONARY: u8 = 0b0000_0001;

/// The longest block that a descriptor's second byte announces, in bytes: 64 KiB, 256 KiB, 1 MiB or 4 MiB for 4 to 7.
const fn block_max(code: u8) -> usize {
    1 << (8 + 2 * code)
}

/// The checksum of headers, blocks and contents.
fn checksum(bytes: &[u8]) -> u32 {
    twox_hash::XxHash32::oneshot(0, bytes)
}

/// The descriptor's last byte: the second byte of the checksum over the descriptor without magic number.
fn header_checksum(descriptor: &[u8]) -> u8 {
    (checksum(descriptor) >> 8) as u8
}
