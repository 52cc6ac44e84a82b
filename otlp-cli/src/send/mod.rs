//! `otlp send`: the messages of files to a server, and an account of what became of every item.

mod delivery;
mod feed;
mod ledger;
mod setting;

use std::{
    io::Write as _,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use anyhow::Context as _;
use clap::Args;
use otlp::{Protocol, Signal};
use tokio::task::JoinSet;

use self::{delivery::Courier, feed::Feed, ledger::Ledger, setting::Settings};
use crate::{
    arg::{Compression, HeaderArg},
    exit::{Exit, Failure},
    interrupt::Interrupt,
    progress::Progress,
    source,
    terminal::{say, stdout},
};

/// Send the messages of files to an OTLP endpoint, each as it is, and account for every item.
///
/// What the server asks to send again is sent again for up to 30 s; an endpoint that never answered is given up after 5 s. The
/// ledger counts items: submitted = accepted + rejected + dropped + pending. Flags win over OTLP_ENDPOINT, OTLP_PROTOCOL,
/// OTLP_COMPRESSION, OTLP_HEADERS and OTLP_CA, and these over the OTEL_EXPORTER_OTLP_* variables.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SendArgs {
    /// Telemetry files; - is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where to: for HTTP the base URL, to which /v1/<signal> is appended unless it ends so; unix:/PATH is a Unix socket; by default
    /// the local host's port 4318, for gRPC 4317.
    #[arg(long, value_name = "URL", env = "OTLP_ENDPOINT", hide_env = true)]
    endpoint: Option<String>,

    /// grpc, http/protobuf or http/json; by default http/protobuf.
    #[arg(long, value_name = "PROTOCOL", env = "OTLP_PROTOCOL", hide_env = true)]
    protocol: Option<Protocol>,

    /// Compression of requests: none, gzip, zstd, deflate, snappy, x-snappy-framed, lz4, tracezip or tracezip-stream; by default gzip, to
    /// the local host none. Servers that do not take tracezip get gzip.
    #[arg(long, value_name = "CODEC", env = "OTLP_COMPRESSION", hide_env = true)]
    compression: Option<Compression>,

    /// Cut messages of more than N items into messages of N.
    #[arg(long, value_name = "N")]
    batch_items: Option<NonZeroUsize>,

    /// Send the files this many times.
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroU32,

    /// This many requests at a time.
    #[arg(long, value_name = "N", default_value = "1")]
    concurrency: NonZeroUsize,

    /// Not more than this many items a second.
    #[arg(long, value_name = "ITEMS/S", value_parser = rate)]
    rate: Option<f64>,

    /// A header with every request, such as authorization='Bearer TOKEN'; may be given several times.
    #[arg(long = "header", value_name = "K=V")]
    headers: Vec<HeaderArg>,

    /// Trust only this certificate authority (PEM).
    #[arg(long, value_name = "FILE", env = "OTLP_CA", hide_env = true)]
    ca: Option<PathBuf>,

    /// Which signal the files hold, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,

    /// Print the ledger as one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp send traces.jsonl metrics.frames.zst
  otlp send traces.pb --endpoint https://collector.example --header api-key=KEY --batch-items 4096";

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number of items a second".to_owned())?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("expected a number above zero".to_owned()) }
}

impl SendArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        if self.repeat.get() > 1 && self.files.iter().any(|file| source::is_dash(file)) {
            return Err(Failure::usage("stdin can be read once, so --repeat needs files").into());
        }
        let settings = Settings::new(&self)?;
        for warning in settings.warnings() {
            say!("warning: {warning}");
        }
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let end = runtime.block_on(self.send(settings));
        // A thread that waits for stdin cannot be joined.
        runtime.shutdown_background();
        end
    }

    async fn send(self, settings: Settings) -> anyhow::Result<Exit> {
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let ledger = Arc::new(Ledger::default());
        let courier = Arc::new(Courier::new(settings, Arc::clone(&ledger)));
        let progress = Progress::new();
        let started = Instant::now();
        let mut feed = Feed::start(&self);
        let mut work = JoinSet::new();
        let mut interrupted = false;
        let fed = loop {
            let next = async {
                while work.len() >= self.concurrency.get() {
                    work.join_next().await;
                }
                feed.next().await
            };
            tokio::select! {
                next = next => match next {
                    Some(Ok(batch)) => {
                        if let Err(failure) = courier.check(batch.signal()) {
                            break Err(failure.into());
                        }
                        ledger.submit(batch.items());
                        work.spawn(Arc::clone(&courier).deliver(batch));
                    }
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                },
                // The endpoint is gone: nothing further is submitted.
                () = courier.gave_up() => break Ok(()),
                () = interrupt.wait() => { interrupted = true; break Ok(()) }
            }
            progress.show(|| ledger.sentence(started.elapsed()));
        };
        while !interrupted {
            tokio::select! {
                done = work.join_next() => if done.is_none() { break },
                () = interrupt.wait() => interrupted = true,
            }
            progress.show(|| ledger.sentence(started.elapsed()));
        }
        work.shutdown().await;
        progress.clear();
        let seconds = started.elapsed().as_secs_f64();
        if self.json {
            writeln!(stdout(), "{}", ledger.to_json(seconds))?;
        } else {
            write!(stdout(), "{}", ledger.table(seconds))?;
        }
        if interrupted {
            return Ok(Exit::Interrupted);
        }
        fed?;
        courier.end()?;
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_above_zero() {
        assert_eq!(rate("1e3"), Ok(1000.0));
        for wrong in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
