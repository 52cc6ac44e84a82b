//! What an aggregation says about what it did.

use std::fmt;

use otlp_core::Batch;

/// A new batch and what became of the points.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Aggregated {
    /// The metrics after the operation.
    pub batch: Batch,
    /// What was done.
    pub report: Report,
}

/// What became of the points of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Points read.
    pub points_in: usize,
    /// Points written.
    pub points_out: usize,
    /// Series that began anew: the start changed, or a value that only grows fell.
    pub resets: usize,
    /// Exemplars of merged points, which the merged point does not carry.
    pub exemplars_left_out: usize,
    /// What the rules did not cover, each metric and reason once.
    pub problems: Vec<Problem>,
}

/// Points of one metric that were not treated as the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Name of the metric.
    pub metric: String,
    /// Why.
    pub kind: ProblemKind,
    /// How many points of it.
    pub points: usize,
}

/// Why points were not treated as the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The metric has no temporality: passed on.
    NoTemporality,
    /// Summaries cannot be merged: passed on.
    Summary,
    /// Another metric of the scope has the same name but another unit, kind, or temporality: both are kept apart.
    ConflictingType,
    /// The bounds differ from those of the points before: passed on, or the series begins anew in a conversion.
    BoundsDiffer,
    /// A wanted bound is not a bound of the histogram: passed on.
    NotCoarser,
    /// Counts and bounds, or the scale, do not fit together: passed on; left out of a conversion.
    Malformed,
    /// Values below one zero threshold stand in buckets of another: passed on, or the series begins anew in a conversion.
    ZeroThresholdsDiffer,
    /// Counts would exceed 64 bits: passed on, or the series begins anew in a conversion.
    Overflow,
    /// The point says that no value was recorded: passed on.
    NoValue,
    /// The point has no value at all: passed on; left out of a conversion.
    Empty,
    /// The point is not later than the one before: left out.
    OutOfOrder,
    /// The point's range begins before the one before ends: left out.
    Overlap,
    /// The first point of a series whose earlier part was or may have been reported already: left out, the next counts on.
    Baseline,
    /// More series than the limit (`with_max_series`): left out.
    TooManySeries,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            ProblemKind::NoTemporality => "has no temporality; passed on",
            ProblemKind::Summary => "is a summary, which cannot be merged; passed on",
            ProblemKind::ConflictingType => {
                "has the name of a metric of another unit, kind or temporality; kept apart"
            }
            ProblemKind::BoundsDiffer => "has other bounds than before",
            ProblemKind::NotCoarser => "lacks a wanted bound; passed on",
            ProblemKind::Malformed => "has counts, bounds or a scale that do not fit together",
            ProblemKind::ZeroThresholdsDiffer => "has buckets below another point's zero threshold",
            ProblemKind::Overflow => "has counts beyond 64 bits",
            ProblemKind::NoValue => "says that no value was recorded; passed on",
            ProblemKind::Empty => "has no value",
            ProblemKind::OutOfOrder => "is not later than the point before; left out",
            ProblemKind::Overlap => "begins before the point before ends; left out",
            ProblemKind::Baseline => "is the first of its series; left out, the next counts from it",
            ProblemKind::TooManySeries => "is beyond the limit of series (with_max_series); left out",
        };
        write!(f, "metric {:?}: {why}: {} points", self.metric, self.points)
    }
}

impl Report {
    /// Counts points under a metric and reason.
    pub(super) fn note(&mut self, metric: &str, kind: ProblemKind, points: usize) {
        // Problems of one metric come together, so the one at hand is nearly always the last.
        let known = self
            .problems
            .iter_mut()
            .rev()
            .take(16)
            .find(|known| known.kind == kind && known.metric == metric);
        match known {
            Some(known) => known.points += points,
            None => self.problems.push(Problem { metric: metric.to_owned(), kind, points }),
        }
    }
}
