//! The header of a member, byte by byte: names and extra fields of any length take no memory.

use flate2::Crc;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

/// Where in the header the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Magic, method, flags, time, extra flags, system: index 0 to 9.
    Fixed(u8),
    ExtraLow,
    ExtraHigh(u8),
    Extra(u16),
    Name,
    Comment,
    CrcLow,
    CrcHigh(u8),
    Done,
}

/// Reads one member's header.
#[derive(Debug)]
pub(super) struct Header {
    at: At,
    flags: u8,
    crc: Crc,
}

impl Header {
    pub(super) fn new() -> Self {
        Self { at: At::Fixed(0), flags: 0, crc: Crc::new() }
    }

    pub(super) fn reset(&mut self) {
        self.at = At::Fixed(0);
        self.flags = 0;
        self.crc.reset();
    }

    /// Whether no byte has been read yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.at == At::Fixed(0)
    }

    /// Whether the two bytes that make it gzip are still being read.
    pub(super) fn in_magic(&self) -> bool {
        matches!(self.at, At::Fixed(0 | 1))
    }

    /// Takes the next byte. `Ok(true)` once the header is complete.
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, &'static str> {
        self.at = match self.at {
            At::Fixed(0) if byte != 0x1f => return Err("not gzip (no magic number)"),
            At::Fixed(1) if byte != 0x8b => return Err("not gzip (no magic number)"),
            At::Fixed(2) if byte != 8 => return Err("a compression method other than deflate"),
            At::Fixed(3) if byte & RESERVED != 0 => return Err("reserved header flags"),
            At::Fixed(index) => {
                if index == 3 {
                    self.flags = byte;
                }
                if index < 9 { At::Fixed(index + 1) } else { self.after(FEXTRA) }
            }
            At::ExtraLow => At::ExtraHigh(byte),
            At::ExtraHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.after(FNAME),
                len => At::Extra(len),
            },
            At::Extra(1) => self.after(FNAME),
            At::Extra(left) => At::Extra(left - 1),
            At::Name if byte == 0 => self.after(FCOMMENT),
            At::Comment if byte == 0 => self.after(FHCRC),
            At::CrcLow => At::CrcHigh(byte),
            At::CrcHigh(low) => {
                if u16::from_le_bytes([low, byte]) != (self.crc.sum() & 0xffff) as u16 {
                    return Err("a wrong header checksum");
                }
                At::Done
            }
            same @ (At::Name | At::Comment | At::Done) => same,
        };
        // The checksum's own two bytes come after all that it covers. Most headers have none.
        if self.at != At::Done && !matches!(self.at, At::CrcHigh(_)) {
            self.crc.update(&[byte]);
        }
        Ok(self.at == At::Done)
    }

    /// The first part, from `part` on in the format's order, that the flags say is there.
    fn after(&self, part: u8) -> At {
        let parts = [(FEXTRA, At::ExtraLow), (FNAME, At::Name), (FCOMMENT, At::Comment), (FHCRC, At::CrcLow)];
        let from = parts.iter().position(|&(flag, _)| flag == part).unwrap_or(0);
        parts[from..].iter().find(|&&(flag, _)| self.flags & flag != 0).map_or(At::Done, |&(_, at)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<usize, &'static str> {
        let mut header = Header::new();
        for (index, &byte) in bytes.iter().enumerate() {
            if header.take(byte)? {
                return Ok(index + 1);
            }
        }
        Err("incomplete")
    }

    /// A header with an extra field, a name, a comment and a checksum over all of it.
    fn full() -> Vec<u8> {
        let mut bytes = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0abcname\0comment\0".to_vec();
        let mut crc = Crc::new();
        crc.update(&bytes);
        bytes.extend_from_slice(&(crc.sum() as u16).to_le_bytes());
        bytes
    }

    #[test]
    fn all_optional_parts() {
        let bytes = full();
        assert_eq!(read(&bytes), Ok(bytes.len()));
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Err("incomplete"), "{cut}");
        }
        assert_eq!(read(b"\x1f\x8b\x08\0\0\0\0\0\0\xff"), Ok(10));
        assert_eq!(read(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\0\0"), Ok(12), "an empty extra field");
    }

    #[test]
    fn broken_fields_are_named() {
        assert_eq!(read(b"\x1f\x8c"), Err("not gzip (no magic number)"));
        assert_eq!(read(b"\x1f\x8b\x07"), Err("a compression method other than deflate"));
        assert_eq!(read(b"\x1f\x8b\x08\x80"), Err("reserved header flags"));
        let mut bytes = full();
        bytes[13] ^= 1;
        assert_eq!(read(&bytes), Err("a wrong header checksum"));
    }
}
