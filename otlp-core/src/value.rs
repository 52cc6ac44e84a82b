//! Attribute values and what all signals share: attributes, resources, scopes.

use crate::view::{Many, Repeated, Text, Uint32, View, view};
use crate::wire::{LEN, behind, delimited, fields, one_byte_key, read_varint, text};

/// An attribute value (`AnyValue`).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ValueView<'a> {
    /// No value is set.
    Empty,
    /// Text.
    Str(&'a str),
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Values of any kinds, possibly mixed.
    Array(ArrayView<'a>),
    /// Keys with values.
    Map(MapView<'a>),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text by its index in a profiles dictionary's string table; in other signals, treat as absent.
    StrIndex(i32),
}

impl<'a> View<'a> for ValueView<'a> {
    #[inline]
    fn scan(bytes: &'a [u8]) -> Self {
        // One value and nothing else is what nearly all are.
        match bytes {
            [0x0a, rest @ ..] => {
                if let Some((payload, [])) = delimited(rest) {
                    return Self::Str(text(payload));
                }
            }
            [0x10, value @ 0..0x80] => return Self::Bool(*value != 0),
            [0x18, number @ ..] => {
                if let Some((value, end)) = read_varint(number, 0)
                    && end == number.len()
                {
                    return Self::Int(value as i64);
                }
            }
            [0x21, number @ ..] => {
                if let Ok(number) = number.try_into() {
                    return Self::Double(f64::from_le_bytes(number));
                }
            }
            _ => {}
        }
        Self::scan_fields(bytes)
    }
}

impl<'a> ValueView<'a> {
    fn scan_fields(bytes: &'a [u8]) -> Self {
        let mut value = Self::Empty;
        for raw in fields(bytes) {
            value = match raw.number {
                1 => Self::Str(text(raw.value.bytes())),
                2 => Self::Bool(raw.value.varint() != 0),
                3 => Self::Int(raw.value.varint() as i64),
                4 => Self::Double(f64::from_bits(raw.value.fixed64())),
                5 => Self::Array(ArrayView::scan(raw.value.bytes())),
                6 => Self::Map(MapView::scan(raw.value.bytes())),
                7 => Self::Bytes(raw.value.bytes()),
                8 => Self::StrIndex(raw.value.varint() as i32),
                _ => continue,
            };
        }
        value
    }
}

impl<'a> ValueView<'a> {
    /// The text, if the value is one.
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if the value is one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }
}

view! {
    /// The values of an array (`ArrayValue`).
    pub struct ArrayView {
        /// The values, in order.
        1 => values: Repeated<'a, ValueView<'a>> = Many<'a, ValueView<'a>>,
    }
}

view! {
    /// The entries of a map (`KeyValueList`).
    pub struct MapView {
        /// The entries, in order.
        1 => entries: Repeated<'a, AttributeView<'a>> = Many<'a, AttributeView<'a>>,
    }
}

/// A key with its value (`KeyValue`).
#[derive(Clone, Copy)]
pub struct AttributeView<'a> {
    encoded: &'a [u8],
    key: &'a [u8],
    value: Option<&'a [u8]>,
    key_strindex: i32,
}

impl<'a> View<'a> for AttributeView<'a> {
    /// Most attributes are a short key and then a value, which needs no scan.
    #[inline]
    fn scan(encoded: &'a [u8]) -> Self {
        if let [0x0a, key_length @ 0..0x80, rest @ ..] = encoded
            && let Some((key, [0x12, value @ ..])) = rest.split_at_checked(usize::from(*key_length))
            && let Some((value, [])) = delimited(value)
        {
            return Self { encoded, key, value: Some(value), key_strindex: 0 };
        }
        Self::scan_fields(encoded)
    }
}

impl<'a> AttributeView<'a> {
    fn scan_fields(encoded: &'a [u8]) -> Self {
        let mut view = Self { encoded, key: &[], value: None, key_strindex: 0 };
        for raw in fields(encoded) {
            match raw.number {
                1 => view.key = raw.value.bytes(),
                2 => view.value = Some(raw.value.bytes()),
                3 => view.key_strindex = raw.value.varint() as i32,
                _ => {}
            }
        }
        view
    }

    /// The message's encoding, without key and length; unknown fields included.
    pub const fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The key; empty where `key_strindex` stands for it.
    #[inline]
    pub fn key(&self) -> &'a str {
        text(self.key)
    }

    /// The value; [`ValueView::Empty`] where none is set.
    #[inline]
    pub fn value(&self) -> ValueView<'a> {
        self.value_field().unwrap_or(ValueView::Empty)
    }

    /// The value, if the field stands there; see [`value`](Self::value).
    #[inline]
    pub fn value_field(&self) -> Option<ValueView<'a>> {
        self.value.map(ValueView::scan)
    }

    /// The key by its index in a profiles dictionary's string table; 0 where unused.
    pub const fn key_strindex(&self) -> i32 {
        self.key_strindex
    }
}

impl std::fmt::Debug for AttributeView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttributeView")
            .field("key", &self.key())
            .field("value", &self.value_field())
            .field("key_strindex", &self.key_strindex)
            .finish()
    }
}

/// The value of the attribute with this encoding, if it has this key.
#[inline]
fn value_under<'a>(encoded: &'a [u8], wanted: &[u8]) -> Option<Option<&'a [u8]>> {
    // A short key, then a value up to the end of the message: what nearly all are, told without a look at the key's text
    // unless its length is the one that is wanted.
    if let [0x0a, length @ 0..0x80, rest @ ..] = encoded
        && let Some((key, [0x12, value @ ..])) = rest.split_at_checked(usize::from(*length))
        && let Some((value, [])) = delimited(value)
    {
        return (key == wanted).then_some(Some(value));
    }
    let attribute = AttributeView::scan_fields(encoded);
    (attribute.key == wanted).then_some(attribute.value)
}

/// Attributes in wire order, with look-up by key.
pub type Attributes<'a> = Repeated<'a, AttributeView<'a>>;

impl<'a> Attributes<'a> {
    /// The value of the first attribute with this key.
    ///
    /// The keys are compared as they stand: one of another length costs as good as nothing, and no value is looked at but
    /// the one that is found.
    pub fn value_of(&self, key: &str) -> Option<ValueView<'a>> {
        let (number, own) = (self.number(), one_byte_key(self.number(), LEN));
        let mut rest = self.bytes();
        while let [first, after @ ..] = rest {
            let payload = if *first == own {
                let (payload, next) = delimited(after)?;
                rest = next;
                payload
            } else if *first < 0x80 && own != 0 {
                rest = behind(rest)?;
                continue;
            } else {
                // A key longer than it needs to be, or of a number above 15.
                let field = fields(rest).next()?;
                rest = &rest[field.end..];
                if field.number != number {
                    continue;
                }
                field.value.bytes()
            };
            if let Some(value) = value_under(payload, key.as_bytes()) {
                return Some(value.map_or(ValueView::Empty, ValueView::scan));
            }
        }
        None
    }
}

view! {
    /// What produced the telemetry (`Resource`).
    pub struct ResourceView {
        /// What describes it.
        1 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        2 => dropped_attributes_count: u32 = Uint32,
        /// Entities that the resource consists of.
        3 => entity_refs: Repeated<'a, EntityRefView<'a>> = Many<'a, EntityRefView<'a>>,
    }
}

impl<'a> ResourceView<'a> {
    /// Value of `service.name`, if it is text.
    pub fn service_name(&self) -> Option<&'a str> {
        self.attributes().value_of("service.name")?.as_str()
    }
}

view! {
    /// A reference to an entity whose attributes stand in the resource (`EntityRef`).
    pub struct EntityRefView {
        /// Schema of the entity.
        1 => schema_url: &'a str = Text<'a>,
        /// Type of the entity.
        2 => kind: &'a str = Text<'a>,
        /// Attribute keys that identify it.
        3 => id_keys: Repeated<'a, &'a str> = Many<'a, &'a str>,
        /// Attribute keys that describe it.
        4 => description_keys: Repeated<'a, &'a str> = Many<'a, &'a str>,
    }
}

view! {
    /// The library that made the telemetry (`InstrumentationScope`).
    pub struct ScopeView {
        /// Its name.
        1 => name: &'a str = Text<'a>,
        /// Its version.
        2 => version: &'a str = Text<'a>,
        /// What describes it.
        3 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        4 => dropped_attributes_count: u32 = Uint32,
    }
}
