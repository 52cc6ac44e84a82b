//! What the conversions between delta and cumulative share: the walk over a batch and the memory of each series.

use otlp_core::Batch;
use otlp_core::metrics::{DataView, MetricView, MetricsWriter, Number, ScopeMetricsWriter, Temporality};
use otlp_core::value::Attributes;

use super::column::{add, fell, subtract};
use super::exponential::Exponential;
use super::group::NO_VALUE;
use super::histogram::Histogram;
use super::identity::{ByIdentity, Identity};
use super::{Aggregated, ProblemKind, Report};
use crate::kernel::Kernels;

/// Series that a conversion remembers, unless told otherwise.
const MAX_SERIES: usize = 100_000;

/// What a series had at its latest point.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) start: u64,
    pub(super) time: u64,
    pub(super) value: Value,
}

/// What a point measured.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(Number),
    Histogram(Histogram),
    Exponential(Exponential),
}

impl Value {
    /// Adds what another point of the series measured; unchanged if that cannot be.
    pub(super) fn add(
        &mut self,
        other: &Self,
        max_buckets: usize,
        kernels: Kernels,
    ) -> Result<(), ProblemKind> {
        match (self, other) {
            (Self::Number(sum), Self::Number(value)) => *sum = add(*sum, *value),
            (Self::Histogram(sum), Self::Histogram(value)) => sum.merge(value, kernels)?,
            (Self::Exponential(sum), Self::Exponential(value)) => {
                sum.merge(&mut value.clone(), max_buckets, kernels)?;
            }
            _ => return Err(ProblemKind::ConflictingType),
        }
        Ok(())
    }

    /// What was measured since `before`; `None` if it fell although it only grows, so that it began anew.
    pub(super) fn since(&self, before: &Self, monotonic: bool) -> Result<Option<Self>, ProblemKind> {
        Ok(match (self, before) {
            (Self::Number(now), Self::Number(before)) => {
                (!monotonic || !fell(*before, *now)).then(|| Self::Number(subtract(*now, *before)))
            }
            (Self::Histogram(now), Self::Histogram(before)) if now.bounds == before.bounds => {
                now.since(before).map(Self::Histogram)
            }
            (Self::Histogram(_), Self::Histogram(_)) => return Err(ProblemKind::BoundsDiffer),
            (Self::Exponential(now), Self::Exponential(before)) => now.since(before).map(Self::Exponential),
            _ => return Err(ProblemKind::ConflictingType),
        })
    }
}

/// What a conversion makes of a point.
pub(super) struct Step {
    /// The start and value to write; `None` to leave the point out.
    pub(super) out: Option<(u64, Value)>,
    pub(super) problem: Option<ProblemKind>,
    pub(super) reset: bool,
}

impl Step {
    pub(super) fn write(start: u64, value: Value) -> Self {
        Self { out: Some((start, value)), problem: None, reset: false }
    }

    pub(super) fn leave_out(problem: ProblemKind) -> Self {
        Self { out: None, problem: Some(problem), reset: false }
    }
}

/// One direction of conversion.
pub(super) trait Conversion {
    const FROM: Temporality;
    const TO: Temporality;

    /// A point of a series that was not known.
    fn first(&self, now: &Kept) -> Step;

    /// The next point of a series; `kept` is what the series had before and afterwards what it has.
    fn next(&self, kept: &mut Kept, now: Kept, monotonic: bool, kernels: Kernels) -> Step;
}

/// The memory of a conversion.
pub(super) struct Memory {
    series: ByIdentity<Kept>,
    pub(super) max_series: usize,
    pub(super) kernels: Kernels,
}

impl Default for Memory {
    fn default() -> Self {
        Self { series: ByIdentity::default(), max_series: MAX_SERIES, kernels: Kernels::get() }
    }
}

/// The part of a point that all kinds have.
struct Facts<'a> {
    attributes: Attributes<'a>,
    start: u64,
    time: u64,
    flags: u32,
}

macro_rules! facts {
    ($point:expr) => {
        Facts {
            attributes: $point.attributes(),
            start: $point.start_time(),
            time: $point.time(),
            flags: $point.flags(),
        }
    };
}

impl Memory {
    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    pub(super) fn forget_before(&mut self, time: u64) {
        self.series.retain(|_, kept| kept.time >= time);
    }

    /// Converts a batch; one of another signal comes back as it is.
    pub(super) fn convert(&mut self, conversion: &impl Conversion, batch: &Batch) -> Aggregated {
        let mut report = Report::default();
        let Some(view) = batch.metrics() else { return Aggregated { batch: batch.clone(), report } };
        let mut writer = MetricsWriter::with_capacity(batch.bytes().len());
        let mut identity = Identity::default();
        for resource in view.resource_metrics() {
            let mut group = writer.resource_like(resource.resource());
            group.schema_url(resource.schema_url());
            identity.clear().resource(resource.resource(), resource.schema_url());
            let resource_length = identity.len();
            for scope in resource.scope_metrics() {
                let mut group = group.scope_like(scope.scope());
                group.schema_url(scope.schema_url());
                identity.truncate(resource_length).scope(scope.scope(), scope.schema_url());
                let scope_length = identity.len();
                for metric in scope.metrics() {
                    identity.truncate(scope_length);
                    self.metric(conversion, &metric, &mut identity, &mut group, &mut report);
                }
            }
        }
        let batch = writer.finish();
        report.points_out = batch.items();
        Aggregated { batch, report }
    }

    fn metric<C: Conversion>(
        &mut self,
        conversion: &C,
        metric: &MetricView<'_>,
        identity: &mut Identity,
        scope: &mut ScopeMetricsWriter<'_>,
        report: &mut Report,
    ) {
        let Some(data) = metric.data() else { return };
        report.points_in += data.len();
        let (temporality, monotonic) = match data {
            DataView::Sum(sum) => (sum.temporality(), sum.is_monotonic()),
            DataView::Histogram(histogram) => (histogram.temporality(), true),
            DataView::ExponentialHistogram(histogram) => (histogram.temporality(), true),
            _ => return copy(metric, data, scope),
        };
        if temporality != C::FROM {
            if temporality != C::TO {
                report.note(metric.name(), ProblemKind::NoTemporality, data.len());
            }
            return copy(metric, data, scope);
        }
        identity.part(metric.name().as_bytes()).part(metric.unit().as_bytes());
        identity.part(data.kind().as_bytes()).number(monotonic.into());
        let kernels = self.kernels;
        let mut series = Pass { memory: self, conversion, metric, identity, report, monotonic };
        match data {
            DataView::Sum(sum) => {
                let points = series.points(
                    sum.points().iter(),
                    |point| facts!(point),
                    |point| point.value().map(Value::Number).ok_or(ProblemKind::Empty),
                );
                if points.is_empty() {
                    return;
                }
                let mut writer = scope.metric_like(metric).sum(C::TO, monotonic);
                for (point, out) in points {
                    if let Some((start, Value::Number(value))) = out {
                        writer
                            .point(value)
                            .times(start, point.time())
                            .attrs_like(point.attributes())
                            .exemplars_like(point.exemplars());
                    } else {
                        writer.copy(&point);
                    }
                }
            }
            DataView::Histogram(histogram) => {
                let points = series.points(
                    histogram.points().iter(),
                    |point| facts!(point),
                    |point| {
                        let mut value = Histogram::default();
                        value.read(point, None).map(|()| Value::Histogram(value))
                    },
                );
                if points.is_empty() {
                    return;
                }
                let mut writer = scope.metric_like(metric).histogram(C::TO);
                for (point, out) in points {
                    if let Some((start, Value::Histogram(value))) = out {
                        value
                            .write(&mut writer, (start, point.time()), point.attributes())
                            .exemplars_like(point.exemplars());
                    } else {
                        writer.copy(&point);
                    }
                }
            }
            DataView::ExponentialHistogram(histogram) => {
                let points = series.points(
                    histogram.points().iter(),
                    |point| facts!(point),
                    |point| {
                        let mut value = Exponential::default();
                        value.read(point, kernels).map(|()| Value::Exponential(value))
                    },
                );
                if points.is_empty() {
                    return;
                }
                let mut writer = scope.metric_like(metric).exponential_histogram(C::TO);
                for (point, out) in points {
                    if let Some((start, Value::Exponential(value))) = out {
                        value
                            .write(&mut writer, (start, point.time()), point.attributes())
                            .exemplars_like(point.exemplars());
                    } else {
                        writer.copy(&point);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The points of one metric on their way through a conversion.
struct Pass<'p, 'm, C> {
    memory: &'p mut Memory,
    conversion: &'p C,
    metric: &'p MetricView<'m>,
    identity: &'p mut Identity,
    report: &'p mut Report,
    monotonic: bool,
}

impl<C: Conversion> Pass<'_, '_, C> {
    /// Each point that remains, with its new start and value; without for one that is copied.
    fn points<'a, V>(
        &mut self,
        points: impl Iterator<Item = V>,
        facts: impl Fn(&V) -> Facts<'a>,
        read: impl Fn(&V) -> Result<Value, ProblemKind>,
    ) -> Vec<(V, Option<(u64, Value)>)> {
        let prefix = self.identity.len();
        let mut out = Vec::new();
        for point in points {
            let facts = facts(&point);
            if facts.flags & NO_VALUE != 0 {
                self.report.note(self.metric.name(), ProblemKind::NoValue, 1);
                out.push((point, None));
                continue;
            }
            self.identity.truncate(prefix).attributes(facts.attributes);
            let step = match read(&point) {
                Ok(value) => self.step(Kept { start: facts.start, time: facts.time, value }),
                Err(problem) => Step::leave_out(problem),
            };
            if let Some(problem) = step.problem {
                self.report.note(self.metric.name(), problem, 1);
            }
            self.report.resets += usize::from(step.reset);
            if let Some(value) = step.out {
                out.push((point, Some(value)));
            }
        }
        out
    }

    fn step(&mut self, now: Kept) -> Step {
        let key = self.identity.as_bytes();
        let kernels = self.memory.kernels;
        if let Some(kept) = self.memory.series.get_mut(key) {
            return self.conversion.next(kept, now, self.monotonic, kernels);
        }
        if self.memory.series.len() >= self.memory.max_series {
            return Step::leave_out(ProblemKind::TooManySeries);
        }
        let step = self.conversion.first(&now);
        self.memory.series.insert(key.into(), now);
        step
    }
}

/// Copies a metric with its points as they stand.
fn copy(metric: &MetricView<'_>, data: DataView<'_>, scope: &mut ScopeMetricsWriter<'_>) {
    let kind = scope.metric_like(metric);
    match data {
        DataView::Gauge(data) => {
            let mut points = kind.gauge();
            data.points().iter().for_each(|point| points.copy(&point));
        }
        DataView::Sum(data) => {
            let mut points = kind.sum(data.temporality(), data.is_monotonic());
            data.points().iter().for_each(|point| points.copy(&point));
        }
        DataView::Histogram(data) => {
            let mut points = kind.histogram(data.temporality());
            data.points().iter().for_each(|point| points.copy(&point));
        }
        DataView::ExponentialHistogram(data) => {
            let mut points = kind.exponential_histogram(data.temporality());
            data.points().iter().for_each(|point| points.copy(&point));
        }
        DataView::Summary(data) => {
            let mut points = kind.summary();
            data.points().iter().for_each(|point| points.copy(&point));
        }
        _ => {}
    }
}

/// The methods that both conversions have.
macro_rules! conversion_methods {
    ($name:ident) => {
        impl $name {
            /// Most series that are remembered; points of others are left out and reported. 100,000 unless set. One takes
            /// its identity's bytes (resource, scope, metric, attributes) and the value's.
            #[must_use]
            pub fn with_max_series(mut self, series: usize) -> Self {
                self.memory.max_series = series;
                self
            }

            /// With the kernels of a level.
            #[cfg(test)]
            pub(super) fn at(mut self, kernels: crate::kernel::Kernels) -> Self {
                self.memory.kernels = kernels;
                self
            }

            /// Converts a batch; its points follow those of the batches before. A batch of another signal, and metrics that
            /// have no temporality or already the wanted one, come back as they are.
            pub fn convert(&mut self, batch: &Batch) -> Aggregated {
                self.memory.convert(&self.rules, batch)
            }

            /// How many series are remembered.
            pub fn series(&self) -> usize {
                self.memory.len()
            }

            /// Forgets the series whose latest point is before `time`, nanoseconds since the Unix epoch; should they come
            /// back, they are new.
            pub fn forget_before(&mut self, time: u64) {
                self.memory.forget_before(time);
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("series", &self.series()).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use conversion_methods;
