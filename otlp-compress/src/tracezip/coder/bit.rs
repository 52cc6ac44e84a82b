//! One adaptive probability.

/// How likely the next bit of one kind is set: 22 bits of probability above 10 bits of count. Young ones move fast: after `n` bits
/// a bit moves its probability by one part in `n + 1.5`, and never by less than one in [`LIMIT`].
#[derive(Clone, Copy)]
pub(crate) struct Bit(u32);

/// Bits after which a probability moves no slower.
const LIMIT: u32 = 160;

/// How near probabilities come to 0 and 1, in parts of 2^22.
const EDGE: i32 = 24 << 6;

/// `65536 / (n + 1.5)`.
const RATE: [u32; 256] = {
    let mut rate = [0; 256];
    let mut n = 0;
    while n < rate.len() {
        rate[n] = (65536 * 2 / (2 * n + 3)) as u32;
        n += 1;
    }
    rate
};

impl Bit {
    /// Even odds, nothing learned.
    pub(crate) const EVEN: Self = Self(1 << 31);

    /// A first guess of a set bit in parts of 256, as firm as `count` bits seen.
    pub(crate) const fn guess(parts: u32, count: u32) -> Self {
        Self(parts << 24 | count)
    }

    /// The probability of a set bit in parts of 65536, neither 0 nor 65536.
    #[inline(always)]
    pub(crate) const fn chance(self) -> u32 {
        self.0 >> 16
    }

    /// Learns a bit.
    #[inline(always)]
    pub(crate) fn learn(&mut self, bit: bool) {
        let count = self.0 & 1023;
        let chance = (self.0 >> 10) as i32;
        // Neither outcome ever becomes impossible.
        let target = if bit { (1 << 22) - EDGE } else { EDGE };
        let step = (i64::from(target - chance) * i64::from(RATE[count as usize & 255])) >> 16;
        self.0 = ((chance + step as i32) as u32) << 10 | (count + u32::from(count < LIMIT));
    }

    /// Makes what was learned count for no more than `count` bits.
    pub(crate) fn soften(&mut self, count: u32) {
        self.0 = self.0 & !1023 | (self.0 & 1023).min(count);
    }
}
