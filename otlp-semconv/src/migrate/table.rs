//! All changes of all versions in one line, looked up by what they change, in both directions.

use std::collections::HashMap;
use std::slice::from_ref;
use std::sync::OnceLock;

use super::Version;
use super::reviewed::{CHOICES, Choice, FIXES, IN_USE, LOSSY, ONE_WAY, SINCE};
use super::schema::{Change, Only, Pairs, Section, ValueChange, What};
use crate::generated::schemas::{FACTS, RELEASES};

/// One rename, or what stands for one.
#[derive(Debug)]
pub(super) struct Op {
    pub(super) version: Version,
    pub(super) section: Section,
    pub(super) kind: Kind,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// Whether the way back undoes it.
    pub(super) back: bool,
    /// Whether the old name had gone in an earlier version, so that it is the worse guess on the way back.
    stale: bool,
    /// What is lost by it whatever the data; empty for nothing.
    pub(super) loss: &'static str,
}

/// What an operation changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Key(Convert),
    Prefix,
    Value {
        key: &'static str,
    },
    Metric(Option<Unit>),
    Event,
    /// The reason is `to`.
    Dropped,
    /// The attribute is `to`.
    Split,
}

/// What becomes of an attribute's value when it gets its new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convert {
    Nothing,
    /// Decimal digits.
    IntToText,
    /// A list of one.
    TextToList,
    /// No rule for these types: it stays.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) old: &'static str,
    pub(super) new: &'static str,
    /// New is old times this.
    pub(super) factor: f64,
}

/// What happens to one name at one point of the line: one of these operations.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: u32,
    pub(super) section: Section,
    pub(super) only: Only,
    /// On the way back there may be several; for values there always are.
    pub(super) ops: Vec<u16>,
    /// Tells them apart.
    pub(super) choice: Option<&'static Choice>,
}

/// Steps by what they change; the steps of one name in order.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) keys: HashMap<&'static str, Vec<Step>>,
    /// By prefix with its dot.
    pub(super) prefixes: Vec<(String, Vec<Step>)>,
    pub(super) metrics: HashMap<&'static str, Vec<Step>>,
    pub(super) events: HashMap<&'static str, Vec<Step>>,
}

/// The line.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) ops: Vec<Op>,
    pub(super) up: Index,
    pub(super) down: Index,
    /// For each version, where its changes start on the way up; and the end of all.
    starts: Vec<u32>,
}

/// A part of the line in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) up: bool,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Table {
    /// The one there is.
    pub(super) fn get() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(|| Builder::default().build())
    }

    /// From one version to another.
    pub(super) fn range(&self, from: Version, to: Version) -> Range {
        let after = |version: Version| self.starts[version.index() + 1];
        let total = self.starts[RELEASES.len()];
        if from <= to {
            Range { up: true, start: after(from), end: after(to) }
        } else {
            Range { up: false, start: total - after(from), end: total - after(to) }
        }
    }

    /// One version's changes, in the direction opposite to this.
    pub(super) fn opposite(&self, version: Version, up: bool) -> Range {
        let (start, end) = (self.starts[version.index()], self.starts[version.index() + 1]);
        let total = self.starts[RELEASES.len()];
        if up {
            Range { up: false, start: total - end, end: total - start }
        } else {
            Range { up: true, start, end }
        }
    }

    pub(super) const fn index(&self, up: bool) -> &Index {
        if up { &self.up } else { &self.down }
    }

    pub(super) fn op(&self, number: u16) -> &Op {
        &self.ops[usize::from(number)]
    }
}

/// What has become of a name so far: in which section and for whom, and whether it came or went.
type Story = (Section, Only, bool);

#[derive(Default)]
struct Builder {
    table: Table,
    /// Steps of the way back, whose positions count from the other end.
    back: Vec<(Version, Change, Vec<u16>)>,
    positions: Vec<u32>,
    /// Of earlier versions.
    stories: HashMap<String, Vec<Story>>,
    at: u32,
}

impl Builder {
    fn build(mut self) -> Table {
        for version in Version::all() {
            self.table.starts.push(self.at);
            let mut told = Vec::new();
            for change in RELEASES[version.index()].changes {
                self.change(version, *change, true, &mut told);
                self.templates(version, *change, &mut told);
            }
            self.registry(version, &mut told);
            for fix in FIXES.iter().filter(|fix| fix.version == version.as_str()) {
                self.change(version, fix.change, fix.back, &mut told);
            }
            for (name, story) in told {
                self.stories.entry(name).or_default().push(story);
            }
        }
        self.table.starts.push(self.at);
        self.turn()
    }

    /// Renames of the registry that took place in this version.
    fn registry(&mut self, version: Version, told: &mut Vec<(String, Story)>) {
        let since = |name: &str| {
            let found = SINCE.iter().find(|(known, _)| *known == name);
            found.map_or_else(|| Version::newest().as_str(), |(_, version)| *version) == version.as_str()
        };
        for pair in FACTS.attributes.iter().filter(|(from, _)| since(from)) {
            let what = What::Attributes(from_ref(pair));
            let change = Change { section: Section::All, only: Only::Any, what };
            // Another old name that a schema file gives the same new one is the better guess.
            let first = !made(told, pair.1);
            self.change(version, change, first, told);
            self.templates(version, change, told);
        }
        for pair in FACTS.metrics.iter().filter(|(from, _)| since(from)) {
            let what = What::Metrics(from_ref(pair));
            self.change(version, Change { section: Section::Metrics, only: Only::Any, what }, true, told);
        }
        for pair in FACTS.events.iter().filter(|(from, _)| since(from)) {
            let what = What::Events(from_ref(pair));
            self.change(version, Change { section: Section::Logs, only: Only::Any, what }, true, told);
        }
        for ValueChange { key, pair } in FACTS.values {
            if since(&format!("{key}={}", pair.0)) {
                let what = What::Values { key, pairs: from_ref(pair) };
                let first = !made(told, &format!("{key}={}", pair.1));
                self.change(version, Change { section: Section::All, only: Only::Any, what }, first, told);
            }
        }
    }

    /// The keys of templates go on behind the name, wherever they stand.
    fn templates(&mut self, version: Version, change: Change, told: &mut Vec<(String, Story)>) {
        let What::Attributes(pairs) = change.what else { return };
        if pairs.iter().any(|(from, _)| FACTS.templates.contains(from)) {
            let what = What::Prefixes(pairs);
            self.change(version, Change { section: Section::All, only: Only::Any, what }, true, told);
        }
    }

    fn change(&mut self, version: Version, change: Change, back: bool, told: &mut Vec<(String, Story)>) {
        let first = self.table.ops.len();
        let each = |pairs: Pairs| pairs.iter().copied();
        match change.what {
            What::Attributes(pairs) => {
                for (from, to) in each(pairs) {
                    let convert = convert(from, to);
                    let back = back && !ONE_WAY.contains(&(version.as_str(), from));
                    self.op(version, change, Kind::Key(convert), (from, to), back, told);
                }
            }
            What::Prefixes(pairs) => each(pairs)
                .filter(|(from, _)| FACTS.templates.contains(from))
                .for_each(|pair| self.op(version, change, Kind::Prefix, pair, back, told)),
            What::Values { key, pairs } => {
                each(pairs).for_each(|pair| self.op(version, change, Kind::Value { key }, pair, back, told))
            }
            What::Metrics(pairs) => each(pairs)
                .for_each(|pair| self.op(version, change, Kind::Metric(relabel(pair)), pair, back, told)),
            What::Unit { from, to, old, new, factor } => {
                let unit = Some(Unit { old, new, factor });
                self.op(version, change, Kind::Metric(unit), (from, to), back, told);
            }
            What::Events(pairs) => {
                each(pairs).for_each(|pair| self.op(version, change, Kind::Event, pair, back, told))
            }
            What::Dropped { key, why } => {
                self.op(version, change, Kind::Dropped, (key, why), false, told);
            }
            What::Split { metric, by } => {
                self.op(version, change, Kind::Split, (metric, by), false, told);
            }
        }
        self.steps(change, first, version);
        self.at += 1;
    }

    fn op(
        &mut self,
        version: Version,
        change: Change,
        kind: Kind,
        (from, to): (&'static str, &'static str),
        back: bool,
        told: &mut Vec<(String, Story)>,
    ) {
        let name = |name: &str| match kind {
            Kind::Value { key } => format!("{key}={name}"),
            Kind::Metric(_) | Kind::Split => format!("metric {name}"),
            Kind::Event => format!("event {name}"),
            _ => name.to_owned(),
        };
        let (mut back, mut stale) = (back, false);
        if !matches!(kind, Kind::Dropped | Kind::Split) && from != to {
            back &= !(self.last(change, &name(to)) == Some(true)
                || IN_USE.contains(&(version.as_str(), &name(to))));
            stale = self.last(change, &name(from)) == Some(false);
            told.push((name(to), (change.section, change.only, true)));
            told.push((name(from), (change.section, change.only, false)));
        }
        let loss = LOSSY.iter().find(|(key, _)| *key == from).map_or("", |(_, loss)| *loss);
        let instruments = FACTS.metric_changes.iter().find(|metric| (metric.from, metric.to) == (from, to));
        let loss = match instruments {
            Some(metric) if metric.old_instrument != metric.new_instrument => {
                "the new metric is of another instrument"
            }
            Some(metric) if relabel((metric.from, metric.to)).is_none() => "the new metric has another unit",
            _ => loss,
        };
        self.table.ops.push(Op { version, section: change.section, kind, from, to, back, stale, loss });
    }

    /// Whether a name came or went when it was last told of, in an earlier version.
    fn last(&self, change: Change, name: &str) -> Option<bool> {
        let overlap = |(section, only, _): &Story| {
            let sections =
                *section == change.section || *section == Section::All || change.section == Section::All;
            sections
                && match (*only, change.only) {
                    (Only::Metrics(one), Only::Metrics(two)) => one.iter().any(|name| two.contains(name)),
                    // These metrics had a name of their own for it until now.
                    (_, Only::Metrics(_)) => false,
                    _ => true,
                }
        };
        let told = self.stories.get(name).and_then(|stories| stories.iter().rfind(|story| overlap(story)));
        told.map(|(.., came)| *came)
    }

    /// The steps of the operations from `first` on, which are one change.
    fn steps(&mut self, change: Change, first: usize, version: Version) {
        let (at, Change { section, only, .. }) = (self.at, change);
        let numbers: Vec<u16> = (first..self.table.ops.len()).map(|number| number as u16).collect();
        let step = |ops| Step { at, section, only, ops, choice: None };
        if let What::Values { key, .. } = change.what {
            self.table.up.keys.entry(key).or_default().push(step(numbers.clone()));
        } else {
            for number in &numbers {
                let op = &self.table.ops[usize::from(*number)];
                self.table.up.at(op.kind, op.from).push(step(vec![*number]));
            }
        }
        self.back.push((version, change, numbers));
        self.positions.push(at);
    }

    /// Adds the way back.
    fn turn(mut self) -> Table {
        let total = self.at;
        for ((version, change, numbers), at) in self.back.iter().zip(&self.positions).rev() {
            let at = total - 1 - at;
            let step = |ops, choice| Step { at, section: change.section, only: change.only, ops, choice };
            if let What::Values { key, .. } = change.what {
                self.table.down.keys.entry(key).or_default().push(step(numbers.clone(), None));
                continue;
            }
            let mut done: Vec<&str> = Vec::new();
            for number in numbers {
                let Op { kind, to, .. } = self.table.ops[usize::from(*number)];
                if done.contains(&to) || matches!(kind, Kind::Dropped | Kind::Split) {
                    continue;
                }
                done.push(to);
                let choice =
                    CHOICES.iter().find(|choice| choice.to == to && choice.version == version.as_str());
                let fits = |number: &u16| {
                    let op = &self.table.ops[usize::from(*number)];
                    op.to == to && (op.back || choice.is_some())
                };
                let mut ops: Vec<u16> = numbers.iter().copied().filter(fits).collect();
                ops.sort_by_key(|number| self.table.ops[usize::from(*number)].stale);
                if !ops.is_empty() {
                    self.table.down.at(kind, to).push(step(ops, choice));
                }
            }
        }
        self.table
    }
}

impl Index {
    fn at(&mut self, kind: Kind, name: &'static str) -> &mut Vec<Step> {
        match kind {
            Kind::Metric(_) | Kind::Split => self.metrics.entry(name).or_default(),
            Kind::Event => self.events.entry(name).or_default(),
            Kind::Prefix => {
                let prefix = format!("{name}.");
                let found = self.prefixes.iter().position(|(known, _)| *known == prefix);
                let index = found.unwrap_or_else(|| {
                    self.prefixes.push((prefix, Vec::new()));
                    self.prefixes.len() - 1
                });
                &mut self.prefixes[index].1
            }
            _ => self.keys.entry(name).or_default(),
        }
    }
}

/// Whether this version has made a name already.
fn made(told: &[(String, Story)], name: &str) -> bool {
    told.iter().any(|(known, (.., came))| known == name && *came)
}

/// What the registry's types say about values.
fn convert(from: &str, to: &str) -> Convert {
    let found = FACTS.types.iter().find(|types| (types.from, types.to) == (from, to));
    match found.map(|types| (types.old, types.new)) {
        None => Convert::Nothing,
        Some(("int", "string")) => Convert::IntToText,
        Some(("string", "string[]")) => Convert::TextToList,
        Some(_) => Convert::Unknown,
    }
}

/// Another spelling of the same unit: `{Hz}` and `Hz`.
fn relabel((from, to): (&str, &str)) -> Option<Unit> {
    let metric = FACTS.metric_changes.iter().find(|metric| (metric.from, metric.to) == (from, to))?;
    let bare = |unit: &'static str| unit.trim_matches(['{', '}']);
    let same = metric.old_unit != metric.new_unit && bare(metric.old_unit) == bare(metric.new_unit);
    same.then_some(Unit { old: metric.old_unit, new: metric.new_unit, factor: 1.0 })
}
