//! Exponential histograms: merging at the coarser scale, differences.

use otlp_core::metrics::{
    BucketsView, ExponentialHistogramPointView, ExponentialHistogramPointWriter, ExponentialHistogramWriter,
};
use otlp_core::value::Attributes;

use super::ProblemKind;
use super::histogram::{Measured, total};
use crate::kernel::{Kernels, count_varints};

/// Scales that anything can be measured with: finer ones than 52 tell nothing apart, coarser ones than -11 everything
/// falls in two buckets with. Wider, so that nobody's point is refused for it.
const SCALES: std::ops::RangeInclusive<i32> = -64..=64;

/// What a point measured, apart from when and what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Exponential {
    pub(super) measured: Measured,
    pub(super) scale: i32,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
    pub(super) positive: Run,
    pub(super) negative: Run,
}

/// Buckets on one side of zero; the first and the last are not empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Run {
    pub(super) offset: i64,
    pub(super) counts: Vec<u64>,
    total: u64,
}

impl Run {
    /// Reads buckets in place of what was there.
    fn read(&mut self, buckets: Option<BucketsView<'_>>, kernels: Kernels) -> Result<(), ProblemKind> {
        self.counts.clear();
        (self.offset, self.total) = (0, 0);
        let Some(buckets) = buckets else { return Ok(()) };
        let packed = buckets.bucket_counts();
        match packed.as_run() {
            Some(run) => {
                self.counts.resize(count_varints(run), 0);
                kernels.decode_varints(run, &mut self.counts).ok_or(ProblemKind::Malformed)?;
            }
            None => self.counts.extend(packed),
        }
        self.offset = buckets.offset().into();
        if self.end() > i64::from(i32::MAX) {
            return Err(ProblemKind::Malformed);
        }
        self.total = total(&self.counts).ok_or(ProblemKind::Overflow)?;
        self.trim();
        Ok(())
    }

    fn trim(&mut self) {
        let filled = self.counts.iter().rposition(|count| *count != 0).map_or(0, |last| last + 1);
        self.counts.truncate(filled);
        let empty = self.counts.iter().position(|count| *count != 0).unwrap_or(0);
        if empty > 0 {
            self.counts.drain(..empty);
            self.offset += empty as i64;
        }
        if self.counts.is_empty() {
            self.offset = 0;
        }
    }

    /// Index behind the last bucket.
    fn end(&self) -> i64 {
        self.offset + self.counts.len() as i64
    }

    /// Joins buckets so that `2^by` become one.
    fn coarsen(&mut self, by: u32) {
        if by == 0 || self.counts.is_empty() {
            return;
        }
        let first = self.offset >> by;
        let last = (self.end() - 1) >> by;
        for index in 0..self.counts.len() {
            let to = (((self.offset + index as i64) >> by) - first) as usize;
            let count = std::mem::take(&mut self.counts[index]);
            self.counts[to] += count;
        }
        self.counts.truncate((last - first) as usize + 1);
        self.offset = first;
    }

    /// How many buckets both take together when `2^by` of each have become one.
    fn width(&self, by: u32, other: &Self, other_by: u32) -> i64 {
        let range = |run: &Self, by: u32| (run.offset >> by, (run.end() - 1) >> by);
        match (self.counts.is_empty(), other.counts.is_empty()) {
            (true, true) => 0,
            (false, true) => range(self, by).1 - range(self, by).0 + 1,
            (true, false) => range(other, other_by).1 - range(other, other_by).0 + 1,
            (false, false) => {
                let (one, two) = (range(self, by), range(other, other_by));
                one.1.max(two.1) - one.0.min(two.0) + 1
            }
        }
    }

    /// Adds buckets of the same scale. The totals have been checked.
    fn add(&mut self, other: &Self, kernels: Kernels) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        let (first, end) = (self.offset.min(other.offset), self.end().max(other.end()));
        let before = (self.offset - first) as usize;
        if before > 0 {
            self.counts.splice(..0, std::iter::repeat_n(0, before));
        }
        self.counts.resize((end - first) as usize, 0);
        self.offset = first;
        kernels.add_counts(&mut self.counts[(other.offset - first) as usize..], &other.counts);
        self.total += other.total;
    }

    /// What was counted since, at the same scale; `None` if a bucket fell.
    fn since(&self, before: &Self) -> Option<Self> {
        let mut run = self.clone();
        for (index, count) in (before.offset..).zip(&before.counts) {
            if *count > 0 {
                let at = usize::try_from(index - run.offset).ok()?;
                let now = run.counts.get_mut(at)?;
                *now = now.checked_sub(*count)?;
            }
        }
        run.trim();
        Some(run)
    }
}

impl Exponential {
    /// Reads a point in place of what was there.
    pub(super) fn read(
        &mut self,
        point: &ExponentialHistogramPointView<'_>,
        kernels: Kernels,
    ) -> Result<(), ProblemKind> {
        if !SCALES.contains(&point.scale()) {
            return Err(ProblemKind::Malformed);
        }
        self.measured =
            Measured { count: point.count(), sum: point.sum(), min: point.min(), max: point.max() };
        self.scale = point.scale();
        self.zero_count = point.zero_count();
        self.zero_threshold = point.zero_threshold();
        self.positive.read(point.positive(), kernels)?;
        self.negative.read(point.negative(), kernels)
    }

    /// Brings the buckets to a scale that is no finer.
    pub(super) fn coarsen_to(&mut self, scale: i32) {
        let by = self.scale.abs_diff(scale);
        self.positive.coarsen(by.min(63));
        self.negative.coarsen(by.min(63));
        self.scale = scale;
    }

    /// Adds what another histogram measured, at the finest scale that both have and `max_buckets` allow; `other` may come
    /// out coarser. On an error the counts of both are unchanged.
    pub(super) fn merge(
        &mut self,
        other: &mut Self,
        max_buckets: usize,
        kernels: Kernels,
    ) -> Result<(), ProblemKind> {
        let threshold = self.common_threshold(other).ok_or(ProblemKind::ZeroThresholdsDiffer)?;
        let measured = self.measured.merged(&other.measured).ok_or(ProblemKind::Overflow)?;
        let zero_count = self.zero_count.checked_add(other.zero_count).ok_or(ProblemKind::Overflow)?;
        for (one, two) in [(&self.positive, &other.positive), (&self.negative, &other.negative)] {
            one.total.checked_add(two.total).ok_or(ProblemKind::Overflow)?;
        }
        let scale = self.common_scale(other, max_buckets);
        self.coarsen_to(scale);
        other.coarsen_to(scale);
        self.positive.add(&other.positive, kernels);
        self.negative.add(&other.negative, kernels);
        (self.measured, self.zero_count, self.zero_threshold) = (measured, zero_count, threshold);
        Ok(())
    }

    /// The finest scale that both have or can be brought to and at which no side takes more buckets than that.
    fn common_scale(&self, other: &Self, max_buckets: usize) -> i32 {
        let most = i64::try_from(max_buckets.max(2)).unwrap_or(i64::MAX);
        let mut scale = self.scale.min(other.scale);
        loop {
            let (by, other_by) = (self.scale.abs_diff(scale).min(63), other.scale.abs_diff(scale).min(63));
            let width = self.positive.width(by, &other.positive, other_by).max(self.negative.width(
                by,
                &other.negative,
                other_by,
            ));
            // At the latest 32 steps below both scales every index is 0 or -1.
            if width <= most {
                return scale;
            }
            scale -= 1;
        }
    }

    /// The larger zero threshold, if no bucket of the other histogram holds values below it.
    fn common_threshold(&self, other: &Self) -> Option<f64> {
        let (larger, smaller) =
            if self.zero_threshold >= other.zero_threshold { (self, other) } else { (other, self) };
        let threshold = larger.zero_threshold;
        if threshold == smaller.zero_threshold {
            return Some(threshold);
        }
        let base = 2_f64.powi(-smaller.scale);
        let above = |run: &Run| run.counts.is_empty() || (run.offset as f64 * base).exp2() >= threshold;
        (above(&smaller.positive) && above(&smaller.negative)).then_some(threshold)
    }

    /// What was measured since `before`, at the coarser scale of both; `None` if a count fell, so that it began anew.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        let scale = self.scale.min(before.scale);
        let (mut now, mut before) = (self.clone(), before.clone());
        now.coarsen_to(scale);
        before.coarsen_to(scale);
        Some(Self {
            measured: now.measured.since(&before.measured)?,
            scale,
            zero_count: now.zero_count.checked_sub(before.zero_count)?,
            zero_threshold: now.zero_threshold,
            positive: now.positive.since(&before.positive)?,
            negative: now.negative.since(&before.negative)?,
        })
    }

    /// Writes a point.
    pub(super) fn write<'a>(
        &self,
        points: &'a mut ExponentialHistogramWriter<'_>,
        (start, time): (u64, u64),
        attributes: Attributes<'_>,
    ) -> ExponentialHistogramPointWriter<'a> {
        let mut point = points.point(self.measured.count, self.scale);
        point.times(start, time).zeros(self.zero_count, self.zero_threshold);
        self.measured.sum.map(|sum| point.sum(sum));
        if !self.positive.counts.is_empty() {
            point.positive(self.positive.offset as i32, &self.positive.counts);
        }
        if !self.negative.counts.is_empty() {
            point.negative(self.negative.offset as i32, &self.negative.counts);
        }
        self.measured.min.map(|min| point.min(min));
        self.measured.max.map(|max| point.max(max));
        point.attrs_like(attributes);
        point
    }
}
