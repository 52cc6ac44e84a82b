//! Strings in JSON: which bytes need an escape, found eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the start need no escape: up to the first quote, backslash or control character.
#[inline]
pub(crate) fn clean_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..at + 8) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let special = special(u64::from_le_bytes(word));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len() - at)
}

/// The top bit of each byte that needs an escape; the lowest of them is exact, higher ones may be false.
///
/// A borrow out of a byte that is zero after the exclusive or can only mark bytes above it.
#[inline]
const fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    (below_space | is_quote | is_backslash) & TOPS
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether some of 16 bytes needs an escape; without a branch for each, so that it becomes vector code.
///
/// Not inlined: mixed with its callers' code it is compiled to one comparison for each byte.
#[inline(never)]
fn any_special(bytes: &[u8; 16]) -> bool {
    let mut any = false;
    for byte in bytes {
        any |= is_special(*byte);
    }
    any
}

/// Appends `text` in quotes, escaped as RFC 8259 asks and no further.
#[inline]
pub(crate) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    write_text(out, text);
    out.push(b'"');
}

/// Appends `text` without the quotes around it.
///
/// Nearly all texts are short and need no escape. Their first and last bytes, which overlap, cover them in pieces of one
/// size, and appending such a piece is a few moves instead of a call.
#[inline]
pub(super) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        let (middle, _) = text[16..].as_chunks::<16>();
        if any_special(first)
            | any_special(last)
            | middle.iter().fold(false, |any, chunk| any | any_special(chunk))
        {
            write_escaped(out, text);
        } else if text.len() <= 32 {
            write_overlapping(out, text.len(), first, last);
        } else {
            out.extend_from_slice(text);
        }
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        if special(u64::from_le_bytes(*first)) | special(u64::from_le_bytes(*last)) == 0 {
            write_overlapping(out, text.len(), first, last);
        } else {
            write_escaped(out, text);
        }
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (low, high) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        if special(u64::from(low) | u64::from(high) << 32) == 0 {
            write_overlapping(out, text.len(), first, last);
        } else {
            write_escaped(out, text);
        }
    } else {
        write_escaped(out, text);
    }
}

/// Appends the `length` bytes, at least `N` and at most twice as many, that start with `first` and end with `last`.
#[inline(always)]
fn write_overlapping<const N: usize>(out: &mut Vec<u8>, length: usize, first: &[u8; N], last: &[u8; N]) {
    let start = out.len();
    out.extend_from_slice(first);
    out.truncate(start + length - N);
    out.extend_from_slice(last);
}

/// Appends text in which bytes may need an escape.
#[inline(never)]
fn write_escaped(out: &mut Vec<u8>, mut text: &[u8]) {
    let clean = clean_prefix(text);
    out.extend_from_slice(&text[..clean]);
    text = &text[clean..];
    while let Some((byte, rest)) = text.split_first() {
        let short = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => 0,
        };
        if short == 0 {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', short]);
        }
        let clean = clean_prefix(rest);
        out.extend_from_slice(&rest[..clean]);
        text = &rest[clean..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for length in 0..40 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    // A second special byte behind it must not hide or move the first.
                    bytes[length - 1] = if at == length - 1 { byte } else { b'"' };
                    let expected = bytes.iter().position(|byte| is_special(*byte)).unwrap_or(length);
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
                    let mut plain = b"before\"".to_vec();
                    write_escaped(&mut plain, &text);
                    plain.push(b'"');
                    assert_eq!(out, plain);
                    assert_eq!(serde_json::from_slice::<String>(&out[6..]).unwrap().as_bytes(), text);
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
