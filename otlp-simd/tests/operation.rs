//! Operations against doing the same to decoded messages.
#![allow(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

mod tree;

use std::collections::HashMap;
use std::num::NonZeroUsize;

use otlp_core::proto::trace::v1::Span;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal, TraceId, edit};
use otlp_simd::kernel::{Kernels, Level, shard};
use otlp_simd::{
    Ratio, Rebatch, Sampling, concat, dedup, group_by_trace, regroup, sample_by_trace, shard_by_trace,
    split_bytes, split_items,
};
use proptest::prelude::*;
use prost::Message as _;
use tree::{Row, Rows, batch, odd, rows};

fn check(batch: &Batch) -> Result<(), TestCaseError> {
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let again = Batch::parse(batch.signal(), batch.bytes().clone(), &limits);
    prop_assert!(again.is_ok(), "{:?}", again);
    prop_assert_eq!(again.unwrap().items(), batch.items());
    Ok(())
}

/// Rows in the order that regrouping gives: by first appearance of their resource, then scope, then metric.
fn grouped(rows: &Rows) -> Rows {
    let mut order = HashMap::new();
    let mut keyed: Vec<(Vec<usize>, Row)> = rows
        .iter()
        .map(|row| {
            let key = (1..=row.groups.len())
                .map(|depth| {
                    let next = order.len();
                    *order.entry(row.groups[..depth].to_vec()).or_insert(next)
                })
                .collect();
            (key, row.clone())
        })
        .collect();
    keyed.sort_by(|left, right| left.0.cmp(&right.0));
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn trace_of(row: &Row) -> Option<TraceId> {
    TraceId::from_slice(&row.trace_id).filter(|id| !id.is_zero())
}

fn low_bits(id: TraceId) -> u64 {
    id.as_bytes()[9..].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// States of spans: the text, its randomness, its threshold, and what stands behind a new one.
#[allow(clippy::type_complexity, reason = "a table")]
const STATES: [(&str, Option<u64>, Option<u64>, &str); 7] = [
    ("", None, None, ""),
    ("a=b", None, None, ",a=b"),
    ("ot=th:8", None, Some(1 << 55), ""),
    ("a=b,ot=th:4;x:y", None, Some(1 << 54), ";x:y,a=b"),
    ("ot=th:ffffffffffffff", None, Some((1 << 56) - 1), ""),
    ("ot=rv:c0000000000000;th:8,c=d", Some(0xc0_0000_0000_0000), Some(1 << 55), ";rv:c0000000000000,c=d"),
    ("ot=th:bad!", None, None, ""),
];

/// The batch with states of [`STATES`].
fn with_states(batch: &Batch, seed: u64) -> Batch {
    let mut at = seed as usize;
    edit::set_trace_states(batch, |_| {
        at = at.wrapping_mul(5).wrapping_add(3);
        Some(STATES[at / 8 % STATES.len()].0.to_owned())
    })
}

/// The items of `whole` that are among the next of `wanted`, as one batch.
fn batch_of(signal: Signal, whole: &Batch, wanted: impl Iterator<Item = Row>) -> Batch {
    let mut wanted = wanted.peekable();
    let all = rows(whole);
    // A run of rows of the whole: found by trying each start.
    let wanted: Rows = std::iter::from_fn(|| wanted.next()).collect();
    let keep: Vec<usize> = (0..all.len())
        .scan(0, |at, index| {
            let hit = wanted.get(*at) == Some(&all[index]);
            *at += usize::from(hit);
            Some(hit.then_some(index))
        })
        .flatten()
        .collect();
    otlp_core::cut::distribute(whole, 1, |item| keep.contains(&item.index).then_some(0))
        .into_iter()
        .next()
        .unwrap_or_else(|| Batch::empty(signal))
}

proptest! {
    #[test]
    fn regroup_is_a_stable_sort_by_groups(signal in tree::signal(), seeds in prop::collection::vec(any::<u64>(), 1..4)) {
        let batches: Vec<Batch> = seeds.iter().map(|seed| batch(signal, *seed)).collect();
        let regrouped = regroup(&batches).unwrap();
        check(&regrouped)?;
        prop_assert_eq!(rows(&regrouped), grouped(&rows(&concat(&batches).unwrap())));
        if let [one] = batches.as_slice() {
            prop_assert_eq!(&dedup(one), &regrouped);
        }
    }

    #[test]
    fn parts_fit_and_are_full(signal in tree::signal(), seed: u64, max in 20..1500_usize) {
        let whole = batch(signal, seed);
        let split = split_bytes(&whole, max);
        for part in split.parts.iter().chain(&split.oversized) {
            check(part)?;
        }
        for large in &split.oversized {
            prop_assert_eq!(large.items(), 1);
            prop_assert!(large.bytes().len() > max);
        }
        let small = whole.bytes().len() <= max || whole.is_empty();
        prop_assert!(small || split.parts.iter().all(|part| part.bytes().len() <= max && !part.is_empty()));
        // Nothing is lost, and the order holds.
        if signal == Signal::Profiles {
            let sorted = |rows: Rows| {
                let mut items: Vec<_> = rows.into_iter().map(|row| (row.groups, row.item)).collect();
                items.sort();
                items
            };
            let all = split.parts.iter().chain(&split.oversized).flat_map(rows).collect();
            prop_assert_eq!(sorted(all), sorted(rows(&whole)));
            return Ok(());
        }
        let mut large = split.oversized.iter().flat_map(rows).peekable();
        let mut fit = split.parts.iter().flat_map(rows).peekable();
        for row in rows(&whole) {
            let next = if large.peek() == Some(&row) { large.next() } else { fit.next() };
            prop_assert_eq!(next, Some(row));
        }
        prop_assert!(large.next().is_none() && fit.next().is_none());
        // One item more, the first of the next part, would not have fitted.
        for pair in split.parts.windows(2) {
            let together = batch_of(signal, &whole, rows(&pair[0]).into_iter().chain(rows(&pair[1]).into_iter().take(1)));
            prop_assert!(together.bytes().len() > max, "{} {max}", together.bytes().len());
        }
    }

    /// Profiles' parts get dictionaries of their own, which otlp-core's tests resolve.
    #[test]
    fn nothing_is_lost_in_any_encoding(signal in prop::sample::select(&[Signal::Traces, Signal::Metrics, Signal::Logs][..]), seed: u64, size in 20..400_usize, max in 20..700_usize, shards in 1..9_usize) {
        let whole = odd(signal, seed, size);
        let all = rows(&whole);
        let split = split_bytes(&whole, max);
        for part in split.parts.iter().chain(&split.oversized) {
            check(part)?;
        }
        prop_assert!(split.oversized.iter().all(|large| large.items() == 1 && large.bytes().len() > max));
        let small = whole.bytes().len() <= max || whole.is_empty();
        prop_assert!(small || split.parts.iter().all(|part| part.bytes().len() <= max && !part.is_empty()));
        let fit: Rows = split.parts.iter().flat_map(rows).collect();
        let large: Rows = split.oversized.iter().flat_map(rows).collect();
        for some in [&fit, &large] {
            let mut left = all.iter();
            prop_assert!(some.iter().all(|row| left.any(|other| other == row)), "out of order");
        }
        let sorted = |rows: Rows| {
            let mut texts: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(sorted([fit, large].concat()), sorted(all.clone()));
        let items = NonZeroUsize::new(shards).unwrap();
        prop_assert_eq!(split_items(&whole, items).iter().flat_map(rows).collect::<Vec<_>>(), all.clone());
        let shard = |row: &Row| trace_of(row).map_or(0, |id| ((u128::from(low_bits(id)) * shards as u128) >> 56) as usize);
        for (number, part) in shard_by_trace(&whole, items).iter().enumerate() {
            check(part)?;
            prop_assert_eq!(rows(part), all.iter().filter(|row| shard(row) == number).cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn shards_keep_traces_whole(signal in tree::signal(), seed: u64, shards in 1..9_usize) {
        let whole = batch(signal, seed);
        let parts = shard_by_trace(&whole, NonZeroUsize::new(shards).unwrap());
        prop_assert_eq!(parts.len(), shards);
        let mut expected = vec![Vec::new(); shards];
        for row in rows(&whole) {
            let shard = trace_of(&row).map_or(0, |id| ((u128::from(low_bits(id)) * shards as u128) >> 56) as usize);
            expected[shard].push(row);
        }
        for (part, expected) in parts.iter().zip(expected) {
            check(part)?;
            prop_assert_eq!(rows(part), expected);
        }
    }

    #[test]
    fn sampling_keeps_ids_at_and_above_the_threshold(signal in tree::signal(), seed: u64, probability in 0.0..=1.0_f64) {
        let whole = batch(signal, seed);
        let ratio = Ratio::new(probability).unwrap();
        let kept = sample_by_trace(&whole, ratio);
        check(&kept)?;
        let keeps = |row: &Row| trace_of(row).is_none_or(|id| low_bits(id) >= ratio.threshold());
        prop_assert_eq!(rows(&kept), rows(&whole).into_iter().filter(keeps).collect::<Vec<_>>());
        prop_assert!(sample_by_trace(&whole, Ratio::NOTHING).is_empty());
        prop_assert_eq!(sample_by_trace(&whole, Ratio::EVERYTHING), whole);
    }

    #[test]
    fn parts_of_so_many_items(signal in tree::signal(), seed: u64, items in 1..9_usize) {
        let whole = batch(signal, seed);
        let items = NonZeroUsize::new(items).unwrap();
        let parts = split_items(&whole, items);
        for part in &parts {
            check(part)?;
        }
        if let Some((last, full)) = parts.split_last() {
            prop_assert!(full.iter().all(|part| part.items() == items.get()) && last.items() <= items.get());
        }
        prop_assert_eq!(parts.iter().flat_map(rows).collect::<Rows>(), rows(&whole));
        prop_assert_eq!(rows(&concat(&parts).unwrap()), rows(&whole));
    }

    #[test]
    fn a_stream_in_batches_of_one_size(
        signal in tree::signal(),
        seeds in prop::collection::vec(any::<u64>(), 0..5),
        items in 1..30_usize,
    ) {
        let mut rebatch = Rebatch::new(NonZeroUsize::new(items).unwrap());
        let (mut found, mut expected) = (Rows::new(), Rows::new());
        for seed in seeds {
            let next = batch(signal, seed);
            expected.extend(rows(&next));
            for full in rebatch.push(next).unwrap() {
                check(&full)?;
                prop_assert_eq!(full.items(), items);
                found.extend(rows(&full));
            }
        }
        if let Some(rest) = rebatch.finish().unwrap() {
            check(&rest)?;
            prop_assert!(rest.items() < items);
            found.extend(rows(&rest));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn marked_sampling_judges_and_writes_what_the_state_says(seed: u64, probability in 0.0..=1.0_f64) {
        let whole = with_states(&batch(Signal::Traces, seed), seed);
        let ratio = Ratio::new(probability).unwrap();
        let kept = sample_by_trace(&whole, Sampling::from(ratio).with_tracestate(true));
        check(&kept)?;
        let mut expected = Rows::new();
        for mut row in rows(&whole) {
            let mut span = Span::decode(row.item.as_slice()).unwrap();
            let (rv, th) = STATES.iter().find(|state| state.0 == span.trace_state).map(|state| (state.1, state.2)).unwrap();
            if let Some(randomness) = rv.or_else(|| trace_of(&row).map(low_bits)) {
                let before = th.filter(|th| randomness >= *th);
                let threshold = before.unwrap_or(0).max(ratio.threshold());
                if randomness < threshold {
                    continue;
                }
                if before != Some(threshold) {
                    let digits = format!("{threshold:014x}");
                    let digits = digits.trim_end_matches('0');
                    let th = format!("th:{}", if digits.is_empty() { "0" } else { digits });
                    let rest = STATES.iter().find(|state| state.0 == span.trace_state).unwrap().3;
                    span.trace_state = format!("ot={th}{rest}");
                }
            } else if ratio == Ratio::NOTHING {
                continue;
            }
            row.item = span.encode_to_vec();
            expected.push(row);
        }
        prop_assert_eq!(rows(&kept), expected);
        // Done once more, nothing is left to write.
        prop_assert_eq!(sample_by_trace(&kept, Sampling::from(ratio).with_tracestate(true)), kept);
    }

    #[test]
    fn one_rule_for_batches_and_for_columns_of_ids(
        signal in prop::sample::select(&[Signal::Traces, Signal::Logs][..]),
        seed: u64,
        ratio in 0.0..=1.0_f64,
        shards in 1..9_usize,
    ) {
        let whole = batch(signal, seed);
        let all = rows(&whole);
        let ids: Vec<[u8; 16]> = all.iter().filter_map(trace_of).map(|id| *id.as_bytes()).collect();
        let ratio = Ratio::new(ratio).unwrap();
        let known = |batch: &Batch| -> Vec<[u8; 16]> {
            rows(batch).iter().filter_map(trace_of).map(|id| *id.as_bytes()).collect()
        };
        for kernels in Level::ALL.into_iter().filter_map(Kernels::at) {
            let mut kept = vec![0; ids.len()];
            let count = kernels.keep_ids(&ids, ratio.threshold(), &mut kept);
            let kept: Vec<[u8; 16]> = kept[..count].iter().map(|index| ids[*index as usize]).collect();
            prop_assert_eq!(known(&sample_by_trace(&whole, ratio)), kept);
        }
        for (number, part) in shard_by_trace(&whole, shards.try_into().unwrap()).iter().enumerate() {
            prop_assert!(known(part).iter().all(|id| shard(id, shards) == number));
        }
    }

    #[test]
    fn traces_stand_together(signal in tree::signal(), seed: u64) {
        let whole = batch(signal, seed);
        let arranged = group_by_trace(&whole);
        check(&arranged)?;
        let deduplicated = dedup(&whole);
        check(&deduplicated)?;
        prop_assert_eq!(rows(&deduplicated), grouped(&rows(&whole)));
        if matches!(signal, Signal::Metrics | Signal::Profiles) {
            prop_assert_eq!(arranged, deduplicated);
            return Ok(());
        }
        let mut traces: Vec<(Option<TraceId>, Rows)> = vec![(None, Vec::new())];
        for row in rows(&whole) {
            let id = trace_of(&row);
            match traces.iter_mut().find(|(held, _)| *held == id) {
                Some((_, rows)) => rows.push(row),
                None => traces.push((id, vec![row])),
            }
        }
        let expected: Rows = traces.iter().flat_map(|(_, rows)| grouped(rows)).collect();
        prop_assert_eq!(rows(&arranged), expected);
    }
}

#[test]
fn thresholds_are_written_as_the_specification_has_them() {
    let mut writer = otlp_core::trace::TracesWriter::new();
    writer
        .resource(|_| {})
        .scope("", "")
        .span()
        .ids(TraceId::from_bytes([0xff; 16]), otlp_core::SpanId::from_bytes([1; 8]), None)
        .trace_state("a=b");
    let batch = writer.finish();
    let marked = |ratio: Ratio| {
        let marked = sample_by_trace(&batch, Sampling::from(ratio).with_tracestate(true));
        marked.traces().unwrap().spans().map(|span| span.trace_state().to_owned()).collect::<Vec<_>>()
    };
    let ratio = |probability| Ratio::new(probability).unwrap();
    assert_eq!(marked(ratio(1.0)), ["ot=th:0,a=b"]);
    assert_eq!(marked(ratio(0.5)), ["ot=th:8,a=b"]);
    assert_eq!(marked(Ratio::one_in(3.try_into().unwrap())), ["ot=th:aaaaaaaaaaaaab,a=b"]);
    assert_eq!(marked(ratio((-56_f64).exp2())), ["ot=th:ffffffffffffff,a=b"]);
    assert!(marked(ratio(0.0)).is_empty());
    // Unless asked, nothing is written.
    assert_eq!(sample_by_trace(&batch, ratio(0.5)), batch);
    assert_eq!(sample_by_trace(&batch, Sampling::from(ratio(0.5))), batch);
}

#[test]
fn the_threshold_itself_is_kept() {
    let span = |low: u64| {
        let mut id = [0xff; 16];
        id[8..].copy_from_slice(&low.to_be_bytes());
        // The eighth byte from the end is not part of the random number.
        id[8] = 0xff;
        let mut writer = otlp_core::trace::TracesWriter::new();
        writer.resource(|_| {}).scope("", "").span().ids(
            TraceId::from_bytes(id),
            otlp_core::SpanId::from_bytes([1; 8]),
            None,
        );
        writer.finish()
    };
    for (ratio, edge) in [
        (0.5, 0x80_0000_0000_0000),
        (1.0 / 3.0, 0xaa_aaaa_aaaa_aaac),
        ((-56_f64).exp2(), 0xff_ffff_ffff_ffff),
    ] {
        let ratio = Ratio::new(ratio).unwrap();
        assert_eq!(sample_by_trace(&span(edge), ratio).items(), 1, "{ratio}");
        assert_eq!(sample_by_trace(&span(edge - 1), ratio).items(), 0, "{ratio}");
    }
    assert_eq!(sample_by_trace(&span(0), Ratio::EVERYTHING).items(), 1);
}
