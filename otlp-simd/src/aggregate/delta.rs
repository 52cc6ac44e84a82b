//! Cumulative to delta.

use otlp_core::Batch;
use otlp_core::metrics::Temporality;

use super::convert::{Conversion, Kept, Memory, Step, conversion_methods};
use super::{Aggregated, ProblemKind};
use crate::kernel::Kernels;

/// What becomes of the first point of a series, which reports all since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FirstPoint {
    /// It is written if its start is known. Right when the converter has seen the series from its beginning; after a
    /// restart of the converter it reports again what was reported before.
    #[default]
    Keep,
    /// It is left out: the second point reports what came after it.
    LeaveOut,
}

/// Turns cumulative sums and histograms into delta ones, series by series, across batches.
///
/// Each point reports what was added since the one before. A series began anew when its start changes, or when a sum that
/// only grows, a count or a bucket falls: then the point reports all it has. Smallest and largest value since the last point
/// cannot be known and are left out. A point that is not later than the one before is left out and reported; so is one with
/// other bounds, after which the series counts on from it.
pub struct ToDelta {
    memory: Memory,
    rules: Rules,
}

struct Rules {
    first: FirstPoint,
}

conversion_methods!(ToDelta);

impl Default for ToDelta {
    fn default() -> Self {
        Self::new()
    }
}

impl ToDelta {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self { memory: Memory::default(), rules: Rules { first: FirstPoint::Keep } }
    }

    /// What becomes of the first point of a series.
    #[must_use]
    pub fn with_first_point(mut self, first: FirstPoint) -> Self {
        self.rules.first = first;
        self
    }
}

impl Conversion for Rules {
    const FROM: Temporality = Temporality::Cumulative;
    const TO: Temporality = Temporality::Delta;

    fn first(&self, now: &Kept) -> Step {
        if self.first == FirstPoint::Keep && now.start != 0 {
            Step::write(now.start, now.value.clone())
        } else {
            Step::leave_out(ProblemKind::Baseline)
        }
    }

    fn next(&self, kept: &mut Kept, now: Kept, monotonic: bool, _: Kernels) -> Step {
        if now.time <= kept.time {
            return Step::leave_out(ProblemKind::OutOfOrder);
        }
        let restarted = now.start != 0 && kept.start != 0 && now.start != kept.start;
        let since = if restarted { Ok(None) } else { now.value.since(&kept.value, monotonic) };
        let before = std::mem::replace(kept, now);
        match since {
            Ok(Some(value)) => Step::write(before.time, value),
            // What stands in it came after the last point, and after the new start where that is known.
            Ok(None) => {
                let start = if restarted { kept.start.max(before.time) } else { before.time };
                Step { reset: true, ..Step::write(start, kept.value.clone()) }
            }
            Err(problem) => Step { reset: true, ..Step::leave_out(problem) },
        }
    }
}
