//! Conversions of random batches against plain code on decoded points, at every level.

use std::collections::BTreeMap;

use otlp_core::Batch;
use otlp_core::proto::metrics::v1::{ExponentialHistogramDataPoint, HistogramDataPoint};
use proptest::prelude::*;

use super::merging::{check_exponential, times, value};
use super::oracle::{CUMULATIVE, DELTA, Key, Kind, Point, Row, batch, by_series, requests};
use crate::aggregate::{ToCumulative, ToDelta};
use crate::kernel::{Kernels, Level};

/// What should come out for one point.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are a few hundred")]
enum Expected {
    /// The point as it stands.
    Same(Point),
    /// Start, time, and the points that add up to it.
    Sum(u64, u64, Vec<Point>),
    /// Start, time, the point, and the one whose measure is taken away.
    Since(u64, u64, Point, Option<Point>),
}

/// The kinds that a conversion from this temporality changes, and what they are afterwards.
fn target(kind: Kind, from: i32) -> Option<Kind> {
    let to = if from == DELTA { CUMULATIVE } else { DELTA };
    match kind {
        Kind::Sum(held) if held == from => Some(Kind::Sum(to)),
        Kind::Histogram(held) if held == from => Some(Kind::Histogram(to)),
        Kind::Exponential(held) if held == from => Some(Kind::Exponential(to)),
        _ => None,
    }
}

/// Rows whose starts are few, so that series go on. Only kinds of `from` and those that no conversion touches: names
/// carry the temporality, so what has it already would be another metric anyway.
fn rows(requests: Vec<Vec<Row>>, from: i32) -> Vec<Vec<Row>> {
    let start = |time: &mut u64| *time %= 2;
    let mut requests = requests;
    for row in requests.iter_mut().flatten() {
        match &mut row.point {
            Point::Number(point) => start(&mut point.start_time_unix_nano),
            Point::Histogram(point) => start(&mut point.start_time_unix_nano),
            Point::Exponential(point) => start(&mut point.start_time_unix_nano),
            Point::Summary(_) => {}
        }
    }
    let other = if from == DELTA { CUMULATIVE } else { DELTA };
    for rows in &mut requests {
        rows.retain(|row| target(row.kind, other).is_none());
    }
    requests
}

fn cumulative(requests: &[Vec<Row>]) -> Vec<BTreeMap<Key, Vec<Expected>>> {
    let mut kept = BTreeMap::<Key, (u64, u64, Vec<Point>)>::new();
    let convert = |rows: &Vec<Row>| {
        let mut out = BTreeMap::<Key, Vec<Expected>>::new();
        for row in rows {
            let key = (row.resource, row.kind, row.series);
            let Some(kind) = target(row.kind, DELTA) else {
                out.entry(key).or_default().push(Expected::Same(row.point.clone()));
                continue;
            };
            let (start, time) = times(&row.point);
            let held = kept.entry(key).or_insert_with(|| (start, 0, Vec::new()));
            if !held.2.is_empty() && (time <= held.1 || (start != 0 && start < held.1)) {
                continue;
            }
            held.1 = time;
            held.2.push(row.point.clone());
            let expected = Expected::Sum(held.0, time, held.2.clone());
            out.entry((row.resource, kind, row.series)).or_default().push(expected);
        }
        out
    };
    requests.iter().map(convert).collect()
}

fn delta(requests: &[Vec<Row>]) -> Vec<BTreeMap<Key, Vec<Expected>>> {
    let mut kept = BTreeMap::<Key, Point>::new();
    let convert = |rows: &Vec<Row>| {
        let mut out = BTreeMap::<Key, Vec<Expected>>::new();
        for row in rows {
            let key = (row.resource, row.kind, row.series);
            let Some(kind) = target(row.kind, CUMULATIVE) else {
                out.entry(key).or_default().push(Expected::Same(row.point.clone()));
                continue;
            };
            let (start, time) = times(&row.point);
            let expected = match kept.get(&key) {
                None if start == 0 => None,
                None => Some(Expected::Since(start, time, row.point.clone(), None)),
                Some(before) if time <= times(before).1 => continue,
                Some(before) => {
                    let (before_start, before_time) = times(before);
                    let restarted = start != 0 && before_start != 0 && start != before_start;
                    let first = if restarted { start.max(before_time) } else { before_time };
                    let before = (!restarted && !fell(before, &row.point)).then(|| before.clone());
                    Some(Expected::Since(first, time, row.point.clone(), before))
                }
            };
            kept.insert(key, row.point.clone());
            if let Some(expected) = expected {
                out.entry((row.resource, kind, row.series)).or_default().push(expected);
            }
        }
        out
    };
    requests.iter().map(convert).collect()
}

/// Whether a number or a bucket is smaller than before. Not asked of exponential histograms, whose scales differ.
fn fell(before: &Point, now: &Point) -> bool {
    match (before, now) {
        (Point::Number(before), Point::Number(now)) => value(before) > value(now),
        (Point::Histogram(before), Point::Histogram(now)) => {
            before.bucket_counts.iter().zip(&now.bucket_counts).any(|(before, now)| before > now)
        }
        _ => false,
    }
}

fn histograms(points: &[Point]) -> Vec<&HistogramDataPoint> {
    points
        .iter()
        .filter_map(|point| if let Point::Histogram(point) = point { Some(point) } else { None })
        .collect()
}

fn exponentials(points: &[Point]) -> Vec<ExponentialHistogramDataPoint> {
    let one = |point: &Point| if let Point::Exponential(point) = point { Some(point.clone()) } else { None };
    points.iter().filter_map(one).collect()
}

fn check(expected: &Expected, found: &Point) {
    match (expected, found) {
        (Expected::Same(point), _) => assert_eq!(found, point),
        (Expected::Sum(start, time, points), _) => {
            assert_eq!(times(found), (*start, *time));
            match found {
                Point::Number(found) => {
                    let sum: f64 = points
                        .iter()
                        .map(|point| if let Point::Number(point) = point { value(point) } else { f64::NAN })
                        .sum();
                    assert_eq!(value(found), sum);
                }
                Point::Histogram(found) => {
                    for (at, count) in found.bucket_counts.iter().enumerate() {
                        assert_eq!(
                            *count,
                            histograms(points).iter().map(|point| point.bucket_counts[at]).sum::<u64>()
                        );
                    }
                    assert_eq!(found.count, found.bucket_counts.iter().sum::<u64>());
                }
                Point::Exponential(found) => check_exponential(&exponentials(points), found, 160),
                Point::Summary(_) => panic!("{found:?}"),
            }
        }
        (Expected::Since(start, time, now, before), _) => {
            assert_eq!(times(found), (*start, *time));
            match (found, now, before) {
                (Point::Number(found), Point::Number(now), None) => assert_eq!(value(found), value(now)),
                (Point::Number(found), Point::Number(now), Some(Point::Number(before))) => {
                    assert_eq!(value(found), value(now) - value(before));
                }
                (Point::Histogram(found), Point::Histogram(now), None) => {
                    assert_eq!((&found.bucket_counts, found.count), (&now.bucket_counts, now.count));
                }
                (Point::Histogram(found), Point::Histogram(now), Some(Point::Histogram(before))) => {
                    let counts: Vec<u64> = now
                        .bucket_counts
                        .iter()
                        .zip(&before.bucket_counts)
                        .map(|(now, before)| now - before)
                        .collect();
                    assert_eq!((&found.bucket_counts, found.count), (&counts, counts.iter().sum()));
                }
                // Where it fell or not, no more than now.
                (Point::Exponential(found), Point::Exponential(now), _) => assert!(found.count <= now.count),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Converts batch by batch at every level, and checks each series.
fn check_all(
    requests: &[Vec<Row>],
    expected: &[BTreeMap<Key, Vec<Expected>>],
    mut convert: impl FnMut(Kernels) -> Box<dyn FnMut(&Batch) -> Batch>,
) {
    let mut first: Option<Vec<Batch>> = None;
    for kernels in Level::ALL.into_iter().filter_map(Kernels::at) {
        let mut convert = convert(kernels);
        let converted: Vec<Batch> = requests.iter().map(|rows| convert(&batch(rows))).collect();
        for (converted, expected) in converted.iter().zip(expected) {
            let found = by_series(converted);
            assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (found, expected) in found.values().zip(expected.values()) {
                assert_eq!(found.len(), expected.len());
                expected.iter().zip(found).for_each(|(expected, found)| check(expected, found));
            }
        }
        // Every level writes the same bytes.
        assert_eq!(first.get_or_insert_with(|| converted.clone()), &converted);
    }
}

proptest! {
    // Each case adds up each series anew at each of its points.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 32 }))]

    #[test]
    fn to_cumulative_adds_what_follows_in_time(requests in requests()) {
        let requests = rows(requests, DELTA);
        check_all(&requests, &cumulative(&requests), |kernels| {
            let mut converter = ToCumulative::new().at(kernels);
            Box::new(move |batch| converter.convert(batch).batch)
        });
    }

    #[test]
    fn to_delta_takes_away_what_was_there(requests in requests()) {
        let requests = rows(requests, CUMULATIVE);
        check_all(&requests, &delta(&requests), |kernels| {
            let mut converter = ToDelta::new().at(kernels);
            Box::new(move |batch| converter.convert(batch).batch)
        });
    }
}
