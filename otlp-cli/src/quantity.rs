//! Numbers as people read them.

/// `86,583`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 request`, `86,583 requests`.
pub(crate) fn counted(value: u64, singular: &str) -> String {
    format!("{} {singular}{}", count(value), if value == 1 { "" } else { "s" })
}

/// `512 B`, `1.5 KiB`, `28.3 MiB`.
pub(crate) fn bytes(value: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if value < 1024 {
        return format!("{value} B");
    }
    let mut scaled = value as f64;
    let mut unit = "";
    for next in UNITS {
        // 1023.95 would be printed as 1024.0.
        if scaled < 1023.95 && !unit.is_empty() {
            break;
        }
        scaled /= 1024.0;
        unit = next;
    }
    format!("{scaled:.1} {unit}")
}

/// `250 ms`, `53.727 s`, `1 h 2 min`, `12 d 3 h`: the two largest units.
pub(crate) fn duration(nanoseconds: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let seconds = nanoseconds / SECOND;
    match seconds {
        0 => format!("{} ms", nanoseconds as f64 / 1e6),
        1..60 => format!("{:.3} s", nanoseconds as f64 / 1e9),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", count(seconds / 86_400), seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(86_583), "86,583");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "span"), "1 span");
        assert_eq!(counted(0, "span"), "0 spans");
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(1 << 20), "1.0 MiB");
        assert_eq!(bytes((1 << 20) - 1), "1.0 MiB");
        assert_eq!(bytes(64 << 20), "64.0 MiB");
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
    }

    #[test]
    fn durations_have_two_units() {
        assert_eq!(duration(0), "0 ms");
        assert_eq!(duration(1_500_000), "1.5 ms");
        assert_eq!(duration(53_727_085_000), "53.727 s");
        assert_eq!(duration(3_600_000_000_000), "1 h 0 min");
        assert_eq!(duration(1_300 * 86_400_000_000_000), "1,300 d 0 h");
    }
}
