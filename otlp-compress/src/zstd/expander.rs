//! Decompression of one frame after another.

use zstd::zstd_safe::{
    DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, find_frame_compressed_size, get_error_name,
};

use super::header::{Bad, Header, MAX_LEN, parse};
use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// A block unfolds to 128 KiB at most, and its smallest form (a run of one byte) takes four bytes.
const MAX_BLOCK: u64 = 128 << 10;
const MIN_BLOCK: u64 = 4;

/// Reads one zstd frame after another, and passes over skippable ones.
pub(crate) struct ZstdExpander {
    context: DCtx<'static>,
    max_window: u64,
    /// The bytes of a header that came in pieces.
    head: Vec<u8>,
    /// How many bytes of `head` the library has seen.
    fed: usize,
    /// Whether a frame's header is complete and its end is not reached.
    open: bool,
    /// Compressed bytes consumed since the start.
    offset: u64,
    /// Frames that are complete.
    frames: u64,
}

impl ZstdExpander {
    pub(crate) fn new() -> Result<Self, DecompressError> {
        let context = DCtx::try_create().ok_or(DecompressError::Corrupt {
            codec: Codec::Zstd,
            what: "no memory for a context",
            offset: 0,
        })?;
        let head = Vec::with_capacity(MAX_LEN);
        Ok(Self { context, max_window: 0, head, fed: 0, open: false, offset: 0, frames: 0 })
    }

    fn corrupt(&self, what: &'static str) -> DecompressError {
        DecompressError::Corrupt { codec: Codec::Zstd, what, offset: self.offset }
    }

    /// Takes bytes until the header of the next frame is known. Returns how many were consumed: none, if `input` holds all of it.
    fn header(&mut self, input: &[u8], room: usize) -> Result<usize, DecompressError> {
        let start = self.offset - self.head.len() as u64;
        let mut used = 0;
        let header = if self.head.is_empty() { self.parse(input, start)? } else { None };
        let header = match header {
            Some(header) => Some(header),
            None => loop {
                let Some(&byte) = input.get(used) else { break None };
                self.head.push(byte);
                used += 1;
                if let Some(header) = self.parse(&self.head, start)? {
                    break Some(header);
                }
            },
        };
        self.offset += used as u64;
        if let Some(header) = header {
            self.permit(header, &input[used..], room, start)?;
            self.open = true;
        }
        Ok(used)
    }

    fn parse(&self, bytes: &[u8], offset: u64) -> Result<Option<Header>, DecompressError> {
        let codec = Codec::Zstd;
        parse(bytes).map_err(|bad| match bad {
            Bad::Magic if self.frames > 0 => DecompressError::TrailingData { codec, offset },
            Bad::Magic => DecompressError::Corrupt { codec, what: "not zstd (no magic number)", offset },
            Bad::Reserved => DecompressError::Corrupt { codec, what: "a reserved header bit", offset },
        })
    }

    /// Refuses what the frame asks for beyond the limits.
    fn permit(&self, header: Header, rest: &[u8], room: usize, offset: u64) -> Result<(), DecompressError> {
        let Header::Frame { window, content, dictionary } = header else { return Ok(()) };
        if dictionary != 0 {
            return Err(DecompressError::NeedsDictionary { codec: Codec::Zstd, id: dictionary, offset });
        }
        // A frame that lies here as a whole, with room for all it holds, is decompressed in place: no window is kept.
        let in_place = || {
            self.head.is_empty()
                && content.is_some_and(|size| size <= room as u64)
                && find_frame_compressed_size(rest).is_ok()
        };
        if window > self.max_window && !in_place() {
            return Err(DecompressError::WindowTooLarge { window, limit: self.max_window, offset });
        }
        Ok(())
    }

    /// One call into the library. Returns the number of bytes consumed.
    fn drive(
        context: &mut DCtx<'static>,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(usize, bool), &'static str> {
        let filled = out.len();
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around_pos(out, filled);
        let hint = context.decompress_stream(&mut output, &mut input).map_err(get_error_name)?;
        Ok((input.pos(), hint == 0))
    }
}

impl Expand for ZstdExpander {
    fn reset(&mut self) {
        // Resetting the session cannot fail; if it did, the next step would say so.
        let _ = self.context.reset(ResetDirective::SessionOnly);
        self.head.clear();
        self.fed = 0;
        self.open = false;
        self.offset = 0;
        self.frames = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let mut used = 0;
        if !self.open {
            used = self.header(input, out.capacity() - out.len())?;
            if !self.open {
                return Ok(used);
            }
        }
        // A header that came in pieces has been counted already.
        while self.fed < self.head.len() {
            let (n, _) = Self::drive(&mut self.context, &self.head[self.fed..], out)
                .map_err(|what| DecompressError::Corrupt { codec: Codec::Zstd, what, offset: self.offset })?;
            if n == 0 {
                return Err(self.corrupt("a broken header"));
            }
            self.fed += n;
        }
        loop {
            let (n, end) =
                Self::drive(&mut self.context, &input[used..], out).map_err(|what| self.corrupt(what))?;
            used += n;
            self.offset += n as u64;
            if end {
                self.open = false;
                self.head.clear();
                self.fed = 0;
                self.frames += 1;
                return Ok(used);
            }
            if used == input.len() || out.len() == out.capacity() {
                return Ok(used);
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.frames > 0 && !self.open && self.head.is_empty()
    }

    fn offset(&self) -> u64 {
        self.offset
    }

    fn size(&self, input: &[u8]) -> Size {
        match parse(input) {
            Ok(Some(Header::Frame { content: Some(size), .. })) => Size::Declared(size),
            _ => Size::Unknown,
        }
    }

    fn bound(&self, len: usize) -> u64 {
        (len as u64 / MIN_BLOCK + 1).saturating_mul(MAX_BLOCK)
    }

    fn set_max_window(&mut self, bytes: u64) {
        self.max_window = bytes;
        // The library's own limit, in powers of two, rounded up: `permit` is the precise one. 31 (30 on 32 bits) is the most it knows.
        let log = bytes
            .max(1)
            .next_power_of_two()
            .trailing_zeros()
            .clamp(10, if usize::BITS == 32 { 30 } else { 31 });
        let _ = self.context.set_parameter(DParameter::WindowLogMax(log));
    }
}
