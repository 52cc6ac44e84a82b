//! How the attributes of one item go from version to version.

use std::borrow::Cow;

use otlp_core::edit::{Draft, Text};
use otlp_core::value::ValueView;

use super::pair::{List, Pair, Value, equal, text};
use super::place::{Item, Place};
use super::report::{MigrationReport, Outcome};
use super::table::{Convert, Index, Kind, Op, Range, Step, Table};
use super::{Collision, Mode};

/// How attributes migrate.
pub(super) struct Rules<'r> {
    pub(super) table: &'static Table,
    pub(super) range: Range,
    pub(super) mode: Mode,
    /// Whether what is renamed is also kept.
    pub(super) kept: bool,
    pub(super) collision: Collision,
    /// `None` where another part of the same work has counted already.
    pub(super) report: Option<&'r mut MigrationReport>,
}

/// An attribute that gets another key.
struct Move {
    index: usize,
    number: u16,
    to: Cow<'static, str>,
    tag: (Outcome, &'static str),
}

impl Rules<'_> {
    fn index(&self) -> &'static Index {
        self.table.index(self.range.up)
    }

    /// The first step from `at` on that this key takes.
    fn next(&self, key: &str, at: u32, item: &Item<'_>) -> Option<&'static Step> {
        let within = |steps: &'static Vec<Step>| {
            let from = steps.partition_point(|step| step.at < at);
            steps[from..].iter().take_while(|step| step.at < self.range.end).find(|step| item.admits(step))
        };
        let exact = self.index().keys.get(key).and_then(within);
        let prefixes = self.index().prefixes.iter().filter(|(prefix, _)| key.starts_with(prefix));
        prefixes.filter_map(|(_, steps)| within(steps)).chain(exact).min_by_key(|step| step.at)
    }

    /// Migrates the attributes of a draft.
    pub(super) fn migrate(&mut self, item: &Item<'_>, draft: &mut Draft<'_>) {
        let start = self.range.start;
        let count = draft.len();
        let first = |index| draft.key(index).and_then(|key| self.next(key, start, item));
        if !(0..count).any(|index| first(index).is_some()) {
            return;
        }
        let pairs = (0..count).filter_map(|index| {
            let key = Cow::Owned(draft.key(index)?.to_owned());
            Some(Pair { index, key, value: Value::Same, next: first(index), gone: false, was: None })
        });
        let mut list = List::new(pairs.collect());
        while let Some(at) = list.pairs.iter().filter_map(|pair| pair.next).map(|step| step.at).min() {
            self.step(at, item, &mut list, draft);
        }
        self.write(&list.pairs, draft);
    }

    /// The name of a span event or event record.
    pub(super) fn event(&mut self, item: &Item<'_>, draft: &mut Draft<'_>) {
        let mut name = item.event.to_owned();
        let mut at = self.range.start;
        loop {
            let steps = self.index().events.get(&*name).map_or(&[][..], Vec::as_slice);
            let from = steps.partition_point(|step| step.at < at);
            let found = steps[from..].iter().take_while(|step| step.at < self.range.end);
            let Some(step) = found.into_iter().find(|step| item.admits(step)) else { break };
            at = step.at + 1;
            let number = step.ops[0];
            if self.kept {
                self.count(number, Outcome::Refused, "an event has one name");
                break;
            }
            let op = self.table.op(number);
            (if self.range.up { op.to } else { op.from }).clone_into(&mut name);
            match step.ops.len() {
                1 => self.count(number, Outcome::Applied, ""),
                _ => self.count(number, Outcome::Lossy, "one of several old names; a guess"),
            }
        }
        if name != item.event {
            draft.set_text(Text::Name, name);
        }
    }

    /// Takes all attributes that change at one point of the line over it, all at once.
    fn step(&mut self, at: u32, item: &Item<'_>, list: &mut List, draft: &Draft<'_>) {
        let mut moves: Vec<Move> = Vec::new();
        for index in 0..list.pairs.len() {
            let Some(step) = list.pairs[index].next.filter(|step| step.at == at) else { continue };
            let Some((number, sure)) = self.decide(step, index, item, list, draft) else { continue };
            let op = self.table.op(number);
            match op.kind {
                Kind::Key(_) | Kind::Prefix => {
                    let to = renamed(op, self.range.up, &list.pairs[index].key);
                    moves.push(Move { index, number, to, tag: self.tag(number, sure, item, list, draft) });
                }
                Kind::Value { .. } => self.value(number, &mut list.pairs[index]),
                _ => self.count(number, Outcome::Refused, op.to),
            }
        }
        // What moves away at the same time is in nobody's way.
        for Move { index, .. } in &moves {
            list.leave(*index);
        }
        for Move { index, number, to, tag: (outcome, reason) } in moves {
            let there = list.by_key.get(&to).copied();
            // The same key twice becomes the other key twice.
            let twin = |other: usize| list.pairs[other].was == Some((at, list.pairs[index].key.clone()));
            match there.filter(|other| !twin(*other)) {
                Some(other) => self.collide(number, (index, other), to, list, draft),
                None => {
                    let pair = &mut list.pairs[index];
                    let converted = self.convert(self.table.op(number), pair, draft);
                    pair.was = Some((at, std::mem::replace(&mut pair.key, to)));
                    list.enter(index);
                    match converted {
                        true => self.count(number, outcome, reason),
                        false => self.count(
                            number,
                            Outcome::Lossy,
                            "the value is not of the type that the key is for",
                        ),
                    }
                }
            }
        }
        for pair in list.pairs.iter_mut().filter(|pair| pair.next.is_some_and(|step| step.at == at)) {
            pair.next = if pair.gone { None } else { self.next(&pair.key, at + 1, item) };
        }
    }

    /// Which operation of a step it is for an attribute, and whether that is sure.
    fn decide(
        &self,
        step: &'static Step,
        index: usize,
        item: &Item<'_>,
        list: &List,
        draft: &Draft<'_>,
    ) -> Option<(u16, bool)> {
        if let Kind::Value { .. } = self.table.op(*step.ops.first()?).kind {
            let value = text(&list.pairs[index], draft)?;
            let is_it = |number: &u16| {
                let op = self.table.op(*number);
                if self.range.up { op.from == value } else { op.back && op.to == value }
            };
            return step.ops.iter().copied().find(is_it).map(|number| (number, true));
        }
        self.choose(step, item, list, draft)
    }

    /// Which of several old names a new one was.
    fn choose(
        &self,
        step: &'static Step,
        item: &Item<'_>,
        list: &List,
        draft: &Draft<'_>,
    ) -> Option<(u16, bool)> {
        if let Some(choice) = step.choice {
            let answer = choice.by.iter().find_map(|key| list.text(key, draft));
            let name = answer
                .and_then(|answer| choice.names.iter().find(|(value, _)| *value == answer))
                .map(|(_, name)| *name);
            let told = step.ops.iter().find(|number| name == Some(self.table.op(**number).from));
            match told {
                Some(number) => return Some((*number, true)),
                None if choice.stays => return None,
                None => {}
            }
        }
        let back: Vec<u16> =
            step.ops.iter().copied().filter(|number| self.range.up || self.table.op(*number).back).collect();
        match back.as_slice() {
            [] => None,
            [only] => Some((*only, true)),
            [first, ..] => {
                // Metrics have attributes of their own kind: `process.cpu.time` had `process.cpu.state`.
                let family = |name: &str| name.split('.').next().map(str::to_owned);
                let metric = family(item.metric.at(step.at));
                let own = back.iter().find(|number| {
                    item.place == Place::Metric && family(self.table.op(**number).from) == metric
                });
                own.map(|number| (*number, true)).or(Some((*first, false)))
            }
        }
    }

    /// Whether a rename can be undone, or is a guess itself.
    fn tag(
        &self,
        number: u16,
        sure: bool,
        item: &Item<'_>,
        list: &List,
        draft: &Draft<'_>,
    ) -> (Outcome, &'static str) {
        let op = self.table.op(number);
        if !op.loss.is_empty() {
            return (Outcome::Lossy, op.loss);
        }
        if !sure {
            return (Outcome::Lossy, "one of several old names; a guess");
        }
        if !self.range.up {
            return (Outcome::Applied, "");
        }
        let back = Rules {
            table: self.table,
            range: self.table.opposite(op.version, true),
            mode: self.mode,
            kept: self.kept,
            collision: self.collision,
            report: None,
        };
        let undone = back.undo(op, item, list, draft);
        if undone == Some((number, true)) {
            (Outcome::Applied, "")
        } else {
            (Outcome::Lossy, "the new name stands for others too; the way back may not find this one")
        }
    }

    /// What the way back would make of an operation's result, within the version.
    fn undo(&self, op: &Op, item: &Item<'_>, list: &List, draft: &Draft<'_>) -> Option<(u16, bool)> {
        let name = match op.kind {
            Kind::Prefix => format!("{}.", op.to),
            _ => op.to.to_owned(),
        };
        let steps = match op.kind {
            Kind::Prefix => {
                self.index().prefixes.iter().find(|(prefix, _)| *prefix == name).map(|(_, steps)| steps)
            }
            _ => self.index().keys.get(&*name),
        };
        let mut steps = steps?.iter().filter(|step| (self.range.start..self.range.end).contains(&step.at));
        // The metric has other names by then; which step it takes is told by the one on the way up.
        let step = steps.find(|step| {
            let values = matches!(self.table.op(step.ops[0]).kind, Kind::Value { .. });
            !values && item.takes_back(step)
        })?;
        self.choose(step, item, list, draft)
    }

    fn value(&mut self, number: u16, pair: &mut Pair) {
        let op = self.table.op(number);
        if self.mode == Mode::KeepBoth && pair.was.is_none() {
            self.count(number, Outcome::Refused, "one key cannot hold both values");
            return;
        }
        let to = if self.range.up { op.to } else { op.from };
        pair.value = Value::Text(to.to_owned());
        if op.back {
            self.count(number, Outcome::Applied, "");
        } else {
            self.count(
                number,
                Outcome::Lossy,
                "the new value stands for others too; it stays on the way back",
            );
        }
    }

    /// Makes the value one that the new key is for; whether it could.
    fn convert(&self, op: &Op, pair: &mut Pair, draft: &Draft<'_>) -> bool {
        let Kind::Key(convert) = op.kind else { return true };
        let old = draft.value(pair.index);
        let up = self.range.up;
        match (convert, &pair.value, up) {
            (Convert::Nothing, ..) => return true,
            (Convert::Unknown, ..) => return false,
            (Convert::IntToText, Value::Same, true) => match old {
                ValueView::Int(number) => pair.value = Value::Text(number.to_string()),
                _ => return false,
            },
            (Convert::IntToText, Value::Same, false) => {
                let number = old.as_str().and_then(|text| Some((text, text.parse::<i64>().ok()?)));
                match number {
                    Some((text, number)) if number.to_string() == text => pair.value = Value::Int(number),
                    _ => return false,
                }
            }
            (Convert::TextToList, Value::Same, true) => match old {
                ValueView::Str(text) => pair.value = Value::List(text.to_owned()),
                _ => return false,
            },
            (Convert::TextToList, Value::Same, false) => match old {
                ValueView::Array(list) if list.values().len() == 1 => {
                    match list.values().get(0).and_then(|only| only.as_str().map(str::to_owned)) {
                        Some(text) => pair.value = Value::Text(text),
                        None => return false,
                    }
                }
                _ => return false,
            },
            // The same attribute twice does not happen in one direction.
            _ => return false,
        }
        true
    }

    /// Two attributes want the same key: `index` on its way to `to`, and `other`, which is there.
    fn collide(
        &mut self,
        number: u16,
        (index, other): (usize, usize),
        to: Cow<'static, str>,
        list: &mut List,
        draft: &Draft<'_>,
    ) {
        let same = equal(&list.pairs[index], &list.pairs[other], draft);
        let (outcome, reason) = match (self.mode, same, self.collision) {
            (Mode::KeepBoth, ..) => {
                // Both are there as they are to be.
                list.remove(index);
                (Outcome::Applied, "")
            }
            (_, true, _) => {
                list.remove(index);
                (Outcome::Lossy, "the new key was there with the same value; one of them is left")
            }
            (_, _, Collision::KeepExisting) => {
                list.remove(index);
                (Outcome::Lossy, "the new key was there with another value, which stays")
            }
            (_, _, Collision::Replace) => {
                list.remove(other);
                let pair = &mut list.pairs[index];
                let _ = self.convert(self.table.op(number), pair, draft);
                pair.was = Some((u32::MAX, std::mem::replace(&mut pair.key, to)));
                list.enter(index);
                (Outcome::Lossy, "the new key was there with another value, which is replaced")
            }
            (_, _, Collision::Refuse) => {
                list.enter(index);
                (Outcome::Refused, "the new key is there with another value")
            }
        };
        self.count(number, outcome, reason);
    }

    fn write(&self, pairs: &[Pair], draft: &mut Draft<'_>) {
        for pair in pairs {
            let key = || pair.key.clone().into_owned();
            let index = match self.mode {
                Mode::KeepBoth if pair.gone || (pair.was.is_none() && pair.value == Value::Same) => continue,
                Mode::KeepBoth if pair.was.is_some() => draft.copy(pair.index, key()),
                _ if pair.gone => {
                    draft.remove(pair.index);
                    continue;
                }
                _ => {
                    if pair.was.is_some() {
                        draft.rename(pair.index, key());
                    }
                    Some(pair.index)
                }
            };
            let Some(index) = index else { continue };
            match &pair.value {
                Value::Same => {}
                Value::Text(text) => draft.set(index, text.as_str()),
                Value::Int(number) => draft.set(index, *number),
                Value::List(text) => draft.set(index, &[text.as_str()]),
            }
        }
    }

    pub(super) fn count(&mut self, number: u16, outcome: Outcome, reason: &'static str) {
        let up = self.range.up;
        // What stands beside the old is no loss.
        let (outcome, reason) =
            if self.kept && outcome == Outcome::Lossy { (Outcome::Applied, "") } else { (outcome, reason) };
        if let Some(report) = &mut self.report {
            report.count(number, up, outcome, reason);
        }
    }
}

/// The key after an operation.
fn renamed(op: &Op, up: bool, key: &str) -> Cow<'static, str> {
    let (from, to) = if up { (op.from, op.to) } else { (op.to, op.from) };
    match op.kind {
        Kind::Prefix => Cow::Owned(format!("{to}{}", key.get(from.len()..).unwrap_or_default())),
        _ => Cow::Borrowed(to),
    }
}
