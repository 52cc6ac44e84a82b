//! Splitting and concatenating arbitrary accepted batches keeps every item and gives valid batches.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};

fuzz_target!(|data: &[u8]| {
    let [first, second, bytes @ ..] = data else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let Ok(batch) = Batch::parse(signal, bytes.to_vec(), &limits) else { return };
    let items = std::num::NonZeroUsize::MIN.saturating_add(usize::from(second % 8));
    let parts = otlp_simd::split_items(&batch, items);
    for part in &parts {
        let again = Batch::parse(signal, part.bytes().clone(), &limits).expect("parts are valid");
        assert_eq!(again.items(), part.items());
        assert!(part.items() <= items.get());
    }
    assert_eq!(parts.iter().map(Batch::items).sum::<usize>(), batch.items());
    let joined = otlp_simd::concat(&parts).expect("parts of one signal");
    let again = Batch::parse(signal, joined.bytes().clone(), &limits).expect("the whole is valid");
    assert_eq!((again.items(), joined.items()), (batch.items(), batch.items()));
});
