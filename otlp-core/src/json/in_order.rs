//! Messages whose fields stand by number, as every encoder writes them: to text in one pass.

use super::escape::write_text;
use super::number::write_double;
use super::write::{Writer, is_default};
use crate::schema::{Kind, Message};
use crate::wire::{FIXED32, FIXED64, LEN, VARINT, Value, read_varint, value_at};

/// The key at `at`: the index of its field in the message's table, its wire type and where the value starts; `None` when
/// the field is unknown or comes before the one with index `from`.
#[inline]
fn key(message: &'static Message, bytes: &[u8], at: usize, from: usize) -> Option<(usize, u8, usize)> {
    let first = *bytes.get(at)?;
    let (index, at) = if first < 0x80 {
        (usize::from(message.by_key[usize::from(first)]).checked_sub(1)?, at + 1)
    } else {
        let (key, at) = read_varint(bytes, at)?;
        let found =
            message.fields.get(from..)?.iter().position(|field| u64::from(field.number) == key >> 3)?;
        (from + found, at)
    };
    (index >= from).then_some((index, first & 7, at))
}

/// Whether all fields of this message are known and stand by number, singular ones at most once.
pub(super) fn is_in_order(message: &'static Message, bytes: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    while at < bytes.len() {
        let Some((index, wire, value)) = key(message, bytes, at, from) else { return false };
        let Some(mut end) = end_of(bytes, wire, value) else { return false };
        if message.fields[index].repeated {
            // The elements of a list have one key of one byte, nearly always.
            let first = bytes[at];
            while first < 0x80 && bytes.get(end) == Some(&first) {
                match end_of(bytes, wire, end + 1) {
                    Some(next) => end = next,
                    None => return false,
                }
            }
            from = index;
        } else {
            from = index + 1;
        }
        at = end;
    }
    true
}

/// Where the value of a known field ends that starts at `at`.
#[inline]
fn end_of(bytes: &[u8], wire: u8, at: usize) -> Option<usize> {
    match wire {
        LEN => {
            let (length, at) = read_varint(bytes, at)?;
            at.checked_add(usize::try_from(length).ok()?)
        }
        VARINT => read_varint(bytes, at).map(|(_, end)| end),
        FIXED64 => Some(at + 8),
        FIXED32 => Some(at + 4),
        _ => None,
    }
}

impl Writer<'_> {
    /// A message of which [`is_in_order`] is true, as an object.
    pub(super) fn in_order(&mut self, message: &'static Message, bytes: &[u8]) {
        let start = self.out.len();
        // Index of the array that is open; no message has as many fields.
        let mut array = usize::MAX;
        let mut at = 0;
        let mut from = 0;
        while let Some((index, wire, value)) = key(message, bytes, at, from) {
            let Some((value, end)) = value_at(bytes, wire, value) else { break };
            (at, from) = (end, index);
            let field = &message.fields[index];
            if array != index {
                if array != usize::MAX {
                    self.out.push(b']');
                    array = usize::MAX;
                }
                if !field.repeated {
                    if field.presence || !is_default(field.kind, value) {
                        self.lead(field, 0);
                        self.single(field.kind, value);
                    }
                    continue;
                }
            }
            match value {
                Value::Len(packed) if field.packable() => {
                    if packed.is_empty() {
                        continue;
                    }
                    let first = array != index;
                    if first {
                        self.lead(field, 0);
                    }
                    let start = self.out.len();
                    self.packed(field.kind, packed);
                    if first && let Some(comma) = self.out.get_mut(start) {
                        *comma = b'[';
                    }
                }
                value => {
                    if array == index {
                        self.out.push(b',');
                    } else {
                        self.lead(field, 1);
                    }
                    self.single(field.kind, value);
                }
            }
            array = index;
        }
        if array != usize::MAX {
            self.out.push(b']');
        }
        self.close(start);
    }

    /// One value; attributes, most of all values, take a path of their own.
    #[inline]
    fn single(&mut self, kind: Kind, value: Value<'_>) {
        match kind {
            Kind::Message(inner) => {
                let bytes = value.bytes();
                if !(inner.attribute && self.plain_attribute(bytes)) {
                    self.message(inner, bytes);
                }
            }
            kind => self.scalar(kind, value),
        }
    }

    /// Writes a `KeyValue` of the shape that nearly all have: a short key, then one value that is short text, an
    /// integer, a truth value or a double, and nothing else. Writes nothing when it is not of this shape.
    #[inline(never)]
    fn plain_attribute(&mut self, bytes: &[u8]) -> bool {
        let [0x0a, key_length @ 1..0x80, rest @ ..] = bytes else { return false };
        let Some((key, [0x12, length @ 0..0x80, any @ ..])) = rest.split_at_checked(usize::from(*key_length))
        else {
            return false;
        };
        if usize::from(*length) != any.len() {
            return false;
        }
        match any {
            [0x0a, length @ 0..0x80, text @ ..] if usize::from(*length) == text.len() => {
                self.attribute_key(key);
                self.out.extend_from_slice(b"\"stringValue\":\"");
                write_text(self.out, text);
                self.out.extend_from_slice(b"\"}}");
            }
            [member @ (0x10 | 0x18), number @ ..] => {
                let Some((value, end)) = read_varint(number, 0) else { return false };
                if end != number.len() {
                    return false;
                }
                self.attribute_key(key);
                if *member == 0x18 {
                    self.out.extend_from_slice(b"\"intValue\":");
                    self.quoted(value as i64);
                } else {
                    self.out.extend_from_slice(b"\"boolValue\":");
                    self.out.extend_from_slice(if value == 0 { b"false" } else { b"true" });
                }
                self.out.extend_from_slice(b"}}");
            }
            [0x21, double @ ..] => {
                let Ok(double) = double.try_into() else { return false };
                self.attribute_key(key);
                self.out.extend_from_slice(b"\"doubleValue\":");
                write_double(self.out, f64::from_le_bytes(double));
                self.out.extend_from_slice(b"}}");
            }
            _ => return false,
        }
        true
    }

    /// An attribute up to the brace that opens its value.
    #[inline]
    fn attribute_key(&mut self, key: &[u8]) {
        self.out.extend_from_slice(b"{\"key\":\"");
        write_text(self.out, key);
        self.out.extend_from_slice(b"\",\"value\":{");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::schema::{COMMON_KEY_VALUE, METRICS_HISTOGRAM_DATA_POINT, TRACE_SPAN};

    #[test]
    fn order_is_seen() {
        for (message, bytes, expected) in [
            (&TRACE_SPAN, &b""[..], true),
            // Name, kind; then the other way round; then the kind twice.
            (&TRACE_SPAN, b"\x2a\x01a\x30\x02", true),
            (&TRACE_SPAN, b"\x30\x02\x2a\x01a", false),
            (&TRACE_SPAN, b"\x30\x02\x30\x01", false),
            // Attributes twice, flags with a key of two bytes behind them and in front.
            (&TRACE_SPAN, b"\x4a\0\x4a\0\x85\x01\x01\0\0\0", true),
            (&TRACE_SPAN, b"\x85\x01\x01\0\0\0\x4a\0", false),
            // An unknown field; a key that is longer than it need be.
            (&TRACE_SPAN, b"\xf8\x07\0", false),
            (&TRACE_SPAN, b"\xaa\0\x01a", true),
            // One list packed in two parts with an empty one between them.
            (&METRICS_HISTOGRAM_DATA_POINT, b"\x32\x08\x01\0\0\0\0\0\0\0\x32\0\x31\x02\0\0\0\0\0\0\0", true),
        ] {
            assert_eq!(is_in_order(message, bytes), expected, "{bytes:?}");
        }
    }

    /// What the path for ordered messages writes is what the path for all messages does.
    #[test]
    fn both_paths_write_the_same() {
        let attributes: [&[u8]; 12] = [
            b"\x0a\x01k\x12\x03\x0a\x01v",
            b"\x0a\x01k\x12\x02\x0a\0",
            b"\x0a\x01k\x12\x04\x0a\x02\"\n",
            b"\x0a\x02\\\x01\x12\x02\x10\0",
            b"\x0a\x01k\x12\x03\x10\x80\0",
            b"\x0a\x01k\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0a\x01k\x12\x09\x21\0\0\0\0\0\0\xf8\x7f",
            b"\x0a\x01k\x12\x09\x21\0\0\0\0\0\0\0\x80",
            b"\x0a\0\x12\x03\x0a\x01v",
            b"\x0a\x01k\x12\0",
            b"\x0a\x01k\x12\x03\x0a\x01v\x18\x02",
            b"\x0a\x01k\x12\x02\x3a\0",
        ];
        let packed = b"\x32\x08\x01\0\0\0\0\0\0\0\x32\0\x31\x02\0\0\0\0\0\0\0";
        let cases = attributes.map(|bytes| (&COMMON_KEY_VALUE, bytes)).into_iter();
        for (message, bytes) in
            cases.chain([(&METRICS_HISTOGRAM_DATA_POINT, &packed[..]), (&TRACE_SPAN, b"")])
        {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            assert!(is_in_order(message, bytes), "{bytes:?}");
            let mut writer = Writer::new(&mut fast);
            if !(message.attribute && writer.plain_attribute(bytes)) {
                writer.in_order(message, bytes);
            }
            Writer::new(&mut slow).any_order(message, bytes);
            assert_eq!(String::from_utf8(fast).unwrap(), String::from_utf8(slow).unwrap(), "{bytes:?}");
        }
    }
}
