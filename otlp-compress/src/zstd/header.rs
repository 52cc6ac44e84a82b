//! The header of a frame (RFC 8878, section 3.1.1.1).

/// The longest header: magic, descriptor, window, dictionary of 4, content size of 8.
pub(super) const MAX_LEN: usize = 18;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Skippable frames: the first byte's low four bits are free.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// What a frame says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// A frame of user data, to be passed over.
    Skippable,
    /// A frame of compressed data.
    Frame {
        /// How many decompressed bytes the decoder must keep at hand.
        window: u64,
        /// The decompressed size, if stated.
        content: Option<u64>,
        /// The dictionary's number; 0 for none.
        dictionary: u32,
    },
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// They do not start with a magic number.
    Magic,
    /// A bit that must be zero is set.
    Reserved,
}

/// Reads a header from the start of `bytes`; `None` if more bytes are needed.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Header>, Bad> {
    let magic_matches = bytes.iter().zip(MAGIC).all(|(&byte, magic)| byte == magic);
    let skip_matches = bytes
        .iter()
        .zip(SKIPPABLE)
        .enumerate()
        .all(|(i, (&byte, magic))| byte & if i == 0 { 0xf0 } else { 0xff } == magic);
    if !magic_matches && !skip_matches {
        return Err(Bad::Magic);
    }
    let Some((_, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    if !magic_matches {
        return Ok(Some(Header::Skippable));
    }
    let Some((&descriptor, rest)) = rest.split_first() else { return Ok(None) };
    if descriptor & 0b1000 != 0 {
        return Err(Bad::Reserved);
    }
    let single_segment = descriptor & 0b10_0000 != 0;
    let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 0b11)];
    let content_len = match descriptor >> 6 {
        0 => usize::from(single_segment),
        flag => 1 << flag,
    };
    let window_len = usize::from(!single_segment);
    if rest.len() < window_len + dictionary_len + content_len {
        return Ok(None);
    }
    let (window, rest) = rest.split_at(window_len);
    let (dictionary, rest) = rest.split_at(dictionary_len);
    let content = match content_len {
        0 => None,
        // Two bytes count from 256: smaller sizes fit into one.
        2 => Some(little_endian(&rest[..2]) + 256),
        len => Some(little_endian(&rest[..len])),
    };
    let window = match window.first() {
        Some(&byte) => {
            let base = 1u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        }
        None => content.unwrap_or(0),
    };
    // Four bytes at most.
    Ok(Some(Header::Frame { window, content, dictionary: little_endian(dictionary) as u32 }))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(tail: &[u8]) -> Result<Option<Header>, Bad> {
        parse(&[&MAGIC, tail].concat())
    }

    #[test]
    fn fields_of_every_width() {
        let with = |window, content, dictionary| Ok(Some(Header::Frame { window, content, dictionary }));
        assert_eq!(frame(&[0x20, 7]), with(7, Some(7), 0), "single segment, one byte of size");
        assert_eq!(frame(&[0x60, 1, 0]), with(257, Some(257), 0), "two bytes count from 256");
        assert_eq!(frame(&[0xa0, 1, 0, 0, 1]), with(1 << 24 | 1, Some(1 << 24 | 1), 0));
        assert_eq!(frame(&[0xe0, 0, 0, 0, 0, 0, 0, 0, 1]), with(1 << 56, Some(1 << 56), 0));
        assert_eq!(frame(&[0, 0]), with(1024, None, 0), "the smallest window, no size");
        assert_eq!(frame(&[0, 0xff]), with((1 << 41) + (7 << 38), None, 0), "the largest window");
        assert_eq!(frame(&[3, 8, 4, 3, 2, 1]), with(2048, None, 0x0102_0304), "a dictionary");
    }

    #[test]
    fn needs_more_or_is_bad() {
        let full = [&MAGIC[..], &[0xc3, 8, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8]].concat();
        assert_eq!(full.len(), MAX_LEN);
        for cut in 0..full.len() {
            assert_eq!(parse(&full[..cut]), Ok(None), "{cut}");
        }
        assert!(matches!(parse(&full), Ok(Some(Header::Frame { content: Some(_), .. }))));
        assert_eq!(frame(&[8]), Err(Bad::Reserved));
        assert_eq!(parse(b"\x5f\x2a\x4d\x18"), Ok(Some(Header::Skippable)));
        for bad in [&b"x"[..], b"\x28\xb5\x30", b"\x60\x2a", b"\x5f\x2a\x4d\x19"] {
            assert_eq!(parse(bad), Err(Bad::Magic), "{bad:?}");
        }
    }
}
