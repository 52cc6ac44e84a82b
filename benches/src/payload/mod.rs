//! What the work is done on: seeded requests, the same in every run, and captures of real ones.

mod capture;
mod log;
mod metric;
pub mod profile;
mod random;
pub mod row;
pub mod series;
pub mod trace;

pub use random::Random;

use otlp_core::{Batch, Limits, Signal};
use prost::Message as _;
use row::Group;

pub const SPANS: usize = 8192;
pub const RECORDS: usize = 8192;
pub const POINTS: usize = 4000;

/// Everything, made once.
pub struct Payloads {
    pub groups: Vec<Group>,
    pub traces: Batch,
    pub logs: Batch,
    pub metrics: Batch,
    /// With the names that rows carry; empty without the files.
    pub captures: Vec<(&'static str, Batch)>,
}

impl Payloads {
    pub fn new() -> anyhow::Result<Self> {
        let groups = row::groups(SPANS, 1);
        let traces = parse(Signal::Traces, trace::request(&groups).encode_to_vec())?;
        let logs = parse(Signal::Logs, log::request(RECORDS, 2).encode_to_vec())?;
        let metrics = parse(Signal::Metrics, metric::request(POINTS, 3).encode_to_vec())?;
        let mut captures = Vec::new();
        for (name, file, signal) in [
            ("hipstershop traces", "hipstershop-oteltraces.zst", Signal::Traces),
            ("hipstershop metrics", "hipstershop-otelmetrics.zst", Signal::Metrics),
        ] {
            match capture::first(file) {
                Some(bytes) => captures.push((name, parse(signal, bytes)?)),
                None => eprintln!("skipped: no {file} in {}", capture::folder().display()),
            }
        }
        Ok(Self { groups, traces, logs, metrics, captures })
    }
}

/// Requests of the same resources and scopes with different spans: what one forwarder receives in a second.
#[cfg(feature = "transport")]
pub fn requests(count: usize, spans: usize) -> Vec<Batch> {
    let first = row::groups(spans, 0);
    (1..=count as u64)
        .map(|seed| {
            let mut groups = row::groups(spans, seed);
            for (group, first) in groups.iter_mut().zip(&first) {
                group.resource.clone_from(&first.resource);
            }
            parse(Signal::Traces, trace::request(&groups).encode_to_vec())
                .expect("a request that prost wrote")
        })
        .collect()
}

pub fn limits() -> Limits {
    Limits::default().with_max_bytes(1 << 30)
}

pub fn parse(signal: Signal, bytes: impl Into<bytes::Bytes>) -> anyhow::Result<Batch> {
    Ok(Batch::parse(signal, bytes, &limits())?)
}
