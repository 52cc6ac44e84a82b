//! Numbers: by their length in bits, the bits below the highest, and the rest as it is.

use super::{Bit, Coder};

/// A symbol below `N`, a power of two, bit by bit from the highest.
#[derive(Clone)]
pub(crate) struct Tree<const N: usize>([Bit; N]);

impl<const N: usize> Tree<N> {
    pub(crate) const fn new() -> Self {
        Self([Bit::EVEN; N])
    }

    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, symbol: usize) -> usize {
        let mut node = 1;
        let mut probe = N >> 1;
        while node < N {
            node = node << 1 | usize::from(coder.bit(&mut self.0[node], symbol & probe != 0));
            probe >>= 1;
        }
        node - N
    }

    /// Learns a symbol without coding it.
    #[inline]
    pub(crate) fn learn(&mut self, symbol: usize) {
        let mut node = 1;
        let mut probe = N >> 1;
        while node < N {
            let bit = symbol & probe != 0;
            self.0[node].learn(bit);
            node = node << 1 | usize::from(bit);
            probe >>= 1;
        }
    }

    fn soften(&mut self, count: u32) {
        self.0.iter_mut().for_each(|bit| bit.soften(count));
    }
}

/// An unsigned number of any size whose magnitude is what can be learned.
#[derive(Clone)]
pub(crate) struct Number {
    /// Length in bits: 0 to 64, where 63 stands for 63 and 64.
    length: Tree<64>,
    longest: Bit,
    /// The two bits below the highest.
    below: [[Bit; 4]; 64],
}

impl Number {
    pub(crate) const fn new() -> Self {
        Self { length: Tree::new(), longest: Bit::EVEN, below: [[Bit::EVEN; 4]; 64] }
    }

    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, value: u64) -> u64 {
        let length = 64 - value.leading_zeros();
        let symbol = self.length.code(coder, length.min(63) as usize) as u32;
        if symbol < 2 {
            return u64::from(symbol);
        }
        let length =
            if symbol == 63 { 63 + u32::from(coder.bit(&mut self.longest, length == 64)) } else { symbol };
        let below = &mut self.below[symbol as usize];
        let first = coder.bit(&mut below[1], value >> (length - 2) & 1 != 0);
        let mut result = 2 | u64::from(first);
        if length > 2 {
            let second = coder.bit(&mut below[2 | usize::from(first)], value >> (length - 3) & 1 != 0);
            result = result << 1 | u64::from(second);
        }
        if length > 3 {
            let rest = length - 3;
            result = result << rest | coder.raw(value, rest);
        }
        result
    }

    /// Learns a value without coding it.
    pub(crate) fn learn(&mut self, value: u64) {
        let length = 64 - value.leading_zeros();
        let symbol = length.min(63) as usize;
        self.length.learn(symbol);
        if symbol == 63 {
            self.longest.learn(length == 64);
        }
        if length > 1 {
            let first = value >> (length - 2) & 1 != 0;
            self.below[symbol][1].learn(first);
            if length > 2 {
                self.below[symbol][2 | usize::from(first)].learn(value >> (length - 3) & 1 != 0);
            }
        }
    }

    /// A model that starts where this one is and moves on as fast as one that has seen `count` numbers.
    pub(crate) fn offspring(&self, count: u32) -> Self {
        let mut new = self.clone();
        new.length.soften(count);
        new.below.iter_mut().flatten().for_each(|bit| bit.soften(count));
        new
    }
}

/// An index that is mostly small: as [`Number`], for 32 bits and in less memory.
#[derive(Clone)]
pub(crate) struct Index {
    length: Tree<32>,
    below: [[Bit; 4]; 12],
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { length: Tree::new(), below: [[Bit::EVEN; 4]; 12] }
    }

    /// A value below 2^31.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, value: u32) -> u32 {
        let length = self.length.code(coder, (32 - value.leading_zeros()) as usize & 31) as u32;
        if length < 2 {
            return length;
        }
        let mut rest = length - 1;
        let mut result = 1;
        if let Some(below) = self.below.get_mut(length as usize - 2) {
            rest -= 1;
            let first = coder.bit(&mut below[1], value >> rest & 1 != 0);
            result = 2 | u32::from(first);
            if rest > 0 {
                rest -= 1;
                let second = coder.bit(&mut below[result as usize], value >> rest & 1 != 0);
                result = result << 1 | u32::from(second);
            }
        }
        result << rest | coder.raw(u64::from(value), rest) as u32
    }
}
