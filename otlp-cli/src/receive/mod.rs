//! `otlp receive`: a server that keeps, or just shows, what it is sent.

mod keeper;
mod store;
mod tally;
mod track;

use std::{io::Write as _, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use otlp::file::FileFormat;

use self::{
    keeper::Keeper,
    store::{Store, StoreOptions},
    tally::Tally,
};
use crate::{
    arg,
    exit::{Exit, Failure},
    interrupt::Interrupt,
    listen::ListenArgs,
    quantity,
    terminal::{say, stdout},
};

/// Receive telemetry over gRPC and HTTP, and write it to files.
///
/// Prints `listening grpc=HOST:PORT http=HOST:PORT` on stderr once it is ready. Without -o nothing is stored, and each request is
/// a line on stderr. SIGINT and SIGTERM end it with everything in the files. Flags win over OTLP_GRPC and OTLP_HTTP.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReceiveArgs {
    #[command(flatten)]
    listen: ListenArgs,

    /// Write DIR/<signal>-<NNNNNN>.<ending>; each acknowledged request is in these files.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Format of the files; requests in one pb file are merged to one message, profiles get a pb file each.
    #[arg(long, value_enum, default_value_t, requires = "output")]
    format: Format,

    /// Start a new file before one grows over this; a single larger request still gets a file of its own.
    #[arg(long, value_name = "SIZE", value_parser = arg::size, default_value = "64MiB", requires = "output")]
    rotate: u64,

    /// Stop after N or more items (spans, data points, log records, profiles) of all signals together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_items: Option<u64>,

    /// Stop after this time and exit with 6: --max-items was not reached.
    #[arg(long, value_name = "DUR", value_parser = arg::duration)]
    timeout: Option<Duration>,

    /// At the end, print one JSON object with what was received and refused.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp receive -o telemetry/
  otlp receive --http 127.0.0.1:0 --max-items 1000 --timeout 30s --json";

/// The formats of [`FileFormat`] that can be appended to request by request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Jsonl,
    Pb,
    Frames,
}

impl From<Format> for FileFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl,
            Format::Pb => Self::Pb,
            Format::Frames => Self::Frames,
        }
    }
}

/// How long requests in work may take to finish once it stops.
const DRAIN: Duration = Duration::from_secs(10);

impl ReceiveArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<Exit> {
        let tally = Arc::new(Tally::new(self.max_items));
        let store = match &self.output {
            Some(dir) => {
                let options = StoreOptions { format: self.format.into(), rotate: self.rotate };
                let tally = Arc::clone(&tally);
                let store = Store::open(dir, options, tally);
                Some(store.with_context(|| format!("cannot write to {}", dir.display()))?)
            }
            None => None,
        };
        let keeper = Arc::new(Keeper::new(store, Arc::clone(&tally)));
        // Before the ready line, so that a signal right after it is not missed.
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let running = self.listen.start(Arc::clone(&keeper)).await?;
        let timed_out = tokio::select! {
            () = tally.enough() => false,
            () = interrupt.wait() => false,
            () = patience(self.timeout) => true,
        };
        let drained = tokio::select! {
            drained = running.shutdown(DRAIN) => drained,
            // In a hurry: what is acknowledged is in the files already.
            () = interrupt.wait() => return Ok(Exit::Interrupted),
        };
        if !drained {
            say!(
                "cut off what was still coming after {} s; its senders know it as not delivered",
                DRAIN.as_secs()
            );
        }
        keeper.close();
        if self.json {
            writeln!(stdout(), "{}", tally.to_json(&running.stats()))?;
        } else {
            say!("{}", tally.sentence());
        }
        if let Some(trouble) = keeper.trouble() {
            return Err(Failure::new(Exit::Failed, trouble)
                .hint("free some space and let the senders send again")
                .into());
        }
        if timed_out && !tally.is_enough() {
            return Err(Failure::new(Exit::TimedOut, self.too_late(&tally)).into());
        }
        Ok(Exit::Done)
    }

    fn too_late(&self, tally: &Tally) -> String {
        let came = quantity::count(tally.items());
        let time = humantime::format_duration(self.timeout.unwrap_or_default());
        match self.max_items {
            Some(wanted) => format!("{came} of {} items came within {time}", quantity::count(wanted)),
            None => format!("{came} items came within {time}"),
        }
    }
}

async fn patience(timeout: Option<Duration>) {
    match timeout {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
