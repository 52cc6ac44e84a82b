//! The `ot` entry of a `tracestate`: what earlier samplers did (OTEP 235; "TraceState: Probability Sampling").

use crate::Ratio;

/// Most list members of a `tracestate`, by W3C Trace Context.
const MOST_MEMBERS: usize = 32;

/// Most characters of a list member's value, by W3C Trace Context.
const MOST_VALUE: usize = 256;

/// What the `ot` entry says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Probability {
    /// `rv`: randomness that stands in for the trace id's.
    pub(crate) randomness: Option<u64>,
    /// `th`: the rejection threshold of the samplers so far; `None` if there is none or it is no threshold.
    pub(crate) threshold: Option<u64>,
}

impl Probability {
    pub(crate) fn read(state: &str) -> Self {
        let mut found = Self::default();
        for (key, value) in subkeys(ot_value(state)) {
            match key {
                "rv" if value.len() == 14 => found.randomness = found.randomness.or_else(|| hex(value)),
                "th" => found.threshold = found.threshold.or_else(|| threshold(value)),
                _ => {}
            }
        }
        found
    }
}

/// The state with this ratio's threshold as its only `th`, or without any.
///
/// The `ot` entry comes to the front, as W3C asks of whoever changes one; its other fields and all other entries stay as
/// they are, in order. Where that would be more than 32 entries, the last one goes; where `ot` would have more than 256
/// characters, its fields other than `rv` go.
pub(crate) fn with_threshold(state: &str, ratio: Option<Ratio>) -> String {
    let th = ratio.map(|ratio| format!("th:{ratio}"));
    let others: Vec<(&str, &str)> = subkeys(ot_value(state)).filter(|(key, _)| *key != "th").collect();
    let join = |keep: &dyn Fn(&str) -> bool| {
        let others = others.iter().filter(|(key, _)| keep(key)).map(|(key, value)| format!("{key}:{value}"));
        th.iter().cloned().chain(others).collect::<Vec<_>>().join(";")
    };
    let mut value = join(&|_| true);
    if value.len() > MOST_VALUE {
        value = join(&|key| key == "rv");
    }
    let ot = (!value.is_empty()).then(|| format!("ot={value}"));
    let members = members(state).filter(|member| !is_ot(member)).map(str::to_owned);
    ot.into_iter().chain(members).take(MOST_MEMBERS).collect::<Vec<_>>().join(",")
}

/// The members of the list, without white space around them, empty ones left out.
fn members(state: &str) -> impl Iterator<Item = &str> {
    state.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|member| !member.is_empty())
}

fn is_ot(member: &str) -> bool {
    member.starts_with("ot=")
}

/// Value of the first `ot` member; nothing where there is none.
fn ot_value(state: &str) -> &str {
    members(state).find_map(|member| member.strip_prefix("ot=")).unwrap_or_default()
}

/// The fields of an `ot` value; what is no field is left out.
fn subkeys(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value.split(';').filter_map(|field| field.split_once(':'))
}

/// A threshold: 1 to 14 digits, the zeros at the end left out.
fn threshold(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > 14 {
        return None;
    }
    hex(digits).map(|value| value << (4 * (14 - digits.len())))
}

/// Lower-case hexadecimal digits, at most 14.
fn hex(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half() -> Option<Ratio> {
        Some(Ratio::of_threshold(1 << 55))
    }

    #[test]
    fn thresholds_and_randomness_are_read() {
        let read = |state| {
            let found = Probability::read(state);
            (found.threshold, found.randomness)
        };
        assert_eq!(read(""), (None, None));
        assert_eq!(read("ot=th:8"), (Some(1 << 55), None));
        assert_eq!(read("ot=th:0"), (Some(0), None));
        assert_eq!(read("ot=th:aaaaaaaaaaaaab"), (Some(0xaa_aaaa_aaaa_aaab), None));
        assert_eq!(read("a=b, ot=rv:00000000000010;th:c ,c=d"), (Some(0xc0_0000_0000_0000), Some(16)));
        // Not these: too long, upper case, empty, too short a randomness, another vendor's, a second entry.
        for bad in [
            "ot=th:000000000000001",
            "ot=th:C",
            "ot=th:",
            "ot=th",
            "ot=rv:12",
            "x=th:8",
            "not=th:8",
            "ot=a:b,ot=th:8",
        ] {
            assert_eq!(read(bad), (None, None), "{bad}");
        }
    }

    #[test]
    fn the_threshold_is_merged_into_what_stands_there() {
        for (state, expected) in [
            ("", "ot=th:8"),
            ("a=b", "ot=th:8,a=b"),
            ("a=b,ot=th:4,c=d", "ot=th:8,a=b,c=d"),
            ("a=b, ot=rv:00000000000010;th:4;x:y:z ,,c=d", "ot=th:8;rv:00000000000010;x:y:z,a=b,c=d"),
            ("ot=th:4;th:5,ot=th:6,note=ot", "ot=th:8,note=ot"),
        ] {
            assert_eq!(with_threshold(state, half()), expected);
        }
        assert_eq!(with_threshold("ot=th:8;x:y,a=b", None), "ot=x:y,a=b");
        assert_eq!(with_threshold("ot=th:8,a=b", None), "a=b");
    }

    #[test]
    fn w3c_limits_hold() {
        let full = (0..32).map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(",");
        let marked = with_threshold(&full, half());
        assert!(marked.starts_with("ot=th:8,k0=v,") && marked.ends_with(",k30=v"), "{marked}");
        let long = format!("ot=rv:00000000000010;x:{}", "y".repeat(240));
        assert_eq!(with_threshold(&long, half()), "ot=th:8;rv:00000000000010");
    }
}
