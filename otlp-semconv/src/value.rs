//! Values: what attributes hold, what keys take, and what callers may pass.

use core::fmt;

/// A borrowed attribute value.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// No value at all.
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
    /// A list of texts.
    Strs(&'a [&'a str]),
    /// A list of booleans.
    Bools(&'a [bool]),
    /// A list of integers.
    Ints(&'a [i64]),
    /// A list of floating-point numbers.
    Doubles(&'a [f64]),
    /// A list of any values.
    Array(&'a [Self]),
    /// Names and values, in this order.
    Map(&'a [(&'a str, Self)]),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Str(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::Bytes(value) => value.fmt(f),
            Self::Strs(value) => value.fmt(f),
            Self::Bools(value) => value.fmt(f),
            Self::Ints(value) => value.fmt(f),
            Self::Doubles(value) => value.fmt(f),
            Self::Array(value) => value.fmt(f),
            Self::Map(value) => f.debug_map().entries(value.iter().map(|(key, value)| (key, value))).finish(),
        }
    }
}

/// The type of an attribute's values on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// Text.
    String,
    /// A signed 64-bit number.
    Int,
    /// A 64-bit floating point number; a checker takes an int for one.
    Double,
    /// A truth value.
    Boolean,
    /// Anything, nested too.
    Any,
    /// A list of texts.
    Strings,
    /// A list of ints.
    Ints,
    /// A list of doubles.
    Doubles,
    /// A list of truth values.
    Booleans,
}

impl ValueType {
    /// The model's word: `string`, `int[]`, ...
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Any => "any",
            Self::Strings => "string[]",
            Self::Ints => "int[]",
            Self::Doubles => "double[]",
            Self::Booleans => "boolean[]",
        }
    }

    /// The type behind the model's word, `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::String,
            "int" => Self::Int,
            "double" => Self::Double,
            "boolean" => Self::Boolean,
            "any" => Self::Any,
            "string[]" => Self::Strings,
            "int[]" => Self::Ints,
            "double[]" => Self::Doubles,
            "boolean[]" => Self::Booleans,
            _ => return None,
        })
    }
}

/// What values a [`Key`](crate::Key) takes: the meaning of its type parameter.
///
/// Sealed by what the conventions know: `str`, `i64`, `f64`, `bool`, their lists, [`Any`], and the enums.
pub trait Kind {
    /// A value, borrowed for as long as the caller likes.
    type Value<'a>: Copy + Into<Value<'a>>;
    /// Its type on the wire.
    const TYPE: ValueType;
}

/// The kind of attributes that take any value, nested too.
#[derive(Clone, Copy, Debug)]
pub enum Any {}

macro_rules! kinds {
    ($($kind:ty => $value:ty, $variant:ident, $type:ident;)*) => {$(
        impl Kind for $kind {
            type Value<'a> = $value;
            const TYPE: ValueType = ValueType::$type;
        }

        impl<'a> From<$value> for Value<'a> {
            #[inline(always)]
            fn from(value: $value) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

kinds! {
    str => &'a str, Str, String;
    bool => bool, Bool, Boolean;
    i64 => i64, Int, Int;
    f64 => f64, Double, Double;
    [&str] => &'a [&'a str], Strs, Strings;
    [bool] => &'a [bool], Bools, Booleans;
    [i64] => &'a [i64], Ints, Ints;
    [f64] => &'a [f64], Doubles, Doubles;
}

impl Kind for Any {
    type Value<'a> = Value<'a>;
    const TYPE: ValueType = ValueType::Any;
}

/// The known values of an attribute whose values are texts.
pub trait Texts<'a>: Copy + From<&'a str> + Into<Value<'a>> {}

/// The known values of an attribute whose values are integers.
pub trait Numbers: Copy + From<i64> + for<'a> Into<Value<'a>> {}

/// What a caller may pass where the convention wants a `T`.
///
/// For text anything that is text (`&str`, `&String`, `&Arc<str>`), for an enum a member or text, for integers every
/// integer type; what does not fit into an `i64` becomes `i64::MAX`.
#[diagnostic::on_unimplemented(
    message = "the convention wants a `{T}` here, not a `{Self}`",
    label = "not a `{T}`"
)]
pub trait Given<T>: Single {
    /// The value.
    fn given(self) -> T;
}

/// Any type of one value: all that [`Given`] is for, and `Option` is not.
pub trait Single {}

macro_rules! single {
    ($($type:ty)*) => {
        $(impl Single for $type {})*
    };
}

single!(bool f64 f32 i64 i32 i16 i8 u64 u32 u16 u8 usize Value<'_>);

impl<T: ?Sized> Single for &T {}

/// What a caller may pass for an optional attribute: a value, or an `Option` of one; `None` leaves it out.
#[diagnostic::on_unimplemented(
    message = "the convention wants a `{T}` or an option of one here, not a `{Self}`",
    label = "not a `{T}`"
)]
pub trait Maybe<T> {
    /// The value, if there is one.
    fn maybe(self) -> Option<T>;
}

impl<T, G: Given<T> + Single> Maybe<T> for G {
    #[inline(always)]
    fn maybe(self) -> Option<T> {
        Some(self.given())
    }
}

impl<T, G: Given<T>> Maybe<T> for Option<G> {
    #[inline(always)]
    fn maybe(self) -> Option<T> {
        self.map(Given::given)
    }
}

impl<'a, S: AsRef<str> + ?Sized> Given<&'a str> for &'a S {
    #[inline(always)]
    fn given(self) -> &'a str {
        self.as_ref()
    }
}

impl<'a, S: AsRef<str> + ?Sized, T: Texts<'a>> Given<T> for &'a S {
    #[inline(always)]
    fn given(self) -> T {
        T::from(self.as_ref())
    }
}

macro_rules! give {
    ($([$($generic:tt)*] $from:ty => $to:ty, |$value:ident| $into:expr;)*) => {$(
        impl<$($generic)*> Given<$to> for $from {
            #[inline(always)]
            fn given(self) -> $to {
                let $value = self;
                $into
            }
        }
    )*};
}

give! {
    [] bool => bool, |value| value;
    [] f64 => f64, |value| value;
    [] f32 => f64, |value| value.into();
    [] i64 => i64, |value| value;
    [] i32 => i64, |value| value.into();
    [] i16 => i64, |value| value.into();
    [] i8 => i64, |value| value.into();
    [] u32 => i64, |value| value.into();
    [] u16 => i64, |value| value.into();
    [] u8 => i64, |value| value.into();
    [] u64 => i64, |value| i64::try_from(value).unwrap_or(i64::MAX);
    [] usize => i64, |value| i64::try_from(value).unwrap_or(i64::MAX);
    [T: Numbers] i64 => T, |value| T::from(value);
    [T: Numbers] i32 => T, |value| T::from(value.into());
    ['a] &'a [&'a str] => &'a [&'a str], |value| value;
    ['a] &'a [bool] => &'a [bool], |value| value;
    ['a] &'a [i64] => &'a [i64], |value| value;
    ['a] &'a [f64] => &'a [f64], |value| value;
    ['a, const N: usize] &'a [&'a str; N] => &'a [&'a str], |value| value;
    ['a, const N: usize] &'a [bool; N] => &'a [bool], |value| value;
    ['a, const N: usize] &'a [i64; N] => &'a [i64], |value| value;
    ['a, const N: usize] &'a [f64; N] => &'a [f64], |value| value;
    ['a] Value<'a> => Value<'a>, |value| value;
    ['a] bool => Value<'a>, |value| Value::Bool(value);
    ['a] f64 => Value<'a>, |value| Value::Double(value);
    ['a] i64 => Value<'a>, |value| Value::Int(value);
    ['a] i32 => Value<'a>, |value| Value::Int(value.into());
    ['a] &'a str => Value<'a>, |value| Value::Str(value);
    ['a] &'a [Value<'a>] => Value<'a>, |value| Value::Array(value);
    ['a, const N: usize] &'a [Value<'a>; N] => Value<'a>, |value| Value::Array(value);
    ['a] &'a [(&'a str, Value<'a>)] => Value<'a>, |value| Value::Map(value);
    ['a, const N: usize] &'a [(&'a str, Value<'a>); N] => Value<'a>, |value| Value::Map(value);
    ['a, T] &'a [(&'a str, T)] => Entries<'a, T>, |value| Entries(value);
    ['a, T, const N: usize] &'a [(&'a str, T); N] => Entries<'a, T>, |value| Entries(value);
}

/// Several attributes of one template: what stands behind the prefix, and the value.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a, T>(pub &'a [(&'a str, T)]);
