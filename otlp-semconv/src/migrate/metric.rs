//! A metric's name and unit on their way from version to version.

use otlp_core::edit::{Draft, Text};
use otlp_core::metrics::MetricView;

use super::Mode;
use super::report::Outcome;
use super::rules::Rules;
use super::table::{Kind, Range, Step, Unit};

/// The names that a metric has on its way: each with the point of the line behind which it has it.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(u32, String)>);

impl Names {
    /// The name of a metric or event that nothing renames.
    pub(super) fn only(name: &str) -> Self {
        Self(vec![(0, name.to_owned())])
    }

    /// The name that a step at this point finds.
    pub(super) fn at(&self, at: u32) -> &str {
        let behind = self.0.iter().rev().find(|(from, _)| *from <= at);
        behind.map_or("", |(_, name)| name)
    }

    pub(super) fn any(&self, of: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(_, name)| of(name))
    }

    /// Whether the name at the end is another than at the start.
    pub(super) fn change(&self) -> bool {
        self.0.first().map(|(_, name)| name) != self.0.last().map(|(_, name)| name)
    }

    fn last(&self) -> &str {
        self.0.last().map_or("", |(_, name)| name)
    }

    /// From the step at `at` on.
    fn push(&mut self, at: u32, name: &str) {
        self.0.push((at + 1, name.to_owned()));
    }
}

impl Rules<'_> {
    /// The names of a metric, which change in the draft if there is one.
    pub(super) fn metric(&mut self, metric: &MetricView<'_>, draft: Option<&mut Draft<'_>>) -> Names {
        let index = self.table.index(self.range.up);
        let mut names = Names::only(metric.name());
        let mut measure = Measure {
            unit: metric.unit().to_owned(),
            factor: 1.0,
            buckets: metric.exponential_histogram().is_some(),
        };
        let mut at = self.range.start;
        while let Some(step) =
            index.metrics.get(names.last()).and_then(|steps| next(steps, at, self.range.end))
        {
            at = step.at + 1;
            let number = step.ops[0];
            let op = self.table.op(number);
            let to = if self.range.up { op.to } else { op.from };
            let (outcome, reason) = match op.kind {
                // Unless another name follows, under which the second one stands.
                Kind::Metric(Some(_)) if draft.is_some() && self.mode == Mode::KeepBoth => {
                    (Outcome::Refused, "one name cannot hold both units")
                }
                Kind::Metric(Some(change)) => measure.convert(change, self.range.up),
                Kind::Metric(None) => (Outcome::Applied, ""),
                _ => (Outcome::Refused, "became several metrics"),
            };
            let (outcome, reason) = match outcome {
                Outcome::Applied if !op.loss.is_empty() => (Outcome::Lossy, op.loss),
                Outcome::Applied if self.shared(step) => {
                    (Outcome::Lossy, "the new name stands for several old ones; the way back guesses")
                }
                other => (other, reason),
            };
            self.count(number, outcome, reason);
            if outcome == Outcome::Refused {
                break;
            }
            names.push(step.at, to);
        }
        if let Some(draft) = draft {
            draft.set_text(Text::Name, names.last().to_owned());
            draft.set_text(Text::Unit, measure.unit);
            if measure.factor != 1.0 {
                draft.scale(measure.factor);
            }
        }
        names
    }

    /// Whether several old names became the new one of a step in one version.
    fn shared(&self, step: &Step) -> bool {
        let op = self.table.op(step.ops[0]);
        let Range { start, end, .. } = self.table.opposite(op.version, true);
        let back = self.table.index(false).metrics.get(op.to).into_iter().flatten();
        let here = back.filter(|step| (start..end).contains(&step.at));
        here.map(|step| step.ops.len()).sum::<usize>() > 1
    }
}

fn next(steps: &'static [Step], at: u32, end: u32) -> Option<&'static Step> {
    steps[steps.partition_point(|step| step.at < at)..].first().filter(|step| step.at < end)
}

/// A metric's unit, and what its numbers are to be multiplied by.
struct Measure {
    unit: String,
    factor: f64,
    /// Whether they are counted in buckets at powers of a base.
    buckets: bool,
}

impl Measure {
    fn convert(&mut self, change: Unit, up: bool) -> (Outcome, &'static str) {
        let (from, to) = if up { (change.old, change.new) } else { (change.new, change.old) };
        if change.factor == 1.0 {
            if self.unit == from {
                to.clone_into(&mut self.unit);
            }
            return (Outcome::Applied, "");
        }
        if self.unit == to {
            return (Outcome::Applied, "");
        }
        // Without a unit it is the one that the convention says.
        if self.unit != from && !self.unit.is_empty() {
            return (Outcome::Refused, "the metric has another unit than its convention");
        }
        if self.buckets {
            return (Outcome::Refused, "the buckets of exponential histograms cannot be scaled");
        }
        self.factor *= if up { change.factor } else { (1.0 / change.factor).round() };
        to.clone_into(&mut self.unit);
        (Outcome::Lossy, "numbers are rounded, whole ones become doubles")
    }
}
