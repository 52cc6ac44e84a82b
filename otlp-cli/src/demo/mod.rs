//! `otlp demo`: the whole toolkit in one run, and a proof that nothing got lost.

mod call;
mod exporter;
mod fingerprint;
mod ledger;
mod logs;
mod loopback;
mod metrics;
mod profiles;
mod random;
mod report;
mod service;
mod shop;
mod story;
mod traces;
mod workload;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use self::ledger::Ledger;
use self::loopback::Loopback;
use self::report::Report;
use self::workload::{SEED, Workload};
use crate::exit::Exit;
use crate::terminal::{say, stdout};
use crate::view;

/// Send the telemetry of a made-up shop through the real client to the real server, and show what arrived.
///
/// Traces, metrics, logs and profiles of several services go over gRPC, HTTP/protobuf and HTTP/JSON, uncompressed and compressed, to a
/// server on loopback, and once more through the exporter to a server that is busy at first, for its ledger. Exits with 0 only if every item
/// arrived.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Keep sending for this long; without it, one simulated minute is sent once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,

    /// Also write what arrived as one self-contained page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  otlp demo
  otlp demo --html shop.html --seconds 10";

impl DemoArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let report =
            tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(self.load())?;
        let metrics = view::metric::collect(&report.batches);
        let profiles = view::profile::collect(&report.batches);
        let mut out = stdout();
        out.write_all(report.render(&metrics, &profiles, view::columns()).as_bytes())?;
        out.flush()?;
        if let Some(path) = &self.html {
            let mut ids: Vec<&[u8]> = vec![&report.showpiece];
            let traces = view::trace::summaries(&report.batches);
            ids.extend(traces.iter().map(|trace| trace.id.as_slice()).filter(|id| *id != report.showpiece));
            view::write_page(path, "otlp demo", &view::facts(&report.batches), &report.batches, &ids)?;
            say!("wrote {}", path.display());
        }
        Ok(if report.is_complete() { Exit::Done } else { Exit::Failed })
    }

    /// Runs the server and sends to it.
    async fn load(&self) -> anyhow::Result<Report> {
        let mut workload = Workload::new();
        let loopback = Loopback::start().await?;
        let begin = Instant::now();
        let mut ledger = Ledger::default();
        let mut problems = Vec::new();
        let mut showpiece = Vec::new();
        let mut first = Vec::new();
        let deadline = Duration::from_secs(self.seconds.unwrap_or(0));
        loop {
            let round = workload.round();
            let (sent, failed) = loopback.send(&round.batches).await?;
            for (sum, tally) in ledger.sent.as_flattened_mut().iter_mut().zip(sent.as_flattened()) {
                sum.add(tally);
            }
            problems.extend(failed);
            if first.is_empty() {
                first = round.batches;
            }
            if let (true, Some(id)) = (showpiece.is_empty(), round.showpiece) {
                showpiece = id.as_bytes().to_vec();
            }
            // A server that refuses everything is no reason to go on.
            if begin.elapsed() >= deadline || problems.len() > 100 {
                break;
            }
        }
        let elapsed = begin.elapsed();
        let (received, batches) = loopback.finish().await;
        ledger.received = received;
        let exported = exporter::ledger(&first).await?;
        Ok(Report { seed: SEED, ledger, elapsed, batches, showpiece, problems, exported })
    }
}
