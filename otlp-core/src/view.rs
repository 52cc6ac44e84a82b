//! The machinery of views: one scan over a message notes where its fields stand.
//!
//! A view is a handful of slices and numbers on the stack. Making one steps over the message's own fields, not into the
//! messages below; those become views when they are asked for.

use std::iter::FusedIterator;
use std::marker::PhantomData;

use crate::wire::{
    FIXED32, FIXED64, LEN, VARINT, Value, delimited, fields, one_byte_key, read_varint, text, zigzag32,
};

/// A message that a view reads: made from its encoding.
pub(crate) trait View<'a>: Sized {
    /// Scans the message's fields.
    fn scan(bytes: &'a [u8]) -> Self;
}

/// How one field of a view is noted during the scan and given out later.
pub(crate) trait Note<'a>: Copy + Default {
    /// What the accessor returns.
    type Out;
    /// The wire type that the field usually has.
    const WIRE: u8;
    /// Takes one occurrence of the field in its usual wire type: the key stands at the start of `rest`, the value at that
    /// of `after`, both to the end of `message`. Gives what stands behind it.
    fn take(&mut self, message: &'a [u8], rest: &'a [u8], after: &'a [u8]) -> Option<&'a [u8]>;
    /// Takes one occurrence of the field: its value, and where it stands in `message`.
    fn note(&mut self, value: Value<'a>, message: &'a [u8], start: usize, end: usize);
    /// The field's value.
    fn out(self, number: u32) -> Self::Out;
}

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

    /// Takes one length-delimited element and all that follow it at once.
    #[inline]
    fn take(&mut self, message: &'a [u8], rest: &'a [u8], mut after: &'a [u8]) -> Option<&'a [u8]> {
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
            if let [key, after @ ..] = self.bytes
                && *key == one_byte_key(self.number, LEN)
            {
                let (payload, rest) = delimited(after)?;
                self.bytes = rest;
                return Some(V::scan(payload));
            }
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
                let mut rest = bytes;
                while let [key, after @ ..] = rest {
                    let behind = match *key {
                        $(key if key
                            == const { $crate::wire::one_byte_key($number, <$note as $crate::view::Note<'_>>::WIRE) } =>
                        {
                            $crate::view::Note::take(&mut $field, bytes, rest, after)
                        })*
                        // Unknown fields, numbers above 15, long keys, numbers packed where they need not be.
                        _ => $crate::wire::fields(rest).next().map(|raw| {
                            let start = bytes.len() - rest.len();
                            match raw.number {
                                $($number => $crate::view::Note::note(&mut $field, raw.value, bytes, start, start + raw.end),)*
                                _ => {}
                            }
                            &rest[raw.end..]
                        }),
                    };
                    let Some(behind) = behind else { break };
                    rest = behind;
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
