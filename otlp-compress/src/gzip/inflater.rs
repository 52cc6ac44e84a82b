//! Decompression of one member after another.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::header::Header;
use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// Deflate's best case: 258 bytes in two bits. Its best whole stream is 1032 to 1.
const MAX_RATIO: u64 = 1032;

/// What the next input byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Body,
    /// Checksum and length: this many of the 8 bytes are read.
    Trailer(usize),
}

/// Reads one gzip member after another.
pub(crate) struct Inflater {
    inflate: Decompress,
    part: Part,
    header: Header,
    trailer: [u8; 8],
    crc: Crc,
    /// Compressed bytes consumed since the start.
    offset: u64,
    /// Members that are complete.
    members: u64,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            part: Part::Header,
            header: Header::new(),
            trailer: [0; 8],
            crc: Crc::new(),
            offset: 0,
            members: 0,
        }
    }

    fn corrupt(&self, what: &'static str) -> DecompressError {
        DecompressError::Corrupt { codec: Codec::Gzip, what, offset: self.offset }
    }

    fn header_byte(&mut self, byte: u8) -> Result<(), DecompressError> {
        let first = self.header.is_fresh();
        let magic = self.header.in_magic();
        match self.header.take(byte) {
            Ok(done) => {
                self.offset += 1;
                if done {
                    self.part = Part::Body;
                }
                Ok(())
            }
            Err(_) if magic && self.members > 0 => {
                let offset = if first { self.offset } else { self.offset - 1 };
                Err(DecompressError::TrailingData { codec: Codec::Gzip, offset })
            }
            Err(what) => Err(self.corrupt(what)),
        }
    }

    /// One call into the library. Returns the number of bytes consumed.
    fn body(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let (in_before, out_before) = (self.inflate.total_in(), out.len());
        let result = self.inflate.decompress_vec(input, out, FlushDecompress::None);
        // No more than `input.len()`, a `usize`.
        let used = (self.inflate.total_in() - in_before) as usize;
        self.offset += used as u64;
        self.crc.update(&out[out_before..]);
        match result {
            Ok(Status::StreamEnd) => self.part = Part::Trailer(0),
            Ok(Status::Ok | Status::BufError) => {}
            Err(_) => return Err(self.corrupt("a broken deflate stream")),
        }
        Ok(used)
    }

    /// The trailer is complete: checks it and gets ready for another member.
    fn end_member(&mut self) -> Result<(), DecompressError> {
        let [a, b, c, d, e, f, g, h] = self.trailer;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err(self.corrupt("a wrong checksum"));
        }
        // The length counts modulo 2^32, as `total_out` is cut here.
        if u32::from_le_bytes([e, f, g, h]) != self.inflate.total_out() as u32 {
            return Err(self.corrupt("a wrong length"));
        }
        self.members += 1;
        self.start_member();
        Ok(())
    }

    fn start_member(&mut self) {
        self.part = Part::Header;
        self.header.reset();
        self.inflate.reset(false);
        self.crc.reset();
    }
}

impl Expand for Inflater {
    fn reset(&mut self) {
        self.offset = 0;
        self.members = 0;
        self.start_member();
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let mut used = 0;
        loop {
            match self.part {
                Part::Body => {
                    used += self.body(&input[used..], out)?;
                    if self.part == Part::Body && (used == input.len() || out.len() == out.capacity()) {
                        return Ok(used);
                    }
                }
                Part::Header => {
                    let Some(&byte) = input.get(used) else { return Ok(used) };
                    self.header_byte(byte)?;
                    used += 1;
                }
                Part::Trailer(have) => {
                    let Some(&byte) = input.get(used) else { return Ok(used) };
                    self.trailer[have] = byte;
                    self.offset += 1;
                    used += 1;
                    self.part = Part::Trailer(have + 1);
                    if have + 1 == self.trailer.len() {
                        self.end_member()?;
                        return Ok(used);
                    }
                }
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.members > 0 && self.part == Part::Header && self.header.is_fresh()
    }

    fn offset(&self) -> u64 {
        self.offset
    }

    fn size(&self, input: &[u8]) -> Size {
        match input.last_chunk() {
            // The last member's length. There is nearly always one member.
            Some(&length) if input.len() >= 20 && self.members == 0 => {
                Size::Likely(u32::from_le_bytes(length).into())
            }
            _ => Size::Unknown,
        }
    }

    fn bound(&self, len: usize) -> u64 {
        (len as u64).saturating_mul(MAX_RATIO)
    }
}
