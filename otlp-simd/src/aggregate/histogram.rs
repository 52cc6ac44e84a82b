//! Histograms with explicit bounds: merging, coarser bounds, differences.

use otlp_core::metrics::{HistogramPointView, HistogramPointWriter, HistogramWriter};
use otlp_core::value::Attributes;
use otlp_core::{Packed, PackedKind};

use super::ProblemKind;
use crate::kernel::{Kernels, decode_fixed64};

/// What a point measured, apart from when and what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Histogram {
    pub(super) measured: Measured,
    pub(super) bounds: Vec<f64>,
    /// One more than there are bounds, or none.
    pub(super) counts: Vec<u64>,
    /// All counts together, which no bucket can exceed: the guard against overflow.
    total: u64,
}

/// What both kinds of histogram say about their values as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measured {
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Measured {
    /// Both together; `None` if the count exceeds 64 bits. What one of them does not know is unknown, unless it is empty.
    pub(super) fn merged(&self, other: &Self) -> Option<Self> {
        let count = self.count.checked_add(other.count)?;
        let join = |one: Option<f64>, two: Option<f64>, join: fn(f64, f64) -> f64| match (one, two) {
            (Some(one), Some(two)) => Some(join(one, two)),
            (one, None) if other.count == 0 => one,
            (None, two) if self.count == 0 => two,
            _ => None,
        };
        Some(Self {
            count,
            sum: join(self.sum, other.sum, |one, two| one + two),
            min: join(self.min, other.min, f64::min),
            max: join(self.max, other.max, f64::max),
        })
    }

    /// What was measured since; `None` if the count fell. Smallest and largest since are unknown.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        let sum = self.sum.zip(before.sum).map(|(now, before)| now - before);
        Some(Self { count: self.count.checked_sub(before.count)?, sum, min: None, max: None })
    }
}

/// Decodes a packed field of eight-byte numbers as bits.
pub(super) fn decode_words<T: PackedKind>(
    packed: Packed<'_, T>,
    bits: impl Fn(T::Value) -> u64,
    out: &mut Vec<u64>,
) {
    out.clear();
    match packed.as_run() {
        Some(run) => decode_fixed64(run, out),
        None => out.extend(packed.map(bits)),
    }
}

/// The sum of all counts, if 64 bits hold it.
pub(super) fn total(counts: &[u64]) -> Option<u64> {
    let bits = counts.iter().fold(0, |bits, count| bits | count);
    if bits < 1 << 40 && counts.len() < 1 << 20 {
        return Some(counts.iter().sum());
    }
    counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))
}

impl Histogram {
    /// Reads a point in place of what was there, with the wanted bounds if there are any.
    pub(super) fn read(
        &mut self,
        point: &HistogramPointView<'_>,
        wanted: Option<&[f64]>,
    ) -> Result<(), ProblemKind> {
        decode_words(point.explicit_bounds(), f64::to_bits, &mut self.counts);
        self.bounds.clear();
        self.bounds.extend(self.counts.iter().map(|bits| f64::from_bits(*bits)));
        decode_words(point.bucket_counts(), |count| count, &mut self.counts);
        let fits =
            self.counts.len() == self.bounds.len() + 1 || self.counts.is_empty() && self.bounds.is_empty();
        if !fits || !self.bounds.is_sorted_by(|one, next| one < next) {
            return Err(ProblemKind::Malformed);
        }
        self.measured =
            Measured { count: point.count(), sum: point.sum(), min: point.min(), max: point.max() };
        self.total = total(&self.counts).ok_or(ProblemKind::Overflow)?;
        match wanted {
            Some(wanted) if !self.counts.is_empty() => self.coarsen(wanted),
            _ => Ok(()),
        }
    }

    /// Brings the buckets to fewer bounds, each of which must be one of the bounds.
    pub(super) fn coarsen(&mut self, wanted: &[f64]) -> Result<(), ProblemKind> {
        if self.bounds == wanted {
            return Ok(());
        }
        let mut counts = Vec::with_capacity(wanted.len() + 1);
        let mut rest = (&self.bounds[..], &self.counts[..]);
        for bound in wanted {
            let at = rest.0.iter().position(|known| known == bound).ok_or(ProblemKind::NotCoarser)?;
            counts.push(rest.1[..=at].iter().sum());
            rest = (&rest.0[at + 1..], &rest.1[at + 1..]);
        }
        counts.push(rest.1.iter().sum());
        self.counts = counts;
        self.bounds.clear();
        self.bounds.extend_from_slice(wanted);
        Ok(())
    }

    /// Adds what another histogram with the same bounds measured; unchanged if that cannot be.
    pub(super) fn merge(&mut self, other: &Self, kernels: Kernels) -> Result<(), ProblemKind> {
        if self.bounds != other.bounds || self.counts.len() != other.counts.len() {
            return Err(ProblemKind::BoundsDiffer);
        }
        let total = self.total.checked_add(other.total).ok_or(ProblemKind::Overflow)?;
        self.measured = self.measured.merged(&other.measured).ok_or(ProblemKind::Overflow)?;
        self.total = total;
        kernels.add_counts(&mut self.counts, &other.counts);
        Ok(())
    }

    /// What was measured since `before`; `None` if some count fell, so that it began anew.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        let counts: Option<Vec<u64>> =
            self.counts.iter().zip(&before.counts).map(|(now, before)| now.checked_sub(*before)).collect();
        let measured = self.measured.since(&before.measured)?;
        Some(Self { measured, bounds: self.bounds.clone(), counts: counts?, total: 0 })
    }

    /// Writes a point.
    pub(super) fn write<'a>(
        &self,
        points: &'a mut HistogramWriter<'_>,
        (start, time): (u64, u64),
        attributes: Attributes<'_>,
    ) -> HistogramPointWriter<'a> {
        let mut point = points.point(self.measured.count);
        point.times(start, time);
        self.measured.sum.map(|sum| point.sum(sum));
        point.buckets(&self.bounds, &self.counts);
        self.measured.min.map(|min| point.min(min));
        self.measured.max.map(|max| point.max(max));
        point.attrs_like(attributes);
        point
    }
}
