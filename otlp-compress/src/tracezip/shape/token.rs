//! Tokens: what a shape is a sequence of.

/// One step of a message: a field with everything but its value, or the edge of a nested message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) op: Op,
    /// The field's key: number and wire type.
    pub(crate) key: u32,
    /// What the operation says it is.
    pub(crate) aux: u32,
}

/// What a token does. The numbers are the format's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Op {
    /// A varint of this value: `aux`.
    Const = 0,
    /// Four bytes of this value: `aux`.
    Const32 = 1,
    /// A length of zero.
    Empty = 2,
    /// A varint.
    Varint = 3,
    /// Eight bytes.
    Fixed64 = 4,
    /// Four bytes.
    Fixed32 = 5,
    /// A length and text.
    Text = 6,
    /// A length and bytes.
    Blob = 7,
    /// A `KeyValue`: key number `aux`, a string.
    AttrText = 8,
    /// The same with a boolean.
    AttrBool = 9,
    /// The same with an integer.
    AttrInt = 10,
    /// The same with a double.
    AttrDouble = 11,
    /// The same with any `AnyValue`, as it stands.
    AttrRaw = 12,
    /// A nested message starts.
    Open = 13,
    /// It ends.
    Close = 14,
    /// A length and `aux` bytes that nothing is known about.
    Raw = 15,
    /// A field that the signal's own code takes care of: number `aux`.
    Special = 16,
    /// The message as it stands: it has no shape.
    Whole = 17,
}

/// How a value that was not seen before is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Unsigned,
    Signed,
    Double,
    Bits64,
    Bits32,
    Text,
    Blob,
}

impl Op {
    pub(crate) const ALL: [Self; 18] = [
        Self::Const,
        Self::Const32,
        Self::Empty,
        Self::Varint,
        Self::Fixed64,
        Self::Fixed32,
        Self::Text,
        Self::Blob,
        Self::AttrText,
        Self::AttrBool,
        Self::AttrInt,
        Self::AttrDouble,
        Self::AttrRaw,
        Self::Open,
        Self::Close,
        Self::Raw,
        Self::Special,
        Self::Whole,
    ];

    /// Whether it is an attribute: runs of them may stand in any order.
    pub(crate) const fn is_attribute(self) -> bool {
        matches!(self, Self::AttrText | Self::AttrBool | Self::AttrInt | Self::AttrDouble | Self::AttrRaw)
    }

    /// How its values are written; `None` for one without a dictionary of values.
    pub(crate) const fn class(self) -> Option<Class> {
        Some(match self {
            Self::Varint | Self::AttrBool => Class::Unsigned,
            Self::AttrInt => Class::Signed,
            Self::Fixed64 => Class::Bits64,
            Self::AttrDouble => Class::Double,
            Self::Fixed32 => Class::Bits32,
            Self::Text | Self::AttrText => Class::Text,
            Self::Blob | Self::AttrRaw | Self::Whole => Class::Blob,
            Self::Const
            | Self::Const32
            | Self::Empty
            | Self::Open
            | Self::Close
            | Self::Raw
            | Self::Special => {
                return None;
            }
        })
    }
}

impl Token {
    /// Whether each message has a value of its own here, told in line.
    pub(crate) const fn has_value(self) -> bool {
        match self.op {
            Op::Raw => true,
            Op::Special => self.aux >= IN_LINE,
            op => op.class().is_some(),
        }
    }
}

/// Special fields from this number on are told in line with the other values, any number of times in a message.
pub(crate) const IN_LINE: u32 = 16;

/// A message's fields and what becomes of each. Fields that are not named go by their wire type.
pub(crate) struct Table {
    /// By the first byte of the key, for fields below 16; a second byte means [`Field::Plain`].
    pub(crate) fields: [Field; 128],
}

/// What becomes of a field.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    /// A column of its values, by wire type; length-delimited ones are bytes.
    Plain,
    /// A column of text.
    Text,
    /// Small values are part of the shape, larger ones a column.
    Small,
    /// An attribute.
    Attribute,
    /// A message with a table of its own.
    Message(&'static Table),
    /// So many bytes, as they are; other lengths are bytes like any.
    Raw(u8),
    /// Handled by the signal's code: number, and length for fields with one.
    Special(u8, u8),
}

impl Table {
    /// A table of fields by the one byte of their keys.
    pub(crate) const fn new(named: &[(u8, Field)]) -> Self {
        let mut fields = [Field::Plain; 128];
        let mut index = 0;
        while index < named.len() {
            fields[named[index].0 as usize] = named[index].1;
            index += 1;
        }
        Self { fields }
    }
}
