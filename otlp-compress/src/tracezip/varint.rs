//! Varints as the frame writes them, and a reader that knows where it is.

use super::TracezipError;

/// Appends `value` in as few bytes as it takes: seven bits each, lowest first.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The varint at the start of `bytes`, if it is the shortest form of its value, and its length.
#[inline]
pub(crate) fn minimal(bytes: &[u8]) -> Option<(u64, usize)> {
    match *bytes {
        [first @ 0..0x80, ..] => Some((u64::from(first), 1)),
        [first, second @ 1..0x80, ..] => Some((u64::from(first & 0x7f) | u64::from(second) << 7, 2)),
        _ => minimal_long(bytes),
    }
}

fn minimal_long(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            let fits = index < 9 || byte < 2;
            return (fits && (byte != 0 || index == 0)).then_some((value, index + 1));
        }
    }
    None
}

/// Reads small fields off a column or header; errors name it and the offset in the frame.
pub(crate) struct Reader<'a> {
    name: &'static str,
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` start in the frame.
    base: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(name: &'static str, bytes: &'a [u8], base: usize) -> Self {
        Self { name, bytes, at: 0, base }
    }

    /// How far it has read.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn corrupt(&self, what: &'static str) -> TracezipError {
        TracezipError::Corrupt { column: self.name, what, offset: (self.base + self.at) as u64 }
    }

    /// The input ends here: a header may go on in bytes that are still to come, anything else may not.
    fn end(&self) -> TracezipError {
        if self.name == "header" {
            TracezipError::Truncated { offset: (self.base + self.bytes.len()) as u64 }
        } else {
            self.corrupt("ends too early")
        }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], TracezipError> {
        let (taken, _) = self.bytes[self.at..].split_at_checked(length).ok_or_else(|| self.end())?;
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn skip(&mut self, length: usize) -> Result<(), TracezipError> {
        self.take(length).map(drop)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, TracezipError> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], TracezipError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, TracezipError> {
        let rest = &self.bytes[self.at..];
        match minimal(rest) {
            Some((value, length)) => {
                self.at += length;
                Ok(value)
            }
            None if rest.len() < 10 && rest.iter().all(|&byte| byte >= 0x80) => Err(self.end()),
            None => Err(self.corrupt("a varint that is too long")),
        }
    }
}
