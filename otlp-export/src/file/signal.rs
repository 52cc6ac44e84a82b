//! Which signal a file holds: by its name, by the first item's shape, by the JSON key.

use otlp_core::Signal;

/// The signal that a file's name contains: `traces`, `metrics`, `logs` or `profiles` anywhere in the last part of the path, or the
/// singular as a word of its own (`trace.pb`, not `catalog.pb`). None if it contains several.
pub(super) fn by_name(path: &str) -> Option<Signal> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let contains = |signal: &Signal| {
        let plural = signal.as_str();
        let singular = &plural[..plural.len() - 1];
        name.contains(plural) || name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == singular)
    };
    let mut found = Signal::ALL.into_iter().filter(contains);
    found.next().filter(|_| found.next().is_none())
}

/// The signal of a JSON message, by the first of its keys that is a request's: `resourceSpans` and its siblings.
/// None for another text, broken ones included: reading it will say what is wrong.
pub(super) fn by_json_key(text: &[u8]) -> Option<Signal> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let (string, after) = json_string(rest)?;
                rest = after;
                if depth == 1 && after.trim_ascii_start().first() == Some(&b':') {
                    let signal =
                        Signal::ALL.into_iter().find(|signal| signal.json_key().as_bytes() == string);
                    if signal.is_some() {
                        return signal;
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits after a string whose opening quote is gone. No key that matters has an escape in it.
fn json_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut escaped = false;
    let end = text.iter().position(|&byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// What the first item of an encoded message looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// The signals whose fields and wire types it does not contradict.
    pub(super) fits: Vec<Signal>,
    /// Those of them that it has a telling field of.
    pub(super) tells: Vec<Signal>,
}

/// The shape of a message's first item; `None` if there is no item to look at, or the bytes are broken before it.
pub(super) fn shape(message: &[u8]) -> Option<Shape> {
    // Only profiles have anything but resources at the top: the dictionary, in every layout since it came there.
    if fields(message).any(|field| field.number == 2 && field.wire == LEN) {
        return Some(Shape { fits: vec![Signal::Profiles], tells: vec![Signal::Profiles] });
    }
    let inner =
        |bytes, number| fields(bytes).filter(move |field| field.number == number && field.wire == LEN);
    let item = inner(message, 1)
        .flat_map(|resource| inner(resource.payload, 2))
        .flat_map(|scope| inner(scope.payload, 2))
        .next()?;
    let item: Vec<Field<'_>> = fields(item.payload).collect();
    let fits = |signal: &Signal| {
        let wires = item_wires(*signal);
        item.iter().all(|field| {
            let known = wires.iter().find(|(number, _)| *number == field.number);
            known.is_none_or(|(_, wire)| *wire == field.wire)
        })
    };
    let fits: Vec<Signal> = Signal::ALL.into_iter().filter(fits).collect();
    let tells = fits.iter().copied().filter(|signal| tells(*signal, &item)).collect();
    Some(Shape { fits, tells })
}

/// Whether an item has a field that items of this signal nearly always have and others in this place do not.
fn tells(signal: Signal, item: &[Field<'_>]) -> bool {
    let has = |number, wire| item.iter().any(|field| field.number == number && field.wire == wire);
    let sized =
        |number, len| item.iter().any(|f| f.number == number && f.wire == LEN && f.payload.len() == len);
    match signal {
        // Start and end, or ids of the right size.
        Signal::Traces => has(7, FIXED64) || has(8, FIXED64) || (sized(1, 16) && sized(2, 8)),
        // A name and one kind of data.
        Signal::Metrics => has(1, LEN) && [5, 7, 9, 10, 11].into_iter().any(|data| has(data, LEN)),
        // Times, a severity number, flags.
        Signal::Logs => has(1, FIXED64) || has(11, FIXED64) || has(2, VARINT) || has(8, FIXED32),
        // A time.
        Signal::Profiles => has(3, FIXED64),
    }
}

/// Wire types of the fields of Span, Metric, LogRecord, Profile.
const fn item_wires(signal: Signal) -> &'static [(u64, u8)] {
    match signal {
        Signal::Traces => &[
            (1, LEN),
            (2, LEN),
            (3, LEN),
            (4, LEN),
            (5, LEN),
            (6, VARINT),
            (7, FIXED64),
            (8, FIXED64),
            (9, LEN),
            (10, VARINT),
            (11, LEN),
            (12, VARINT),
            (13, LEN),
            (14, VARINT),
            (15, LEN),
            (16, FIXED32),
        ],
        Signal::Metrics => {
            &[(1, LEN), (2, LEN), (3, LEN), (5, LEN), (7, LEN), (9, LEN), (10, LEN), (11, LEN), (12, LEN)]
        }
        Signal::Logs => &[
            (1, FIXED64),
            (2, VARINT),
            (3, LEN),
            (5, LEN),
            (6, LEN),
            (7, VARINT),
            (8, FIXED32),
            (9, LEN),
            (10, LEN),
            (11, FIXED64),
            (12, LEN),
        ],
        // Without the packed field 11, which may stand unpacked.
        Signal::Profiles => &[
            (1, LEN),
            (2, LEN),
            (3, FIXED64),
            (4, VARINT),
            (5, LEN),
            (6, VARINT),
            (7, LEN),
            (8, VARINT),
            (9, LEN),
            (10, LEN),
        ],
    }
}

/// Whether a message has fields at its top that no OTLP request has, as pprof's profiles do.
pub(super) fn is_pprof(message: &[u8]) -> bool {
    fields(message).any(|field| field.number > 2)
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LEN: u8 = 2;
const FIXED32: u8 = 5;

/// One field on the wire; the payload is empty unless length-delimited.
#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    number: u64,
    wire: u8,
    payload: &'a [u8],
}

/// The fields of a message, up to the first that is broken.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || {
        let key = varint(&mut rest)?;
        let wire = (key & 7) as u8;
        let payload = match wire {
            VARINT => {
                varint(&mut rest)?;
                &[][..]
            }
            FIXED64 => {
                rest = rest.get(8..)?;
                &[]
            }
            LEN => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (payload, tail) = rest.split_at_checked(length)?;
                rest = tail;
                payload
            }
            FIXED32 => {
                rest = rest.get(4..)?;
                &[]
            }
            _ => return None,
        };
        Some(Field { number: key >> 3, wire, payload })
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, signal) in [
            ("../shared/data/hipstershop-oteltraces.zst", Some(Signal::Traces)),
            ("otlp2records-logs_large.pb", Some(Signal::Logs)),
            ("Metrics-000001.frames", Some(Signal::Metrics)),
            ("trace.pb", Some(Signal::Traces)),
            ("profile.otlp", Some(Signal::Profiles)),
            ("my_log_1.pb", Some(Signal::Logs)),
            ("catalog.pb", None),
            ("k8s.otlp", None),
            ("traces/k8s.otlp", None),
            ("traces-and-logs.pb", None),
            ("<stdin>", None),
        ] {
            assert_eq!(by_name(name), signal, "{name}");
        }
    }

    #[test]
    fn json_keys() {
        for (text, signal) in [
            (r#"{"resourceSpans":[]}"#, Some(Signal::Traces)),
            ("{ \"resourceLogs\" :\n[]}", Some(Signal::Logs)),
            (
                r#"{"x":{"resourceSpans":[]},"y":"resourceLogs","z\"":1,"resourceMetrics":[]}"#,
                Some(Signal::Metrics),
            ),
            (
                r#"{"dictionary":{"stringTable":["resourceSpans"]},"resourceProfiles":[]}"#,
                Some(Signal::Profiles),
            ),
            ("{}", None),
            (r#"{"resourceSpans"}"#, None),
            (r#""resourceSpans":"#, None),
            ("}{", None),
            ("", None),
        ] {
            assert_eq!(by_json_key(text.as_bytes()), signal, "{text}");
        }
    }

    /// A request around one item.
    fn request(item: &[u8]) -> Vec<u8> {
        let wrap = |number: u8, body: &[u8]| [&[number << 3 | LEN, body.len() as u8], body].concat();
        wrap(1, &wrap(2, &wrap(2, item)))
    }

    #[test]
    fn shapes() {
        let told = |item: &[u8]| shape(&request(item)).map(|shape| shape.tells);
        assert_eq!(told(b"\x2a\x01n\x39\0\0\0\0\0\0\0\0"), Some(vec![Signal::Traces]), "name and start time");
        assert_eq!(told(b"\x0a\x01n\x2a\x02\x0a\0"), Some(vec![Signal::Metrics]), "name and gauge");
        assert_eq!(told(b"\x09\0\0\0\0\0\0\0\0\x2a\0"), Some(vec![Signal::Logs]), "time and body");
        assert_eq!(told(b"\x59\0\0\0\0\0\0\0\0"), Some(vec![Signal::Logs]), "observed time");
        assert_eq!(told(b"\x0a\0\x19\0\0\0\0\0\0\0\0"), Some(vec![Signal::Profiles]), "type and time");
        assert_eq!(told(b"\x2a\x01n"), Some(vec![]), "could be nearly anything");
        assert_eq!(shape(b"\x12\0").unwrap().tells, [Signal::Profiles], "a dictionary");
        assert_eq!(shape(b"\x0a\0"), None);
        assert_eq!(shape(b"\xff\xff"), None);
    }

    #[test]
    fn pprof_has_more_fields_at_the_top() {
        assert!(is_pprof(b"\x0a\0\x12\0\x32\0"));
        assert!(!is_pprof(b"\x0a\0\x12\0"));
    }
}
