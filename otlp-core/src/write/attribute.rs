//! Arrays and maps written element by element, and the attribute methods that all writers share.

use super::message::Message;
use super::value::{ARRAY, ARRAY_ROOM, MAP, MAP_ROOM, ValueRef};
use crate::key::KeyRef;

/// Writes the elements of an array.
pub struct ArrayWriter<'a>(Message<'a>);

/// Writes the entries of a map.
pub struct MapWriter<'a>(Message<'a>);

impl<'a> ArrayWriter<'a> {
    /// In an open `AnyValue`.
    pub(crate) fn begin(value: Message<'a>) -> Self {
        Self(value.into_list(ARRAY, ARRAY_ROOM))
    }

    /// Appends an element.
    pub fn push<'v>(&mut self, value: impl Into<ValueRef<'v>>) -> &mut Self {
        self.0.any_value(1, value.into());
        self
    }

    /// Appends an array; nested too deep for any parser it becomes an empty value, counted as dropped.
    pub fn array(&mut self) -> ArrayWriter<'_> {
        ArrayWriter::begin(self.0.child(1, 0))
    }

    /// Appends a map; nested too deep for any parser it becomes an empty value, counted as dropped.
    pub fn map(&mut self) -> MapWriter<'_> {
        MapWriter::begin(self.0.child(1, 0))
    }
}

impl<'a> MapWriter<'a> {
    /// In an open `AnyValue`.
    pub(crate) fn begin(value: Message<'a>) -> Self {
        Self(value.into_list(MAP, MAP_ROOM))
    }
}

/// Attribute methods for a writer whose message stands at `self.$message` and holds attributes under field `$number`.
macro_rules! attribute_methods {
    ($writer:ident, $message:tt, $number:literal) => {
        impl $writer<'_> {
            /// Adds an attribute. Keys are not compared: the caller keeps them unique, as the specification asks.
            #[inline]
            pub fn attr<'k, 'v>(
                &mut self,
                key: impl Into<$crate::KeyRef<'k>>,
                value: impl Into<$crate::write::ValueRef<'v>>,
            ) -> &mut Self {
                self.$message.attribute($number, key.into(), value.into());
                self
            }

            /// Adds several attributes.
            pub fn attrs<'k, 'v, K, V>(&mut self, attributes: impl IntoIterator<Item = (K, V)>) -> &mut Self
            where
                K: Into<$crate::KeyRef<'k>>,
                V: Into<$crate::write::ValueRef<'v>>,
            {
                for (key, value) in attributes {
                    self.attr(key, value);
                }
                self
            }

            /// Adds an attribute that is an array, element by element.
            pub fn attr_array<'k>(
                &mut self,
                key: impl Into<$crate::KeyRef<'k>>,
            ) -> $crate::write::ArrayWriter<'_> {
                $crate::write::ArrayWriter::begin_attribute(&mut self.$message, $number, key.into())
            }

            /// Adds an attribute that is a map, entry by entry.
            pub fn attr_map<'k>(
                &mut self,
                key: impl Into<$crate::KeyRef<'k>>,
            ) -> $crate::write::MapWriter<'_> {
                $crate::write::MapWriter::begin_attribute(&mut self.$message, $number, key.into())
            }
        }

        impl std::fmt::Debug for $writer<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($writer)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use attribute_methods;

attribute_methods!(MapWriter, 0, 1);

impl<'a> ArrayWriter<'a> {
    pub(crate) fn begin_attribute(message: &'a mut Message<'_>, number: u32, key: KeyRef<'_>) -> Self {
        Self::begin(message.attribute_value(number, key))
    }
}

impl<'a> MapWriter<'a> {
    pub(crate) fn begin_attribute(message: &'a mut Message<'_>, number: u32, key: KeyRef<'_>) -> Self {
        Self::begin(message.attribute_value(number, key))
    }
}

impl std::fmt::Debug for ArrayWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrayWriter").finish_non_exhaustive()
    }
}
