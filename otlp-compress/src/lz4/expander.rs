//! Decompression of one frame after another.

use std::hash::Hasher;

use lz4_flex::block::{decompress_into, decompress_into_with_dict};
use twox_hash::XxHash32;

use super::header::{Bad, Frame, Header, MAX_LEN, parse};
use super::{HISTORY, STORED, checksum};
use crate::block::gather;
use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// A byte of a match's length stands for 255 bytes.
const MAX_RATIO: usize = 255;

/// What the next input byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    BlockLength,
    /// A block of so many bytes, its checksum included.
    Block {
        len: usize,
        stored: bool,
    },
    ContentChecksum,
    /// A skippable frame's data: this many bytes are left.
    Skip(u32),
}

/// Reads one LZ4 frame after another, and passes over skippable ones.
pub(crate) struct Lz4Expander {
    part: Part,
    frame: Frame,
    /// The bytes of a field or block that comes in pieces.
    held: Vec<u8>,
    /// First [`HISTORY`] bytes for what blocks may refer back to, then the last block.
    window: Vec<u8>,
    /// How many bytes of history there are, up to the end of its place.
    history: usize,
    /// The last block's bytes: how many, and how many of them are handed out.
    block: usize,
    taken: usize,
    /// Bytes in this frame so far, and their checksum.
    produced: u64,
    content: XxHash32,
    /// Compressed bytes consumed since the start.
    offset: u64,
    /// Frames that are complete.
    frames: u64,
}

impl Lz4Expander {
    pub(crate) fn new() -> Self {
        Self {
            part: Part::Header,
            frame: Frame {
                block_max: 0,
                linked: false,
                block_checksums: false,
                content_checksum: false,
                content: None,
                dictionary: None,
            },
            held: Vec::with_capacity(MAX_LEN),
            window: Vec::new(),
            history: 0,
            block: 0,
            taken: 0,
            produced: 0,
            content: XxHash32::with_seed(0),
            offset: 0,
            frames: 0,
        }
    }

    fn corrupt(&self, what: &'static str) -> DecompressError {
        DecompressError::Corrupt { codec: Codec::Lz4, what, offset: self.offset }
    }

    /// Hands out what is left of the last block. Whether nothing is left.
    fn hand_out(&mut self, out: &mut Vec<u8>) -> bool {
        if self.block == 0 {
            return true;
        }
        let left = &self.window[HISTORY + self.taken..HISTORY + self.block];
        let n = left.len().min(out.capacity() - out.len());
        out.extend_from_slice(&left[..n]);
        self.taken += n;
        if self.taken < self.block {
            return false;
        }
        if self.frame.linked {
            self.window.copy_within(self.block..self.block + HISTORY, 0);
            self.history = (self.history + self.block).min(HISTORY);
        }
        self.block = 0;
        self.taken = 0;
        true
    }

    /// Takes bytes until a header is complete. Returns how many were consumed.
    fn header(&mut self, input: &[u8]) -> Result<usize, DecompressError> {
        let start = self.offset - self.held.len() as u64;
        let mut used = 0;
        // Byte by byte, so that none behind the header is taken; headers are short.
        while let Some(&byte) = input.get(used) {
            self.held.push(byte);
            let header = parse(&self.held).map_err(|bad| match bad {
                Bad::Magic if self.frames > 0 => {
                    DecompressError::TrailingData { codec: Codec::Lz4, offset: start }
                }
                Bad::Magic => DecompressError::Corrupt {
                    codec: Codec::Lz4,
                    what: "not lz4 (no magic number)",
                    offset: start,
                },
                Bad::Field(what) => self.corrupt(what),
            })?;
            used += 1;
            self.offset += 1;
            let Some((header, _)) = header else { continue };
            self.held.clear();
            match header {
                Header::Skippable(len) => self.part = Part::Skip(len),
                Header::Frame(Frame { dictionary: Some(id), .. }) => {
                    return Err(DecompressError::NeedsDictionary { codec: Codec::Lz4, id, offset: start });
                }
                Header::Frame(frame) => {
                    self.frame = frame;
                    self.part = Part::BlockLength;
                    self.history = 0;
                    self.produced = 0;
                    self.content = XxHash32::with_seed(0);
                }
            }
            break;
        }
        Ok(used)
    }

    /// Knows what follows a block's length.
    fn block_length(&mut self, word: u32) -> Result<(), DecompressError> {
        if word == 0 {
            if self.frame.content_checksum {
                self.part = Part::ContentChecksum;
                return Ok(());
            }
            return self.end_frame();
        }
        let len = (word & !STORED) as usize;
        if len > self.frame.block_max {
            return Err(self.corrupt("a block over its frame's block size"));
        }
        let len = len + if self.frame.block_checksums { 4 } else { 0 };
        self.part = Part::Block { len, stored: word & STORED != 0 };
        Ok(())
    }

    fn end_frame(&mut self) -> Result<(), DecompressError> {
        if self.frame.content.is_some_and(|content| content != self.produced) {
            return Err(self.corrupt("a wrong length"));
        }
        self.frames += 1;
        self.part = Part::Header;
        Ok(())
    }

    /// Decompresses one block, with its checksum, into the window.
    fn unpack(&mut self, block: &[u8], stored: bool) -> Result<(), &'static str> {
        let data = if self.frame.block_checksums {
            let (data, expected) = block.split_last_chunk().ok_or("a broken block")?;
            if checksum(data) != u32::from_le_bytes(*expected) {
                return Err("a wrong block checksum");
            }
            data
        } else {
            block
        };
        let room = if stored { data.len() } else { data.len().saturating_mul(MAX_RATIO) };
        let room = room.min(self.frame.block_max);
        if self.window.len() < HISTORY + room {
            self.window.resize(HISTORY + room, 0);
        }
        let (history, body) = self.window.split_at_mut(HISTORY);
        let body = &mut body[..room];
        self.block = if stored {
            body.copy_from_slice(data);
            data.len()
        } else if self.history > 0 {
            let history = &history[HISTORY - self.history..];
            decompress_into_with_dict(data, body, history).map_err(|_| "a broken block")?
        } else {
            decompress_into(data, body).map_err(|_| "a broken block")?
        };
        self.produced += self.block as u64;
        if self.frame.content_checksum {
            self.content.write(&body[..self.block]);
        }
        self.part = Part::BlockLength;
        Ok(())
    }
}

impl Expand for Lz4Expander {
    fn reset(&mut self) {
        self.part = Part::Header;
        self.held.clear();
        self.block = 0;
        self.taken = 0;
        self.offset = 0;
        self.frames = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let mut used = 0;
        while self.hand_out(out) {
            let before = used;
            match self.part {
                Part::Header => {
                    used += self.header(&input[used..])?;
                    if self.part == Part::Header {
                        return Ok(used);
                    }
                    continue;
                }
                Part::Skip(left) => {
                    let n = (input.len() - used).min(left as usize);
                    used += n;
                    self.offset += n as u64;
                    // At most `left`.
                    self.part = Part::Skip(left - n as u32);
                    if n < left as usize {
                        return Ok(used);
                    }
                    self.frames += 1;
                    self.part = Part::Header;
                    return Ok(used);
                }
                Part::BlockLength | Part::ContentChecksum => {
                    let word = gather(&mut self.held, input, &mut used, 4)
                        .and_then(|bytes| bytes.first_chunk())
                        .map(|&bytes| u32::from_le_bytes(bytes));
                    self.offset += (used - before) as u64;
                    let Some(word) = word else { return Ok(used) };
                    self.held.clear();
                    if self.part == Part::BlockLength {
                        self.block_length(word)?;
                    } else if word == self.content.finish_32() {
                        self.end_frame()?;
                    } else {
                        return Err(self.corrupt("a wrong checksum"));
                    }
                    if self.part == Part::Header {
                        return Ok(used);
                    }
                }
                Part::Block { len, stored } => {
                    let mut held = std::mem::take(&mut self.held);
                    let block = gather(&mut held, input, &mut used, len);
                    self.offset += (used - before) as u64;
                    let Some(block) = block else {
                        self.held = held;
                        return Ok(used);
                    };
                    self.unpack(block, stored).map_err(|what| self.corrupt(what))?;
                    held.clear();
                    self.held = held;
                }
            }
        }
        Ok(used)
    }

    fn trim(&mut self) {
        self.window = Vec::new();
        self.held = Vec::with_capacity(MAX_LEN);
    }

    fn is_complete(&self) -> bool {
        self.frames > 0 && self.part == Part::Header && self.held.is_empty()
    }

    fn offset(&self) -> u64 {
        self.offset
    }

    fn size(&self, input: &[u8]) -> Size {
        match parse(input) {
            Ok(Some((Header::Frame(Frame { content: Some(size), .. }), _))) => Size::Declared(size),
            _ => Size::Unknown,
        }
    }

    fn bound(&self, len: usize) -> u64 {
        (len as u64).saturating_mul(MAX_RATIO as u64)
    }
}
