//! Attributes as signals use them.

use std::borrow::Cow;

use super::{Deprecation, Details, Stability, Value};

/// A handle of an attribute within one [`Registry`](super::Registry): `registry[id]` is the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeId(pub(crate) u32);

impl AttributeId {
    /// Its place in [`Registry::attributes`](super::Registry::attributes).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An attribute of a span, metric, event, entity or group, as it is used there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttributeUse {
    /// The attribute.
    pub attribute: AttributeId,
    /// Whether it has to be there.
    pub requirement: Requirement,
    /// When the requirement holds, if it depends on something.
    pub condition: Option<Condition>,
    /// Whether samplers look at it, so that it has to be there when the span starts. Spans only.
    pub sampling_relevant: bool,
    /// What it is to an entity; `None` for other signals.
    pub role: Option<Role>,
    /// The value or values that are right here, if the convention pins them.
    pub expected: Option<Expected>,
    /// The stability here, where it differs from the attribute's own.
    pub stability: Option<Stability>,
    /// Set if it is deprecated here although the attribute is not.
    pub deprecated: Option<Deprecation>,
    /// What authors wrote for this use, merged over the attribute's own details; `None` where nothing was refined,
    /// and in the built-in registry.
    pub details: Option<Box<Details>>,
}

/// Whether an attribute has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Requirement {
    /// Only if the user asks for it.
    OptIn,
    /// Should be there where it can. The default.
    #[default]
    Recommended,
    /// Has to be there when its [`Condition`] holds.
    Conditional,
    /// Always has to be there.
    Required,
}

impl Requirement {
    /// The model's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptIn => "opt_in",
            Self::Recommended => "recommended",
            Self::Conditional => "conditionally_required",
            Self::Required => "required",
        }
    }

    /// The level behind the model's word, `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "opt_in" => Self::OptIn,
            "recommended" => Self::Recommended,
            "conditionally_required" => Self::Conditional,
            "required" => Self::Required,
            _ => return None,
        })
    }
}

/// When a requirement holds.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The condition, where its sentence can be checked by a machine; it is then both necessary and sufficient.
    pub when: Option<When>,
    /// The other attributes that the sentence names, checkable or not.
    pub mentions: Vec<AttributeId>,
    /// The sentence; empty in the built-in registry.
    pub text: Cow<'static, str>,
}

/// A condition that a machine can check.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum When {
    /// The other attribute is there.
    Present(AttributeId),
    /// The other attribute is missing; if it is there, this one is merely recommended.
    Absent(AttributeId),
    /// The other attribute has one of these values.
    Equals(AttributeId, Vec<Value>),
    /// The other attribute is there with a value beyond these.
    Differs(AttributeId, Vec<Value>),
    /// The operation ended in an error; of a span: its status is `ERROR`.
    Failed,
}

/// Values that a convention pins for an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expected {
    /// The right values, at least one.
    pub values: Vec<Value>,
    /// Whether the convention says MUST; else it says SHOULD.
    pub must: bool,
}

/// What an attribute is to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Part of what tells one entity from another.
    Identifying,
    /// Says more about it; also where the model does not say.
    Descriptive,
}
