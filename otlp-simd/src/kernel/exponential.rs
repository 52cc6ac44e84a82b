//! Buckets of exponential histograms.

use super::octave::BOUNDS;

/// Scale of the table.
const TABLE_SCALE: u32 = 7;
/// The finest scale: what SDKs use.
const MAX_SCALE: i32 = 20;
const SIGNIFICAND_BITS: u32 = 52;

/// For each value of a significand's top eight bits, the last bound that lies at or below it.
const GUESSES: [u8; 256] = {
    let mut guesses = [0; 256];
    let (mut at, mut bound) = (0, 0);
    while at < 256 {
        let smallest = (1_u64 << SIGNIFICAND_BITS) + ((at as u64) << 44);
        while BOUNDS[bound + 1] <= smallest {
            bound += 1;
        }
        guesses[at] = bound as u8;
        at += 1;
    }
    guesses
};

/// Index of the bucket of a positive finite value at `scale`: bucket `i` holds values above `2^(i / 2^scale)` up to
/// `2^((i + 1) / 2^scale)`, inclusive.
///
/// `None` if the value is zero, negative, infinite or NaN, or the scale is above 20.
///
/// Exact up to scale 7, and for powers of two at every scale. Above scale 7 a value within about 2^-52 of a bound,
/// relative to it, may land in the neighbouring bucket. Merging buckets to a coarser scale gives exactly the index that this
/// function gives there. Same results on every machine: no logarithm of a system's library is involved.
#[inline]
pub fn exponential_index(value: f64, scale: i32) -> Option<i32> {
    if !(value > 0.0 && value < f64::INFINITY) || scale > MAX_SCALE {
        return None;
    }
    let bits = value.to_bits();
    let (mut exponent, mut significand) =
        ((bits >> SIGNIFICAND_BITS) as i64, bits & ((1 << SIGNIFICAND_BITS) - 1));
    if exponent == 0 {
        // Subnormal: its highest bit is where a normal number's implied one is.
        let shift = significand.leading_zeros() - (63 - SIGNIFICAND_BITS);
        significand <<= shift;
        exponent = 1 - i64::from(shift);
    } else {
        significand |= 1 << SIGNIFICAND_BITS;
    }
    exponent -= 1023;
    if significand == 1 << SIGNIFICAND_BITS {
        // A power of two ends its bucket.
        let end = if scale >= 0 { exponent << scale } else { -(-exponent >> scale.unsigned_abs().min(63)) };
        return Some((end - 1) as i32);
    }
    let mut bound = usize::from(GUESSES[(significand >> 44) as usize & 0xff]);
    // Bounds are further apart than values that share a guess.
    bound += usize::from(significand >= BOUNDS[bound + 1]);
    let coarse = (exponent << TABLE_SCALE) + bound as i64;
    let finer = scale.saturating_sub(TABLE_SCALE as i32);
    let index = if finer <= 0 {
        coarse >> finer.unsigned_abs().min(63)
    } else {
        (coarse << finer) + within(significand, bound, finer)
    };
    Some(index as i32)
}

/// Which of the `2^finer` parts of the bucket above a bound of the table holds the significand.
fn within(significand: u64, bound: usize, finer: i32) -> i64 {
    // The rounded bound may lie half a unit off, which is where the inexactness comes from.
    let start = BOUNDS[bound] as f64;
    let x = (significand as f64 - start) / start;
    // ln(1 + x) for x up to 2^(1/128) - 1: what is left out is below 2^-55.
    let ln =
        x * (1.0 - x * (1.0 / 2.0 - x * (1.0 / 3.0 - x * (1.0 / 4.0 - x * (1.0 / 5.0 - x * (1.0 / 6.0))))));
    let parts = (1_i64 << finer) as f64;
    let position = ln * std::f64::consts::LOG2_E * ((1 << TABLE_SCALE) as f64) * parts;
    // Rounded up by hand: the processor's own instruction is not in the base set, and a call costs more than the rest.
    let whole = position as i64;
    let end = whole + i64::from((whole as f64) < position);
    end.clamp(1, 1 << finer) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A whole number, 32 bits a limb, least first: to compare powers exactly.
    #[derive(PartialEq, Eq)]
    struct Whole(Vec<u32>);

    impl Whole {
        fn power_of_two(exponent: usize) -> Self {
            let mut limbs = vec![0; exponent / 32 + 1];
            limbs[exponent / 32] = 1 << (exponent % 32);
            Self(limbs)
        }

        fn squared(&self) -> Self {
            let mut limbs = vec![0_u32; self.0.len() * 2];
            for (at, a) in self.0.iter().enumerate() {
                let mut carry = 0_u64;
                for (by, b) in self.0.iter().enumerate() {
                    let sum = u64::from(*a) * u64::from(*b) + u64::from(limbs[at + by]) + carry;
                    limbs[at + by] = sum as u32;
                    carry = sum >> 32;
                }
                limbs[at + self.0.len()] = carry as u32;
            }
            while limbs.last() == Some(&0) {
                limbs.pop();
            }
            Self(limbs)
        }

        /// The number to the power of `2^times`.
        fn raised(value: u64, times: u32) -> Self {
            (0..times).fold(Self(vec![value as u32, (value >> 32) as u32]), |number, _| number.squared())
        }

        fn at_least(&self, other: &Self) -> bool {
            self.0
                .len()
                .cmp(&other.0.len())
                .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
                .is_ge()
        }
    }

    #[test]
    fn the_table_is_exact() {
        assert_eq!((BOUNDS[0], BOUNDS[128]), (1 << 52, 1 << 53));
        for (index, bound) in BOUNDS.iter().enumerate() {
            // bound >= 2^(52 + index / 128) > bound - 1
            let exact = Whole::power_of_two(52 * 128 + index);
            assert!(Whole::raised(*bound, 7).at_least(&exact), "{index}");
            assert!(!Whole::raised(*bound - 1, 7).at_least(&exact), "{index}");
        }
    }

    #[test]
    fn values_beside_each_bound_of_scale_7_fall_on_their_sides() {
        for exponent in [-1022, -3, 0, 9, 1022] {
            for (index, bound) in BOUNDS.iter().enumerate().take(128).skip(1) {
                let value = |significand: u64| {
                    f64::from_bits(
                        ((i64::from(exponent) + 1023) << 52) as u64 | significand & ((1 << 52) - 1),
                    )
                };
                let above = exponent * 128 + index as i32;
                for scale in -10..=20 {
                    let place = |index: i32| if scale <= 7 { index >> (7 - scale) } else { index };
                    let coarse = |found: Option<i32>| found.map(|index| index >> (scale - 7).max(0));
                    assert_eq!(coarse(exponential_index(value(*bound), scale)), Some(place(above)));
                    assert_eq!(coarse(exponential_index(value(*bound - 1), scale)), Some(place(above - 1)));
                }
            }
        }
    }

    #[test]
    fn powers_of_two_end_their_bucket() {
        for exponent in -1074..1024 {
            let value = if exponent < -1022 {
                f64::from_bits(1 << (exponent + 1074))
            } else {
                f64::from_bits(((i64::from(exponent) + 1023) << 52) as u64)
            };
            for scale in -10..=20_i32 {
                let index = if scale >= 0 {
                    (i64::from(exponent) << scale) - 1
                } else {
                    (i64::from(exponent) - 1) >> -scale
                };
                assert_eq!(exponential_index(value, scale), Some(index as i32), "2^{exponent} at {scale}");
            }
        }
    }

    #[test]
    fn what_has_no_bucket() {
        for value in [0.0, -0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(exponential_index(value, 3), None);
        }
        assert_eq!(exponential_index(1.5, 21), None);
        assert_eq!(exponential_index(1.5, i32::MIN), Some(0));
        assert_eq!(exponential_index(0.5, i32::MIN), Some(-1));
    }

    proptest! {
        #[test]
        fn coarser_indices_are_shifted_ones(bits in 1..0x7ff0_0000_0000_0000_u64, scale in -10..=20_i32, by in 1..12_i32) {
            let value = f64::from_bits(bits);
            let fine = exponential_index(value, scale).unwrap();
            prop_assert_eq!(exponential_index(value, scale - by), Some(fine >> by));
        }

        #[test]
        fn fine_scales_agree_with_the_logarithm(bits in 0x3c00_0000_0000_0000..0x43f0_0000_0000_0000_u64, scale in 8..=20_i32) {
            let value = f64::from_bits(bits);
            let found = exponential_index(value, scale).unwrap();
            let expected = (value.log2() * f64::from(1_u32 << scale)).ceil() - 1.0;
            // The logarithm errs by more than the table does: up to 2^-47 times 2^20 of a bucket, which only matters
            // beside a bound.
            prop_assert!((f64::from(found) - expected).abs() <= 1.0, "{} for {}", found, expected);
        }
    }
}
