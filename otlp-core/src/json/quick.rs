//! What stands in a text as nearly every writer puts it: no white space, no escapes, short.
//!
//! Each of these takes something whole or nothing; what they leave is for the careful way, which also says what is wrong.

use super::digits::read_eight;
use super::lexer::Lexer;
use crate::schema::Message;
use crate::wire::{put_varint_at, special};

/// Room for an attribute of less than 128 bytes, in blocks of 32.
pub(super) const ATTRIBUTE: usize = 192;

impl Lexer<'_> {
    /// The key of a known field with its colon, and the comma in front unless it is the first; gives the field's index.
    #[inline]
    pub(super) fn quick_key(&mut self, message: &'static Message, first: bool) -> Option<usize> {
        // From the byte in front of the opening quote.
        let start = (self.at + usize::from(!first)).checked_sub(1)?;
        let text = self.bytes().get(start..)?.first_chunk::<32>()?;
        if !first && text[0] != b',' {
            return None;
        }
        // The closing quote; of the table's names none is so long that it would not be here.
        let quote = (special(text) & !0b11).trailing_zeros() as usize;
        if quote > 30 {
            return None;
        }
        let index = message.candidate(text[2], text[quote - 2], text[quote - 1], quote - 2)?;
        if !message.fields[index].lead.matches(text) {
            return None;
        }
        self.at = start + quote + 2;
        Some(index)
    }

    /// An integer of at most 19 digits, in quotes or not: whether it is negative, and its magnitude.
    #[inline]
    pub(super) fn quick_integer(&mut self) -> Option<(bool, u64)> {
        let (value, end) = integer(self.bytes(), self.at)?;
        self.at = end;
        Some(value)
    }

    /// The digits of an id of 16 or 8 bytes, in quotes.
    #[inline]
    pub(super) fn quick_id(&mut self, out: &mut [u8; 16]) -> Option<usize> {
        let text = self.bytes().get(self.at..)?;
        let digits = match (text.get(33), text.get(17)) {
            (Some(b'"'), _) => 32,
            (_, Some(b'"')) => 16,
            _ => return None,
        };
        if text[0] != b'"' || const_hex::decode_to_slice(&text[1..=digits], &mut out[..digits / 2]).is_err() {
            return None;
        }
        self.at += digits + 2;
        Some(digits / 2)
    }

    /// A `KeyValue` whose value is text, an integer or a truth value: stores it as field `key` of the message around it,
    /// and gives its length there, which is below 128 without key and length.
    #[inline(never)]
    pub(super) fn quick_attribute(&mut self, key: u8, out: &mut [u8; ATTRIBUTE]) -> Option<usize> {
        let text = self.bytes();
        if *text.get(self.at..)?.first_chunk()? != *b"{\"key\":\"" {
            return None;
        }
        let name = self.at + 8;
        let name_end = copy_to_quote(out, 4, text, name)?;
        let name_len = name_end - name;
        if name_len == 0 || *text.get(name_end..)?.first_chunk()? != *b"\",\"value\":{\"" {
            return None;
        }
        // Behind the name: key and length of the value, then its only field.
        let to = 4 + name_len;
        let member = text.get(name_end + 12..)?;
        let (end, at) = match member.first_chunk()? {
            b"stringVa" if *member.first_chunk()? == *b"stringValue\":\"" => {
                let value = name_end + 26;
                let end = copy_to_quote(out, to + 4, text, value)?;
                (out[to + 2], out[to + 3]) = (0x0a, (end - value) as u8);
                (end + 1, to + 4 + end - value)
            }
            b"intValue" if *member.first_chunk()? == *b"intValue\":" => {
                let ((negative, magnitude), end) = integer(text, name_end + 22)?;
                if magnitude > i64::MAX as u64 {
                    return None;
                }
                let value = if negative { (magnitude as i64).wrapping_neg() } else { magnitude as i64 };
                out[to + 2] = 0x18;
                let room = out.get_mut(to + 3..)?.first_chunk_mut()?;
                (end, to + 3 + put_varint_at(room, value as u64))
            }
            b"boolValu" if *member.first_chunk()? == *b"boolValue\":" => {
                let truth = member[11] == b't';
                let end = name_end + 23 + if truth { 4 } else { 5 };
                if text.get(name_end + 23..end)? != if truth { &b"true"[..] } else { b"false" } {
                    return None;
                }
                (out[to + 2], out[to + 3]) = (0x10, u8::from(truth));
                (end, to + 4)
            }
            _ => return None,
        };
        if *text.get(end..)?.first_chunk()? != *b"}}" || at - 2 >= 0x80 {
            return None;
        }
        (out[0], out[1], out[2], out[3]) = (key, (at - 2) as u8, 0x0a, name_len as u8);
        (out[to], out[to + 1]) = (0x12, (at - to - 2) as u8);
        self.at = end + 2;
        Some(at)
    }
}

/// Stores the text from `at` up to the next quote at `to`, if nothing in it is escaped; gives where the quote stands.
#[inline(always)]
fn copy_to_quote(out: &mut [u8; ATTRIBUTE], mut to: usize, text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let block = text.get(at..)?.first_chunk::<32>()?;
        *out.get_mut(to..)?.first_chunk_mut()? = *block;
        let special = special(block);
        if special != 0 {
            let clean = special.trailing_zeros() as usize;
            return (block[clean] == b'"').then_some(at + clean);
        }
        (at, to) = (at + 32, to + 32);
    }
}

/// The integer at `at` and where it ends, its quotes included.
#[inline]
fn integer(text: &[u8], mut at: usize) -> Option<((bool, u64), usize)> {
    let quoted = *text.get(at)? == b'"';
    at += usize::from(quoted);
    let negative = *text.get(at)? == b'-';
    at += usize::from(negative);
    let start = at;
    let mut value = 0;
    while at < start + 16
        && let Some(eight) = text.get(at..).and_then(|text| read_eight(*text.first_chunk()?))
    {
        value = value * 100_000_000 + eight;
        at += 8;
    }
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        if at == start + 19 {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
        at += 1;
    }
    // No needless zeros in front; behind it neither a fraction nor an exponent.
    let ends = if quoted { *text.get(at)? == b'"' } else { matches!(text.get(at)?, b',' | b'}' | b']') };
    let whole = at > start && (text[start] != b'0' || at == start + 1);
    (ends && whole).then_some(((negative, value), at + usize::from(quoted)))
}
