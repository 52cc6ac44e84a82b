//! What `salvage` leaves of arbitrary bytes parses, and is the bytes themselves where nothing was wrong with them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, ProfilesLayout, Salvaged, Signal, salvage};

fuzz_target!(|data: &[u8]| {
    let [first, bytes @ ..] = data else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let layout = if first & 4 == 0 { ProfilesLayout::Current } else { ProfilesLayout::Refuse };
    let limits = Limits::default().with_profiles_layout(layout).with_strict_ids(first & 8 != 0);
    let parsed = Batch::parse(signal, bytes.to_vec(), &limits);
    match salvage(signal, bytes.to_vec(), &limits) {
        Ok(saved) => {
            let again = Batch::parse(signal, saved.batch.bytes().clone(), &limits).expect("what is left parses");
            assert_eq!(again.items(), saved.batch.items());
            assert_eq!(parsed.is_ok(), saved.removed.is_empty());
            assert!(saved.removed.len() <= Salvaged::MOST_REMOVED);
            assert!(saved.removed.iter().map(|one| one.items).sum::<usize>() <= saved.removed_items);
            match parsed {
                Ok(parsed) => assert_eq!(parsed, saved.batch),
                Err(error) => {
                    assert!(saved.batch.bytes().len() < bytes.len());
                    assert!(saved.removed.iter().all(|one| one.error.offset() <= bytes.len()), "{error}");
                }
            }
        }
        Err(_) => assert!(parsed.is_err(), "a batch that parses needs no saving"),
    }
});
