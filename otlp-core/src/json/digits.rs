//! Integers as decimal digits, eight at a time.

const EIGHT: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Stores the digits of `value` at the start of `out`; gives their number, 1 to 20.
#[inline]
pub(super) fn write(out: &mut [u8; 24], value: u64) -> usize {
    let mut store = |at: usize, digits: u64| out[at..at + 8].copy_from_slice(&(digits | ZEROS).to_le_bytes());
    // The first eight digits begin with the first that is not zero.
    let first = |value: u64| {
        let digits = eight(value);
        let zeros = (digits | 1 << 56).trailing_zeros() & !7;
        (digits >> zeros, 8 - zeros as usize / 8)
    };
    if value < EIGHT {
        let (digits, count) = first(value);
        store(0, digits);
        count
    } else if value < EIGHT * EIGHT {
        let (digits, count) = first(value / EIGHT);
        store(0, digits);
        store(count, eight(value % EIGHT));
        count + 8
    } else {
        let (digits, count) = first(value / (EIGHT * EIGHT));
        let rest = value % (EIGHT * EIGHT);
        store(0, digits);
        store(count, eight(rest / EIGHT));
        store(count + 8, eight(rest % EIGHT));
        count + 16
    }
}

/// As [`write`], with a minus in front of a negative number.
#[inline]
pub(super) fn write_signed(out: &mut [u8; 25], value: i64) -> usize {
    out[0] = b'-';
    let sign = usize::from(value < 0);
    match out[sign..].first_chunk_mut() {
        Some(digits) => sign + write(digits, value.unsigned_abs()),
        None => sign,
    }
}

/// As [`write`], in quotes and with a minus in front when `negative`.
#[inline]
pub(super) fn write_quoted(out: &mut [u8; 32], negative: bool, value: u64) -> usize {
    (out[0], out[1]) = (b'"', b'-');
    let start = 1 + usize::from(negative);
    let Some(digits) = out[start..].first_chunk_mut() else { return 0 };
    let end = start + write(digits, value);
    out[end] = b'"';
    end + 1
}

/// The eight digits of a number below 10⁸, the first in the lowest byte.
///
/// In halves, quarters and single digits, all parts of a step in one multiplication by a rounded reciprocal.
#[inline]
const fn eight(value: u64) -> u64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - tens * 10) << 8)
}

/// The number that eight digits stand for; `None` when one of the bytes is none.
#[inline]
pub(super) const fn read_eight(bytes: [u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(bytes) ^ ZEROS;
    // A byte above 9 has one of the upper bits set, or gets one by adding 6; no carry leaves a byte without upper bits.
    if (digits | ((digits & 0x0f0f_0f0f_0f0f_0f0f) + 0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((quads & 0xffff_ffff) * 10_000 + (quads >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: u64) -> String {
        let mut out = [b'x'; 24];
        let count = write(&mut out, value);
        String::from_utf8(out[..count].to_vec()).unwrap()
    }

    #[test]
    fn numbers_of_all_lengths() {
        let mut value = 0_u64;
        for power in 0..20 {
            let ten = 10_u64.pow(power);
            for near in [ten - 1, ten, ten + 1, u64::MAX / ten] {
                assert_eq!(written(near), near.to_string());
            }
        }
        for step in 0..100_000_u64 {
            value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            let some = value >> (step % 64);
            assert_eq!(written(some), some.to_string());
        }
        assert_eq!(written(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn signs() {
        for value in [0, 1, -1, 99, -100, i64::MAX, i64::MIN, i64::MIN + 1, -12_345_678_901_234_567] {
            let mut out = [b'x'; 25];
            let count = write_signed(&mut out, value);
            assert_eq!(str::from_utf8(&out[..count]).unwrap(), value.to_string());
            let mut out = [b'x'; 32];
            let count = write_quoted(&mut out, value < 0, value.unsigned_abs());
            assert_eq!(str::from_utf8(&out[..count]).unwrap(), format!("\"{value}\""));
        }
    }

    #[test]
    fn all_numbers_of_four_digits_in_both_halves() {
        for value in 0..10_000 {
            for value in [value, value * 10_000 + 9_999 - value] {
                assert_eq!(written(value), value.to_string());
                let text = format!("{value:08}");
                assert_eq!(read_eight(*text.as_bytes().first_chunk().unwrap()), Some(value));
            }
        }
    }

    #[test]
    fn what_is_no_digit() {
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                let mut bytes = *b"98765432";
                bytes[at] = byte;
                let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.starts_with('+'));
                assert_eq!(read_eight(bytes), text.and_then(|text| text.parse().ok()), "{bytes:?}");
            }
        }
    }
}
