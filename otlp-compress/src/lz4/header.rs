//! The header of a frame.

use super::{
    BLOCK_CHECKSUMS, CONTENT_CHECKSUM, CONTENT_SIZE, DICTIONARY, INDEPENDENT, MAGIC, RESERVED, VERSION,
    VERSION_MASK, block_max, header_checksum,
};

/// Skippable frames: the first byte's low four bits are free.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// The longest header: magic, two bytes of descriptor, content size of 8, dictionary of 4, checksum.
pub(super) const MAX_LEN: usize = 19;

/// What a frame says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// So many bytes of user data follow, to be passed over.
    Skippable(u32),
    /// Blocks follow.
    Frame(Frame),
}

/// What the descriptor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The longest decompressed block, in bytes.
    pub(super) block_max: usize,
    /// Whether blocks refer to the ones before them.
    pub(super) linked: bool,
    /// Whether each block is followed by its checksum.
    pub(super) block_checksums: bool,
    /// Whether the frame ends with a checksum over all that it holds.
    pub(super) content_checksum: bool,
    /// The decompressed size, if stated.
    pub(super) content: Option<u64>,
    /// The dictionary's number.
    pub(super) dictionary: Option<u32>,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// They do not start with a magic number.
    Magic,
    /// A field is wrong: which.
    Field(&'static str),
}

/// Reads a header from the start of `bytes`, and its length; `None` if more bytes are needed.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, Bad> {
    let starts = |magic: [u8; 4], free: u8| {
        bytes
            .iter()
            .zip(magic)
            .enumerate()
            .all(|(i, (&byte, magic))| byte & if i == 0 { !free } else { 0xff } == magic)
    };
    if starts(SKIPPABLE, 0x0f) {
        let Some(&[_, _, _, _, a, b, c, d]) = bytes.first_chunk() else { return Ok(None) };
        return Ok(Some((Header::Skippable(u32::from_le_bytes([a, b, c, d])), 8)));
    }
    if !starts(MAGIC, 0) {
        return Err(Bad::Magic);
    }
    let Some(&flags) = bytes.get(MAGIC.len()) else { return Ok(None) };
    if flags & VERSION_MASK != VERSION {
        return Err(Bad::Field("an unknown version of the frame format"));
    }
    if flags & RESERVED != 0 {
        return Err(Bad::Field("a reserved header bit"));
    }
    let content_len = if flags & CONTENT_SIZE == 0 { 0 } else { 8 };
    let dictionary_len = if flags & DICTIONARY == 0 { 0 } else { 4 };
    let len = MAGIC.len() + 2 + content_len + dictionary_len + 1;
    let Some(header) = bytes.get(..len) else { return Ok(None) };
    let (descriptor, expected) = (&header[MAGIC.len()..len - 1], header[len - 1]);
    if header_checksum(descriptor) != expected {
        return Err(Bad::Field("a wrong header checksum"));
    }
    let block = descriptor[1];
    if block & 0b1000_1111 != 0 {
        return Err(Bad::Field("a reserved header bit"));
    }
    let code = block >> 4;
    if code < 4 {
        return Err(Bad::Field("an unknown block size"));
    }
    let (content, dictionary) = descriptor[2..].split_at(content_len);
    Ok(Some((
        Header::Frame(Frame {
            block_max: block_max(code),
            linked: flags & INDEPENDENT == 0,
            block_checksums: flags & BLOCK_CHECKSUMS != 0,
            content_checksum: flags & CONTENT_CHECKSUM != 0,
            content: content.first_chunk().map(|&bytes| u64::from_le_bytes(bytes)),
            dictionary: dictionary.first_chunk().map(|&bytes| u32::from_le_bytes(bytes)),
        }),
        len,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u8, block: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &[flags, block], rest].concat();
        bytes.push(header_checksum(&bytes[4..]));
        bytes
    }

    #[test]
    fn fields_of_every_kind() {
        let all = header(0b0101_1101, 0x70, &[1, 0, 0, 0, 0, 0, 0, 2, 4, 3, 2, 1]);
        assert_eq!(all.len(), MAX_LEN);
        let frame = Frame {
            block_max: 4 << 20,
            linked: true,
            block_checksums: true,
            content_checksum: true,
            content: Some(2 << 56 | 1),
            dictionary: Some(0x0102_0304),
        };
        assert_eq!(parse(&all), Ok(Some((Header::Frame(frame), MAX_LEN))));
        for cut in 0..all.len() {
            assert_eq!(parse(&all[..cut]), Ok(None), "{cut}");
        }
        let plain = header(0b0110_0000, 0x40, &[]);
        let Ok(Some((Header::Frame(frame), 7))) = parse(&plain) else { panic!("{:?}", parse(&plain)) };
        assert_eq!((frame.block_max, frame.linked, frame.content), (64 << 10, false, None));
        assert_eq!(parse(b"\x5a\x2a\x4d\x18\x05\0\0\0"), Ok(Some((Header::Skippable(5), 8))));
        assert_eq!(parse(b"\x5a\x2a\x4d"), Ok(None));
    }

    #[test]
    fn broken_fields_are_named() {
        for bad in [&b"x"[..], b"\x04\x22\x4d\x19", b"\x02\x21\x4c\x18", b"\x60\x2a"] {
            assert_eq!(parse(bad), Err(Bad::Magic), "{bad:?}");
        }
        for (bytes, what) in [
            (header(0b1010_0000, 0x40, &[]), "an unknown version of the frame format"),
            (header(0b0110_0010, 0x40, &[]), "a reserved header bit"),
            (header(0b0110_0000, 0x41, &[]), "a reserved header bit"),
            (header(0b0110_0000, 0x30, &[]), "an unknown block size"),
        ] {
            assert_eq!(parse(&bytes), Err(Bad::Field(what)));
        }
        let mut bytes = header(0b0110_0000, 0x40, &[]);
        bytes[6] ^= 1;
        assert_eq!(parse(&bytes), Err(Bad::Field("a wrong header checksum")));
    }
}
