//! What a migration did.

use std::collections::BTreeMap;
use std::fmt;

use super::Version;
use super::schema::Section;
use super::table::{Kind, Table};

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Made, and the opposite migration undoes it.
    Applied,
    /// Made, but something is lost or guessed; the reason tells what.
    Lossy,
    /// Not made: what it is about was left as it was; the reason tells why.
    Refused,
}

impl Outcome {
    /// In lower case, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Lossy => "lossy",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One kind of change, and how often it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The version that made the change; on the way back it is undone.
    pub version: Version,
    /// What changes: `attribute`, `value`, `metric`, `unit` or `event`.
    pub kind: &'static str,
    /// Where, by the schema files' words: `all`, `resources`, `spans`, `span_events`, `metrics`, `logs`.
    pub section: &'static str,
    /// What stood there: a key or name, for values `key=value`.
    pub from: String,
    /// What stands there now; empty for what has no successor.
    pub to: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it is lossy or refused, in a few words; empty where it is applied.
    pub reason: &'static str,
    /// How many times.
    pub count: u64,
}

/// What a migration did, summed over batches.
#[derive(Debug, Clone, Default)]
pub struct MigrationReport {
    /// By operation, direction, outcome and reason.
    counts: BTreeMap<(u16, bool, Outcome, &'static str), u64>,
    pub(super) groups: Groups,
}

/// Resources and scopes by what was known of their version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Groups {
    /// Taken from their version to the target.
    pub migrated: u64,
    /// Left alone: they have no `schema_url`, and no version was given for them.
    pub unversioned: u64,
    /// Left alone: their `schema_url` is of another family, or of a version that is not known here.
    pub foreign: u64,
}

impl MigrationReport {
    pub(super) fn count(&mut self, op: u16, up: bool, outcome: Outcome, reason: &'static str) {
        *self.counts.entry((op, up, outcome, reason)).or_default() += 1;
    }

    /// Adds another report.
    pub fn merge(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
        self.groups.migrated += other.groups.migrated;
        self.groups.unversioned += other.groups.unversioned;
        self.groups.foreign += other.groups.foreign;
    }

    /// What happened, oldest version first.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.counts
            .iter()
            .map(|((op, up, outcome, reason), count)| operation(*op, *up, *outcome, reason, *count))
    }

    /// How many changes ended this way.
    pub fn total(&self, outcome: Outcome) -> u64 {
        let counts = self.counts.iter();
        counts.filter(|((.., found, _), _)| *found == outcome).map(|(_, count)| count).sum()
    }

    /// How many resources and scopes could be migrated, and how many not.
    pub const fn groups(&self) -> Groups {
        self.groups
    }
}

/// An operation in the words of the report.
pub(super) fn operation(
    number: u16,
    up: bool,
    outcome: Outcome,
    reason: &'static str,
    count: u64,
) -> Operation {
    let op = Table::get().op(number);
    let (kind, name): (_, &dyn Fn(&str) -> String) = match op.kind {
        Kind::Key(_) | Kind::Dropped => ("attribute", &str::to_owned),
        Kind::Prefix => ("attribute", &|name| format!("{name}.*")),
        Kind::Value { key } => ("value", &move |value| format!("{key}={value}")),
        Kind::Metric(Some(unit)) if op.from == op.to => {
            ("unit", &move |name| format!("{name} in {}", unit.old))
        }
        Kind::Metric(_) | Kind::Split => ("metric", &str::to_owned),
        Kind::Event => ("event", &str::to_owned),
    };
    let mut from = name(op.from);
    let mut to = match op.kind {
        Kind::Dropped | Kind::Split => String::new(),
        Kind::Metric(Some(unit)) if op.from == op.to => format!("{} in {}", op.to, unit.new),
        _ => name(op.to),
    };
    if !up {
        std::mem::swap(&mut from, &mut to);
    }
    let section = match op.section {
        Section::All => "all",
        Section::Resources => "resources",
        Section::Spans => "spans",
        Section::SpanEvents => "span_events",
        Section::Metrics => "metrics",
        Section::Logs => "logs",
    };
    Operation { version: op.version, kind, section, from, to, outcome, reason, count }
}
