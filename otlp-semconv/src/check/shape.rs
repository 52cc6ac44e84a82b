//! The type that a value has on the wire.

use otlp_core::value::ValueView;

use crate::registry::ValueType;

/// What kind of value it is, down to the elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u16);

const EMPTY: u16 = 1;
const STRING: u16 = 1 << 1;
const BOOLEAN: u16 = 1 << 2;
const INT: u16 = 1 << 3;
const DOUBLE: u16 = 1 << 4;
const ARRAY: u16 = 1 << 5;
const MAP: u16 = 1 << 6;
const BYTES: u16 = 1 << 7;

impl Shape {
    #[inline]
    pub(super) fn of(value: &ValueView<'_>) -> Self {
        Self(match value {
            ValueView::Array(array) => {
                ARRAY | array.values().iter().fold(0, |all, value| all | Self::single(&value))
            }
            other => Self::single(other),
        })
    }

    #[inline]
    const fn single(value: &ValueView<'_>) -> u16 {
        match value {
            ValueView::Str(_) | ValueView::StrIndex(_) => STRING,
            ValueView::Bool(_) => BOOLEAN,
            ValueView::Int(_) => INT,
            ValueView::Double(_) => DOUBLE,
            ValueView::Array(_) => ARRAY,
            ValueView::Map(_) => MAP,
            ValueView::Bytes(_) => BYTES,
            _ => EMPTY,
        }
    }

    /// A number that is different for different shapes.
    #[inline]
    pub(super) const fn number(self) -> u64 {
        self.0 as u64
    }

    /// Whether no value is set.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == EMPTY
    }

    /// Whether a value of this shape may stand where the registry says `wanted`: an int may stand for a double, and what says
    /// nothing (no value, an array without elements) for whatever it could be.
    pub(super) const fn fits(self, wanted: ValueType) -> bool {
        let elements = match wanted {
            ValueType::String => return self.0 == STRING || self.0 == EMPTY,
            ValueType::Int => return self.0 == INT || self.0 == EMPTY,
            ValueType::Double => return self.0 == INT || self.0 == DOUBLE || self.0 == EMPTY,
            ValueType::Boolean => return self.0 == BOOLEAN || self.0 == EMPTY,
            ValueType::Strings => STRING,
            ValueType::Ints => INT,
            ValueType::Doubles => INT | DOUBLE,
            ValueType::Booleans => BOOLEAN,
            ValueType::Any => return true,
        };
        self.0 == EMPTY || self.0 & ARRAY != 0 && self.0 & !(ARRAY | EMPTY | elements) == 0
    }

    /// The type in the words of the registry.
    pub(super) const fn name(self) -> &'static str {
        match self.0 {
            EMPTY => "nothing",
            STRING => "string",
            BOOLEAN => "boolean",
            INT => "int",
            DOUBLE => "double",
            MAP => "map",
            BYTES => "bytes",
            mixed => match mixed & !(ARRAY | EMPTY) {
                0 => "array",
                STRING => "string[]",
                BOOLEAN => "boolean[]",
                INT => "int[]",
                DOUBLE => "double[]",
                MAP => "map[]",
                BYTES => "bytes[]",
                _ => "array of several types",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_doubles_and_nothing_is_anything() {
        let shape = |bits| Shape(bits);
        assert!(shape(INT).fits(ValueType::Double) && !shape(DOUBLE).fits(ValueType::Int));
        assert!(shape(EMPTY).fits(ValueType::Booleans) && shape(MAP).fits(ValueType::Any));
        assert!(shape(ARRAY).fits(ValueType::Strings) && !shape(ARRAY).fits(ValueType::String));
        assert!(shape(ARRAY | INT | DOUBLE).fits(ValueType::Doubles));
        assert!(!shape(ARRAY | INT | STRING).fits(ValueType::Strings));
        assert!(!shape(STRING).fits(ValueType::Strings));
        assert_eq!(shape(ARRAY | INT | STRING).name(), "array of several types");
        assert_eq!(shape(ARRAY | STRING | EMPTY).name(), "string[]");
    }

    #[test]
    fn arrays_are_told_by_their_elements() {
        assert_eq!(Shape::of(&ValueView::Int(1)).name(), "int");
        assert_eq!(Shape::of(&ValueView::Bytes(b"x")).name(), "bytes");
        assert!(Shape::of(&ValueView::Empty).is_empty());
    }
}
