//! Decompression of a framed stream, chunk by chunk.

use snap::raw::{Decoder, decompress_len, max_compress_len};

use super::{CHUNK, COMPRESSED, MAX_RATIO, STORED, STREAM_IDENTIFIER, checksum};
use crate::block::{Pending, gather};
use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// What the next input byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The stream identifier, this many of its bytes read.
    Start(usize),
    ChunkHeader,
    /// A chunk to be read as a whole.
    Chunk {
        kind: u8,
        len: usize,
    },
    /// A chunk to be passed over: this many bytes are left.
    Skip(usize),
}

/// Reads one stream, or several one after the other: they join without a seam.
pub(crate) struct FramedExpander {
    decoder: Decoder,
    /// Under which name: errors carry it.
    codec: Codec,
    part: Part,
    /// The bytes of a field or chunk that comes in pieces.
    held: Vec<u8>,
    ready: Pending,
    /// Compressed bytes consumed since the start.
    offset: u64,
}

impl FramedExpander {
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            decoder: Decoder::new(),
            codec,
            part: Part::Start(0),
            held: Vec::new(),
            ready: Pending::default(),
            offset: 0,
        }
    }

    fn corrupt(&self, what: &'static str) -> DecompressError {
        DecompressError::Corrupt { codec: self.codec, what, offset: self.offset }
    }

    fn chunk_header(&self, [kind, a, b, c]: [u8; 4]) -> Result<Part, DecompressError> {
        let len = u32::from_le_bytes([a, b, c, 0]) as usize;
        let longest = match kind {
            COMPRESSED => 4 + max_compress_len(CHUNK),
            STORED => 4 + CHUNK,
            0xff => STREAM_IDENTIFIER.len() - 4,
            0x80..=0xfe => return Ok(Part::Skip(len)),
            _ => return Err(self.corrupt("a reserved kind of chunk")),
        };
        if len > longest {
            return Err(self.corrupt("a chunk that is too long"));
        }
        Ok(Part::Chunk { kind, len })
    }

    fn unpack(&mut self, kind: u8, chunk: &[u8]) -> Result<(), &'static str> {
        if kind == 0xff {
            return if chunk == &STREAM_IDENTIFIER[4..] { Ok(()) } else { Err("a broken stream identifier") };
        }
        let (expected, data) = chunk.split_first_chunk().ok_or("a chunk without its checksum")?;
        let out = &mut self.ready.bytes;
        if kind == COMPRESSED {
            let len = decompress_len(data).ok().filter(|&len| len <= CHUNK).ok_or("a broken chunk")?;
            out.resize(len, 0);
            let n = self.decoder.decompress(data, out).map_err(|_| "a broken chunk")?;
            out.truncate(n);
        } else {
            out.extend_from_slice(data);
        }
        if checksum(out) != u32::from_le_bytes(*expected) {
            return Err("a wrong checksum");
        }
        Ok(())
    }
}

impl Expand for FramedExpander {
    fn reset(&mut self) {
        self.part = Part::Start(0);
        self.held.clear();
        self.ready.clear();
        self.offset = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let mut used = 0;
        while self.ready.take(out) {
            let before = used;
            match self.part {
                Part::Start(at) => {
                    let Some(&byte) = input.get(used) else { return Ok(used) };
                    if byte != STREAM_IDENTIFIER[at] {
                        let what = match self.codec {
                            Codec::Snappy => "not snappy (no stream identifier)",
                            _ => "not x-snappy-framed (no magic number)",
                        };
                        return Err(DecompressError::Corrupt { codec: self.codec, what, offset: 0 });
                    }
                    used += 1;
                    self.offset += 1;
                    self.part = match at + 1 {
                        n if n == STREAM_IDENTIFIER.len() => Part::ChunkHeader,
                        n => Part::Start(n),
                    };
                }
                Part::ChunkHeader => {
                    let header = gather(&mut self.held, input, &mut used, 4)
                        .and_then(|bytes| bytes.first_chunk())
                        .copied();
                    self.offset += (used - before) as u64;
                    let Some(header) = header else { return Ok(used) };
                    self.held.clear();
                    self.part = self.chunk_header(header)?;
                }
                Part::Chunk { kind, len } => {
                    let mut held = std::mem::take(&mut self.held);
                    let chunk = gather(&mut held, input, &mut used, len);
                    self.offset += (used - before) as u64;
                    let Some(chunk) = chunk else {
                        self.held = held;
                        return Ok(used);
                    };
                    if let Err(what) = self.unpack(kind, chunk) {
                        self.ready.clear();
                        return Err(self.corrupt(what));
                    }
                    held.clear();
                    self.held = held;
                    self.part = Part::ChunkHeader;
                }
                Part::Skip(left) => {
                    let n = (input.len() - used).min(left);
                    used += n;
                    self.offset += n as u64;
                    if n < left {
                        self.part = Part::Skip(left - n);
                        return Ok(used);
                    }
                    self.part = Part::ChunkHeader;
                }
            }
        }
        Ok(used)
    }

    /// Between two chunks. No bytes at all are an empty stream: Go's writer makes that of an empty body.
    fn is_complete(&self) -> bool {
        let between = matches!(self.part, Part::Start(0) | Part::ChunkHeader);
        between && self.held.is_empty() && self.ready.bytes.is_empty()
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
