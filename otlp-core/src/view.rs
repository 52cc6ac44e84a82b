//! The machinery of views: one scan over a message notes where its fields stand.
//!
//! A view is a handful of slices and numbers on the stack. Making one steps over the message's own fields, not into the
//! messages below; those become views when they are asked for.

use std::iter::FusedIterator;
use std::marker::PhantomData;

use crate::wire::{Value, fields, read_varint, text, zigzag32};

/// A message that a view reads: made from its encoding.
pub(crate) trait View<'a>: Sized {
    /// Scans the message's fields.
    fn scan(bytes: &'a [u8]) -> Self;
}

/// How one field of a view is noted during the scan and given out later.
pub(crate) trait Note<'a>: Copy + Default {
    /// What the accessor returns.
    type Out;
    /// Takes one occurrence of the field: its value, and where it stands in `message`.
    fn note(&mut self, value: Value<'a>, message: &'a [u8], start: usize, end: usize);
    /// The field's value.
    fn out(self, number: u32) -> Self::Out;
}

macro_rules! scalar_notes {
    ($($(#[$doc:meta])* $name:ident($stored:ty) -> $out:ty = |$value:ident| $convert:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default)]
        pub(crate) struct $name($stored);
        impl<'a> Note<'a> for $name {
            type Out = $out;
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
    Uint64(u64) -> u64 = |value| value.varint();
    Int64(i64) -> i64 = |value| value.varint() as i64;
    Uint32(u32) -> u32 = |value| value.varint() as u32;
    Int32(i32) -> i32 = |value| value.varint() as i32;
    Sint32(i32) -> i32 = |value| zigzag32(value.varint());
    Bool(bool) -> bool = |value| value.varint() != 0;
    Fixed64(u64) -> u64 = |value| value.fixed64();
    Fixed32(u32) -> u32 = |value| value.fixed32();
    Double(f64) -> f64 = |value| f64::from_bits(value.fixed64());
    OptionalDouble(Option<f64>) -> Option<f64> = |value| Some(f64::from_bits(value.fixed64()));
    OptionalSfixed64(Option<i64>) -> Option<i64> = |value| Some(value.fixed64() as i64);
}

/// A `bytes` field.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Note<'a> for Bytes<'a> {
    type Out = &'a [u8];
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
    #[inline]
    fn note(&mut self, value: Value<'a>, _: &'a [u8], _: usize, _: usize) {
        self.0 = Some(value.bytes());
    }
    #[inline]
    fn out(self, _: u32) -> Option<V> {
        self.0.map(V::scan)
    }
}

/// Where the occurrences of a repeated field stand: from the first to the last, other fields possibly between them.
#[derive(Clone, Copy, Default)]
struct Range<'a> {
    message: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Range<'a> {
    #[inline]
    fn note(&mut self, message: &'a [u8], start: usize, end: usize) {
        if self.end == 0 {
            *self = Self { message, start, end };
        } else {
            self.end = end;
        }
    }

    #[inline]
    fn bytes(self) -> &'a [u8] {
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
    fn payloads(self) -> impl Iterator<Item = &'a [u8]> {
        let number = self.number;
        fields(self.bytes).filter(move |field| field.number == number).map(|field| field.value.bytes())
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
        loop {
            let field = fields(self.bytes).next()?;
            self.bytes = &self.bytes[field.end..];
            if field.number == self.number {
                return Some(V::scan(field.value.bytes()));
            }
        }
    }
}

impl<'a, V: View<'a>> FusedIterator for RepeatedIter<'a, V> {}

impl<'a> View<'a> for &'a str {
    #[inline]
    fn scan(bytes: &'a [u8]) -> Self {
        text(bytes)
    }
}

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

impl<T> Packed<'_, T> {
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

/// Defines a view: its fields by number, each with the accessor's type and the note that makes it.
macro_rules! view {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* $number:literal => $field:ident: $out:ty = $note:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            encoded: &'a [u8],
            $($field: $note,)*
        }

        impl<'a> $crate::view::View<'a> for $name<'a> {
            #[inline]
            fn scan(bytes: &'a [u8]) -> Self {
                $(let mut $field = <$note>::default();)*
                for raw in $crate::wire::fields(bytes) {
                    match raw.number {
                        $($number => $crate::view::Note::note(&mut $field, raw.value, bytes, raw.start, raw.end),)*
                        _ => {}
                    }
                }
                Self { encoded: bytes, $($field,)* }
            }
        }

        impl<'a> $name<'a> {
            /// The message's encoding, without key and length; unknown fields included.
            pub const fn encoded(&self) -> &'a [u8] {
                self.encoded
            }

            $($(#[$field_doc])*
            #[inline]
            pub fn $field(&self) -> $out {
                $crate::view::Note::out(self.$field, $number)
            })*
        }

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)) $(.field(stringify!($field), &self.$field()))* .finish()
            }
        }
    };
}

pub(crate) use view;
