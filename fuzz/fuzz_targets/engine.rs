//! Regrouping, splitting by bytes, grouping, filtering and editing arbitrary accepted batches: nothing is lost, all is valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::edit::{Edits, Place};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use otlp_simd::{Field, Predicate};

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

    let max = usize::from(*second) + 1;
    let split = otlp_simd::split_bytes(&batch, max);
    let small = batch.is_empty() || batch.bytes().len() <= max;
    assert!(small || split.parts.iter().all(|part| part.bytes().len() <= max));
    let pieces = split.parts.iter().chain(&split.oversized);
    assert_eq!(pieces.map(|piece| { check(piece); piece.items() }).sum::<usize>(), batch.items());

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
