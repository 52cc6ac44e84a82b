//! The way into the `opentelemetry` crate's `KeyValue`.

use opentelemetry::{Array, KeyValue, StringValue, Value as Theirs};

use crate::{Attribute, Attributes, Part, Sink, Value};

impl From<Value<'_>> for Theirs {
    /// That crate's values are scalars and lists of one type: bytes, maps and mixed lists become JSON-like text.
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Str(value) => value.to_owned().into(),
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Double(value) => value.into(),
            Value::Strs(values) => Self::Array(Array::String(
                values.iter().map(|value| StringValue::from((*value).to_owned())).collect(),
            )),
            Value::Bools(values) => Self::Array(Array::Bool(values.to_vec())),
            Value::Ints(values) => Self::Array(Array::I64(values.to_vec())),
            Value::Doubles(values) => Self::Array(Array::F64(values.to_vec())),
            other => format!("{other:?}").into(),
        }
    }
}

impl From<Attribute<'_>> for KeyValue {
    fn from(attribute: Attribute<'_>) -> Self {
        let name = attribute.name();
        if name.is_constant() {
            Self::new(name.prefix(), attribute.value())
        } else {
            Self::new(name.to_string(), attribute.value())
        }
    }
}

impl Sink for Vec<KeyValue> {
    fn put(&mut self, attribute: Attribute<'_>) {
        self.push(attribute.into());
    }
}

/// The attributes as that crate's API takes them.
pub trait KeyValues: Attributes {
    /// The attributes of one part: what samplers look at goes into the span's builder, the rest may follow later.
    ///
    /// ```
    /// use otlp_semconv::{KeyValues as _, Part, http};
    ///
    /// let span = http::span::Server::new("GET", "/cart/7", "https").response_status_code(200);
    /// assert_eq!(span.key_values(Part::Start).len(), 3);
    /// assert_eq!(span.key_values(Part::Later)[0].key.as_str(), "http.response.status_code");
    /// ```
    fn key_values(&self, part: Part) -> Vec<KeyValue> {
        let mut list = Vec::new();
        self.each(part, &mut list);
        list
    }
}

impl<A: Attributes> KeyValues for A {}
