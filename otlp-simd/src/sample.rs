//! Keeping a share of traces.

use otlp_core::cut::{Item, ItemView};
use otlp_core::{Batch, Signal, cut, edit};

use crate::Ratio;
use crate::kernel::randomness;
use crate::tracestate::{Probability, with_threshold};

/// How to sample: a [`Ratio`], and whether what was done is written to each span's `tracestate`.
///
/// ```
/// use otlp_simd::{Ratio, Sampling, sample_by_trace};
/// # let batch = otlp_core::Batch::empty(otlp_core::Signal::Traces);
/// let quarter = Ratio::new(0.25)?;
/// let as_it_is = sample_by_trace(&batch, quarter);
/// let marked = sample_by_trace(&batch, Sampling::from(quarter).with_tracestate(true));
/// # Ok::<(), otlp_simd::RatioError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sampling {
    ratio: Ratio,
    tracestate: bool,
}

impl From<Ratio> for Sampling {
    fn from(ratio: Ratio) -> Self {
        Self { ratio, tracestate: false }
    }
}

impl Sampling {
    /// Whether to read and write the `ot` entry of spans' `tracestate` (off unless asked for).
    ///
    /// - Randomness that stands there as `rv` decides instead of the trace id.
    /// - The threshold `th` of earlier samplers counts: a span is kept if its randomness reaches both, and the larger of both
    ///   is its `th` afterwards, so that 1 / [`Ratio::probability`] of it says for how many spans it stands. A `th` that the
    ///   span's randomness does not reach, or that is none, cannot be true: it counts for nothing and is replaced.
    /// - The `ot` entry comes to the front, other fields of it and other vendors' entries stay. Beyond 32 entries the last
    ///   one is dropped, as W3C Trace Context says.
    /// - A span without randomness, neither `rv` nor a valid trace id, is kept as it is.
    ///
    /// Log records have no `tracestate`: for them nothing changes.
    #[must_use]
    pub const fn with_tracestate(mut self, tracestate: bool) -> Self {
        self.tracestate = tracestate;
        self
    }

    /// Whether a span is kept, and if its `tracestate` is to change, to what.
    fn judge(self, item_randomness: Option<u64>, state: &str) -> (bool, Option<String>) {
        let found = Probability::read(state);
        let Some(randomness) = found.randomness.or(item_randomness) else { return (true, None) };
        let before = found.threshold.filter(|threshold| randomness >= *threshold);
        let ratio = Ratio::of_threshold(before.unwrap_or(0).max(self.ratio.threshold()));
        let keeps = ratio.keeps(randomness);
        (keeps, (keeps && before != Some(ratio.threshold())).then(|| with_threshold(state, Some(ratio))))
    }
}

/// Keeps the share `ratio` of traces, each with all its spans or log records, or without any.
///
/// Consistent probability sampling (OTEP 235): a trace is kept if the last seven bytes of its id, as one number, are at
/// least [`Ratio::threshold`]. So every process that samples with the same ratio keeps the same traces, and one that samples
/// with a larger ratio keeps those as well. The `tracestate` stays as it is, unless
/// [`Sampling::with_tracestate`] asks for more.
///
/// Items without a valid trace id are kept, whatever the ratio, unless it is [`Ratio::NOTHING`]; so are metrics and profiles.
pub fn sample_by_trace(batch: &Batch, sampling: impl Into<Sampling>) -> Batch {
    let sampling = sampling.into();
    let mark = sampling.tracestate && batch.signal() == Signal::Traces;
    if sampling.ratio == Ratio::EVERYTHING && !mark {
        return batch.clone();
    }
    if sampling.ratio == Ratio::NOTHING {
        return Batch::empty(batch.signal());
    }
    let of_id = |item: &Item<'_>| item.trace_id().map(|id| randomness(id.as_bytes()));
    let kept = cut::distribute(batch, 1, |item| {
        let keeps = match (mark, item.view()) {
            (true, ItemView::Span(span)) => sampling.judge(of_id(&item), span.trace_state()).0,
            _ => of_id(&item).is_none_or(|randomness| sampling.ratio.keeps(randomness)),
        };
        keeps.then_some(0)
    });
    let kept = kept.into_iter().next().unwrap_or_else(|| Batch::empty(batch.signal()));
    if !mark {
        return kept;
    }
    edit::set_trace_states(&kept, |span| {
        let id = span.trace_id().filter(|id| !id.is_zero()).map(|id| randomness(id.as_bytes()));
        sampling.judge(id, span.trace_state()).1
    })
}
