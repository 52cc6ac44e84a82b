//! Reading bytes that `Batch::parse` has checked: no errors left to report.

use super::{FIXED32, FIXED64, GROUP, GROUP_END, LEN, VARINT, read_varint};

/// One field as it stands: its number, its value, and the bytes of both.
#[derive(Clone, Copy)]
pub(crate) struct RawField<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    /// Where the field's key starts in the scanned bytes.
    pub(crate) start: usize,
    /// Where the field ends in the scanned bytes.
    pub(crate) end: usize,
}

/// A field's value by wire type.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Len(&'a [u8]),
    /// A group of an unknown field; its bytes are between `start` and `end`.
    Group,
}

/// The fields of a message, in wire order.
///
/// Over bytes that were not checked it ends at the first fault; it never panics and never reads outside.
#[inline]
pub(crate) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { bytes, at: 0 }
}

/// Iterator of [`fields`].
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = RawField<'a>;

    #[inline]
    fn next(&mut self) -> Option<RawField<'a>> {
        let start = self.at;
        if start == self.bytes.len() {
            return None;
        }
        let (key, at) = read_varint(self.bytes, start)?;
        let number = (key >> 3) as u32;
        let (value, end) = value_at(self.bytes, key as u8 & 7, at)?;
        self.at = end;
        Some(RawField { number, value, start, end })
    }
}

/// The value of wire type `wire` that starts at `at`, behind its key; and where it ends.
#[inline(always)]
pub(crate) fn value_at(bytes: &[u8], wire: u8, at: usize) -> Option<(Value<'_>, usize)> {
    Some(match wire {
        VARINT => {
            let (value, end) = read_varint(bytes, at)?;
            (Value::Varint(value), end)
        }
        FIXED64 => (Value::Fixed64(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)), at + 8),
        LEN => {
            let (length, at) = read_varint(bytes, at)?;
            let end = at.checked_add(usize::try_from(length).ok()?)?;
            (Value::Len(bytes.get(at..end)?), end)
        }
        FIXED32 => (Value::Fixed32(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)), at + 4),
        GROUP => (Value::Group, group_end(bytes, at)?),
        _ => return None,
    })
}

/// Where the group whose first field starts at `at` ends, its closing key included.
fn group_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 1_u32;
    loop {
        let (key, next) = read_varint(bytes, at)?;
        at = match key as u8 & 7 {
            VARINT => read_varint(bytes, next)?.1,
            FIXED64 => next + 8,
            FIXED32 => next + 4,
            LEN => {
                let (length, next) = read_varint(bytes, next)?;
                next.checked_add(usize::try_from(length).ok()?)?
            }
            GROUP => {
                open += 1;
                next
            }
            GROUP_END => {
                open -= 1;
                if open == 0 {
                    return Some(next);
                }
                next
            }
            _ => return None,
        };
    }
}

/// Splits what stands behind a length off `bytes`, which start with the length.
#[inline]
pub(crate) fn delimited(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [length @ 0..0x80, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        [low @ 0x80..=0xff, high @ 0..0x80, rest @ ..] => {
            rest.split_at_checked(usize::from(low & 0x7f) | usize::from(*high) << 7)
        }
        _ => {
            let (length, end) = read_varint(bytes, 0)?;
            bytes[end..].split_at_checked(usize::try_from(length).ok()?)
        }
    }
}

/// What stands behind the field that `bytes` start with.
#[inline]
pub(crate) fn behind(bytes: &[u8]) -> Option<&[u8]> {
    if let [key @ 0..0x80, after @ ..] = bytes {
        match key & 7 {
            LEN => return Some(delimited(after)?.1),
            FIXED64 => return after.get(8..),
            FIXED32 => return after.get(4..),
            VARINT => {
                if let [0..0x80, rest @ ..] | [_, 0..0x80, rest @ ..] = after {
                    return Some(rest);
                }
            }
            _ => {}
        }
    }
    bytes.get(fields(bytes).next()?.end..)
}

/// The key of a field with a number below 16; 0, which is no key, for others.
pub(crate) const fn one_byte_key(number: u32, wire: u8) -> u8 {
    if number < 16 { (number << 3) as u8 | wire } else { 0 }
}

/// The two bytes of the key of a field with a number from 16 to 2047; 0, which is no such key, for others and for those
/// with a length, whose notes look for one byte.
pub(crate) const fn two_byte_key(number: u32, wire: u8) -> u16 {
    if number < 16 || number >= 2048 || wire == LEN {
        return 0;
    }
    let key = number << 3 | wire as u32;
    u16::from_le_bytes([key as u8 | 0x80, (key >> 7) as u8])
}

impl<'a> Value<'a> {
    /// The varint; 0 for any other wire type, which checked bytes do not have here.
    #[inline]
    pub(crate) const fn varint(self) -> u64 {
        match self {
            Self::Varint(value) => value,
            _ => 0,
        }
    }

    /// The eight bytes as an integer.
    #[inline]
    pub(crate) const fn fixed64(self) -> u64 {
        match self {
            Self::Fixed64(value) => value,
            _ => 0,
        }
    }

    /// The four bytes as an integer.
    #[inline]
    pub(crate) const fn fixed32(self) -> u32 {
        match self {
            Self::Fixed32(value) => value,
            _ => 0,
        }
    }

    /// The bytes behind the length.
    #[inline]
    pub(crate) const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Len(bytes) => bytes,
            _ => &[],
        }
    }
}

/// Text of a string field that `Batch::parse` checked or a writer took as `&str`.
#[inline]
#[allow(unsafe_code, reason = "checking each string again costs half of a walk over the batch")]
pub(crate) fn text(bytes: &[u8]) -> &str {
    debug_assert!(std::str::from_utf8(bytes).is_ok());
    // SAFETY: views hand only `string` fields of a `Batch` to this function. A `Batch` comes from `Batch::parse`, which
    // checks each of them, from the JSON reader or a writer, which copy them out of `&str`, or from whole fields of
    // other batches.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}
