//! The machinery of views: one scan over a message notes where its fields stand.
//!
//! A view is a handful of slices and numbers on the stack. Making one steps over the message's own fields, not into the
//! messages below; those become views when they are asked for.

mod note;
mod packed;
mod repeated;

pub(crate) use note::{
    Bool, Bytes, Double, Fixed32, Fixed64, Int32, Int64, One, OptionalDouble, OptionalSfixed64, Sint32, Text,
    Uint32, Uint64,
};
pub(crate) use packed::Numbers;
pub use packed::{Packed, PackedDouble, PackedFixed64, PackedInt32, PackedInt64, PackedKind, PackedUint64};
pub(crate) use repeated::Many;
pub use repeated::{Repeated, RepeatedIter};

use crate::wire::Value;

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
                        low => 'field: {
                            if let [high, after @ ..] = after {
                                match u16::from_le_bytes([low, *high]) {
                                    $(key if key >= 0x80 && key
                                        == const { $crate::wire::two_byte_key($number, <$note as $crate::view::Note<'_>>::WIRE) } =>
                                    {
                                        break 'field $crate::view::Note::take(&mut $field, bytes, rest, after);
                                    })*
                                    _ => {}
                                }
                            }
                            // Unknown fields, long keys, lists numbered above 15, numbers packed where they need not be.
                            $crate::wire::fields(rest).next().map(|raw| {
                                let start = bytes.len() - rest.len();
                                match raw.number {
                                    $($number => $crate::view::Note::note(&mut $field, raw.value, bytes, start, start + raw.end),)*
                                    _ => {}
                                }
                                &rest[raw.end..]
                            })
                        }
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
