//! Writing what the series of a metric came to.

use otlp_core::metrics::{DataView, ScopeMetricsWriter, Temporality};

use super::point::Point;
use super::series::{Metric, Series, State};
use super::{Aggregation, NumberFunction, Report};

/// Writes a metric with its series, which stand in `all`.
pub(super) fn write_metric(
    scope: &mut ScopeMetricsWriter<'_>,
    metric: &Metric<'_>,
    all: &[Series<'_>],
    options: &Aggregation,
    report: &mut Report,
) {
    let series = metric.series.iter().map(|number| &all[*number as usize]);
    let kind = scope.metric_like(&metric.view);
    match metric.data {
        DataView::Gauge(_) | DataView::Sum(_) => {
            let (function, mut points) = match metric.data {
                DataView::Sum(sum) => {
                    let delta = sum.temporality() == Temporality::Delta;
                    let function = if delta { NumberFunction::Sum } else { NumberFunction::Last };
                    (function, kind.sum(sum.temporality(), sum.is_monotonic()))
                }
                _ => (options.gauge, kind.gauge()),
            };
            for series in series {
                if let State::Column(column) = &series.state {
                    let alone = column.count == 1 && function != NumberFunction::Count;
                    match column.value(function) {
                        Some(value) if !alone && function != NumberFunction::Last => {
                            report.exemplars_left_out += column.exemplars;
                            points
                                .point(value)
                                .times(column.start, column.time)
                                .attrs_like(series.attributes);
                        }
                        _ => {
                            report.exemplars_left_out += column.exemplars - column.last.exemplars().len();
                            points.copy(&column.last);
                        }
                    }
                }
                for other in &series.others {
                    if let Point::Number(point) = other {
                        points.copy(point);
                    }
                }
            }
        }
        DataView::Histogram(data) => {
            let mut points = kind.histogram(data.temporality());
            for series in series {
                if let State::Histogram(merged, times, None) = &series.state {
                    merged.write(&mut points, *times, series.attributes);
                }
                for point in series.as_they_stand() {
                    if let Point::Histogram(point) = point {
                        points.copy(point);
                    }
                }
            }
        }
        DataView::ExponentialHistogram(data) => {
            let mut points = kind.exponential_histogram(data.temporality());
            for series in series {
                if let State::Exponential(merged, times, None) = &series.state {
                    merged.write(&mut points, *times, series.attributes);
                }
                for point in series.as_they_stand() {
                    if let Point::Exponential(point) = point {
                        points.copy(point);
                    }
                }
            }
        }
        _ => {
            let mut points = kind.summary();
            for point in series.flat_map(Series::as_they_stand) {
                if let Point::Summary(point) = point {
                    points.copy(point);
                }
            }
        }
    }
}
