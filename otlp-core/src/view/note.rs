//! Notes of fields that stand once: numbers, texts, bytes, messages.

use std::marker::PhantomData;

use super::{Note, View};
use crate::wire::{FIXED32, FIXED64, LEN, VARINT, Value, delimited, read_varint, text, zigzag32};

macro_rules! scalar_notes {
    ($($name:ident($stored:ty), $wire:ident: $take:ident -> $out:ty = |$value:ident| $convert:expr;)+) => {$(
        #[derive(Clone, Copy, Default)]
        pub(crate) struct $name($stored);
        impl<'a> Note<'a> for $name {
            type Out = $out;
            const WIRE: u8 = $wire;
            #[inline]
            fn take(&mut self, _: &'a [u8], _: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]> {
                let ($value, rest) = $take(after)?;
                self.0 = $convert;
                Some(rest)
            }
            #[inline]
            fn note(&mut self, $value: Value<'a>, _: &'a [u8], _: usize, _: usize) {
                self.0 = $convert;
            }
            #[inline]
            fn out(self, _: u32) -> $out {
                self.0
            }
        }
    )+};
}

scalar_notes! {
    Uint64(u64), VARINT: varint -> u64 = |value| value.varint();
    Int64(i64), VARINT: varint -> i64 = |value| value.varint() as i64;
    Uint32(u32), VARINT: varint -> u32 = |value| value.varint() as u32;
    Int32(i32), VARINT: varint -> i32 = |value| value.varint() as i32;
    Sint32(i32), VARINT: varint -> i32 = |value| zigzag32(value.varint());
    Bool(bool), VARINT: varint -> bool = |value| value.varint() != 0;
    Fixed64(u64), FIXED64: fixed64 -> u64 = |value| value.fixed64();
    Fixed32(u32), FIXED32: fixed32 -> u32 = |value| value.fixed32();
    Double(f64), FIXED64: fixed64 -> f64 = |value| f64::from_bits(value.fixed64());
    OptionalDouble(Option<f64>), FIXED64: fixed64 -> Option<f64> = |value| Some(f64::from_bits(value.fixed64()));
    OptionalSfixed64(Option<i64>), FIXED64: fixed64 -> Option<i64> = |value| Some(value.fixed64() as i64);
}

#[inline]
fn varint(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (value, end) = read_varint(bytes, 0)?;
    Some((Value::Varint(value), &bytes[end..]))
}

#[inline]
fn fixed64(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((Value::Fixed64(u64::from_le_bytes(*value)), rest))
}

#[inline]
fn fixed32(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((Value::Fixed32(u32::from_le_bytes(*value)), rest))
}

/// A `bytes` field.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Note<'a> for Bytes<'a> {
    type Out = &'a [u8];
    const WIRE: u8 = LEN;
    #[inline]
    fn take(&mut self, _: &'a [u8], _: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]> {
        let (payload, rest) = delimited(after)?;
        self.0 = payload;
        Some(rest)
    }
    #[inline]
    fn note(&mut self, value: Value<'a>, _: &'a [u8], _: usize, _: usize) {
        self.0 = value.bytes();
    }
    #[inline]
    fn out(self, _: u32) -> &'a [u8] {
        self.0
    }
}

/// A `string` field.
#[derive(Clone, Copy, Default)]
pub(crate) struct Text<'a>(&'a [u8]);

impl<'a> Note<'a> for Text<'a> {
    type Out = &'a str;
    const WIRE: u8 = LEN;
    #[inline]
    fn take(&mut self, _: &'a [u8], _: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]> {
        let (payload, rest) = delimited(after)?;
        self.0 = payload;
        Some(rest)
    }
    #[inline]
    fn note(&mut self, value: Value<'a>, _: &'a [u8], _: usize, _: usize) {
        self.0 = value.bytes();
    }
    #[inline]
    fn out(self, _: u32) -> &'a str {
        text(self.0)
    }
}

/// A singular message field.
#[derive(Clone, Copy)]
pub(crate) struct One<'a, V>(Option<&'a [u8]>, PhantomData<fn() -> V>);

impl<V> Default for One<'_, V> {
    fn default() -> Self {
        Self(None, PhantomData)
    }
}

impl<'a, V: View<'a> + Copy> Note<'a> for One<'a, V> {
    type Out = Option<V>;
    const WIRE: u8 = LEN;
    #[inline]
    fn take(&mut self, _: &'a [u8], _: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]> {
        let (payload, rest) = delimited(after)?;
        self.0 = Some(payload);
        Some(rest)
    }
    #[inline]
    fn note(&mut self, value: Value<'a>, _: &'a [u8], _: usize, _: usize) {
        self.0 = Some(value.bytes());
    }
    #[inline]
    fn out(self, _: u32) -> Option<V> {
        self.0.map(V::scan)
    }
}
