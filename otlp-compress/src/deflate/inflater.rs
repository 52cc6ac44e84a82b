//! Decompression of one zlib stream, or of raw deflate where no zlib header stands.

use flate2::{Decompress, FlushDecompress, Status};

use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// Deflate's best whole stream.
const MAX_RATIO: u64 = 1032;

/// What the next input byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The two bytes that tell zlib from raw deflate; the first may have come alone.
    Start(Option<u8>),
    Body,
    End,
}

/// Reads one stream. The format has no members: whatever follows is an error.
pub(crate) struct ZlibInflater {
    inflate: Decompress,
    part: Part,
    /// Compressed bytes consumed since the start.
    offset: u64,
}

impl ZlibInflater {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(true), part: Part::Start(None), offset: 0 }
    }

    /// Takes a first byte that comes alone; with two, knows the format and takes none. Returns the number of bytes consumed.
    fn start(&mut self, first: Option<u8>, input: &[u8]) -> usize {
        match (first, input) {
            (None, &[first]) => {
                self.part = Part::Start(Some(first));
                self.offset += 1;
                1
            }
            (None, &[first, second, ..]) | (Some(first), &[second, ..]) => {
                self.inflate.reset(is_zlib([first, second]));
                self.part = Part::Body;
                0
            }
            (_, []) => 0,
        }
    }

    /// One call into the library. Returns the number of bytes consumed.
    fn body(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let before = self.inflate.total_in();
        let result = self.inflate.decompress_vec(input, out, FlushDecompress::None);
        // No more than `input.len()`, a `usize`.
        let used = (self.inflate.total_in() - before) as usize;
        let codec = Codec::Deflate;
        match result {
            Ok(Status::StreamEnd) => self.part = Part::End,
            Ok(Status::Ok | Status::BufError) => {}
            Err(error) => {
                let offset = self.offset + used as u64;
                return Err(match error.needs_dictionary() {
                    Some(id) => DecompressError::NeedsDictionary { codec, id, offset: 0 },
                    None if error.message() == Some("incorrect data check") => {
                        DecompressError::Corrupt { codec, what: "a wrong checksum", offset }
                    }
                    None => DecompressError::Corrupt { codec, what: "a broken deflate stream", offset },
                });
            }
        }
        Ok(used)
    }
}

/// Whether these are a zlib header: method deflate, a window that exists, a checksum over both bytes. Raw deflate starts with such
/// a first byte only if it sets bits that a writer has to leave 0.
fn is_zlib([method, flags]: [u8; 2]) -> bool {
    method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]) % 31 == 0
}

impl Expand for ZlibInflater {
    fn reset(&mut self) {
        self.part = Part::Start(None);
        self.offset = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        if let Part::Start(first) = self.part {
            let used = self.start(first, input);
            if self.part != Part::Body {
                return Ok(used);
            }
            if let Some(first) = first {
                // Counted when it came.
                self.body(&[first], out)?;
            }
        }
        if self.part == Part::End {
            return match input {
                [] => Ok(0),
                _ => Err(DecompressError::TrailingData { codec: Codec::Deflate, offset: self.offset }),
            };
        }
        let mut used = 0;
        loop {
            let n = self.body(&input[used..], out)?;
            used += n;
            self.offset += n as u64;
            if self.part == Part::End || used == input.len() || out.len() == out.capacity() {
                return Ok(used);
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.part == Part::End
    }

    fn offset(&self) -> u64 {
        self.offset
    }

    fn size(&self, _input: &[u8]) -> Size {
        Size::Unknown
    }

    fn bound(&self, len: usize) -> u64 {
        (len as u64).saturating_mul(MAX_RATIO)
    }
}
