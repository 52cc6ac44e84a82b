//! The encoder's side of the columns.

use super::{Bit, Coder};

/// Writes the three columns. The range coder has 64 bits and gives out 32 at a time; a carry goes back into what was written.
pub(crate) struct ColumnWriter {
    low: u64,
    range: u64,
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
            range: u64::MAX,
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
        (self.low, self.range) = (0, u64::MAX);
        (self.window, self.filled) = (0, 0);
        self.models.clear();
        self.bits.clear();
        self.text.clear();
        self.failed = None;
    }

    /// Writes what is still on its way. Zeros at the end of the range coder's bytes are left out; a reader supplies them.
    pub(crate) fn finish(&mut self) {
        // Any number from `low` on for `range` ends the code: the one with the most zeros at its end.
        for zeros in (0..64).rev() {
            let mask = (1_u64 << zeros) - 1;
            let (rounded, carry) = self.low.overflowing_add(mask);
            let rounded = rounded & !mask;
            if rounded.wrapping_sub(self.low) < self.range {
                if carry {
                    self.carry();
                }
                self.low = rounded;
                break;
            }
        }
        self.models.extend_from_slice(&self.low.to_be_bytes());
        while self.models.last() == Some(&0) {
            self.models.pop();
        }
        let left = self.filled.div_ceil(8) as usize;
        self.bits.extend_from_slice(&self.window.to_le_bytes()[..left]);
        (self.window, self.filled) = (0, 0);
    }

    /// Adds one to what was written.
    #[cold]
    fn carry(&mut self) {
        for byte in self.models.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }
}

impl Coder for ColumnWriter {
    const READS: bool = false;

    #[inline(always)]
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let bound = (self.range >> 16) * u64::from(model.chance());
        if bit {
            self.range = bound;
        } else {
            let (low, carry) = self.low.overflowing_add(bound);
            self.low = low;
            self.range -= bound;
            if carry {
                self.carry();
            }
        }
        model.learn(bit);
        if self.range < 1 << 32 {
            self.models.extend_from_slice(&((self.low >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.range <<= 32;
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
