//! `Key`: an attribute's name, known at compile time.

use std::fmt;

use crate::wire::{put_len, varint_len};

/// An attribute's name, known at compile time.
///
/// Conventions are published as constants of this type; writers take it wherever they take a `&str`.
///
/// ```
/// use otlp_core::Key;
/// const HTTP_ROUTE: Key = Key::new("http.route");
/// assert_eq!(HTTP_ROUTE.name(), "http.route");
/// ```
// It holds no encoding: writing the two bytes before a name costs less than copying them; see decision 5.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    name: &'static str,
}

impl Key {
    /// The key of this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// The name: `http.route`.
    pub const fn name(&self) -> &'static str {
        self.name
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
}

impl<'a> KeyRef<'a> {
    /// The name.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Bytes of the field; an empty name has none.
    #[inline]
    pub(crate) const fn field_len(&self) -> usize {
        match self.name.len() {
            0 => 0,
            length => 1 + varint_len(length as u64) + length,
        }
    }

    /// Appends `KeyValue.key`.
    #[inline]
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        if !self.name.is_empty() {
            put_len(out, 1, self.name.as_bytes());
        }
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
        Self { name }
    }
}

impl<'a> From<&'a String> for KeyRef<'a> {
    #[inline]
    fn from(name: &'a String) -> Self {
        Self { name }
    }
}

impl From<Key> for KeyRef<'_> {
    #[inline]
    fn from(key: Key) -> Self {
        Self { name: key.name }
    }
}

impl From<&Key> for KeyRef<'_> {
    #[inline]
    fn from(key: &Key) -> Self {
        Self { name: key.name }
    }
}
