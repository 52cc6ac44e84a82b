//! Which features an item needs.

use std::collections::BTreeSet;

use otlp_semconv::registry::Stability;

/// The features an item needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gate {
    level: Level,
    deprecated: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    Always,
    ReleaseCandidate,
    Development,
}

impl Gate {
    /// What is deprecated asks for that feature alone; how far it once came no longer matters.
    pub(super) fn of(stability: Stability, deprecated: bool) -> Self {
        let level = match stability {
            _ if deprecated => Level::Always,
            Stability::Stable => Level::Always,
            Stability::ReleaseCandidate => Level::ReleaseCandidate,
            _ => Level::Development,
        };
        Self { level, deprecated }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { level: self.level.max(other.level), deprecated: self.deprecated || other.deprecated }
    }

    /// What an item behind this gate needs inside one that stands behind `outer`.
    pub(super) fn within(self, outer: Self) -> Self {
        Self {
            level: if self.level > outer.level { self.level } else { Level::Always },
            deprecated: self.deprecated && !outer.deprecated,
        }
    }

    /// The condition, for `cfg`; `None` if there is none.
    pub(super) fn condition(self) -> Option<String> {
        let mut features = Vec::new();
        match self.level {
            Level::Always => {}
            Level::ReleaseCandidate => features.push("rc"),
            Level::Development => features.push("development"),
        }
        if self.deprecated {
            features.push("deprecated");
        }
        let terms: Vec<String> = features.iter().map(|name| format!("feature = \"{name}\"")).collect();
        match terms.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(format!("all({})", terms.join(", "))),
        }
    }

    /// `#[cfg(...)]` on a line of its own, or nothing.
    pub(super) fn line(self) -> String {
        self.condition().map(|condition| format!("#[cfg({condition})]\n")).unwrap_or_default()
    }

    /// The same where the item also needs `builders`.
    pub(super) fn builders_line(self) -> String {
        any_line([self], true)
    }

    /// Whether an item behind this gate is there whenever one behind `other` is.
    fn is_implied_by(self, other: Self) -> bool {
        self.level <= other.level && (!self.deprecated || other.deprecated)
    }
}

/// `#[cfg(...)]` for what is there when anything behind these gates is, and, if it says so, the builders are.
pub(super) fn any_line(gates: impl IntoIterator<Item = Gate>, builders: bool) -> String {
    let gates: BTreeSet<Gate> = gates.into_iter().collect();
    let widest = |gate: &&Gate| !gates.iter().any(|other| other != *gate && other.is_implied_by(**gate));
    let terms: Vec<Option<String>> = gates.iter().filter(widest).map(|gate| gate.condition()).collect();
    let any = match terms.into_iter().collect::<Option<Vec<String>>>().as_deref() {
        None | Some([]) => None,
        Some([one]) => Some(one.clone()),
        Some(several) => Some(format!("any({})", several.join(", "))),
    };
    let builders = builders.then_some("feature = \"builders\"");
    match (builders, any) {
        (None, None) => String::new(),
        (Some(one), None) => format!("#[cfg({one})]\n"),
        (None, Some(one)) => format!("#[cfg({one})]\n"),
        (Some(builders), Some(any)) => {
            let terms = any.strip_prefix("all(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(&any);
            format!("#[cfg(all({builders}, {terms}))]\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Stability, any_line};

    #[test]
    fn gates_name_their_features() {
        let stable = Gate::of(Stability::Stable, false);
        let candidate = Gate::of(Stability::ReleaseCandidate, false);
        let old = Gate::of(Stability::Stable, true);
        assert_eq!(stable.line(), "");
        assert_eq!(candidate.line(), "#[cfg(feature = \"rc\")]\n");
        assert_eq!(old.and(candidate).line(), "#[cfg(all(feature = \"rc\", feature = \"deprecated\"))]\n");
        assert_eq!(candidate.within(Gate::of(Stability::Alpha, false)), stable);
        assert_eq!(any_line([candidate, stable], false), "");
        assert_eq!(any_line([candidate, candidate], false), "#[cfg(feature = \"rc\")]\n");
        let either = any_line([candidate, old, old.and(candidate)], true);
        assert_eq!(
            either,
            "#[cfg(all(feature = \"builders\", any(feature = \"deprecated\", feature = \"rc\")))]\n"
        );
    }
}
