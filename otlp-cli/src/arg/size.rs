//! Sizes in bytes: `65536`, `64KiB`, `64MiB`, `10MB`. Binary units by their `i`; a bare `K`, `M`, `G` is binary too.

/// Reads a size in bytes; at least 1.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let wrong = || "expected a size such as 65536, 512KiB or 64MiB".to_owned();
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)?;
    if bytes == 0 { Err("expected a size above zero".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood() {
        assert_eq!(size("1"), Ok(1));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("64m"), Ok(64 << 20));
        assert_eq!(size("10 MB"), Ok(10_000_000));
        for wrong in ["", "0", "MiB", "1.5MiB", "64 parsecs", "99999999999GiB", "-1"] {
            assert!(size(wrong).is_err(), "{wrong:?}");
        }
    }
}
