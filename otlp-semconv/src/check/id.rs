//! What can be found, and how bad it is.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is, from harmless to broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing; nothing needs to be done.
    Information,
    /// Telemetry would be better otherwise.
    Improvement,
    /// A rule of the conventions or of the protocol is broken.
    Violation,
}

impl Level {
    /// All levels, the worst first.
    pub const ALL: [Self; 3] = [Self::Violation, Self::Improvement, Self::Information];

    /// `violation`, `improvement` or `information`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Improvement => "improvement",
            Self::Violation => "violation",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no [`Level`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a level: violation, improvement or information")]
pub struct UnknownLevel;

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

macro_rules! finding_ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $level:ident;)+) => {
        /// What is wrong. The names and levels of the first 25 are those of `weaver registry live-check`; the others are ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingId {
            $($(#[doc = $doc])+ $name,)+
        }

        impl FindingId {
            /// Every id.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The id as it stands in reports, such as `missing_attribute`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// How bad a finding of this kind is.
            pub const fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

finding_ids! {
    /// An attribute that the registry does not have.
    MissingAttribute = "missing_attribute", Violation;
    /// A metric that the registry does not have.
    MissingMetric = "missing_metric", Violation;
    /// An event that the registry does not have.
    MissingEvent = "missing_event", Violation;
    /// An attribute, metric, event or span whose definition is deprecated.
    Deprecated = "deprecated", Violation;
    /// A value of another type than the attribute's.
    TypeMismatch = "type_mismatch", Violation;
    /// A metric in another unit than its definition's.
    UnitMismatch = "unit_mismatch", Violation;
    /// A metric of another instrument than its definition's.
    UnexpectedInstrument = "unexpected_instrument", Violation;
    /// A required attribute is absent.
    RequiredAttributeNotPresent = "required_attribute_not_present", Violation;
    /// The resource lacks an attribute that an entity of the signal requires.
    EntityRequiredAttributeNotPresent = "entity_required_attribute_not_present", Violation;
    /// The resource is none of the entities that the signal belongs to.
    EntityAssociationNotSatisfied = "entity_association_not_satisfied", Violation;
    /// A name that breaks the rules for names.
    InvalidFormat = "invalid_format", Violation;
    /// An attribute's name uses another attribute's name as its namespace.
    IllegalNamespace = "illegal_namespace", Violation;
    /// The definition is not stable, so it may still change.
    NotStable = "not_stable", Improvement;
    /// A recommended attribute is absent.
    RecommendedAttributeNotPresent = "recommended_attribute_not_present", Improvement;
    /// The resource lacks an attribute that an entity of the signal recommends.
    EntityRecommendedAttributeNotPresent = "entity_recommended_attribute_not_present", Improvement;
    /// An attribute's name without a namespace.
    MissingNamespace = "missing_namespace", Improvement;
    /// An attribute whose key is made from a template.
    TemplateAttribute = "template_attribute", Information;
    /// A value that is none of the enum's members.
    UndefinedEnumVariant = "undefined_enum_variant", Information;
    /// An attribute that one may opt in to is absent.
    OptInAttributeNotPresent = "opt_in_attribute_not_present", Information;
    /// An attribute is absent that is required on a condition which cannot be told from the telemetry.
    ConditionallyRequiredAttributeNotPresent = "conditionally_required_attribute_not_present", Information;
    /// The resource lacks an attribute that one may opt in to for an entity of the signal.
    EntityOptInAttributeNotPresent = "entity_opt_in_attribute_not_present", Information;
    /// The resource lacks an attribute that an entity of the signal requires on a condition.
    EntityConditionallyRequiredAttributeNotPresent = "entity_conditionally_required_attribute_not_present", Information;
    /// An unknown attribute in a namespace of the registry.
    ExtendsNamespace = "extends_namespace", Information;
    /// A known attribute that the signal's definition does not have although it is of the definition's own namespace.
    UnexpectedAttribute = "unexpected_attribute", Improvement;
    /// A span of another kind than its definition's.
    KindMismatch = "kind_mismatch", Violation;
    /// An unknown attribute that differs by a slip from a known one.
    MisspelledAttribute = "misspelled_attribute", Violation;
    /// A member of an enum that is deprecated.
    DeprecatedValue = "deprecated_value", Violation;
    /// A span's name that is none of those which its definition makes from its attributes.
    SpanNameMismatch = "span_name_mismatch", Improvement;
    /// Points of a metric are floating point where its definition counts in integers, or the other way round.
    MetricValueType = "metric_value_type", Improvement;
    /// An attribute of resources on an item, or one of items on a resource.
    WrongSignal = "wrong_signal", Improvement;
    /// An item with attributes of the conventions before and after a renaming.
    MixedVersions = "mixed_versions", Improvement;
    /// No schema URL, a malformed one, or one of a version that is not published.
    SchemaUrl = "schema_url", Information;
    /// An attribute is absent that is required on a condition which the telemetry shows to hold.
    ConditionalRequirement = "conditional_requirement", Violation;
    /// A trace or span id that is zero or of a wrong length.
    ZeroId = "zero_id", Violation;
    /// An end before its start.
    TimeOrder = "time_order", Violation;
    /// A span, metric or attribute without a name.
    EmptyName = "empty_name", Violation;
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no [`FindingId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a finding")]
pub struct UnknownFindingId;

impl FromStr for FindingId {
    type Err = UnknownFindingId;

    fn from_str(text: &str) -> Result<Self, UnknownFindingId> {
        Self::ALL.iter().copied().find(|id| id.as_str() == text).ok_or(UnknownFindingId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weavers_ids_come_first_and_keep_their_levels() {
        let count = |level| FindingId::ALL[..25].iter().filter(|id| id.level() == level).count();
        assert_eq!(
            (count(Level::Violation), count(Level::Improvement), count(Level::Information)),
            (13, 5, 7)
        );
        assert_eq!(FindingId::ALL.len(), 36);
    }

    #[test]
    fn ids_and_levels_can_be_read_back() {
        for id in FindingId::ALL {
            assert_eq!(id.as_str().parse(), Ok(*id));
            assert!(id.meaning().ends_with('.') && !id.meaning().starts_with(' '), "{}", id.meaning());
        }
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert_eq!("worse".parse::<Level>(), Err(UnknownLevel));
        assert!(Level::Violation > Level::Improvement && Level::Improvement > Level::Information);
    }
}
