//! `aggregate` against plain code.

use std::collections::BTreeMap;

use otlp_core::Batch;
use otlp_core::metrics::{MetricsWriter, Temporality};
use otlp_core::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use otlp_core::proto::metrics::v1::{ExponentialHistogramDataPoint, NumberDataPoint, number_data_point};
use proptest::prelude::*;

use super::oracle::{
    CUMULATIVE, DELTA, Kind, Point, Row, batch, by_series, exponential, histogram, number, requests,
};
use crate::aggregate::{Aggregation, NumberFunction, ProblemKind, aggregate};
use crate::kernel::{Kernels, Level, exponential_index};

pub(super) fn times(point: &Point) -> (u64, u64) {
    match point {
        Point::Number(point) => (point.start_time_unix_nano, point.time_unix_nano),
        Point::Histogram(point) => (point.start_time_unix_nano, point.time_unix_nano),
        Point::Exponential(point) => (point.start_time_unix_nano, point.time_unix_nano),
        Point::Summary(point) => (point.start_time_unix_nano, point.time_unix_nano),
    }
}

pub(super) fn value(point: &NumberDataPoint) -> f64 {
    match point.value.unwrap() {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    }
}

/// The point with the latest time, the last of equals.
fn latest(points: &[Point]) -> &Point {
    points.iter().max_by_key(|point| times(point).1).unwrap()
}

/// Filled buckets at a coarser scale, by index: what the definition of the index says.
fn buckets(side: &Option<Buckets>, by: i32, into: &mut BTreeMap<i32, u64>) {
    if let Some(side) = side {
        for (index, count) in (side.offset..).zip(&side.bucket_counts).filter(|(_, count)| **count > 0) {
            *into.entry(index >> by).or_default() += count;
        }
    }
}

type Side = fn(&ExponentialHistogramDataPoint) -> &Option<Buckets>;

pub(super) fn check_exponential(
    points: &[ExponentialHistogramDataPoint],
    merged: &ExponentialHistogramDataPoint,
    most: usize,
) {
    let finest = points.iter().map(|point| point.scale).min().unwrap();
    let sides: [Side; 2] = [|point| &point.positive, |point| &point.negative];
    let mut widest = [0; 2];
    assert!(merged.scale <= finest);
    for (further, widest) in [0, 1].into_iter().zip(&mut widest) {
        for side in sides {
            let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
            let scale = merged.scale + further;
            points.iter().for_each(|point| buckets(side(point), (point.scale - scale).max(0), &mut expected));
            buckets(side(merged), 0, &mut found);
            if further == 0 {
                assert_eq!(found, expected);
            }
            let width = expected
                .keys()
                .next_back()
                .zip(expected.keys().next())
                .map_or(0, |(last, first)| last - first + 1);
            *widest = i32::max(*widest, width);
        }
    }
    assert!(widest[0] as usize <= most);
    // One scale finer would not have fitted.
    assert!(merged.scale == finest || widest[1] as usize > most, "{widest:?}");
    assert_eq!(merged.count, points.iter().map(|point| point.count).sum::<u64>());
    assert_eq!(merged.sum, Some(points.iter().filter_map(|point| point.sum).sum()));
}

fn check(kind: Kind, points: &[Point], found: &[Point], function: NumberFunction, most: usize) {
    let covered = |found: &Point| {
        let start = points.iter().map(|point| times(point).0).min().unwrap();
        let end = points.iter().map(|point| times(point).1).max().unwrap();
        assert_eq!(times(found), (start, end));
    };
    let numbers =
        || points.iter().map(|point| if let Point::Number(point) = point { value(point) } else { f64::NAN });
    match (kind, found) {
        (Kind::Sum(0) | Kind::Summary, _) => assert_eq!(found, points),
        (Kind::Sum(CUMULATIVE) | Kind::Histogram(CUMULATIVE) | Kind::Exponential(CUMULATIVE), [found]) => {
            assert_eq!(found, latest(points));
        }
        (_, [found]) if points.len() == 1 && (kind != Kind::Gauge || function != NumberFunction::Count) => {
            assert_eq!(found, &points[0])
        }
        (Kind::Gauge | Kind::Sum(_), [Point::Number(point)]) => {
            let function = if kind == Kind::Gauge { function } else { NumberFunction::Sum };
            let expected = match function {
                NumberFunction::Last => return assert_eq!(&found[0], latest(points)),
                NumberFunction::Sum => numbers().sum(),
                NumberFunction::Min => numbers().fold(f64::INFINITY, f64::min),
                NumberFunction::Max => numbers().fold(f64::NEG_INFINITY, f64::max),
                NumberFunction::Count => numbers().count() as f64,
            };
            assert_eq!(value(point), expected);
            covered(&found[0]);
        }
        (Kind::Histogram(_), [Point::Histogram(point)]) => {
            let mut counts = [0; 5];
            for point in points {
                let Point::Histogram(point) = point else { panic!("{point:?}") };
                counts.iter_mut().zip(&point.bucket_counts).for_each(|(sum, count)| *sum += count);
            }
            assert_eq!(point.bucket_counts, counts);
            assert_eq!(
                (point.count, point.sum),
                (counts.iter().sum(), Some(counts.iter().sum::<u64>() as f64))
            );
            covered(&found[0]);
        }
        (Kind::Exponential(_), [Point::Exponential(merged)]) => {
            let points: Vec<_> = points
                .iter()
                .filter_map(
                    |point| if let Point::Exponential(point) = point { Some(point.clone()) } else { None },
                )
                .collect();
            check_exponential(&points, merged, most);
            covered(&found[0]);
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 64 }))]

    #[test]
    fn every_series_comes_to_what_plain_code_makes_of_it(
        requests in requests(),
        function in prop::sample::select(vec![
            NumberFunction::Last, NumberFunction::Sum, NumberFunction::Min, NumberFunction::Max, NumberFunction::Count,
        ]),
        most in prop::sample::select(vec![2_usize, 10, 160]),
    ) {
        let batches: Vec<Batch> = requests.iter().map(|rows| batch(rows)).collect();
        let options = Aggregation::default().with_gauge(function).with_max_buckets(most);
        let mut expected = BTreeMap::<_, Vec<Point>>::new();
        for row in requests.iter().flatten() {
            expected.entry((row.resource, row.kind, row.series)).or_default().push(row.point.clone());
        }
        let mut first = None;
        for kernels in Level::ALL.into_iter().filter_map(Kernels::at) {
            let result = aggregate(&batches, &options.clone().with_kernels(kernels));
            prop_assert_eq!(result.report.points_in, requests.iter().map(Vec::len).sum::<usize>());
            let found = by_series(&result.batch);
            prop_assert!(found.keys().eq(expected.keys()));
            for ((key, points), found) in expected.iter().zip(found.values()) {
                check(key.1, points, found, function, most);
            }
            // Every level writes the same bytes.
            let bytes = result.batch.into_bytes();
            prop_assert_eq!(first.get_or_insert_with(|| bytes.clone()), &bytes);
        }
    }

    #[test]
    fn merging_in_parts_counts_alike(requests in requests(), cut in 0..4_usize) {
        let batches: Vec<Batch> = requests.iter().map(|rows| batch(rows)).collect();
        let options = Aggregation::default().with_gauge(NumberFunction::Sum).with_max_buckets(20);
        let cut = cut.min(batches.len());
        let parts = [&batches[..cut], &batches[cut..]].map(|part| aggregate(part, &options).batch);
        let (once, twice) = (aggregate(&batches, &options), aggregate(&parts, &options));
        let (once, twice) = (by_series(&once.batch), by_series(&twice.batch));
        prop_assert!(once.keys().eq(twice.keys()));
        for ((key, once), twice) in once.iter().zip(twice.values()) {
            prop_assert_eq!(once.len(), twice.len());
            for pair in once.iter().zip(twice) {
                match pair {
                    (Point::Exponential(one), Point::Exponential(two)) => {
                        prop_assert_eq!((one.scale, one.count, one.sum), (two.scale, two.count, two.sum));
                        let filled = |side: &Option<Buckets>| {
                            let mut map = BTreeMap::new();
                            buckets(side, 0, &mut map);
                            map
                        };
                        prop_assert_eq!(filled(&one.positive), filled(&two.positive));
                        prop_assert_eq!(filled(&one.negative), filled(&two.negative));
                    }
                    (one, two) => prop_assert_eq!(one, two, "{:?}", key),
                }
            }
        }
    }

    #[test]
    fn downscaled_buckets_are_those_that_the_values_fall_in(
        values in prop::collection::vec(1e-9..1e9_f64, 1..60),
        more in prop::collection::vec(1e-3..1e3_f64, 1..60),
        scales in (0..20_i32, 0..20_i32),
    ) {
        let point = |values: &[f64], scale: i32, time| {
            let indices: Vec<i32> = values.iter().map(|value| exponential_index(*value, scale).unwrap()).collect();
            let offset = *indices.iter().min().unwrap();
            let end = *indices.iter().max().unwrap();
            // Room for all at scales this fine would be gigabytes; coarser ones do.
            (end - offset < 100_000).then(|| {
                let mut counts = vec![0; (end - offset) as usize + 1];
                indices.iter().for_each(|index| counts[(index - offset) as usize] += 1);
                let point = exponential(0, (time - 1, time), scale, (offset, counts), (0, Vec::new()));
                Row { resource: 0, kind: Kind::Exponential(DELTA), series: 0, point: Point::Exponential(point) }
            })
        };
        let rows = (point(&values, scales.0, 1), point(&more, scales.1, 2));
        prop_assume!(rows.0.is_some() && rows.1.is_some());
        let rows = [rows.0.unwrap(), rows.1.unwrap()];
        let merged = by_series(&aggregate(&[batch(&rows)], &Aggregation::default()).batch);
        let [Point::Exponential(merged)] = &merged.values().next().unwrap()[..] else { panic!() };
        let mut expected = BTreeMap::<i32, u64>::new();
        for value in values.iter().chain(&more) {
            *expected.entry(exponential_index(*value, merged.scale).unwrap()).or_default() += 1;
        }
        let mut found = BTreeMap::new();
        buckets(&merged.positive, 0, &mut found);
        prop_assert_eq!(found, expected);
    }
}

fn histograms(points: &[(&[f64], &[u64])]) -> Batch {
    let rows: Vec<Row> = points
        .iter()
        .zip(1..)
        .map(|((bounds, counts), time)| {
            let point = Point::Histogram(histogram(0, (time - 1, time), bounds, counts));
            Row { resource: 0, kind: Kind::Histogram(DELTA), series: 0, point }
        })
        .collect();
    batch(&rows)
}

fn problems(batch: &Batch, options: &Aggregation) -> (usize, Vec<(ProblemKind, usize)>) {
    let result = aggregate(std::slice::from_ref(batch), options);
    let problems = result.report.problems.iter().map(|problem| (problem.kind, problem.points)).collect();
    (result.batch.items(), problems)
}

#[test]
fn coarser_bounds_join_buckets_and_others_are_refused() {
    let batch = histograms(&[(&[1.0, 2.0, 3.0], &[1, 2, 3, 4]), (&[1.0, 3.0, 5.0], &[10, 20, 30, 40])]);
    let options = Aggregation::default().with_bounds([1.0, 3.0]);
    let result = aggregate(std::slice::from_ref(&batch), &options);
    let [Point::Histogram(point)] = &by_series(&result.batch).into_values().next().unwrap()[..] else {
        panic!()
    };
    assert_eq!((&point.explicit_bounds[..], &point.bucket_counts[..]), (&[1.0, 3.0][..], &[11, 25, 74][..]));
    assert_eq!(result.report.problems, []);
    assert_eq!(problems(&batch, &Aggregation::default()), (2, vec![(ProblemKind::BoundsDiffer, 1)]));
    let options = Aggregation::default().with_bounds([2.0]);
    assert_eq!(problems(&batch, &options), (2, vec![(ProblemKind::NotCoarser, 1)]));
    let options = Aggregation::default().with_bounds([]);
    assert_eq!(problems(&batch, &options), (1, vec![]));
}

#[test]
fn what_does_not_fit_together_passes_as_it_is() {
    for (bounds, counts) in [
        (&[1.0, 2.0][..], &[1, 2][..]),
        (&[2.0, 1.0], &[1, 2, 3]),
        (&[1.0], &[]),
        (&[f64::NAN, 1.0], &[1, 2, 3]),
    ] {
        let batch = histograms(&[(bounds, counts), (&[1.0, 2.0], &[1, 2, 3])]);
        assert_eq!(problems(&batch, &Aggregation::default()), (2, vec![(ProblemKind::Malformed, 1)]));
    }
    let mut huge = histogram(0, (0, 1), &[1.0], &[1, 1]);
    huge.bucket_counts = vec![u64::MAX, 0];
    let row =
        |point| Row { resource: 0, kind: Kind::Histogram(DELTA), series: 0, point: Point::Histogram(point) };
    let rows = [row(huge), row(histogram(0, (1, 2), &[1.0], &[1, 1]))];
    assert_eq!(problems(&batch(&rows), &Aggregation::default()), (2, vec![(ProblemKind::Overflow, 1)]));
}

#[test]
fn exponential_histograms_at_the_edges() {
    let row = |point| Row {
        resource: 0,
        kind: Kind::Exponential(DELTA),
        series: 0,
        point: Point::Exponential(point),
    };
    let plain = exponential(0, (0, 1), 3, (0, vec![1, 2]), (0, vec![]));
    let run = |point: ExponentialHistogramDataPoint| {
        problems(&batch(&[row(plain.clone()), row(point)]), &Aggregation::default())
    };
    let at = |scale, offset| exponential(0, (1, 2), scale, (offset, vec![1, 1]), (offset, vec![1]));
    for scale in [i32::MIN, -65, 65, i32::MAX] {
        assert_eq!(run(at(scale, 0)), (2, vec![(ProblemKind::Malformed, 1)]));
    }
    assert_eq!(run(at(0, i32::MAX)), (2, vec![(ProblemKind::Malformed, 1)]));
    for (scale, offset) in [(-64, i32::MIN), (64, i32::MIN), (64, i32::MAX - 2), (-64, i32::MAX - 2)] {
        assert_eq!(run(at(scale, offset)), (1, vec![]), "{scale} {offset}");
    }
    let threshold =
        |zero_threshold| ExponentialHistogramDataPoint { zero_threshold, zero_count: 1, ..at(3, 0) };
    // The first bucket of the other begins at 1.
    assert_eq!(run(threshold(0.5)), (1, vec![]));
    assert_eq!(run(threshold(1.0)), (1, vec![]));
    assert_eq!(run(threshold(1.5)), (2, vec![(ProblemKind::ZeroThresholdsDiffer, 1)]));
}

#[test]
fn conflicts_flags_and_empty_points_are_told() {
    let mut writer = MetricsWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    scope.metric("a").unit("s").gauge().point(1);
    scope.metric("a").unit("ms").gauge().point(1);
    scope.metric("a").unit("s").sum(Temporality::Delta, true).point(1);
    scope.metric("b").gauge().no_value();
    let result = aggregate(&[writer.finish()], &Aggregation::default());
    let told: Vec<_> = result
        .report
        .problems
        .iter()
        .map(|problem| (&*problem.metric, problem.kind, problem.points))
        .collect();
    assert_eq!(told, [("a", ProblemKind::ConflictingType, 2), ("b", ProblemKind::NoValue, 1)]);
    assert_eq!((result.batch.items(), result.report.points_out), (4, 4));
    assert_eq!(
        result.report.problems[1].to_string(),
        "metric \"b\": says that no value was recorded; passed on: 1 points"
    );
}

#[test]
fn integers_add_exactly_and_beyond_64_bits_as_doubles() {
    let sum = |values: &[i64]| {
        let rows: Vec<Row> = values
            .iter()
            .map(|value| Row {
                resource: 0,
                kind: Kind::Sum(DELTA),
                series: 0,
                point: Point::Number(number(0, (0, 1), *value)),
            })
            .collect();
        let found = by_series(&aggregate(&[batch(&rows)], &Aggregation::default()).batch);
        let [Point::Number(point)] = &found.values().next().unwrap()[..] else { panic!() };
        point.value.unwrap()
    };
    assert_eq!(sum(&[i64::MAX, -1, 1]), number_data_point::Value::AsInt(i64::MAX));
    assert_eq!(sum(&[i64::MAX, i64::MAX]), number_data_point::Value::AsDouble(2.0 * i64::MAX as f64));
}

#[test]
fn merged_points_tell_of_their_exemplars() {
    let mut writer = MetricsWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut points = scope.metric("h").histogram(Temporality::Delta);
    points.point(1).times(1, 2).buckets(&[1.0], &[1, 0]).exemplar(0.5, 2).attr("k", 1);
    let one = writer.finish();
    let alone = aggregate(std::slice::from_ref(&one), &Aggregation::default());
    assert_eq!((alone.batch.bytes(), alone.report.exemplars_left_out), (one.bytes(), 0));
    let twice = aggregate(&[one.clone(), one], &Aggregation::default());
    assert_eq!((twice.batch.items(), twice.report.exemplars_left_out), (1, 2));
}
