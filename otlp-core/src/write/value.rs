//! `ValueRef`: what an attribute or a log body can be, and its encoding.

use super::Sink;
use crate::key::KeyRef;
use crate::wire::{FIXED64, LEN, VARINT, put_key, put_len, put_varint, varint_len};

/// A borrowed attribute value, the argument of every `attr` and of log bodies.
///
/// Made by `into()` from `&str`, `bool`, integers up to `i64`, floats, `&[u8]`, and slices or arrays of `&str`, `i64`,
/// `f64`, `bool`, values, or name and value pairs.
///
/// ```
/// use otlp_core::write::ValueRef;
/// let pairs = [("id", 7.into()), ("tags", (&["a", "b"]).into())];
/// let map = ValueRef::from(&pairs);
/// assert!(matches!(map, ValueRef::Map([("id", ValueRef::Int(7)), ("tags", ValueRef::Strs(["a", "b"]))])));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// No value at all: an empty `AnyValue`.
    Empty,
    /// Text.
    Str(&'a str),
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Opaque bytes.
    Bytes(&'a [u8]),
    /// An array of any values.
    Array(&'a [Self]),
    /// Names and values, in this order.
    Map(&'a [(&'a str, Self)]),
    /// An array of texts.
    Strs(&'a [&'a str]),
    /// An array of booleans.
    Bools(&'a [bool]),
    /// An array of integers.
    Ints(&'a [i64]),
    /// An array of floating-point numbers.
    Doubles(&'a [f64]),
}

macro_rules! convert {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl<'a> From<$from> for ValueRef<'a> {
            #[inline]
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

convert! {
    &'a str => |value| Self::Str(value);
    &'a String => |value| Self::Str(value);
    bool => |value| Self::Bool(value);
    i64 => |value| Self::Int(value);
    i32 => |value| Self::Int(value.into());
    i16 => |value| Self::Int(value.into());
    i8 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u8 => |value| Self::Int(value.into());
    f64 => |value| Self::Double(value);
    f32 => |value| Self::Double(value.into());
    &'a [u8] => |value| Self::Bytes(value);
    &'a Vec<u8> => |value| Self::Bytes(value);
    &'a [ValueRef<'a>] => |value| Self::Array(value);
    &'a [(&'a str, ValueRef<'a>)] => |value| Self::Map(value);
    &'a [&'a str] => |value| Self::Strs(value);
    &'a [bool] => |value| Self::Bools(value);
    &'a [i64] => |value| Self::Ints(value);
    &'a [f64] => |value| Self::Doubles(value);
}

macro_rules! convert_array {
    ($($element:ty => $variant:ident;)*) => {$(
        impl<'a, const N: usize> From<&'a [$element; N]> for ValueRef<'a> {
            #[inline]
            fn from(value: &'a [$element; N]) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

convert_array! {
    u8 => Bytes;
    ValueRef<'a> => Array;
    (&'a str, ValueRef<'a>) => Map;
    &'a str => Strs;
    bool => Bools;
    i64 => Ints;
    f64 => Doubles;
}

/// Field numbers of `AnyValue`.
const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
pub(super) const ARRAY: u32 = 5;
pub(super) const MAP: u32 = 6;
const BYTES: u32 = 7;

/// Levels that a list needs below itself: its elements, and for maps their values.
pub(super) const ARRAY_ROOM: usize = 1;
pub(super) const MAP_ROOM: usize = 2;

/// Appends field `number`, a `KeyValue`.
// Inlined so that the kind of value, known at nearly every call, is chosen at compile time; what it calls is not, or
// each call would carry the whole encoding.
#[inline(always)]
pub(super) fn put_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: ValueRef<'_>) {
    match value {
        ValueRef::Str(value) => put_str_attribute(sink, number, key, value),
        ValueRef::Bytes(value) => put_bytes_attribute(sink, number, key, value),
        ValueRef::Int(value) => put_int_attribute(sink, number, key, value),
        ValueRef::Double(value) => put_double_attribute(sink, number, key, value),
        ValueRef::Bool(value) => put_bool_attribute(sink, number, key, value),
        value => put_other_attribute(sink, number, key, value),
    }
}

fn put_str_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: &str) {
    put_pair(sink, number, key, ValueRef::Str(value));
}

fn put_bytes_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: &[u8]) {
    put_pair(sink, number, key, ValueRef::Bytes(value));
}

fn put_int_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: i64) {
    put_pair(sink, number, key, ValueRef::Int(value));
}

fn put_double_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: f64) {
    put_pair(sink, number, key, ValueRef::Double(value));
}

fn put_bool_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: bool) {
    put_pair(sink, number, key, ValueRef::Bool(value));
}

/// Lists, and nothing at all.
fn put_other_attribute(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: ValueRef<'_>) {
    sink.open(number, 0);
    sink.put_attribute_key(key);
    put_any(sink, 2, value);
    sink.close();
}

/// A `KeyValue` of a scalar.
#[inline(always)]
fn put_pair(sink: &mut Sink, number: u32, key: KeyRef<'_>, value: ValueRef<'_>) {
    let length = value.scalar_len().unwrap_or_default();
    let pair = key.field_len() + 1 + varint_len(length as u64) + length;
    let out = &mut sink.bytes;
    out.reserve(1 + varint_len(pair as u64) + pair);
    put_key(out, number, LEN);
    put_varint(out, pair as u64);
    key.put(out);
    put_key(out, 2, LEN);
    put_varint(out, length as u64);
    value.put_scalar(out);
}

impl ValueRef<'_> {
    /// Bytes of the `AnyValue`'s fields; `None` for lists.
    #[inline(always)]
    fn scalar_len(&self) -> Option<usize> {
        Some(match self {
            Self::Empty => 0,
            Self::Str(text) => 1 + varint_len(text.len() as u64) + text.len(),
            Self::Bytes(bytes) => 1 + varint_len(bytes.len() as u64) + bytes.len(),
            Self::Bool(_) => 2,
            Self::Int(value) => 1 + varint_len(*value as u64),
            Self::Double(_) => 9,
            _ => return None,
        })
    }

    /// Appends the `AnyValue`'s fields; nothing for lists.
    #[inline(always)]
    fn put_scalar(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Str(text) => put_len(out, STRING, text.as_bytes()),
            Self::Bytes(bytes) => put_len(out, BYTES, bytes),
            Self::Bool(value) => {
                put_key(out, BOOL, VARINT);
                out.push(u8::from(value));
            }
            Self::Int(value) => {
                put_key(out, INT, VARINT);
                put_varint(out, value as u64);
            }
            Self::Double(value) => {
                put_key(out, DOUBLE, FIXED64);
                out.extend_from_slice(&value.to_le_bytes());
            }
            _ => {}
        }
    }
}

/// Appends field `number`, an `AnyValue`.
pub(super) fn put_any(sink: &mut Sink, number: u32, value: ValueRef<'_>) {
    if let Some(length) = value.scalar_len() {
        let out = &mut sink.bytes;
        put_key(out, number, LEN);
        put_varint(out, length as u64);
        value.put_scalar(out);
        return;
    }
    sink.open(number, 0);
    match value {
        ValueRef::Array(values) => put_array(sink, values.iter().copied()),
        ValueRef::Strs(values) => put_array(sink, values.iter().map(|value| ValueRef::Str(value))),
        ValueRef::Bools(values) => put_array(sink, values.iter().map(|value| ValueRef::Bool(*value))),
        ValueRef::Ints(values) => put_array(sink, values.iter().map(|value| ValueRef::Int(*value))),
        ValueRef::Doubles(values) => put_array(sink, values.iter().map(|value| ValueRef::Double(*value))),
        ValueRef::Map(pairs) => {
            sink.open_list(MAP, MAP_ROOM);
            // What is too deep vanishes anyway, so it is not walked.
            if !sink.is_muted() {
                for (key, value) in pairs {
                    put_attribute(sink, 1, KeyRef::from(*key), *value);
                }
            }
            sink.close();
        }
        _ => {}
    }
    sink.close();
}

fn put_array<'a>(sink: &mut Sink, values: impl Iterator<Item = ValueRef<'a>>) {
    sink.open_list(ARRAY, ARRAY_ROOM);
    if !sink.is_muted() {
        for value in values {
            put_any(sink, 1, value);
        }
    }
    sink.close();
}
