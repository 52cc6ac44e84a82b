//! `google.protobuf.Duration` as a delay, and its text in JSON.

use std::time::Duration;

use crate::proto::rpc::Duration as Proto;

/// The longest duration that protobuf allows: about 10,000 years.
const MAX_SECONDS: u64 = 315_576_000_000;

/// A delay in protobuf's type; one beyond its range becomes the longest it has.
pub(super) fn encode(delay: Duration) -> Proto {
    Proto { seconds: delay.as_secs().min(MAX_SECONDS) as i64, nanos: delay.subsec_nanos() as i32 }
}

/// The delay that a duration asks for; a negative one asks for none.
pub(super) fn decode(duration: Proto) -> Duration {
    let seconds = u64::try_from(duration.seconds).map(|seconds| seconds.min(MAX_SECONDS));
    match (seconds, u32::try_from(duration.nanos)) {
        (Ok(seconds), Ok(nanos)) => Duration::from_secs(seconds) + Duration::from_nanos(nanos.into()),
        _ => Duration::ZERO,
    }
}

/// ProtoJSON's text: seconds with none, 3, 6 or 9 decimals, then `s`.
pub(super) fn to_text(delay: Duration) -> String {
    let Proto { seconds, nanos } = encode(delay);
    match nanos {
        0 => format!("{seconds}s"),
        _ if nanos % 1_000_000 == 0 => format!("{seconds}.{:03}s", nanos / 1_000_000),
        _ if nanos % 1_000 == 0 => format!("{seconds}.{:06}s", nanos / 1_000),
        _ => format!("{seconds}.{nanos:09}s"),
    }
}

/// Reads what [`to_text`] writes, with any number of decimals up to 9.
pub(super) fn from_text(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let seconds = whole.parse::<u64>().ok().filter(|seconds| *seconds <= MAX_SECONDS)?;
    let nanos = format!("{decimals:0<9}").parse().ok()?;
    Some(if negative { Duration::ZERO } else { Duration::new(seconds, nanos) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (delay, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_secs(30), "30s"),
            (Duration::from_millis(1500), "1.500s"),
            (Duration::from_micros(1), "0.000001s"),
            (Duration::new(7, 1), "7.000000001s"),
        ] {
            assert_eq!(to_text(delay), text);
            assert_eq!(from_text(text), Some(delay));
            assert_eq!(decode(encode(delay)), delay);
        }
        assert_eq!(from_text("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(from_text("-3s"), Some(Duration::ZERO));
        for bad in
            ["", "s", "1", "1.s", ".5s", "1.0000000001s", "+1s", "1e3s", "99999999999999999999s", "1,5s"]
        {
            assert_eq!(from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_hostile_peer_may_send() {
        assert_eq!(decode(Proto { seconds: -1, nanos: 5 }), Duration::ZERO);
        assert_eq!(decode(Proto { seconds: 5, nanos: -1 }), Duration::ZERO);
        assert_eq!(decode(Proto { seconds: i64::MAX, nanos: i32::MAX }).as_secs(), MAX_SECONDS + 2);
        assert_eq!(encode(Duration::MAX).seconds, MAX_SECONDS as i64);
    }
}
