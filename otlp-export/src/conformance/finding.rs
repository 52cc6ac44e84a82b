//! What a probe found.

use std::fmt;

use super::rule::{Level, Rule};

/// A rule, or the part of it that has this level, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How strongly this part of it binds.
    pub level: Level,
    /// Whether the server keeps to it.
    pub judgement: Judgement,
    /// What was sent and what came back, in a line; or why nothing can be seen.
    pub evidence: String,
}

/// Whether a server keeps to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It does, as far as the probes go.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be seen from outside, or not on this server; the evidence says why.
    NotObservable,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotObservable => "not observable",
        })
    }
}

/// Gathers what the probes of one part of a rule see: the first fault makes it fail.
#[derive(Debug)]
pub(super) struct Case {
    rule: &'static Rule,
    level: Level,
    good: Vec<String>,
    bad: Vec<String>,
    unseen: Vec<String>,
}

impl Case {
    /// A case of the rule's own level.
    pub(super) fn of(rule: &'static Rule) -> Self {
        Self { rule, level: rule.level, good: Vec::new(), bad: Vec::new(), unseen: Vec::new() }
    }

    /// A case of a weaker part.
    pub(super) fn part(rule: &'static Rule, level: Level) -> Self {
        Self { level, ..Self::of(rule) }
    }

    /// Something seen, good or bad.
    pub(super) fn see(&mut self, good: bool, what: impl Into<String>) {
        if good { self.good.push(what.into()) } else { self.bad.push(what.into()) }
    }

    /// Something that cannot be seen, and why.
    pub(super) fn unseen(&mut self, why: impl Into<String>) {
        self.unseen.push(why.into());
    }

    /// The same, told only if nothing was seen at all.
    pub(super) fn otherwise_unseen(&mut self, why: &str) {
        if self.good.is_empty() && self.bad.is_empty() {
            self.unseen(why);
        }
    }

    pub(super) fn finding(self) -> Finding {
        let (judgement, evidence) = if !self.bad.is_empty() {
            (Judgement::Fail, self.bad)
        } else if !self.good.is_empty() {
            (Judgement::Pass, [self.good, self.unseen].concat())
        } else if self.unseen.is_empty() {
            (Judgement::NotObservable, vec!["no answer was of the kind that this part is about".to_owned()])
        } else {
            (Judgement::NotObservable, self.unseen)
        };
        Finding { rule: self.rule, level: self.level, judgement, evidence: evidence.join("; ") }
    }
}
