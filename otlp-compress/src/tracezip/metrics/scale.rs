//! Doubles that are decimal fractions of few digits, as integers.

/// Powers of ten that doubles hold exactly, as far as they are tried.
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// What stands for a double that is no such fraction.
pub(super) const RAW: u8 = 15;

/// The number whose quotient by the power is exactly this double.
#[inline]
fn scaled(bits: u64, scale: u8) -> Option<i64> {
    let power = POWERS[usize::from(scale)];
    let count = (f64::from_bits(bits) * power).round();
    if count.abs() >= 9e15 || count.is_nan() {
        return None;
    }
    let count = count as i64;
    (unscaled(count, scale) == bits).then_some(count)
}

/// The double of a number at a scale.
#[inline]
pub(super) fn unscaled(count: i64, scale: u8) -> u64 {
    // Scales come from `of`, or were checked where they were read.
    (count as f64 / POWERS[usize::from(scale).min(POWERS.len() - 1)]).to_bits()
}

/// A scale for a double, the first that fits from `last` on upwards, else from 0 on, and the number.
pub(super) fn of(bits: u64, last: u8) -> (u8, i64) {
    let last = if last == RAW { 0 } else { last };
    if let Some(count) = scaled(bits, last) {
        return (last, count);
    }
    for scale in 0..POWERS.len() as u8 {
        if let Some(count) = scaled(bits, scale) {
            return (scale, count);
        }
    }
    (RAW, 0)
}

/// Whether a scale is one.
pub(super) const fn is_known(scale: u8) -> bool {
    (scale as usize) < POWERS.len() || scale == RAW
}
