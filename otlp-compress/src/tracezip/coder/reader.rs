//! The decoder's side of the columns.

use super::{Bit, Coder};

/// Reads the three columns.
pub(crate) struct ColumnReader<'a> {
    code: u64,
    range: u64,
    models: &'a [u8],
    at: usize,
    bits: &'a [u8],
    bits_at: usize,
    text: &'a [u8],
    text_at: usize,
    failed: Option<&'static str>,
}

/// Bytes that a range decoder may look at behind its column: the zeros that an encoder leaves out.
const AHEAD: usize = 16;

impl<'a> ColumnReader<'a> {
    pub(crate) fn new(models: &'a [u8], bits: &'a [u8], text: &'a [u8]) -> Self {
        let mut new = Self {
            code: 0,
            range: u64::MAX,
            models,
            at: 0,
            bits,
            bits_at: 0,
            text,
            text_at: 0,
            failed: None,
        };
        new.code = u64::from(new.next()) << 32 | u64::from(new.next());
        new
    }

    /// The next four bytes of the range coder; zeros behind the end.
    #[inline(always)]
    fn next(&mut self) -> u32 {
        let at = self.at;
        self.at += 4;
        match self.models.get(at..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => u32::from_be_bytes(*bytes),
            None => self.last(at),
        }
    }

    #[cold]
    fn last(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        let rest = self.models.get(at..).unwrap_or(&[]);
        bytes[..rest.len()].copy_from_slice(rest);
        u32::from_be_bytes(bytes)
    }

    /// Whether all columns are used up, as an encoder leaves them.
    pub(crate) fn finish(&mut self) {
        if self.text_at != self.text.len() {
            self.fail("text is left over");
        }
        if self.bits_at.div_ceil(8) != self.bits.len() {
            self.fail("bits are left over");
        }
        if self.at < self.models.len() {
            self.fail("model bytes are left over");
        }
    }
}

impl Coder for ColumnReader<'_> {
    const READS: bool = true;

    #[inline(always)]
    fn bit(&mut self, model: &mut Bit, _bit: bool) -> bool {
        let bound = (self.range >> 16) * u64::from(model.chance());
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        model.learn(bit);
        if self.range < 1 << 32 {
            self.range <<= 32;
            self.code = self.code << 32 | u64::from(self.next());
        }
        bit
    }

    #[inline]
    fn raw(&mut self, _value: u64, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        let (byte, shift) = (self.bits_at / 8, self.bits_at as u32 % 8);
        self.bits_at += count as usize;
        let mask = u64::MAX >> (64 - count);
        if let Some(&[a, b, c, d, e, f, g, h, i]) = self.bits.get(byte..).and_then(<[u8]>::first_chunk) {
            let low = u64::from_le_bytes([a, b, c, d, e, f, g, h]) >> shift;
            let high = if shift == 0 { 0 } else { u64::from(i) << (64 - shift) };
            return (low | high) & mask;
        }
        if self.bits_at > self.bits.len() * 8 {
            self.bits_at = self.bits.len() * 8;
            self.fail("the bits end too early");
            return 0;
        }
        let mut window = [0; 16];
        let rest = &self.bits[byte..];
        window[..rest.len().min(9)].copy_from_slice(&rest[..rest.len().min(9)]);
        (u128::from_le_bytes(window) >> shift) as u64 & mask
    }

    #[inline]
    fn text(&mut self, _text: &[u8], length: usize, into: &mut Vec<u8>) {
        match self.text.get(self.text_at..).and_then(|rest| rest.get(..length)) {
            Some(text) => {
                into.extend_from_slice(text);
                self.text_at += length;
            }
            None => self.fail("the text ends too early"),
        }
    }

    #[inline]
    fn failed(&self) -> Option<&'static str> {
        if self.at > self.models.len() + AHEAD { Some("the models end too early") } else { self.failed }
    }

    fn fail(&mut self, what: &'static str) {
        self.failed.get_or_insert(what);
    }
}
