//! The checker takes any accepted batch: no panic, and a run that remembers shapes finds the same as two runs that do not.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use otlp_semconv::{check::Checker, registry::Registry};

static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| Checker::new(Registry::builtin()));

fuzz_target!(|data: &[u8]| {
    let [first, bytes @ ..] = data else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let Ok(batch) = Batch::parse(signal, bytes.to_vec(), &limits) else { return };
    let once = CHECKER.check(&batch);
    let mut run = CHECKER.run();
    run.check(&batch);
    run.check(&batch);
    let twice = run.finish();
    assert_eq!(once.findings.len(), twice.findings.len());
    for (one, two) in once.findings.iter().zip(&twice.findings) {
        assert_eq!((one.id, &one.key, &one.place, 2 * one.count), (two.id, &two.key, &two.place, two.count));
    }
    assert_eq!(2 * once.statistics.items[signal as usize], twice.statistics.items[signal as usize]);
});
