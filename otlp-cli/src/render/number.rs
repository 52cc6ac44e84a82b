//! Numbers, sizes and times as people read them.

use std::time::{Duration, UNIX_EPOCH};

use super::clean::clean;
use super::text::cut;

/// Three digits that count: `1.24`, `12.4`, `124`, `1,240`.
pub(crate) fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size >= 999.5 => {
            let sign = if value < 0.0 { "-" } else { "" };
            if size < 1e15 { format!("{sign}{}", count(size.round() as u64)) } else { format!("{value:.2e}") }
        }
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.01 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        size if size.is_nan() => "NaN".to_owned(),
        _ => format!("{value:.1e}"),
    }
}

/// Thousands set apart: `86,583`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Nanoseconds: `850 ns`, `12.4 µs`, `34.2 ms`, `1.24 s`, `2 m 03 s`.
pub(crate) fn duration(nanos: u64) -> String {
    let value = nanos as f64;
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_500 => format!("{} µs", three_digits(value / 1e3)),
        999_500..999_500_000 => format!("{} ms", three_digits(value / 1e6)),
        999_500_000..120_000_000_000 => format!("{} s", three_digits(value / 1e9)),
        _ => {
            let seconds = nanos / 1_000_000_000;
            match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
                (0, 0, minutes, seconds) => format!("{minutes} m {seconds:02} s"),
                (0, hours, minutes, _) => format!("{hours} h {minutes:02} m"),
                (days, hours, ..) => format!("{days} d {hours:02} h"),
            }
        }
    }
}

/// Decimal multiples: `812 B`, `1.21 MB`.
pub(crate) fn bytes(value: u64) -> String {
    let mut size = value as f64;
    if value < 1_000 {
        return format!("{value} B");
    }
    for unit in ["kB", "MB", "GB"] {
        size /= 1e3;
        if size < 999.5 {
            return format!("{} {unit}", three_digits(size));
        }
    }
    format!("{} TB", three_digits(size / 1e3))
}

/// A metric's value with its unit, safe for a terminal: seconds and bytes scaled, `1` and annotations like `{order}` left out.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    let nanos_per = match unit {
        "s" => 1e9,
        "ms" => 1e6,
        "us" => 1e3,
        "ns" => 1.0,
        "By" if (0.0..9e18).contains(&value) => return bytes(value.round() as u64),
        "1" if (0.0..=1.0).contains(&value) => return format!("{} %", three_digits(value * 100.0)),
        "" | "1" => return three_digits(value),
        other if other.starts_with('{') => return three_digits(value),
        other => return format!("{} {}", three_digits(value), cut(&clean(other), 16)),
    };
    let nanos = value * nanos_per;
    if (0.0..1.8e19).contains(&nanos) {
        duration(nanos.round() as u64)
    } else {
        format!("{} {unit}", three_digits(value))
    }
}

/// Nanoseconds since the epoch as `2026-01-01 12:00:01.203`, in UTC.
pub(crate) fn date_time(nanos: u64) -> String {
    // 2^64 ns end in the year 2554, within what the formatter takes.
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(nanos))
        .to_string()
        .replace('T', " ")
        .trim_end_matches('Z')
        .to_owned()
}

/// Nanoseconds since the epoch as `12:00:01.203`, in UTC.
pub(crate) fn time_of_day(nanos: u64) -> String {
    date_time(nanos).split_off(11)
}

/// `… 1 more span`, `… 2 more spans`.
pub(crate) fn more(number: usize, one: &str) -> String {
    let text = plural(number, one);
    text.split_once(' ').map_or_else(String::new, |(number, noun)| format!("… {number} more {noun}"))
}

/// `1 span`, `2 spans`.
pub(crate) fn plural(number: usize, one: &str) -> String {
    let many = match one {
        "series" => one.to_owned(),
        _ if one.ends_with("ry") => format!("{}ies", one.trim_end_matches('y')),
        _ if one.ends_with("ss") => format!("{one}es"),
        _ => format!("{one}s"),
    };
    format!("{} {}", count(number as u64), if number == 1 { one } else { &many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_well() {
        let durations =
            [0, 999, 12_400, 999_499, 999_500, 34_200_000, 999_499_999, 1_240_000_000, 123 << 30, u64::MAX];
        assert_eq!(
            durations.map(duration).join(", "),
            "0 ns, 999 ns, 12.4 µs, 999 µs, 1.00 ms, 34.2 ms, 999 ms, 1.24 s, 2 m 12 s, 213503 d 23 h"
        );
        assert_eq!([0, 999, 1_000, 86_583, 1_000_000].map(count).join(" "), "0 999 1,000 86,583 1,000,000");
        assert_eq!(
            [812, 1_000, 1_210_000, u64::MAX].map(bytes).join(", "),
            "812 B, 1.00 kB, 1.21 MB, 18,446,744 TB"
        );
        let values = [0.0, 0.001, 0.5, 12.34, 123.4, 1234.5, -1234.5, f64::NAN, f64::INFINITY, 1e300];
        assert_eq!(
            values.map(three_digits).join(" "),
            "0 1.0e-3 0.50 12.3 123 1,235 -1,235 NaN inf 1.00e300"
        );
        assert_eq!(with_unit(0.034, "s"), "34.0 ms");
        assert_eq!(with_unit(-1.0, "s"), "-1.00 s");
        assert_eq!(with_unit(f64::NAN, "By"), "NaN By");
        assert_eq!(with_unit(0.42, "1"), "42.0 %");
        assert_eq!(with_unit(7.0, "{order}"), "7.00");
        assert_eq!(with_unit(7.0, "\u{9b}m"), "7.00 <U+009B>m");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(date_time(1_767_268_801_203_999_999), "2026-01-01 12:00:01.203");
        assert_eq!(time_of_day(1_767_268_801_203_999_999), "12:00:01.203");
        assert_eq!(date_time(u64::MAX).len(), 23);
    }

    #[test]
    fn plurals() {
        assert_eq!(plural(1, "span"), "1 span");
        assert_eq!(plural(2, "series"), "2 series");
        assert_eq!(more(2, "span"), "… 2 more spans");
        assert_eq!(plural(1_000, "entry"), "1,000 entries");
    }
}
