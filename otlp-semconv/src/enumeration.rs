//! The enums of known values: macros that turn a table of members into one.

/// The known values of an attribute, as an open enum.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $($(#[$member_doc])* $member,)*
            /// Any other value. What [`From`] makes of a known value is never this.
            Other(&'a str),
        }

        impl<'a> $name<'a> {
            /// The value on the wire.
            pub const fn as_str(&self) -> &'a str {
                match *self {
                    $(Self::$member => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl<'a> From<&'a str> for $name<'a> {
            fn from(text: &'a str) -> Self {
                match text {
                    $($text => Self::$member,)*
                    text => Self::Other(text),
                }
            }
        }

        impl<'a> From<$name<'a>> for $crate::Value<'a> {
            #[inline(always)]
            fn from(value: $name<'a>) -> Self {
                Self::Str(value.as_str())
            }
        }

        impl $crate::value::Single for $name<'_> {}

        impl<'a> $crate::Given<$name<'a>> for $name<'a> {
            #[inline(always)]
            fn given(self) -> Self {
                self
            }
        }

        impl<'a> $crate::Texts<'a> for $name<'a> {}

        impl $crate::Kind for $name<'_> {
            type Value<'a> = $name<'a>;
            const TYPE: $crate::ValueType = $crate::ValueType::String;
        }
    };
}

/// The same where the values are integers.
#[allow(unused_macros, reason = "no stable attribute has such values yet")]
macro_rules! numbers {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$member_doc])* $member,)*
            /// Any other value. What [`From`] makes of a known value is never this.
            Other(i64),
        }

        impl $name {
            /// The value on the wire.
            pub const fn as_i64(&self) -> i64 {
                match *self {
                    $(Self::$member => $number,)*
                    Self::Other(number) => number,
                }
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                match number {
                    $($number => Self::$member,)*
                    number => Self::Other(number),
                }
            }
        }

        impl From<$name> for $crate::Value<'_> {
            #[inline(always)]
            fn from(value: $name) -> Self {
                Self::Int(value.as_i64())
            }
        }

        impl $crate::value::Single for $name {}

        impl $crate::Given<Self> for $name {
            #[inline(always)]
            fn given(self) -> Self {
                self
            }
        }

        impl $crate::Numbers for $name {}

        impl $crate::Kind for $name {
            type Value<'a> = Self;
            const TYPE: $crate::ValueType = $crate::ValueType::Int;
        }
    };
}

#[allow(unused_imports, reason = "as above")]
pub(crate) use numbers;
pub(crate) use texts;
