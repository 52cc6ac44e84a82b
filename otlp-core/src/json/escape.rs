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

/// Whether no byte needs an escape: nearly always so, and told without a branch for each word or byte.
#[inline]
fn is_clean(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        // The last eight bytes cover what the chunks leave over.
        let (chunks, _) = bytes.as_chunks::<8>();
        chunks
            .iter()
            .fold(special(u64::from_le_bytes(*last)), |all, chunk| all | special(u64::from_le_bytes(*chunk)))
            == 0
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (low, high) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        special(u64::from(low) | u64::from(high) << 32) == 0
    } else {
        !bytes.iter().any(|byte| is_special(*byte))
    }
}

/// Appends `text` in quotes, escaped as RFC 8259 asks and no further.
#[inline]
pub(crate) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    write_text(out, text);
    out.push(b'"');
}

/// Appends `text` without the quotes around it.
#[inline]
pub(super) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    if is_clean(text) {
        out.extend_from_slice(text);
    } else {
        write_escaped(out, text);
    }
}

/// Appends text in which some byte needs an escape.
#[cold]
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
                    assert_eq!(is_clean(&bytes), expected == length, "{bytes:?}");
                    // Alone too: a word may hide nothing that another one would show.
                    bytes[length - 1] = if at == length - 1 { byte } else { b'x' };
                    assert_eq!(is_clean(&bytes), !is_special(byte), "{bytes:?}");
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
