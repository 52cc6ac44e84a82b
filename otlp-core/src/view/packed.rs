//! Repeated fields of numbers, packed or not.

use std::marker::PhantomData;

use super::Note;
use super::repeated::Range;
use crate::wire::{LEN, Value, fields, read_varint};

/// What the elements of a packed field are on the wire.
pub trait PackedKind: Copy {
    /// What they are in Rust.
    type Value: Copy;
    #[doc(hidden)]
    fn take(bytes: &mut &[u8]) -> Option<Self::Value>;
    #[doc(hidden)]
    fn single(bits: u64) -> Self::Value;
}

macro_rules! packed_kinds {
    ($($(#[$doc:meta])* $name:ident -> $value:ty = |$bits:ident| $convert:expr, $take:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl PackedKind for $name {
            type Value = $value;
            #[inline]
            fn take(bytes: &mut &[u8]) -> Option<$value> {
                $take(bytes).map(|$bits| $convert)
            }
            #[inline]
            fn single($bits: u64) -> $value {
                $convert
            }
        }
    )+};
}

packed_kinds! {
    /// `repeated int32`.
    PackedInt32 -> i32 = |bits| bits as i32, take_varint;
    /// `repeated int64`.
    PackedInt64 -> i64 = |bits| bits as i64, take_varint;
    /// `repeated uint64`.
    PackedUint64 -> u64 = |bits| bits, take_varint;
    /// `repeated fixed64`.
    PackedFixed64 -> u64 = |bits| bits, take_fixed;
    /// `repeated double`.
    PackedDouble -> f64 = |bits| f64::from_bits(bits), take_fixed;
}

#[inline]
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (value, end) = read_varint(bytes, 0)?;
    *bytes = &bytes[end..];
    Some(value)
}

#[inline]
fn take_fixed(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*first))
}

/// A repeated number field, packed or not.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a, T>(Range<'a>, PhantomData<fn() -> T>);

impl<T> Default for Numbers<'_, T> {
    fn default() -> Self {
        Self(Range::default(), PhantomData)
    }
}

impl<'a, T: PackedKind> Note<'a> for Numbers<'a, T> {
    type Out = Packed<'a, T>;
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
    fn out(self, number: u32) -> Packed<'a, T> {
        Packed { run: &[], rest: self.0.bytes(), number, element: PhantomData }
    }
}

/// Iterator over a repeated number field.
#[derive(Clone, Copy)]
pub struct Packed<'a, T> {
    /// What is left of the packed run being read.
    run: &'a [u8],
    rest: &'a [u8],
    number: u32,
    element: PhantomData<fn() -> T>,
}

impl<'a, T> Packed<'a, T> {
    /// The encoded elements that are left, if they stand in one packed run, as every encoder writes them; for code that
    /// decodes many at once.
    pub fn as_run(&self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return Some(self.run);
        }
        match fields(self.rest).next()? {
            field if !self.run.is_empty() || field.end != self.rest.len() => None,
            field => {
                if let Value::Len(run) = field.value {
                    Some(run)
                } else {
                    None
                }
            }
        }
    }

    /// Whether the field does not stand in the message at all; a packed run of length 0 is also without elements.
    pub const fn is_absent(&self) -> bool {
        self.run.is_empty() && self.rest.is_empty()
    }
}

impl<T> std::fmt::Debug for Packed<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} bytes left)", self.run.len() + self.rest.len())
    }
}

impl<T: PackedKind> Iterator for Packed<'_, T> {
    type Item = T::Value;

    #[inline]
    fn next(&mut self) -> Option<T::Value> {
        loop {
            if !self.run.is_empty() {
                return T::take(&mut self.run);
            }
            let field = fields(self.rest).next()?;
            self.rest = &self.rest[field.end..];
            if field.number == self.number {
                match field.value {
                    Value::Len(run) => self.run = run,
                    Value::Varint(bits) | Value::Fixed64(bits) => return Some(T::single(bits)),
                    Value::Fixed32(_) | Value::Group => {}
                }
            }
        }
    }
}
