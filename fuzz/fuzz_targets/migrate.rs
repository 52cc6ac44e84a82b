//! Migrating arbitrary accepted batches between any versions gives valid batches, and the same twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use otlp_semconv::migrate::{Collision, Mode, Plan, Version};

fuzz_target!(|data: &[u8]| {
    let [first, from, to, bytes @ ..] = data else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let Ok(batch) = Batch::parse(signal, bytes.to_vec(), &limits) else { return };
    let versions: Vec<&str> = Version::all().map(Version::as_str).collect();
    let version = |byte: &u8| versions[usize::from(*byte) % versions.len()];
    let mode = if first & 4 == 0 { Mode::Rename } else { Mode::KeepBoth };
    let collision = [Collision::KeepExisting, Collision::Replace, Collision::Refuse][usize::from(first >> 3) % 3];
    let plan = match first >> 7 {
        0 => Plan::between(version(from), version(to)),
        _ => Plan::to(version(to)),
    };
    let plan = plan.expect("published versions");
    let (migrated, report) = plan.apply(&batch, mode, collision);
    let again = Batch::parse(signal, migrated.bytes().clone(), &limits).expect("the result is valid");
    assert_eq!(again.items(), migrated.items());
    if mode == Mode::Rename {
        assert_eq!(again.items(), batch.items());
    }
    let (twice, same) = plan.apply(&batch, mode, collision);
    assert_eq!(twice, migrated);
    assert!(report.operations().eq(same.operations()));
});
