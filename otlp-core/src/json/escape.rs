//! Strings in JSON: which bytes need an escape, found 32 at a time.

use super::room::Room;
use crate::wire::special;

/// How many bytes at the start need no escape: up to the first quote, backslash or control character.
#[inline]
pub(crate) fn clean_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let special = special(block);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += 32;
    }
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    at + bytes[at..].iter().position(is_special).unwrap_or(bytes.len() - at)
}

/// Appends `text` in quotes, escaped as RFC 8259 asks and no further.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    let mut room = Room::new(out);
    room.push(b'"');
    write_text(&mut room, text, 0, text.len());
    room.push(b'"');
    room.finish();
}

/// Appends the part of `bytes` from `at` to `end`, escaped, without quotes around it.
///
/// Whole blocks of 32 bytes are read and stored, also where the text is shorter: what stands behind it in `bytes` does not
/// count.
pub(super) fn write_text(out: &mut Room<'_>, bytes: &[u8], mut at: usize, end: usize) {
    while at < end {
        let count = (end - at).min(32);
        let mut last = [0; 32];
        let block = match bytes[at..].first_chunk() {
            Some(block) => block,
            None => {
                last[..count].copy_from_slice(&bytes[at..end]);
                &last
            }
        };
        let special = special(block) & u32::MAX >> (32 - count);
        if special == 0 {
            out.put(block, count);
            at += count;
        } else {
            let clean = special.trailing_zeros() as usize;
            out.put(block, clean);
            write_escape(out, block[clean]);
            at += clean + 1;
        }
    }
}

/// Stores the part of `bytes` from `at` to `end` at `to`; gives where it ends there, or `None` when a byte needs an escape
/// or blocks of 32 bytes do not fit on either side.
#[inline(always)]
pub(super) fn copy_clean(
    out: &mut [u8],
    mut to: usize,
    bytes: &[u8],
    mut at: usize,
    end: usize,
) -> Option<usize> {
    loop {
        let block = bytes.get(at..)?.first_chunk::<32>()?;
        *out.get_mut(to..)?.first_chunk_mut()? = *block;
        let special = special(block);
        let left = end - at;
        if left <= 32 {
            // 64 bits, so that none may be left.
            return (u64::from(special) & ((1 << left) - 1) == 0).then_some(to + left);
        }
        if special != 0 {
            return None;
        }
        (at, to) = (at + 32, to + 32);
    }
}

#[cold]
fn write_escape(out: &mut Room<'_>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            return out.put(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)], 6);
        }
    };
    out.put(&[b'\\', short], 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for length in 0..70 {
            for at in 0..length {
                for byte in [0, 0x1f, b' ', b'"', b'#', b'[', b'\\', b']', 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    // A second special byte behind it must not hide or move the first.
                    bytes[length - 1] = if at == length - 1 { byte } else { b'"' };
                    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
                    let expected = bytes.iter().position(is_special).unwrap_or(length);
                    assert_eq!(clean_prefix(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn one_byte_in_texts_of_all_lengths() {
        for length in 1..70 {
            for at in 0..length {
                for byte in 0..0x80 {
                    let mut text: Vec<u8> = (b'a'..=b'z').cycle().take(length).collect();
                    text[at] = byte;
                    let mut out = b"before".to_vec();
                    write_string(&mut out, &text);
                    assert_eq!(serde_json::from_slice::<String>(&out[6..]).unwrap().as_bytes(), text);
                    // What stands behind a text does not count, be it special or not.
                    let mut longer = text.clone();
                    longer.extend([b'"'; 40]);
                    let mut again = b"before\"".to_vec();
                    let mut room = Room::new(&mut again);
                    write_text(&mut room, &longer, 0, length);
                    room.push(b'"');
                    room.finish();
                    assert_eq!(again, out);
                    let mut window = [0; 200];
                    let copied = copy_clean(&mut window, 3, &longer, 0, length);
                    let plain = text.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\');
                    assert_eq!(copied, plain.then_some(3 + length));
                    assert!(!plain || window[3..3 + length] == text);
                    let copied = copy_clean(&mut window, 3, &text, 0, length);
                    assert_eq!(copied.is_some(), plain && length % 32 == 0, "the last block must fit");
                }
            }
        }
    }

    #[test]
    fn serde_json_reads_what_is_written() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        let mut out = Vec::new();
        write_string(&mut out, all.as_bytes());
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
        out.clear();
        write_string(&mut out, "a\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}\u{2028}é".as_bytes());
        assert_eq!(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\u{7f}\u{2028}é\"".as_bytes());
    }
}
