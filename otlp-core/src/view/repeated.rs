//! Repeated fields of messages and strings, read as they are asked for.

use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::{Note, View};
use crate::wire::{LEN, Value, delimited, fields, one_byte_key, text};

/// Where the occurrences of a repeated field stand: from the first to the last, other fields possibly between them.
#[derive(Clone, Copy, Default)]
pub(super) struct Range<'a> {
    message: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Range<'a> {
    #[inline]
    pub(super) fn note(&mut self, message: &'a [u8], start: usize, end: usize) {
        if self.end == 0 {
            *self = Self { message, start, end };
        } else {
            self.end = end;
        }
    }

    /// Takes one length-delimited element and all that follow it at once.
    #[inline]
    pub(super) fn take(
        &mut self,
        message: &'a [u8],
        rest: &'a [u8],
        mut after: &'a [u8],
    ) -> Option<&'a [u8]> {
        let key = rest.first()?;
        loop {
            let (_, behind) = delimited(after)?;
            match behind {
                [next, value @ ..] if next == key => after = value,
                _ => {
                    self.note(message, message.len() - rest.len(), message.len() - behind.len());
                    return Some(behind);
                }
            }
        }
    }

    #[inline]
    pub(super) fn bytes(self) -> &'a [u8] {
        &self.message[self.start..self.end]
    }
}

/// A repeated message or string field.
#[derive(Clone, Copy)]
pub(crate) struct Many<'a, V>(Range<'a>, PhantomData<fn() -> V>);

impl<V> Default for Many<'_, V> {
    fn default() -> Self {
        Self(Range::default(), PhantomData)
    }
}

impl<'a, V: View<'a> + Copy> Note<'a> for Many<'a, V> {
    type Out = Repeated<'a, V>;
    const WIRE: u8 = LEN;
    #[inline]
    fn take(&mut self, message: &'a [u8], rest: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]> {
        self.0.take(message, rest, after)
    }
    #[inline]
    fn note(&mut self, _: Value<'a>, message: &'a [u8], start: usize, end: usize) {
        self.0.note(message, start, end);
    }
    #[inline]
    fn out(self, number: u32) -> Repeated<'a, V> {
        Repeated { bytes: self.0.bytes(), number, element: PhantomData }
    }
}

/// Elements of a repeated field, in wire order, read as they are asked for.
#[derive(Clone, Copy)]
pub struct Repeated<'a, V> {
    bytes: &'a [u8],
    number: u32,
    element: PhantomData<fn() -> V>,
}

impl<'a, V> Repeated<'a, V> {
    /// The elements of field `number` in a message.
    pub(crate) const fn of(message: &'a [u8], number: u32) -> Self {
        Self { bytes: message, number, element: PhantomData }
    }
}

impl<'a, V> Repeated<'a, V> {
    /// Fields among which the elements stand.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of the field.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }
}

impl<V> Repeated<'_, V> {
    /// Whether there is no element.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

#[allow(private_bounds, reason = "only views of this crate are elements; nobody else names the trait")]
impl<'a, V: View<'a>> Repeated<'a, V> {
    /// Iterates over the elements.
    pub fn iter(&self) -> RepeatedIter<'a, V> {
        RepeatedIter { bytes: self.bytes, number: self.number, element: PhantomData }
    }

    /// How many elements there are; steps over each of them.
    pub fn len(&self) -> usize {
        self.iter().payloads().count()
    }

    /// The element with this index; steps over those before it.
    pub fn get(&self, index: usize) -> Option<V> {
        self.iter().payloads().nth(index).map(V::scan)
    }
}

impl<V> std::fmt::Debug for Repeated<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repeated({} bytes)", self.bytes.len())
    }
}

#[allow(private_bounds, reason = "only views of this crate are elements; nobody else names the trait")]
impl<'a, V: View<'a>> IntoIterator for Repeated<'a, V> {
    type Item = V;
    type IntoIter = RepeatedIter<'a, V>;

    fn into_iter(self) -> RepeatedIter<'a, V> {
        self.iter()
    }
}

/// Iterator of [`Repeated`].
pub struct RepeatedIter<'a, V> {
    bytes: &'a [u8],
    number: u32,
    element: PhantomData<fn() -> V>,
}

impl<'a, V> RepeatedIter<'a, V> {
    /// The next element's encoding.
    #[inline(always)]
    fn payload(&mut self) -> Option<&'a [u8]> {
        let [key, after @ ..] = self.bytes else { return None };
        if *key == one_byte_key(self.number, LEN) {
            let (payload, rest) = delimited(after)?;
            self.bytes = rest;
            return Some(payload);
        }
        let (payload, rest) = beyond(self.bytes, self.number)?;
        self.bytes = rest;
        Some(payload)
    }

    fn payloads(self) -> impl Iterator<Item = &'a [u8]> {
        let number = self.number;
        fields(self.bytes).filter(move |field| field.number == number).map(|field| field.value.bytes())
    }
}

/// The payload of the first field `number` among others, or with an unusual key, and what stands behind it.
#[cold]
#[inline(never)]
fn beyond(mut bytes: &[u8], number: u32) -> Option<(&[u8], &[u8])> {
    loop {
        let field = fields(bytes).next()?;
        bytes = &bytes[field.end..];
        if field.number == number {
            return Some((field.value.bytes(), bytes));
        }
    }
}

impl<V> Clone for RepeatedIter<'_, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<V> std::fmt::Debug for RepeatedIter<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RepeatedIter({} bytes left)", self.bytes.len())
    }
}

impl<'a, V: View<'a>> Iterator for RepeatedIter<'a, V> {
    type Item = V;

    #[inline]
    fn next(&mut self) -> Option<V> {
        self.payload().map(V::scan)
    }

    /// Adapters and `for_each` come here: no view goes through an `Option`, which would copy it.
    #[inline]
    fn fold<B, F: FnMut(B, V) -> B>(mut self, init: B, mut add: F) -> B {
        let mut sum = init;
        while let Some(payload) = self.payload() {
            sum = add(sum, V::scan(payload));
        }
        sum
    }
}

impl<'a, V: View<'a>> FusedIterator for RepeatedIter<'a, V> {}

impl<'a> View<'a> for &'a str {
    #[inline]
    fn scan(bytes: &'a [u8]) -> Self {
        text(bytes)
    }
}
