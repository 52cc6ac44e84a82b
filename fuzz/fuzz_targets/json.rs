//! The JSON reader accepts or refuses; what it accepts is a valid batch that survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::json::{self, JsonOptions};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let batch = match json::read(signal, text, &JsonOptions::default(), &limits) {
        Ok(batch) => batch,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let parsed =
        Batch::parse(signal, batch.bytes().clone(), &limits).expect("the reader writes valid messages");
    assert_eq!(parsed.items(), batch.items());
    let mut once = Vec::new();
    json::write(&batch, &mut once);
    let again = json::read(signal, &once, &JsonOptions::default(), &limits).expect("what we write we read");
    let mut twice = Vec::new();
    json::write(&again, &mut twice);
    assert_eq!(once, twice);
});
