//! The encoder's side of the columns.

use super::{Bit, Coder};

/// Writes the three columns. The range coder is the carry-propagating one of LZMA, with 16-bit probabilities.
pub(crate) struct ColumnWriter {
    low: u64,
    range: u32,
    /// The last byte that a carry may still change, and how many bytes of 0xff stand behind it.
    cache: u8,
    pending: u64,
    /// What the range coder has written.
    pub(crate) models: Vec<u8>,
    /// Plain bits, lowest first.
    pub(crate) bits: Vec<u8>,
    window: u64,
    filled: u32,
    /// Literal bytes.
    pub(crate) text: Vec<u8>,
    failed: Option<&'static str>,
}

impl ColumnWriter {
    pub(crate) fn new() -> Self {
        Self {
            low: 0,
            range: u32::MAX,
            cache: 0,
            pending: 0,
            models: Vec::new(),
            bits: Vec::new(),
            window: 0,
            filled: 0,
            text: Vec::new(),
            failed: None,
        }
    }

    /// Starts new columns in the same memory.
    pub(crate) fn clear(&mut self) {
        (self.low, self.range, self.cache, self.pending) = (0, u32::MAX, 0, 0);
        (self.window, self.filled) = (0, 0);
        self.models.clear();
        self.bits.clear();
        self.text.clear();
        self.failed = None;
    }

    /// Writes what is still on its way. The first byte of the range coder is always 0 and is left out, and so are zeros at
    /// its end, which a reader supplies.
    pub(crate) fn finish(&mut self) {
        // Any value from `low` up to `low + range` ends the code: take the one with the most zeros at its end.
        let top = self.low + u64::from(self.range) - 1;
        let mut keep = 32;
        while keep > 0 {
            let mask = !((1_u64 << (keep - 1)) - 1);
            if (top & mask) >= self.low {
                self.low = top & mask;
                break;
            }
            keep -= 1;
        }
        for _ in 0..5 {
            self.shift();
        }
        if !self.models.is_empty() {
            self.models.remove(0);
        }
        while self.models.last() == Some(&0) {
            self.models.pop();
        }
        let left = self.filled.div_ceil(8) as usize;
        self.bits.extend_from_slice(&self.window.to_le_bytes()[..left]);
        (self.window, self.filled) = (0, 0);
    }

    #[inline]
    fn shift(&mut self) {
        if self.low < 0xff00_0000 || self.low > 0xffff_ffff {
            let carry = (self.low >> 32) as u8;
            self.models.push(self.cache.wrapping_add(carry));
            for _ in 0..self.pending {
                self.models.push(0xff_u8.wrapping_add(carry));
            }
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }
}

impl Coder for ColumnWriter {
    const READS: bool = false;

    #[inline(always)]
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let bound = (self.range >> 16) * model.chance();
        if bit {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        model.learn(bit);
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
        bit
    }

    #[inline]
    fn raw(&mut self, value: u64, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        let value = value & (u64::MAX >> (64 - count));
        self.window |= value << self.filled;
        let filled = self.filled + count;
        if filled >= 64 {
            self.bits.extend_from_slice(&self.window.to_le_bytes());
            let used = 64 - self.filled;
            self.window = if used == 64 { 0 } else { value >> used };
            self.filled = filled - 64;
        } else {
            self.filled = filled;
        }
        value
    }

    #[inline]
    fn text(&mut self, text: &[u8], _length: usize, into: &mut Vec<u8>) {
        self.text.extend_from_slice(text);
        into.extend_from_slice(text);
    }

    fn failed(&self) -> Option<&'static str> {
        self.failed
    }

    fn fail(&mut self, what: &'static str) {
        self.failed.get_or_insert(what);
    }
}
