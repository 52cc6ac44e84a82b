//! `otlp relay`: receive, join into larger batches, forward.

mod batcher;
mod budget;
mod destination;
mod intake;
mod join;
mod ledger;
mod pump;
mod target;

use std::{io::Write as _, num::NonZeroUsize, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use otlp::{Codec, Protocol, Signal};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

use self::{
    batcher::{BatchLimits, Batcher},
    budget::{Budget, Size},
    destination::Destination,
    intake::Intake,
    ledger::Ledger,
    target::targets,
};
use crate::{
    arg::{self, HeaderArg},
    exit::{Exit, Failure},
    interrupt::Interrupt,
    listen::ListenArgs,
    quantity,
    terminal::stdout,
};

/// Receive telemetry over gRPC and HTTP, join it into larger batches and forward these.
///
/// Prints `listening grpc=HOST:PORT http=HOST:PORT` on stderr once it is ready. A request is acknowledged when it is in memory: what
/// has not been forwarded is lost if the process is killed. SIGINT and SIGTERM forward what is there for up to 10 s. What a
/// destination asks to send again is sent again for up to 300 s. While the memory is full, senders are told to come again later
/// (503, UNAVAILABLE). At the end, a line for each destination and signal accounts for every item:
/// received = forwarded + rejected + dropped + pending; the exit code is 1 if any was dropped or is pending.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RelayArgs {
    #[command(flatten)]
    listen: ListenArgs,

    /// Forward to this endpoint: for HTTP the base URL, to which /v1/<signal> is appended. Given several times, each one gets
    /// everything; one that is down holds up the others once the memory is full.
    #[arg(long, required = true, value_name = "URL")]
    to: Vec<String>,

    /// Protocol to forward by: grpc, http/protobuf or http/json.
    #[arg(long, value_name = "PROTOCOL", default_value_t, env = "OTLP_PROTOCOL", hide_env = true)]
    protocol: Protocol,

    /// Compression of forwarded requests: none, gzip or zstd. [default: gzip, none if every --to is the local host]
    #[arg(long, value_name = "CODEC", env = "OTLP_COMPRESSION", hide_env = true)]
    compression: Option<Codec>,

    /// Forward when N items of a signal are together, or 4 MiB, or 200 ms after the first of them; never more than N at a time.
    #[arg(long, value_name = "N", default_value = "8192")]
    batch_items: NonZeroUsize,

    /// A header with every forwarded request, such as authorization='Bearer TOKEN'; may be given several times.
    #[arg(long = "header", value_name = "K=V")]
    headers: Vec<HeaderArg>,

    /// Take no more while this much waits to be forwarded; a single larger request still passes.
    #[arg(long, value_name = "SIZE", value_parser = arg::size, default_value = "256MiB")]
    max_memory: u64,
}

const EXAMPLES: &str = "\
Examples:
  otlp relay --to https://collector.example --header api-key=KEY
  otlp relay --grpc 127.0.0.1:0 --http 127.0.0.1:0 --to http://127.0.0.1:4317 --protocol grpc --compression zstd";

/// Many receivers refuse messages above it.
const BATCH_BYTES: usize = 4 << 20;
/// How long the first item of a batch waits for others.
const BATCH_DELAY: Duration = Duration::from_millis(200);
/// Items in memory at most. Bytes are the limit that matters, unless the items are of a few bytes each.
const MAX_ITEMS: usize = 4 << 20;
/// How long requests that are coming in may take once it is to stop.
const CLOSE: Duration = Duration::from_secs(5);
/// How long it goes on forwarding once it is to stop, `CLOSE` included.
const DRAIN: Duration = Duration::from_secs(10);

impl RelayArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<Exit> {
        let targets = targets(&self)?;
        let ledger = Arc::new(Ledger::new(targets.iter().map(|target| target.name.clone()).collect()));
        let (stopping, is_stopping) = watch::channel(false);
        let destinations = targets.into_iter().enumerate().map(|(index, target)| {
            Destination::new(index, target.name, target.client, Arc::clone(&ledger), is_stopping.clone())
        });
        let destinations: Vec<Arc<Destination>> = destinations.collect();

        let bytes = usize::try_from(self.max_memory).unwrap_or(usize::MAX);
        let budget = Budget::new(Size { items: MAX_ITEMS, bytes });
        let limits = BatchLimits { items: self.batch_items, bytes: BATCH_BYTES, delay: BATCH_DELAY };
        let mut work = JoinSet::new();
        let batchers = Signal::ALL.map(|_| {
            let mut queues = Vec::with_capacity(destinations.len());
            for destination in &destinations {
                let (queue, parcels) = mpsc::unbounded_channel();
                work.spawn(Arc::clone(destination).work(parcels));
                queues.push(queue);
            }
            let (jobs, incoming) = mpsc::unbounded_channel();
            work.spawn(pump::pump(incoming, Batcher::new(limits), Arc::clone(&budget), queues));
            jobs
        });
        let intake = Arc::new(Intake::new(budget, Arc::clone(&ledger), batchers));

        // Before the ready line, so that a signal right after it is not missed.
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let running = self.listen.start(Arc::clone(&intake)).await?;
        interrupt.wait().await;

        let deadline = Instant::now() + DRAIN;
        stopping.send_replace(true);
        let drain = async {
            running.shutdown(CLOSE).await;
            intake.stop();
            while work.join_next().await.is_some() {}
        };
        let in_a_hurry = tokio::select! {
            _ = tokio::time::timeout_at(deadline, drain) => false,
            () = interrupt.wait() => true,
        };
        work.shutdown().await;
        write!(stdout(), "{}", ledger.table())?;
        if in_a_hurry {
            return Ok(Exit::Interrupted);
        }
        match ledger.undelivered() {
            0 => Ok(Exit::Done),
            items => {
                let what = format!("{} not delivered", quantity::counted(items, "item"));
                Err(Failure::new(Exit::Failed, what).into())
            }
        }
    }
}
