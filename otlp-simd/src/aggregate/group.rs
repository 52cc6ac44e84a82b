//! Points of one series become one point.

use otlp_core::Batch;
use otlp_core::metrics::{
    DataView, MetricView, MetricsView, MetricsWriter, NumberPointView, ResourceMetricsView, ScopeMetricsView,
    Temporality,
};
use otlp_core::value::Attributes;

use super::column::{Column, earlier_start};
use super::exponential::Exponential;
use super::histogram::Histogram;
use super::identity::{Identity, Numbering};
use super::point::Point;
use super::series::{Metric, Series, State};
use super::write::write_metric;
use super::{Aggregated, Aggregation, ProblemKind, Report};

/// Bit of `DataPointFlags` that says that no value was recorded.
pub(super) const NO_VALUE: u32 = 1;

/// Makes one point of all points of a series, across batches; batches of other signals are ignored.
///
/// - Delta sums and histograms add up: values, buckets, time ranges (from the earliest start, unknown if one is, to the
///   latest time). Exponential histograms come to the coarser scale, and coarser still where `max_buckets` asks for it.
/// - Of cumulative sums and histograms the point with the latest time remains: it holds what those before it held.
/// - Gauges become what [`Aggregation::with_gauge`] says.
/// - A point that remains alone, and every point that cannot be merged, is copied as it stands.
///
/// Resources, scopes, metrics and series stand in the order in which they first appear. Ranges are not compared: that
/// delta points do not overlap is the producer's promise.
pub fn aggregate(batches: &[Batch], options: &Aggregation) -> Aggregated {
    let mut grouping = Grouping::new(options);
    for view in batches.iter().filter_map(Batch::metrics) {
        grouping.read(view);
    }
    let batch = grouping.write(batches.iter().map(|batch| batch.bytes().len()).sum());
    grouping.report.points_out = batch.items();
    Aggregated { batch, report: grouping.report }
}

struct Grouping<'a, 'o> {
    options: &'o Aggregation,
    resources: Vec<Resource<'a>>,
    scopes: Vec<Scope<'a>>,
    metrics: Vec<Metric<'a>>,
    series: Vec<Series<'a>>,
    /// For resources, scopes, metrics, metric names and series.
    numberings: [Numbering; 5],
    identity: Identity,
    /// Points are read into these before they are merged.
    histogram: Histogram,
    exponential: Exponential,
    report: Report,
}

struct Resource<'a> {
    view: ResourceMetricsView<'a>,
    scopes: Vec<u32>,
}

struct Scope<'a> {
    view: ScopeMetricsView<'a>,
    metrics: Vec<u32>,
}

impl<'a, 'o> Grouping<'a, 'o> {
    fn new(options: &'o Aggregation) -> Self {
        Self {
            options,
            resources: Vec::new(),
            scopes: Vec::new(),
            metrics: Vec::new(),
            series: Vec::new(),
            numberings: Default::default(),
            identity: Identity::default(),
            histogram: Histogram::default(),
            exponential: Exponential::default(),
            report: Report::default(),
        }
    }

    fn read(&mut self, view: MetricsView<'a>) {
        for resource in view.resource_metrics() {
            self.identity.clear().resource(resource.resource(), resource.schema_url());
            let (resource_number, new) = self.numberings[0].number(&self.identity);
            if new {
                self.resources.push(Resource { view: resource, scopes: Vec::new() });
            }
            for scope in resource.scope_metrics() {
                self.identity.clear().number(resource_number).scope(scope.scope(), scope.schema_url());
                let (scope_number, new) = self.numberings[1].number(&self.identity);
                if new {
                    self.scopes.push(Scope { view: scope, metrics: Vec::new() });
                    self.resources[resource_number as usize].scopes.push(scope_number);
                }
                for metric in scope.metrics() {
                    if let Some(data) = metric.data() {
                        let number = self.metric(scope_number, metric, data);
                        self.points(number, data);
                    }
                }
            }
        }
    }

    fn metric(&mut self, scope: u32, view: MetricView<'a>, data: DataView<'a>) -> u32 {
        self.identity.clear().number(scope).part(view.name().as_bytes());
        let (_, first) = self.numberings[3].number(&self.identity);
        let (temporality, monotonic) = nature(&data);
        self.identity.part(view.unit().as_bytes()).part(data.kind().as_bytes());
        self.identity
            .number(temporality.map_or(u32::MAX, |known| known.number() as u32))
            .number(monotonic.into());
        let (number, new) = self.numberings[2].number(&self.identity);
        if new {
            self.metrics.push(Metric { view, data, conflict: !first, series: Vec::new() });
            self.scopes[scope as usize].metrics.push(number);
        }
        number
    }

    /// The series of a point of a metric.
    #[inline]
    fn series(&mut self, metric: u32, attributes: Attributes<'a>) -> &mut Series<'a> {
        self.identity.clear().number(metric).attributes(attributes);
        let (number, new) = self.numberings[4].number(&self.identity);
        if new {
            self.series.push(Series { attributes, state: State::Nothing, others: Vec::new() });
            self.metrics[metric as usize].series.push(number);
        }
        &mut self.series[number as usize]
    }

    fn points(&mut self, metric: u32, data: DataView<'a>) {
        let before = self.report.points_in;
        match data {
            DataView::Gauge(gauge) => {
                for point in gauge.points() {
                    self.number(metric, point);
                }
            }
            DataView::Sum(sum) => {
                let temporality = sum.temporality();
                for point in sum.points() {
                    match temporality {
                        Temporality::Delta | Temporality::Cumulative => self.number(metric, point),
                        _ => self.pass(
                            metric,
                            point.attributes(),
                            Point::Number(point),
                            ProblemKind::NoTemporality,
                        ),
                    }
                }
            }
            DataView::Histogram(histogram) => {
                let temporality = histogram.temporality();
                for point in histogram.points() {
                    self.distribution(metric, temporality, point.attributes(), Point::Histogram(point));
                }
            }
            DataView::ExponentialHistogram(histogram) => {
                let temporality = histogram.temporality();
                for point in histogram.points() {
                    self.distribution(metric, temporality, point.attributes(), Point::Exponential(point));
                }
            }
            DataView::Summary(summary) => {
                for point in summary.points() {
                    self.pass(metric, point.attributes(), Point::Summary(point), ProblemKind::Summary);
                }
            }
            _ => {}
        }
        let metric = &self.metrics[metric as usize];
        if metric.conflict {
            let points = self.report.points_in - before;
            self.report.note(metric.view.name(), ProblemKind::ConflictingType, points);
        }
    }

    /// Keeps a point as it is and says why.
    fn pass(&mut self, metric: u32, attributes: Attributes<'a>, point: Point<'a>, kind: ProblemKind) {
        self.report.points_in += 1;
        self.series(metric, attributes).others.push(point);
        self.report.note(self.metrics[metric as usize].view.name(), kind, 1);
    }

    #[inline]
    fn number(&mut self, metric: u32, point: NumberPointView<'a>) {
        let value = match point.value() {
            _ if point.flags() & NO_VALUE != 0 => Err(ProblemKind::NoValue),
            None => Err(ProblemKind::Empty),
            Some(value) => Ok(value),
        };
        let value = match value {
            Ok(value) => value,
            Err(kind) => return self.pass(metric, point.attributes(), Point::Number(point), kind),
        };
        self.report.points_in += 1;
        let series = self.series(metric, point.attributes());
        match &mut series.state {
            State::Column(column) => column.push(point, value),
            state => *state = State::Column(Column::new(point, value)),
        }
    }

    fn distribution(
        &mut self,
        metric: u32,
        temporality: Temporality,
        attributes: Attributes<'a>,
        point: Point<'a>,
    ) {
        if point.flags() & NO_VALUE != 0 {
            return self.pass(metric, attributes, point, ProblemKind::NoValue);
        }
        let result = match temporality {
            Temporality::Cumulative => self.latest(metric, attributes, point),
            Temporality::Delta => self.merge(metric, attributes, point),
            _ => Err(ProblemKind::NoTemporality),
        };
        match result {
            Ok(()) => self.report.points_in += 1,
            Err(kind) => self.pass(metric, attributes, point, kind),
        }
    }

    fn latest(
        &mut self,
        metric: u32,
        attributes: Attributes<'a>,
        point: Point<'a>,
    ) -> Result<(), ProblemKind> {
        let wanted = self.options.bounds.is_some() && matches!(point, Point::Histogram(_));
        if wanted {
            // Unlike a copy, this shows whether the bounds are there.
            self.read_point(point)?;
        }
        let kept = wanted.then(|| Box::new(self.histogram.clone()));
        let series = self.series(metric, attributes);
        let time = point.times().1;
        let mut left_out = if wanted { point.exemplars() } else { 0 };
        match (&series.state, kept) {
            (State::One(before), _) if before.times().1 > time => left_out = point.exemplars(),
            (State::Histogram(_, (_, before), _), _) if *before > time => {}
            (_, Some(histogram)) => series.state = State::Histogram(histogram, point.times(), None),
            (before, None) => {
                left_out = if let State::One(before) = before { before.exemplars() } else { 0 };
                series.state = State::One(Box::new(point));
            }
        }
        self.report.exemplars_left_out += left_out;
        Ok(())
    }

    /// Reads a point into the place for its kind.
    fn read_point(&mut self, point: Point<'a>) -> Result<(), ProblemKind> {
        match point {
            Point::Histogram(point) => self.histogram.read(&point, self.options.bounds.as_deref()),
            Point::Exponential(point) => self.exponential.read(&point, self.options.kernels),
            Point::Number(_) | Point::Summary(_) => Ok(()),
        }
    }

    fn merge(
        &mut self,
        metric: u32,
        attributes: Attributes<'a>,
        point: Point<'a>,
    ) -> Result<(), ProblemKind> {
        self.read_point(point)?;
        let (kernels, max_buckets) = (self.options.kernels, self.options.max_buckets);
        let rebucketed = self.options.bounds.is_some();
        let mut histogram = std::mem::take(&mut self.histogram);
        let mut exponential = std::mem::take(&mut self.exponential);
        let series = self.series(metric, attributes);
        let mut left_out = 0;
        let result = match (&mut series.state, point) {
            (State::Histogram(merged, times, alone), _) => merged.merge(&histogram, kernels).map(|()| {
                *times = joined(*times, point.times());
                left_out = point.exemplars() + alone.take().map_or(0, |first| first.exemplars());
            }),
            (State::Exponential(merged, times, alone), _) => {
                merged.merge(&mut exponential, max_buckets, kernels).map(|()| {
                    *times = joined(*times, point.times());
                    left_out = point.exemplars() + alone.take().map_or(0, |first| first.exemplars());
                })
            }
            (state, Point::Histogram(_)) => {
                let alone = (!rebucketed).then(|| Box::new(point));
                *state = State::Histogram(Box::new(histogram.clone()), point.times(), alone);
                left_out = if rebucketed { point.exemplars() } else { 0 };
                Ok(())
            }
            (state, _) => {
                *state =
                    State::Exponential(Box::new(exponential.clone()), point.times(), Some(Box::new(point)));
                Ok(())
            }
        };
        std::mem::swap(&mut self.histogram, &mut histogram);
        std::mem::swap(&mut self.exponential, &mut exponential);
        self.report.exemplars_left_out += left_out;
        result
    }

    fn write(&mut self, room: usize) -> Batch {
        let mut writer = MetricsWriter::with_capacity(room.min(1 << 16));
        for resource in &self.resources {
            let mut group = writer.resource_like(resource.view.resource());
            group.schema_url(resource.view.schema_url());
            for scope in &resource.scopes {
                let scope = &self.scopes[*scope as usize];
                let mut group = group.scope_like(scope.view.scope());
                group.schema_url(scope.view.schema_url());
                for metric in &scope.metrics {
                    write_metric(
                        &mut group,
                        &self.metrics[*metric as usize],
                        &self.series,
                        self.options,
                        &mut self.report,
                    );
                }
            }
        }
        writer.finish()
    }
}

/// The range that covers both.
fn joined(one: (u64, u64), two: (u64, u64)) -> (u64, u64) {
    (earlier_start(one.0, two.0), one.1.max(two.1))
}

/// Temporality, where the kind has one, and whether it is a sum that only grows.
fn nature(data: &DataView<'_>) -> (Option<Temporality>, bool) {
    match data {
        DataView::Sum(sum) => (Some(sum.temporality()), sum.is_monotonic()),
        DataView::Histogram(histogram) => (Some(histogram.temporality()), false),
        DataView::ExponentialHistogram(histogram) => (Some(histogram.temporality()), false),
        _ => (None, false),
    }
}
