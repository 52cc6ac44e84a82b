//! Against prost and a naive walk: what is good stays as it was, what is bad goes, and nothing else does.

use proptest::prelude::*;
use prost::DecodeError;

use super::*;
use crate::ProfilesLayout;
use crate::cut::levels;
use crate::oracle::{Random, Tree};
use crate::proto::{logs as l, metrics as m, profiles as p, trace as t};
use crate::wire::{LEN, Value, fields, put_key, put_len, put_varint};

fn limits() -> Limits {
    Limits::default().with_profiles_layout(ProfilesLayout::Current)
}

/// Whether prost decodes what a group says of itself (`fields` are those that do not lead down), or an item.
fn decodes(signal: Signal, level: usize, data: u32, fields: &[u8]) -> bool {
    fn of<M: prost::Message + Default>(bytes: &[u8]) -> Result<(), DecodeError> {
        M::decode(bytes).map(|_| ())
    }
    let decoded = match (signal, level) {
        (_, 0) => return Tree::decode(signal, fields).is_ok(),
        (Signal::Traces, 1) => of::<t::v1::ResourceSpans>(fields),
        (Signal::Traces, 2) => of::<t::v1::ScopeSpans>(fields),
        (Signal::Traces, _) => of::<t::v1::Span>(fields),
        (Signal::Logs, 1) => of::<l::v1::ResourceLogs>(fields),
        (Signal::Logs, 2) => of::<l::v1::ScopeLogs>(fields),
        (Signal::Logs, _) => of::<l::v1::LogRecord>(fields),
        (Signal::Profiles, 1) => of::<p::v1development::ResourceProfiles>(fields),
        (Signal::Profiles, 2) => of::<p::v1development::ScopeProfiles>(fields),
        (Signal::Profiles, _) => of::<p::v1development::Profile>(fields),
        (Signal::Metrics, 1) => of::<m::v1::ResourceMetrics>(fields),
        (Signal::Metrics, 2) => of::<m::v1::ScopeMetrics>(fields),
        (Signal::Metrics, 3) => of::<m::v1::Metric>(fields),
        (Signal::Metrics, 4) => match data {
            5 => of::<m::v1::Gauge>(fields),
            7 => of::<m::v1::Sum>(fields),
            9 => of::<m::v1::Histogram>(fields),
            10 => of::<m::v1::ExponentialHistogram>(fields),
            _ => of::<m::v1::Summary>(fields),
        },
        (Signal::Metrics, _) => match data {
            5 | 7 => of::<m::v1::NumberDataPoint>(fields),
            9 => of::<m::v1::HistogramDataPoint>(fields),
            10 => of::<m::v1::ExponentialHistogramDataPoint>(fields),
            _ => of::<m::v1::SummaryDataPoint>(fields),
        },
    };
    decoded.is_ok()
}

/// Each item of a request with the own fields of the groups around it, and whether all of that decodes.
#[derive(Debug, PartialEq)]
struct Row {
    around: Vec<Vec<u8>>,
    item: Vec<u8>,
    good: bool,
}

/// A naive walk; `None` where lengths do not lead on.
fn rows(signal: Signal, bytes: &[u8]) -> Option<Vec<Row>> {
    fn group(
        signal: Signal,
        level: usize,
        data: u32,
        bytes: &[u8],
        around: &mut Vec<Vec<u8>>,
        good: bool,
        rows: &mut Vec<Row>,
    ) -> Option<()> {
        let down = levels(signal)[level];
        // As a message without fields of its own: prost steps over everything, or cannot.
        <() as prost::Message>::decode(bytes).ok()?;
        let (mut own, mut inside) = (Vec::new(), Vec::new());
        for field in fields(bytes) {
            match field.value {
                Value::Len(inner) if down.contains(&field.number) => inside.push((field.number, inner)),
                _ if down.contains(&field.number) => return None,
                _ => own.extend_from_slice(&bytes[field.start..field.end]),
            }
        }
        let good = good && decodes(signal, level, data, &own);
        if level == 0 && !good {
            return None;
        }
        around.push(own);
        for (number, inner) in inside {
            let data = if signal == Signal::Metrics && level == 3 { number } else { data };
            if level + 1 < levels(signal).len() {
                group(signal, level + 1, data, inner, around, good, rows)?;
            } else {
                let good = good && decodes(signal, level + 1, data, inner);
                rows.push(Row { around: around.clone(), item: inner.to_vec(), good });
            }
        }
        around.pop();
        Some(())
    }
    let mut found = Vec::new();
    group(signal, 0, 0, bytes, &mut Vec::new(), true, &mut found)?;
    Some(found)
}

fn damaged(signal: Signal, seed: u64, size: usize, damage: &[(prop::sample::Index, u8, bool)]) -> Vec<u8> {
    let mut bytes = Random::new(seed).request(signal, size);
    for (at, byte, replace) in damage {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        // A byte more or less would break lengths, which leaves nothing to save.
        bytes[at] = if *replace { *byte } else { bytes[at] ^ 1 << (byte % 8) };
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn the_bad_items_go_and_no_other(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        size in 1..400_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..6),
    ) {
        let bytes = damaged(signal, seed, size, &damage);
        let expected = rows(signal, &bytes);
        let parsed = Batch::parse(signal, bytes.clone(), &limits());
        match salvage(signal, bytes.clone(), &limits()) {
            Ok(saved) => {
                prop_assert_eq!(parsed.is_ok(), saved.removed.is_empty());
                if let Ok(parsed) = parsed {
                    prop_assert_eq!(parsed.bytes(), saved.batch.bytes());
                    prop_assert_eq!(saved.batch.bytes(), &bytes);
                }
                let again = Batch::parse(signal, saved.batch.bytes().clone(), &limits()).unwrap();
                prop_assert_eq!(again.items(), saved.batch.items());
                let expected = expected.expect("the naive walk gets through as well");
                let bad = expected.iter().filter(|row| !row.good).count();
                prop_assert_eq!(saved.removed_items, bad);
                if bad <= Salvaged::MOST_REMOVED {
                    prop_assert_eq!(saved.removed.iter().map(|one| one.items).sum::<usize>(), bad);
                }
                let kept: Vec<Row> = expected.into_iter().filter(|row| row.good).collect();
                prop_assert_eq!(rows(signal, saved.batch.bytes()).unwrap(), kept);
            }
            Err(error) => {
                prop_assert_eq!(parsed.unwrap_err().kind() == error.kind() || expected.is_none(), true);
                prop_assert!(expected.is_none(), "{error}, but the naive walk found {expected:?}");
            }
        }
    }

    /// With strict ids the same holds, each item judged by a request of its own.
    #[test]
    fn items_with_bad_ids_go_and_no_other(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        size in 1..400_usize,
    ) {
        let bytes = Random::new(seed).request(signal, size);
        let strict = limits().with_strict_ids(true);
        let saved = match salvage(signal, bytes.clone(), &strict) {
            Ok(saved) => saved,
            Err(error) => {
                // Links stand in the dictionary, which all profiles share.
                prop_assert_eq!(signal, Signal::Profiles);
                prop_assert!(error.path().starts_with("dictionary"), "{}", error);
                return Ok(());
            }
        };
        prop_assert!(Batch::parse(signal, saved.batch.bytes().clone(), &strict).is_ok());
        let all = rows(signal, &bytes).unwrap();
        let alone = |row: &Row| {
            // Metrics' points are found under any kind's number by their own bytes only; take the kind from the request.
            let path = levels(signal);
            let mut inner = row.item.clone();
            for level in (0..path.len()).rev() {
                let number = if path[level].len() > 1 { kind(signal, &bytes, &row.item) } else { path[level][0] };
                let mut outer = Vec::new();
                put_len(&mut outer, number, &inner);
                inner = outer;
            }
            Batch::parse(signal, inner, &strict).is_ok()
        };
        let kept: Vec<&Row> = all.iter().filter(|row| alone(row)).collect();
        prop_assert_eq!(saved.removed_items, all.len() - kept.len());
        let rest = rows(signal, saved.batch.bytes()).unwrap();
        prop_assert_eq!(rest.iter().collect::<Vec<_>>(), kept);
    }
}

/// Field number of the first metric data that holds such a point.
fn kind(signal: Signal, bytes: &[u8], point: &[u8]) -> u32 {
    fn find(level: usize, signal: Signal, bytes: &[u8], point: &[u8]) -> Option<u32> {
        fields(bytes).find_map(|field| {
            let Value::Len(inner) = field.value else { return None };
            if !levels(signal)[level].contains(&field.number) {
                return None;
            }
            if level == 3 {
                let holds = fields(inner).any(|field| field.number == 1 && field.value.bytes() == point);
                return holds.then_some(field.number);
            }
            find(level + 1, signal, inner, point)
        })
    }
    find(0, signal, bytes, point).unwrap()
}

/// The property above is worth what its inputs are.
#[test]
fn the_damage_reaches_items_groups_and_lengths() {
    let (mut whole, mut parts, mut groups, mut lost) = (0, 0, 0, 0);
    for seed in 0..600_u64 {
        let signal = Signal::ALL[seed as usize % 4];
        let mut bytes = Random::new(seed).request(signal, 200);
        if bytes.is_empty() {
            continue;
        }
        let at = (seed as usize * 7919) % bytes.len();
        bytes[at] ^= 0x80;
        match salvage(signal, bytes, &limits()) {
            Ok(saved) if saved.removed.is_empty() => whole += 1,
            Ok(saved) if saved.removed.iter().any(|one| one.items > 1) => groups += 1,
            Ok(_) => parts += 1,
            Err(_) => lost += 1,
        }
    }
    for (what, count) in [("whole", whole), ("parts", parts), ("groups", groups), ("lost", lost)] {
        assert!(count > 10, "{what}: {count} of 600");
    }
}

/// Fields inside each other: the last of `path` holds `inner`.
fn wrap(path: &[u32], inner: &[u8]) -> Vec<u8> {
    path.iter().rev().fold(inner.to_vec(), |inner, number| {
        let mut outer = Vec::new();
        put_len(&mut outer, *number, &inner);
        outer
    })
}

#[test]
fn each_id_of_each_signal_is_checked() {
    let strict = Limits::default().with_strict_ids(true);
    for (signal, path, length, name) in [
        (Signal::Traces, &[1, 2, 2, 1][..], 16, "resource_spans[0].scope_spans[0].spans[0].trace_id"),
        (Signal::Traces, &[1, 2, 2, 2], 8, "resource_spans[0].scope_spans[0].spans[0].span_id"),
        (Signal::Traces, &[1, 2, 2, 4], 8, "resource_spans[0].scope_spans[0].spans[0].parent_span_id"),
        (
            Signal::Traces,
            &[1, 2, 2, 13, 1],
            16,
            "resource_spans[0].scope_spans[0].spans[0].links[0].trace_id",
        ),
        (Signal::Traces, &[1, 2, 2, 13, 2], 8, "resource_spans[0].scope_spans[0].spans[0].links[0].span_id"),
        (Signal::Logs, &[1, 2, 2, 9], 16, "resource_logs[0].scope_logs[0].log_records[0].trace_id"),
        (Signal::Logs, &[1, 2, 2, 10], 8, "resource_logs[0].scope_logs[0].log_records[0].span_id"),
        (
            Signal::Metrics,
            &[1, 2, 2, 5, 1, 5, 5],
            16,
            "resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0].exemplars[0].trace_id",
        ),
        (
            Signal::Metrics,
            &[1, 2, 2, 9, 1, 8, 4],
            8,
            "resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points[0].exemplars[0].span_id",
        ),
        (
            Signal::Profiles,
            &[1, 2, 2, 7],
            16,
            "resource_profiles[0].scope_profiles[0].profiles[0].profile_id",
        ),
        (Signal::Profiles, &[2, 4, 1], 16, "dictionary.link_table[0].trace_id"),
        (Signal::Profiles, &[2, 4, 2], 8, "dictionary.link_table[0].span_id"),
    ] {
        for given in [0, 1, 5, 7, 8, 9, 15, 16, 17, 32] {
            let bytes = wrap(path, &vec![1; given]);
            assert!(Batch::parse(signal, bytes.clone(), &Limits::default()).is_ok(), "{name} {given}");
            let parsed = Batch::parse(signal, bytes.clone(), &strict);
            let saved = salvage(signal, bytes, &strict);
            if given == 0 || given == length {
                assert!(parsed.is_ok() && saved.unwrap().removed.is_empty(), "{name} {given}");
                continue;
            }
            let error = parsed.unwrap_err();
            assert_eq!(error.path(), name);
            let expected = ParseErrorKind::IdLength { expected: length as u8, found: given };
            assert_eq!(error.kind(), expected, "{name}");
            match saved {
                Ok(saved) => {
                    assert_eq!((saved.removed_items, &saved.removed[0].error), (1, &error), "{name}");
                    assert!(saved.batch.bytes().is_empty(), "{name}: nothing else was there");
                }
                Err(lost) => assert!(name.starts_with("dictionary") && lost == error, "{name}"),
            }
        }
    }
}

#[test]
fn a_fault_in_what_items_share_takes_them_all() {
    let spans = |count: usize| wrap(&[2], &[]).repeat(count);
    let bad_scope = [wrap(&[1, 1], b"\xff"), spans(3)].concat();
    let good = [wrap(&[2], &spans(2)), wrap(&[3], b"url")].concat();
    let bytes = [wrap(&[1, 2], &bad_scope), wrap(&[1], &good)].concat();
    let saved = salvage(Signal::Traces, bytes, &Limits::default()).unwrap();
    assert_eq!((saved.removed_items, saved.removed.len(), saved.removed[0].items), (3, 1, 3));
    assert_eq!(saved.removed[0].error.path(), "resource_spans[0].scope_spans[0].scope.name");
    assert_eq!(saved.batch.bytes(), &wrap(&[1], &good));
}

#[test]
fn a_faulty_group_without_items_goes_without_a_count() {
    let good = wrap(&[2, 2], b"");
    let bytes = wrap(&[1], &[wrap(&[2, 3], b"\xff"), good.clone()].concat());
    let saved = salvage(Signal::Logs, bytes, &Limits::default()).unwrap();
    assert_eq!((saved.removed_items, saved.removed.len()), (0, 1));
    assert_eq!(saved.batch.bytes(), &wrap(&[1], &good));
}

#[test]
fn nesting_over_the_limit_is_a_fault_of_its_item() {
    let limits = Limits::default().with_max_depth(4);
    // A span with an event is four levels below the request, an attribute in the event five.
    let (four, five) = (wrap(&[2, 11], b""), wrap(&[2, 11, 3], b""));
    let bytes = wrap(&[1, 2], &[&five[..], &four].concat());
    let saved = salvage(Signal::Traces, bytes, &limits).unwrap();
    assert_eq!(saved.batch.bytes(), &wrap(&[1, 2], &four));
    assert_eq!(saved.removed[0].error.kind(), ParseErrorKind::TooDeep { limit: 4 });
    for depth in 0..3 {
        let limits = Limits::default().with_max_depth(depth);
        let saved = salvage(Signal::Traces, wrap(&[1, 2], &four), &limits).unwrap();
        assert_eq!((saved.removed_items, saved.batch.bytes().len()), (1, 0), "{depth}");
    }
}

#[test]
fn only_the_first_faults_are_told_and_all_are_counted() {
    let bytes = wrap(&[1, 2], &wrap(&[2, 5], b"\xff").repeat(1000));
    let saved = salvage(Signal::Traces, bytes, &Limits::default()).unwrap();
    assert_eq!((saved.removed_items, saved.removed.len()), (1000, Salvaged::MOST_REMOVED));
    assert!(saved.removed[15].error.path().ends_with("spans[15].name"));
}

#[test]
fn broken_lengths_and_limits_on_the_whole_are_errors() {
    let limits = Limits::default();
    let bad = wrap(&[2, 5], b"\xff");
    let mut overrun = wrap(&[1, 2], &bad);
    overrun[3] += 1;
    let error = salvage(Signal::Traces, overrun, &limits).unwrap_err();
    assert!(matches!(error.kind(), ParseErrorKind::Length { .. }), "{error}");
    // A group's number with a varint behind it: no way down.
    let mut number = Vec::new();
    put_key(&mut number, 2, 0);
    put_varint(&mut number, 7);
    let error =
        salvage(Signal::Traces, [wrap(&[1], &number), wrap(&[1, 2], &bad)].concat(), &limits).unwrap_err();
    assert_eq!(error.kind(), ParseErrorKind::WireType { expected: LEN, found: 0 });
    let large = salvage(Signal::Traces, wrap(&[1, 2], &bad), &limits.with_max_bytes(3)).unwrap_err();
    assert!(matches!(large.kind(), ParseErrorKind::TooLarge { .. }));
    let many = wrap(&[1, 2], &[wrap(&[2], b"").repeat(4), bad].concat());
    assert_eq!(salvage(Signal::Traces, many.clone(), &limits.with_max_items(4)).unwrap().removed_items, 1);
    for items in [2, 3] {
        let error = salvage(Signal::Traces, many.clone(), &limits.with_max_items(items)).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TooManyItems { items: 4, limit: items });
    }
    let good = wrap(&[1, 2], &wrap(&[2], b"").repeat(4));
    assert!(salvage(Signal::Traces, good, &limits.with_max_items(3)).is_err());
}
