//! Delta to cumulative.

use otlp_core::Batch;
use otlp_core::metrics::Temporality;

use super::convert::{Conversion, Kept, Memory, Step, conversion_methods};
use super::{Aggregated, ProblemKind};
use crate::kernel::Kernels;

/// Turns delta sums and histograms into cumulative ones, series by series, across batches.
///
/// A series starts where its first point does, and each point reports all since then. A gap between points counts nothing.
/// A point that is not later than the one before, or whose range begins before that one ends, is left out and reported. One
/// that cannot be added (other bounds, more than 64 bits) begins the series anew at its own start.
pub struct ToCumulative {
    memory: Memory,
    rules: Rules,
}

struct Rules {
    max_buckets: usize,
}

conversion_methods!(ToCumulative);

impl Default for ToCumulative {
    fn default() -> Self {
        Self::new()
    }
}

impl ToCumulative {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self { memory: Memory::default(), rules: Rules { max_buckets: 160 } }
    }

    /// Most buckets on each side of zero that an exponential histogram gets, at least 2; 160 unless set.
    #[must_use]
    pub fn with_max_buckets(mut self, buckets: usize) -> Self {
        self.rules.max_buckets = buckets.max(2);
        self
    }
}

impl Conversion for Rules {
    const FROM: Temporality = Temporality::Delta;
    const TO: Temporality = Temporality::Cumulative;

    fn first(&self, now: &Kept) -> Step {
        Step::write(now.start, now.value.clone())
    }

    fn next(&self, kept: &mut Kept, now: Kept, _: bool, kernels: Kernels) -> Step {
        if now.time <= kept.time {
            return Step::leave_out(ProblemKind::OutOfOrder);
        }
        if now.start != 0 && now.start < kept.time {
            return Step::leave_out(ProblemKind::Overlap);
        }
        match kept.value.add(&now.value, self.max_buckets, kernels) {
            Ok(()) => {
                kept.time = now.time;
                Step::write(kept.start, kept.value.clone())
            }
            Err(problem) => {
                *kept = now;
                Step { problem: Some(problem), reset: true, ..self.first(kept) }
            }
        }
    }
}
