//! Lengths of time: `30s`, `1m 30s`, `250ms`; a bare number is seconds.

use std::time::Duration;

/// Reads a length of time.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds)
            .map_err(|_| "expected a length of time such as 30s".to_owned());
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}: expected a length of time such as 30s or 250ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_numbers_are_seconds() {
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["-1", "NaN", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }
}
