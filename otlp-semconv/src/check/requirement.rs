//! Attributes that have to be there, or should.

use super::{
    FindingId,
    look::Look,
    seen::Seen,
    store::Words,
    table::{Table, renamed_to},
};
use crate::registry::{AttributeUse, Requirement, When};

/// What is known of the operation's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Failed,
    Unknown,
}

/// What an absent attribute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Required,
    /// Its condition holds.
    RequiredHere,
    /// Nobody knows whether its condition holds.
    MayBeRequired,
    Recommended,
    OptIn,
}

impl Absent {
    const fn id(self) -> FindingId {
        match self {
            Self::Required => FindingId::RequiredAttributeNotPresent,
            Self::RequiredHere => FindingId::ConditionalRequirement,
            Self::MayBeRequired => FindingId::ConditionallyRequiredAttributeNotPresent,
            Self::Recommended => FindingId::RecommendedAttributeNotPresent,
            Self::OptIn => FindingId::OptInAttributeNotPresent,
        }
    }

    /// The same of an entity.
    pub(super) const fn id_of_entity(self) -> FindingId {
        match self {
            Self::Required | Self::RequiredHere => FindingId::EntityRequiredAttributeNotPresent,
            Self::MayBeRequired => FindingId::EntityConditionallyRequiredAttributeNotPresent,
            Self::Recommended => FindingId::EntityRecommendedAttributeNotPresent,
            Self::OptIn => FindingId::EntityOptInAttributeNotPresent,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::RequiredHere => "required",
            Self::MayBeRequired => "required on a condition",
            Self::Recommended => "recommended",
            Self::OptIn => "opt-in",
        }
    }
}

/// What is absent of the attributes that a definition uses.
pub(super) fn absent<'r>(
    table: &'r Table<'_>,
    uses: &'r [AttributeUse],
    seen: &Seen<'_>,
    ended: Ended,
) -> impl Iterator<Item = (&'r str, Absent, &'r AttributeUse)> {
    // An older name stands for the newer one: that it is old is said elsewhere.
    let older: Vec<&str> =
        seen.indices().filter_map(|index| renamed_to(table.attribute(index).deprecated.as_ref())).collect();
    uses.iter()
        .filter_map(|used| {
            let attribute = table.attribute(used.attribute.index());
            let is_there = seen.has(used.attribute.index()) || older.contains(&&*attribute.key);
            let is_old = attribute.deprecated.is_some() || used.deprecated.is_some();
            if is_there || is_old {
                return None;
            }
            let absent = match (used.requirement, holds(used, seen, ended)) {
                (Requirement::Required, _) => Absent::Required,
                (Requirement::Conditional, Some(true)) => Absent::RequiredHere,
                (Requirement::Conditional, None) => Absent::MayBeRequired,
                (Requirement::Conditional | Requirement::Recommended, Some(false)) => return None,
                (Requirement::Recommended, _) => Absent::Recommended,
                (Requirement::OptIn, _) => Absent::OptIn,
            };
            Some((&*attribute.key, absent, used))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whether the condition of a requirement holds; `None` where there is none, or it cannot be told.
fn holds(used: &AttributeUse, seen: &Seen<'_>, ended: Ended) -> Option<bool> {
    match used.condition.as_ref()?.when.as_ref()? {
        When::Present(other) => Some(seen.has(other.index())),
        When::Absent(other) => Some(!seen.has(other.index())),
        When::Equals(other, values) => Some(seen.is_one_of(*other, values)),
        When::Differs(other, values) => Some(seen.has(other.index()) && !seen.is_one_of(*other, values)),
        When::Failed => match ended {
            Ended::Well => Some(false),
            Ended::Failed => Some(true),
            Ended::Unknown => None,
        },
    }
}

impl Look<'_, '_> {
    /// Looks at what is absent of a definition's attributes; `owner` says whose they are, such as "the metric `x`".
    pub(super) fn requirements(&mut self, uses: &[AttributeUse], seen: &Seen<'_>, ended: Ended, owner: &str) {
        let table = &self.checker.table;
        for (key, absent, used) in absent(table, uses, seen, ended) {
            self.note(absent.id(), key, "", String::new, || {
                let because = match used.condition.as_ref().and_then(|condition| condition.when.as_ref()) {
                    Some(when) if absent == Absent::RequiredHere => reason(when, table),
                    _ => String::new(),
                };
                let message = format!("`{key}` is absent; for {owner} it is {}{because}.", absent.word());
                let words = Words::new(message);
                match absent {
                    Absent::Required | Absent::RequiredHere | Absent::Recommended => {
                        words.fix(format!("set `{key}`"))
                    }
                    Absent::MayBeRequired | Absent::OptIn => words,
                }
            });
        }
    }
}

/// Why a condition holds.
fn reason(when: &When, table: &Table<'_>) -> String {
    let key = |id: &crate::registry::AttributeId| &*table.attribute(id.index()).key;
    match when {
        When::Present(other) => format!(" because `{}` is there", key(other)),
        When::Absent(other) => format!(" because `{}` is not there", key(other)),
        When::Equals(other, _) | When::Differs(other, _) => {
            format!(" because of the value of `{}`", key(other))
        }
        When::Failed => " because the operation failed".to_owned(),
    }
}
