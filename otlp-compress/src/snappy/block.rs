//! Decompression of one block.

use snap::raw::Decoder;

use super::{FramedExpander, MAX_RATIO, STREAM_IDENTIFIER};
use crate::engine::{Expand, Size};
use crate::{Codec, DecompressError};

/// Reads one whole body: a block, or a framed stream under the block format's name.
pub(crate) struct BodyExpander {
    decoder: Decoder,
    framed: FramedExpander,
    form: Form,
    /// Compressed bytes of a block that are consumed.
    offset: u64,
}

/// What the body has turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Unknown,
    Block,
    Framed,
}

impl BodyExpander {
    pub(crate) fn new() -> Self {
        let framed = FramedExpander::new(Codec::Snappy);
        Self { decoder: Decoder::new(), framed, form: Form::Unknown, offset: 0 }
    }

    /// The whole block at once: `out` has room for all that it states, or the block lies.
    fn block(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        let Some((len, _)) = stated(input) else { return Err(locate(input)) };
        let start = out.len();
        if len > (out.capacity() - start) as u64 {
            return Err(locate(input));
        }
        // At most a `usize`, as it fits.
        out.resize(start + len as usize, 0);
        match self.decoder.decompress(input, &mut out[start..]) {
            Ok(n) if n as u64 == len => {}
            _ => {
                out.truncate(start);
                return Err(locate(input));
            }
        }
        self.form = Form::Block;
        self.offset = input.len() as u64;
        Ok(input.len())
    }
}

/// The length that stands first, and how many bytes it takes.
fn stated(input: &[u8]) -> Option<(u64, usize)> {
    let mut len = 0;
    for (index, &byte) in input.iter().take(5).enumerate() {
        len |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return (len <= u64::from(u32::MAX)).then_some((len, index + 1));
        }
    }
    None
}

/// What is wrong with a block, and where.
#[cold]
fn locate(input: &[u8]) -> DecompressError {
    let codec = Codec::Snappy;
    let truncated = DecompressError::Truncated { codec, offset: input.len() as u64 };
    let corrupt = |what, at: usize| DecompressError::Corrupt { codec, what, offset: at as u64 };
    let Some((len, mut at)) = stated(input) else {
        let whole = input.len() >= 5 || input.last().is_some_and(|&byte| byte < 0x80);
        return if whole { corrupt("a length over 4 GiB", 0) } else { truncated };
    };
    let mut produced = 0;
    while produced < len {
        let start = at;
        let Some(&tag) = input.get(at) else { return truncated };
        let size = tag >> 2;
        let (operand, copied) = match tag & 3 {
            0 if size < 60 => (0, None),
            0 => (usize::from(size) - 59, None),
            1 => (1, Some(u64::from(size & 7) + 4)),
            2 => (2, Some(u64::from(size) + 1)),
            _ => (4, Some(u64::from(size) + 1)),
        };
        let Some(bytes) = input.get(at + 1..at + 1 + operand) else { return truncated };
        let value = bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
        let end = at + 1 + operand;
        match copied {
            Some(length) => {
                let distance = if operand == 1 { u64::from(tag >> 5) << 8 | value } else { value };
                if distance == 0 || distance > produced {
                    return corrupt("a copy from before the start", at);
                }
                produced += length;
                at = end;
            }
            None => {
                let length = 1 + if operand == 0 { u64::from(size) } else { value };
                produced += length;
                if produced <= len && length > (input.len() - end) as u64 {
                    return truncated;
                }
                // Below 2^33, and within the input unless it is refused below.
                at = end.saturating_add(length as usize);
            }
        }
        if produced > len {
            return corrupt("an element over the stated length", start);
        }
    }
    match input.len() {
        end if at < end => DecompressError::TrailingData { codec, offset: at as u64 },
        // Nothing is wrong after all: the caller's room was too small, which its limit excludes.
        _ => corrupt("a broken block", at),
    }
}

impl Expand for BodyExpander {
    fn reset(&mut self) {
        self.framed.reset();
        self.form = Form::Unknown;
        self.offset = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        match self.form {
            Form::Unknown if input.starts_with(&STREAM_IDENTIFIER) => {
                self.form = Form::Framed;
                self.framed.step(input, out)
            }
            Form::Unknown => self.block(input, out),
            Form::Framed => self.framed.step(input, out),
            Form::Block => Ok(0),
        }
    }

    fn is_complete(&self) -> bool {
        match self.form {
            Form::Unknown => false,
            Form::Block => true,
            Form::Framed => self.framed.is_complete(),
        }
    }

    fn offset(&self) -> u64 {
        match self.form {
            Form::Framed => self.framed.offset(),
            _ => self.offset,
        }
    }

    fn size(&self, input: &[u8]) -> Size {
        match stated(input) {
            Some((len, _)) if self.form == Form::Unknown && !input.starts_with(&STREAM_IDENTIFIER) => {
                Size::Declared(len)
            }
            _ => Size::Unknown,
        }
    }

    fn bound(&self, len: usize) -> u64 {
        (len as u64).saturating_mul(MAX_RATIO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_elements_are_named() {
        let corrupt = |what, offset| DecompressError::Corrupt { codec: Codec::Snappy, what, offset };
        let truncated = |offset| DecompressError::Truncated { codec: Codec::Snappy, offset };
        for (bytes, expected) in [
            (&b""[..], truncated(0)),
            (b"\x80", truncated(1)),
            (b"\x80\x80\x80\x80\x80", corrupt("a length over 4 GiB", 0)),
            (b"\xff\xff\xff\xff\x1f", corrupt("a length over 4 GiB", 0)),
            (b"\x05", truncated(1)),
            (b"\x05\x08abc", truncated(5)),
            (b"\x05\x10abc", truncated(5)),
            (b"\x05\xf0", truncated(2)),
            (b"\x05\x14abcdef", corrupt("an element over the stated length", 1)),
            (b"\x05\x00a\x05\x00", corrupt("a copy from before the start", 3)),
            (b"\x05\x00a\x05\x02", corrupt("a copy from before the start", 3)),
            (b"\x09\x00a\x05\x01\x0f\x02\0\0\0", corrupt("an element over the stated length", 5)),
            (b"\x02\x04abx", DecompressError::TrailingData { codec: Codec::Snappy, offset: 4 }),
        ] {
            assert_eq!(locate(bytes), expected, "{bytes:?}");
        }
    }
}
