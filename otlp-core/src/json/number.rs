//! Numbers in JSON: the grammar, exact integers, doubles.

use super::room::Room;

/// Length of the number that `bytes` starts with (RFC 8259, section 6); `None` when there is none.
pub(crate) fn scan(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 {
        return None;
    }
    // No needless zeros in front: `01` is the number `0` and something that must not follow it.
    at += if bytes[at] == b'0' { 1 } else { whole };
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// Whether the whole of `text` is a number.
pub(crate) fn is_number(text: &str) -> bool {
    scan(text.as_bytes()) == Some(text.len())
}

/// The integer that a number of the grammar stands for, exactly: `12`, `1.0` and `1e3` are integers, `1.5` is none.
///
/// `None` too when it has more than 30 digits, which no field holds.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = if digits.len() <= 19 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        i128::from(digits.bytes().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0')))
    } else {
        scaled(digits)?
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Digits with a point or an exponent.
#[cold]
fn scaled(text: &str) -> Option<i128> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = || whole.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0');
    let count = digits().count();
    if count == 0 {
        return Some(0);
    }
    // An exponent that does not fit is far outside either way.
    let exponent = exponent.parse::<i64>().ok()?;
    let shift = exponent.checked_sub(fraction.len() as i64)?;
    // A negative shift is fine as long as it only removes zeros; those of the fraction are gone already.
    let zeros =
        if fraction.is_empty() { whole.bytes().rev().take_while(|digit| *digit == b'0').count() } else { 0 };
    if shift < -(zeros as i64) || count as i64 + shift > 30 {
        return None;
    }
    let kept = (count as i64 + shift.min(0)) as usize;
    let value = digits().take(kept).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    Some(value * 10_i128.pow(shift.max(0) as u32))
}

/// The double nearest to a number of the grammar; `None` when it is beyond the largest.
pub(crate) fn double(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Appends the shortest text that reads back as `value`; strings for what JSON has no number for.
pub(super) fn write_double(out: &mut Room<'_>, value: f64) {
    if value.is_finite() {
        out.extend(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend(match (value.is_nan(), value < 0.0) {
            (true, _) => b"\"NaN\"",
            (_, true) => b"\"-Infinity\"",
            _ => b"\"Infinity\"",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for text in
            ["0", "-0", "7", "10", "-12.50", "1e3", "1E+3", "0.1e-10", "123456789012345678901234567890"]
        {
            assert!(is_number(text), "{text}");
        }
        for text in
            ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", " 1", "1 ", "1_0", "--1"]
        {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn integers_are_exact() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0e5", 0),
            ("42", 42),
            ("-42", -42),
            ("1.0", 1),
            ("1e3", 1000),
            ("1.5e1", 15),
            ("1500e-2", 15),
            ("100.00e-2", 1),
            ("0.001e3", 1),
            ("18446744073709551615", i128::from(u64::MAX)),
            ("1.8446744073709551615e19", i128::from(u64::MAX)),
            ("-9223372036854775808", i128::from(i64::MIN)),
            ("000000000000000000000000000000000000001e0", 1),
        ] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in
            ["1.5", "1e-1", "15e-1", "1e31", "1e99999999999999999999", "1e-99999999999999999999", "12.34e1"]
        {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_read_back() {
        for value in
            [0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, 123_456_789.125, -2.5e-7]
        {
            let mut out = Vec::new();
            let mut room = Room::new(&mut out);
            write_double(&mut room, value);
            room.finish();
            let text = String::from_utf8(out).unwrap();
            assert!(is_number(&text), "{text}");
            assert_eq!(double(&text).map(f64::to_bits), Some(value.to_bits()), "{text}");
        }
        assert_eq!(double("1e400"), None);
    }
}
