//! Regrouping, splitting by bytes, grouping, sharding, sampling, filtering, editing and aggregating arbitrary accepted batches:
//! nothing is lost, all is valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::edit::{Edits, Place};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use otlp_simd::aggregate::{Aggregation, ToCumulative, ToDelta};
use otlp_simd::{Field, Predicate, Ratio, Sampling};

fuzz_target!(|data: &[u8]| {
    let [first, second, bytes @ ..] = data else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let Ok(batch) = Batch::parse(signal, bytes.to_vec(), &limits) else { return };
    let check = |batch: &Batch| {
        let again = Batch::parse(signal, batch.bytes().clone(), &limits).expect("still valid");
        assert_eq!(again.items(), batch.items());
    };

    for arranged in [otlp_simd::dedup(&batch), otlp_simd::group_by_trace(&batch)] {
        check(&arranged);
        assert_eq!(arranged.items(), batch.items());
    }

    let twice = otlp_simd::regroup(&[batch.clone(), batch.clone()]).expect("one signal");
    check(&twice);
    assert_eq!(twice.items(), 2 * batch.items());

    let shards = otlp_simd::shard_by_trace(&batch, std::num::NonZeroUsize::new(3).expect("not 0"));
    shards.iter().for_each(check);
    assert_eq!(shards.iter().map(Batch::items).sum::<usize>(), batch.items());

    let ratio = Ratio::new(f64::from(*second) / 255.0).expect("between 0 and 1");
    for sampling in [Sampling::from(ratio), Sampling::from(ratio).with_tracestate(true)] {
        let kept = otlp_simd::sample_by_trace(&batch, sampling);
        check(&kept);
        // What was kept once is kept again, and nothing is left to write.
        assert_eq!(otlp_simd::sample_by_trace(&kept, sampling).items(), kept.items());
    }

    let one = std::slice::from_ref(&batch);
    check(&otlp_simd::aggregate::aggregate(one, &Aggregation::default()).batch);
    check(&ToCumulative::new().convert(&batch).batch);
    check(&ToDelta::new().convert(&batch).batch);

    let max = usize::from(*second) + 1;
    let split = otlp_simd::split_bytes(&batch, max);
    let small = batch.is_empty() || batch.bytes().len() <= max;
    assert!(small || split.parts.iter().all(|part| part.bytes().len() <= max));
    assert!(split.oversized.iter().all(|part| part.items() == 1 && part.bytes().len() > max));
    let pieces = split.parts.iter().chain(&split.oversized);
    assert_eq!(
        pieces
            .map(|piece| {
                check(piece);
                piece.items()
            })
            .sum::<usize>(),
        batch.items()
    );

    let wanted = Predicate::attribute("k").exists() | Predicate::resource_attribute("").equals("a");
    let wanted = wanted & !Predicate::field(Field::Duration).within(..10.0);
    let kept = otlp_simd::filter(&batch, &wanted);
    let dropped = otlp_simd::filter(&batch, &!wanted);
    check(&kept);
    check(&dropped);
    assert_eq!(kept.items() + dropped.items(), batch.items());

    let mut edits = Edits::new().set(Place::Resource, "k", 1).rename(Place::Scope, "a", "k");
    if signal != Signal::Profiles {
        edits = edits.delete(Place::Item, "").set_missing(Place::Item, "k", "text");
    }
    let edited = edits.apply(&batch).expect("no items of profiles");
    check(&edited);
    assert_eq!(edited.items(), batch.items());
});
