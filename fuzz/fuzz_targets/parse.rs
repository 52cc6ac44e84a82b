//! `Batch::parse` accepts what prost accepts, counts and prints without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_core::proto::collector::{logs, metrics, profiles, trace};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use prost::Message as _;

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let signal = Signal::ALL[usize::from(first % 4)];
    let accepted = match signal {
        Signal::Traces => trace::v1::ExportTraceServiceRequest::decode(bytes).is_ok(),
        Signal::Metrics => metrics::v1::ExportMetricsServiceRequest::decode(bytes).is_ok(),
        Signal::Logs => logs::v1::ExportLogsServiceRequest::decode(bytes).is_ok(),
        Signal::Profiles => profiles::v1development::ExportProfilesServiceRequest::decode(bytes).is_ok(),
    };
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let parsed = Batch::parse(signal, bytes.to_vec(), &limits);
    assert_eq!(parsed.is_ok(), accepted, "{parsed:?}");
    // The default also looks for older layouts; whatever it says, it must say it.
    let _ = Batch::parse(signal, bytes.to_vec(), &Limits::default()).map_err(|error| error.to_string());
    if let Ok(batch) = parsed {
        let text =
            format!("{:?}{:?}{:?}{:?}", batch.traces(), batch.metrics(), batch.logs(), batch.profiles());
        assert!(!text.is_empty());
    }
});
