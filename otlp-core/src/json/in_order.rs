//! Messages whose fields stand by number, as every encoder writes them: to text in one pass.

use super::digits;
use super::escape::copy_clean;
use super::write::{Writer, is_default};
use crate::schema::Message;
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
    /// A message whose fields stand by number, as an object; gives up with `false` when they do not.
    pub(super) fn in_order(&mut self, message: &'static Message, start: usize, end: usize) -> bool {
        let before = self.out.len();
        let (mut at, mut from) = (start, 0);
        while at < end {
            let Some((index, wire, value)) = key(message, self.input, at, from) else { return false };
            let field = &message.fields[index];
            if field.repeated {
                let Some(next) = self.list(message, index, at, end) else { return false };
                (at, from) = (next, index);
                continue;
            }
            let Some((value, next)) = value_at(self.input, wire, value) else { return false };
            (at, from) = (next, index + 1);
            if field.presence || !is_default(field.kind, value) {
                self.lead(field);
                if !self.value(field.kind, value, next) {
                    return false;
                }
            }
        }
        self.close(before);
        true
    }

    /// The elements of a repeated field, the first of which starts at `at`, as an array; gives where they end.
    #[inline]
    fn list(&mut self, message: &'static Message, index: usize, mut at: usize, end: usize) -> Option<usize> {
        let field = &message.fields[index];
        let before = self.out.len();
        self.lead(field);
        let elements = self.out.len();
        while at < end {
            let Some((found, wire, value)) = key(message, self.input, at, index) else { break };
            if found != index {
                break;
            }
            let (value, next) = value_at(self.input, wire, value)?;
            at = next;
            match value {
                Value::Len(packed) if field.packable() => self.packed(field.kind, packed),
                value => {
                    self.out.push(b',');
                    if !self.value(field.kind, value, next) {
                        return None;
                    }
                }
            }
        }
        if !self.close_array(elements) {
            self.out.truncate(before);
        }
        Some(at)
    }

    /// Writes a `KeyValue` of the shape that nearly all have: a short key, then one value that is short text, an
    /// integer, a truth value or a double, and nothing else. Writes nothing when it is not of this shape.
    #[inline(never)]
    pub(super) fn plain_attribute(&mut self, start: usize, end: usize) -> bool {
        match attribute(self.input, start, end, self.out.piece()) {
            Some(count) => {
                self.out.advance(count);
                true
            }
            None => false,
        }
    }
}

/// Room for a key and a text of 127 bytes each and what stands around them, in blocks of 32.
const ATTRIBUTE: usize = 384;

/// Stores the `KeyValue` from `start` to `end` as text; gives the length, or `None` when it has another shape.
#[inline(always)]
fn attribute(input: &[u8], start: usize, end: usize, out: &mut [u8; ATTRIBUTE]) -> Option<usize> {
    let [0x0a, key_length @ 1..0x80] = *input.get(start..)?.first_chunk()? else { return None };
    let key = start + 2;
    let key_end = key + usize::from(key_length);
    let [0x12, length @ 0..0x80, member, text_length] = *input.get(key_end..)?.first_chunk()? else {
        return None;
    };
    if key_end + 2 + usize::from(length) != end {
        return None;
    }
    let mut at = put(out, 0, b"{\"key\":\"")?;
    at = copy_clean(out, at, input, key, key_end)?;
    match member {
        0x0a if length >= 2 && text_length < 0x80 && usize::from(text_length) + 2 == usize::from(length) => {
            at = put(out, at, b"\",\"value\":{\"stringValue\":\"")?;
            at = copy_clean(out, at, input, key_end + 4, end)?;
            put(out, at, b"\"}}")
        }
        0x18 => {
            let (value, _) = read_varint(input, key_end + 3).filter(|(_, next)| *next == end)?;
            at = put(out, at, b"\",\"value\":{\"intValue\":")?;
            let (value, negative) = (value as i64, value >> 63 == 1);
            at += digits::write_quoted(out.get_mut(at..)?.first_chunk_mut()?, negative, value.unsigned_abs());
            put(out, at, b"}}")
        }
        0x10 => {
            let (value, _) = read_varint(input, key_end + 3).filter(|(_, next)| *next == end)?;
            let value: &[u8] = if value == 0 {
                b"\",\"value\":{\"boolValue\":false}}"
            } else {
                b"\",\"value\":{\"boolValue\":true}}"
            };
            out.get_mut(at..at + value.len())?.copy_from_slice(value);
            Some(at + value.len())
        }
        _ => None,
    }
}

/// Stores `piece` at `at`; gives where it ends.
#[inline(always)]
fn put<const N: usize>(out: &mut [u8; ATTRIBUTE], at: usize, piece: &[u8; N]) -> Option<usize> {
    *out.get_mut(at..)?.first_chunk_mut()? = *piece;
    Some(at + N)
}

#[cfg(test)]
mod tests {
    use super::super::write::Order;
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
            assert!(is_in_order(message, bytes), "{bytes:?}");
            let mut slow = Vec::new();
            let mut writer = Writer::new(bytes, &mut slow, Order::Any);
            writer.any_order(message, 0, bytes.len());
            writer.out.finish();
            // With room behind it for whole blocks, and without.
            for behind in [0, 100] {
                let input = [bytes, &b"\"".repeat(behind)].concat();
                let mut fast = Vec::new();
                let mut writer = Writer::new(&input, &mut fast, Order::Assumed);
                if !(message.attribute && writer.plain_attribute(0, bytes.len())) {
                    assert!(writer.in_order(message, 0, bytes.len()));
                }
                writer.out.finish();
                let slow = str::from_utf8(&slow).unwrap();
                assert_eq!(String::from_utf8(fast).unwrap(), slow, "{bytes:?}");
            }
        }
    }
}
