//! `Key`: an attribute's name with its encoding.

use std::fmt;

/// An attribute's name, known at compile time, with the bytes that stand before it on the wire.
///
/// Conventions are published as constants of this type; writers take it wherever they take a `&str`.
///
/// ```
/// use otlp_core::Key;
/// const HTTP_ROUTE: Key = Key::new("http.route");
/// assert_eq!(HTTP_ROUTE.name(), "http.route");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    name: &'static str,
    header: Header,
}

/// `KeyValue.key`: key byte and length, and how many bytes these are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Header {
    bytes: [u8; 8],
    len: u8,
}

impl Key {
    /// The key of this name; its encoding is computed at compile time in a `const`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, header: Header::new(name.len()) }
    }

    /// The name: `http.route`.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl Header {
    #[inline]
    const fn new(length: usize) -> Self {
        // Seven bytes count to 2^49, more than any address space holds.
        let mut rest = length as u64;
        // Field 1, length-delimited.
        let mut bytes = [0x0a, 0, 0, 0, 0, 0, 0, 0];
        let mut at = 1;
        while rest >= 0x80 && at < 7 {
            bytes[at] = rest as u8 | 0x80;
            rest >>= 7;
            at += 1;
        }
        bytes[at] = rest as u8;
        Self { bytes, len: at as u8 + 1 }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl fmt::Display for Key {
    /// The name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.name)
    }
}

/// A borrowed attribute name: what writers take, made from a `&str` or a [`Key`].
#[derive(Clone, Copy)]
pub struct KeyRef<'a> {
    name: &'a str,
    header: Header,
}

impl<'a> KeyRef<'a> {
    /// The name.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Bytes of the whole field.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.header.len) + self.name.len()
    }

    #[inline]
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.header.as_slice());
        out.extend_from_slice(self.name.as_bytes());
    }
}

impl fmt::Debug for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRef({:?})", self.name)
    }
}

impl<'a> From<&'a str> for KeyRef<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        Self { name, header: Header::new(name.len()) }
    }
}

impl<'a> From<&'a String> for KeyRef<'a> {
    #[inline]
    fn from(name: &'a String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<Key> for KeyRef<'_> {
    #[inline]
    fn from(key: Key) -> Self {
        Self { name: key.name, header: key.header }
    }
}

impl From<&Key> for KeyRef<'_> {
    #[inline]
    fn from(key: &Key) -> Self {
        Self { name: key.name, header: key.header }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_len;

    #[test]
    fn encodes_as_field_one_of_key_value() {
        for length in [0, 1, 10, 127, 128, 16_383, 16_384, 3 << 20] {
            let name = "k".repeat(length);
            let mut expected = Vec::new();
            put_len(&mut expected, 1, name.as_bytes());
            let mut actual = Vec::new();
            let key = KeyRef::from(&name);
            key.put(&mut actual);
            assert_eq!(actual, expected, "{length}");
            assert_eq!(key.len(), expected.len());
        }
    }

    #[test]
    fn constant_and_text_are_the_same() {
        const ROUTE: Key = Key::new("http.route");
        assert_eq!(KeyRef::from(ROUTE).header.as_slice(), KeyRef::from("http.route").header.as_slice());
        assert_eq!(KeyRef::from(&ROUTE).name(), "http.route");
        assert_eq!(ROUTE.to_string(), "http.route");
    }
}
