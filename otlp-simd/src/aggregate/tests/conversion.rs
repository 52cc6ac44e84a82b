//! Delta to cumulative and back.

use otlp_core::Batch;
use otlp_core::proto::metrics::v1::number_data_point;
use proptest::prelude::*;

use super::oracle::{CUMULATIVE, DELTA, Kind, Point, Row, batch, by_series, exponential, histogram, number};
use crate::aggregate::{Aggregated, FirstPoint, ProblemKind, ToCumulative, ToDelta};

/// A batch of one point.
fn one(kind: Kind, point: Point) -> Batch {
    batch(&[Row { resource: 0, kind, series: 0, point }])
}

fn sum(temporality: i32, times: (u64, u64), value: i64) -> Batch {
    one(Kind::Sum(temporality), Point::Number(number(0, times, value)))
}

/// Start, time and value of the only point, or why there is none.
fn told(result: &Aggregated) -> Result<(u64, u64, i64), ProblemKind> {
    match by_series(&result.batch).into_values().next().as_deref() {
        Some([Point::Number(point)]) => {
            let Some(number_data_point::Value::AsInt(value)) = point.value else { panic!("{point:?}") };
            Ok((point.start_time_unix_nano, point.time_unix_nano, value))
        }
        None => Err(result.report.problems[0].kind),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sums_add_up_from_the_first_start() {
    let mut converter = ToCumulative::new();
    let mut push = |times, value| {
        let result = converter.convert(&sum(DELTA, times, value));
        (told(&result), result.report.resets)
    };
    assert_eq!(push((10, 20), 5), (Ok((10, 20, 5)), 0));
    assert_eq!(push((20, 30), 7), (Ok((10, 30, 12)), 0));
    assert_eq!(push((20, 30), 7), (Err(ProblemKind::OutOfOrder), 0));
    assert_eq!(push((25, 35), 7), (Err(ProblemKind::Overlap), 0));
    assert_eq!(push((40, 50), 1), (Ok((10, 50, 13)), 0));
    assert_eq!(push((0, 60), 1), (Ok((10, 60, 14)), 0));
    assert_eq!(converter.series(), 1);
    converter.forget_before(60);
    assert_eq!(converter.series(), 1);
    converter.forget_before(61);
    assert_eq!(converter.series(), 0);
    assert_eq!(told(&converter.convert(&sum(DELTA, (60, 70), 2))), Ok((60, 70, 2)));
}

#[test]
fn differences_and_their_resets() {
    let mut converter = ToDelta::new();
    let mut push = |times, value| {
        let result = converter.convert(&sum(CUMULATIVE, times, value));
        (told(&result), result.report.resets)
    };
    assert_eq!(push((10, 20), 5), (Ok((10, 20, 5)), 0));
    assert_eq!(push((10, 30), 12), (Ok((20, 30, 7)), 0));
    assert_eq!(push((10, 30), 12), (Err(ProblemKind::OutOfOrder), 0));
    // It fell: what it has came after the last point.
    assert_eq!(push((10, 40), 3), (Ok((30, 40, 3)), 1));
    // Another start, a larger value all the same.
    assert_eq!(push((45, 50), 9), (Ok((45, 50, 9)), 1));
    assert_eq!(push((0, 60), 10), (Ok((50, 60, 1)), 0));
}

#[test]
fn first_points_without_a_start_or_unwanted_are_baselines() {
    let mut converter = ToDelta::new();
    assert_eq!(told(&converter.convert(&sum(CUMULATIVE, (0, 20), 5))), Err(ProblemKind::Baseline));
    assert_eq!(told(&converter.convert(&sum(CUMULATIVE, (0, 30), 6))), Ok((20, 30, 1)));
    let mut converter = ToDelta::new().with_first_point(FirstPoint::LeaveOut);
    assert_eq!(told(&converter.convert(&sum(CUMULATIVE, (10, 20), 5))), Err(ProblemKind::Baseline));
    assert_eq!(told(&converter.convert(&sum(CUMULATIVE, (10, 30), 6))), Ok((20, 30, 1)));
}

#[test]
fn histograms_with_other_bounds_begin_anew() {
    let delta = |times, bounds: &[f64], counts: &[u64]| {
        one(Kind::Histogram(DELTA), Point::Histogram(histogram(0, times, bounds, counts)))
    };
    let mut converter = ToCumulative::new();
    converter.convert(&delta((1, 2), &[1.0], &[1, 2]));
    let result = converter.convert(&delta((2, 3), &[2.0], &[3, 4]));
    assert_eq!((result.report.resets, result.report.problems[0].kind), (1, ProblemKind::BoundsDiffer));
    let [Point::Histogram(point)] = &by_series(&result.batch).into_values().next().unwrap()[..] else {
        panic!()
    };
    assert_eq!((point.start_time_unix_nano, &point.bucket_counts[..]), (2, &[3, 4][..]));

    let cumulative = |time, bounds: &[f64], counts: &[u64]| {
        one(Kind::Histogram(CUMULATIVE), Point::Histogram(histogram(0, (1, time), bounds, counts)))
    };
    let mut converter = ToDelta::new();
    converter.convert(&cumulative(2, &[1.0], &[1, 2]));
    let result = converter.convert(&cumulative(3, &[2.0], &[3, 4]));
    assert_eq!((result.batch.items(), result.report.problems[0].kind), (0, ProblemKind::BoundsDiffer));
    let result = converter.convert(&cumulative(4, &[2.0], &[3, 5]));
    let [Point::Histogram(point)] = &by_series(&result.batch).into_values().next().unwrap()[..] else {
        panic!()
    };
    assert_eq!((point.start_time_unix_nano, point.count, &point.bucket_counts[..]), (3, 1, &[0, 1][..]));
    // A bucket fell although the count did not.
    let result = converter.convert(&cumulative(5, &[2.0], &[2, 7]));
    assert_eq!(result.report.resets, 1);
}

#[test]
fn series_beyond_the_limit_are_told_and_the_rest_passes() {
    let mut converter = ToCumulative::new().with_max_series(1);
    let row = |kind, series, point| Row { resource: 0, kind, series, point };
    let rows = [
        row(Kind::Sum(DELTA), 0, Point::Number(number(0, (1, 2), 1))),
        row(Kind::Sum(DELTA), 1, Point::Number(number(1, (1, 2), 1))),
        row(Kind::Sum(CUMULATIVE), 0, Point::Number(number(0, (1, 2), 1))),
        row(Kind::Sum(0), 0, Point::Number(number(0, (1, 2), 1))),
        row(Kind::Gauge, 0, Point::Number(number(0, (1, 2), 1))),
    ];
    let result = converter.convert(&batch(&rows));
    let told: Vec<_> = result.report.problems.iter().map(|problem| (problem.kind, problem.points)).collect();
    assert_eq!(told, [(ProblemKind::TooManySeries, 1), (ProblemKind::NoTemporality, 1)]);
    assert_eq!((result.report.points_in, result.report.points_out), (5, 4));
}

proptest! {
    #[test]
    fn there_and_back_is_where_it_started(
        steps in prop::collection::vec((0..1000_i64, prop::collection::vec(0..9_u64, 5), 0..2_usize, -5..5_i32), 1..20),
    ) {
        let (mut there, mut back) = (ToCumulative::new(), ToDelta::new());
        let mut total = 0;
        let mut running = [0; 5];
        for ((value, counts, zeros, offset), time) in steps.into_iter().zip(1_u64..) {
            let times = (time * 10, time * 10 + 10);
            total += value;
            running.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
            let mut padded = vec![0; zeros];
            padded.extend(&counts);
            let rows = [
                (Kind::Sum(DELTA), Point::Number(number(0, times, value))),
                (Kind::Histogram(DELTA), Point::Histogram(histogram(0, times, &[1.0, 2.0, 3.0, 4.0], &counts))),
                (Kind::Exponential(DELTA), Point::Exponential(exponential(0, times, 2, (offset, padded), (0, vec![1])))),
            ]
            .map(|(kind, point)| Row { resource: 0, kind, series: 0, point });
            let cumulative = there.convert(&batch(&rows));
            let found = by_series(&cumulative.batch);
            let points: Vec<&Point> = found.values().flatten().collect();
            let [Point::Number(number), Point::Histogram(histogram), Point::Exponential(exponential)] = points[..] else {
                panic!("{points:?}")
            };
            prop_assert_eq!(number.value, Some(number_data_point::Value::AsInt(total)));
            prop_assert_eq!(number.start_time_unix_nano, 10);
            prop_assert_eq!(&histogram.bucket_counts[..], running);
            prop_assert_eq!(exponential.count, running.iter().sum::<u64>() + time);
            let again = back.convert(&cumulative.batch);
            prop_assert!(again.report.problems.is_empty() && again.report.resets == 0);
            let found: Vec<Point> = by_series(&again.batch).into_values().flatten().collect();
            prop_assert_eq!(&found[..2], &[rows[0].point.clone(), rows[1].point.clone()][..]);
            let (Point::Exponential(found), Point::Exponential(sent)) = (&found[2], &rows[2].point) else { panic!() };
            prop_assert_eq!((found.count, found.sum, found.scale), (sent.count, sent.sum, sent.scale));
            let filled = |point: &otlp_core::proto::metrics::v1::ExponentialHistogramDataPoint| -> Vec<(i32, u64)> {
                let side = point.positive.clone().unwrap_or_default();
                (side.offset..).zip(side.bucket_counts).filter(|(_, count)| *count > 0).collect()
            };
            prop_assert_eq!(filled(found), filled(sent));
        }
    }
}
