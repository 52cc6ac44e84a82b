//! Attribute definitions.

use std::borrow::Cow;

use super::{Deprecation, Details, Origin, Stability, Value};
pub use crate::ValueType;

/// The definition of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attribute {
    /// The key; of a template the part before `.<key>`, for example `http.request.header`.
    pub key: Cow<'static, str>,
    /// What values it takes.
    pub value_type: AttributeType,
    /// How far the definition has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// Which registry it is from.
    pub origin: Origin,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}

impl Attribute {
    /// The first segment of the key: `http` of `http.request.method`.
    pub fn namespace(&self) -> &str {
        self.key.split('.').next().unwrap_or_default()
    }

    /// The members, if this is an enum.
    pub fn members(&self) -> &[Member] {
        match &self.value_type {
            AttributeType::Enum { members, .. } => members,
            _ => &[],
        }
    }

    /// Whether the key stands for many: `http.request.header.<key>`.
    pub const fn is_template(&self) -> bool {
        matches!(self.value_type, AttributeType::Template(_))
    }
}

/// What values an attribute takes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttributeType {
    /// A plain value.
    Plain(ValueType),
    /// One of known values. Every enum is open: a value beyond the members is allowed, only unknown.
    Enum {
        /// What the members' values are: `String`, `Int` or `Boolean`.
        of: ValueType,
        /// The known values, in the model's order.
        members: Vec<Member>,
    },
    /// Any number of keys under one prefix, each with a value of this type.
    Template(ValueType),
}

impl AttributeType {
    /// The type of the value on the wire.
    pub const fn value(&self) -> ValueType {
        match self {
            Self::Plain(value) | Self::Template(value) | Self::Enum { of: value, .. } => *value,
        }
    }
}

/// A known value of an enum.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// Its name in the model, for example `get`.
    pub id: Cow<'static, str>,
    /// What is sent: text, a whole number or a truth value, for example `GET`.
    pub value: Value,
    /// How far the member has come.
    pub stability: Stability,
    /// Set if it should no longer be used.
    pub deprecated: Option<Deprecation>,
    /// What its authors wrote; `None` in the built-in registry.
    pub details: Option<Box<Details>>,
}
