//! `otlp relay`: receive, join into larger batches, forward.

mod edit;
mod intake;
mod ledger;
mod status;
mod target;

use std::{
    io::Write as _,
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use otlp::{
    BatchOptions, Destination, DropReason, Exporter, OnFull, Protocol, Report,
    admin::Admin,
    disk::{DiskQueueOptions, Fsync},
};

use self::{
    edit::Rules,
    intake::Intake,
    status::RelayStatus,
    target::{Target, targets},
};
use crate::{
    arg::{self, Compression, HeaderArg},
    exit::{Exit, Failure},
    interrupt::Interrupt,
    listen::ListenArgs,
    quantity,
    terminal::{say, stdout},
};

/// Receive telemetry over gRPC and HTTP, join it into larger batches and forward these.
///
/// Prints `listening grpc=HOST:PORT http=HOST:PORT` on stderr once it is ready. Without --queue-dir a request is acknowledged when
/// it is in memory, and what has not been forwarded is lost if the process is killed. With --queue-dir it is acknowledged when it
/// is on the disk, and a restart goes on where the last run ended: requests that were under way are sent again as they were.
///
/// SIGINT and SIGTERM forward what is there for up to 10 s. What a destination asks to send again is sent again: for up to 300 s
/// from memory, without end from the disk. While a queue is full, senders are told to come again later (503, UNAVAILABLE). At the
/// end, a line for each destination and signal accounts for every item: received + recovered = forwarded + rejected + dropped +
/// pending; the exit code is 1 if any was dropped, or is pending and not on the disk.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RelayArgs {
    #[command(flatten)]
    listen: ListenArgs,

    /// Forward to this endpoint: for HTTP the base URL, to which /v1/<signal> is appended; unix:/PATH is a Unix socket. Given several
    /// times, each one gets everything; one that is down holds up the others once the memory is full.
    #[arg(long, required = true, value_name = "URL")]
    to: Vec<String>,

    /// Protocol to forward by: grpc, http/protobuf or http/json.
    #[arg(long, value_name = "PROTOCOL", default_value_t, env = "OTLP_PROTOCOL", hide_env = true)]
    protocol: Protocol,

    /// Compression of forwarded requests: none, gzip, zstd, deflate, snappy, x-snappy-framed, lz4, tracezip or tracezip-stream. Servers
    /// that do not take tracezip get gzip; another relay takes it. [default: gzip, none if every --to is the local host]
    #[arg(long, value_name = "CODEC", env = "OTLP_COMPRESSION", hide_env = true)]
    compression: Option<Compression>,

    /// Forward when N items of a signal are together, or 4 MiB, or 200 ms after the first of them; never more than N at a time.
    #[arg(long, value_name = "N", default_value = "8192")]
    batch_items: NonZeroUsize,

    /// A header with every forwarded request, such as authorization='Bearer TOKEN'; may be given several times.
    #[arg(long = "header", value_name = "K=V")]
    headers: Vec<HeaderArg>,

    /// Give resources this attribute, as a text; `item:K=V` and `scope:K=V` set it there. May be given several times.
    #[arg(long, value_name = "K=V")]
    set: Vec<String>,

    /// Take this attribute away from items, scopes and resources; `item:K`, `scope:K` or `resource:K` from these alone.
    #[arg(long, value_name = "K")]
    delete: Vec<String>,

    /// Replace this attribute's value by a salted SHA-256, places as in --delete. The salt is OTLP_HASH_SALT; without one it is new
    /// in each run. Done after --delete and before --set.
    #[arg(long, value_name = "K")]
    hash: Vec<String>,

    /// Take no more of a signal for a destination while this much waits in memory.
    #[arg(long, value_name = "SIZE", value_parser = arg::size, default_value = "256MiB")]
    max_memory: u64,

    /// Keep what waits in this directory, one queue for each destination, so that it survives the process.
    #[arg(long, value_name = "DIR")]
    queue_dir: Option<PathBuf>,

    /// When what is in --queue-dir is forced down to the disk: what a power loss can take. `batch`: before it is acknowledged, so
    /// nothing. `interval`: every second, so the last second. `never`: when the system likes, on Linux about the last 30 s. A kill of
    /// the process alone takes nothing that was acknowledged.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, requires = "queue_dir")]
    fsync: FsyncArg,

    /// Take no more while a destination's queue in --queue-dir is this large.
    #[arg(long, value_name = "SIZE", value_parser = arg::size, default_value = "16GiB", requires = "queue_dir")]
    max_disk: u64,

    /// Serve /healthz, /readyz and /metrics (Prometheus text) here.
    #[arg(long, value_name = "ADDR", value_parser = arg::address)]
    admin: Option<SocketAddr>,
}

/// The policies of [`Fsync`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FsyncArg {
    #[default]
    Batch,
    Interval,
    Never,
}

impl From<FsyncArg> for Fsync {
    fn from(arg: FsyncArg) -> Self {
        match arg {
            FsyncArg::Batch => Self::Batch,
            FsyncArg::Interval => Self::Interval(Duration::from_secs(1)),
            FsyncArg::Never => Self::Never,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  otlp relay --to https://collector.example --header api-key=KEY
  otlp relay --to http://127.0.0.1:5317 --protocol grpc --queue-dir /var/lib/otlp --admin 127.0.0.1:9464 --delete user.email";

/// Many receivers refuse messages above 4 MiB.
const BATCH_BYTES: usize = 7 << 19;
/// How long the first item of a batch waits for others.
const BATCH_DELAY: Duration = Duration::from_millis(200);
/// Items of a queue in memory at most. Bytes are the limit that matters, unless the items are of a few bytes each.
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
        let rules = Rules::new(&self.set, &self.delete, &self.hash)?;
        let exporter = self.exporter()?;
        let (full, stopping) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let server = Arc::<OnceLock<_>>::default();
        let intake = Intake::new(exporter.clone(), rules, Arc::clone(&full));
        let status = RelayStatus {
            ledger: exporter.ledger(),
            full,
            stopping: Arc::clone(&stopping),
            server: Arc::clone(&server),
        };

        // Before the ready line, so that a signal right after it is not missed.
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let admin = match self.admin {
            Some(address) => Some(Admin::start(address, status).await.context("--admin")?),
            None => None,
        };
        let running = Arc::new(self.listen.start(intake).await?);
        let _ = server.set(Arc::clone(&running));
        if let Some(admin) = &admin {
            say!("admin http://{}", admin.addr());
        }
        for warning in exporter.warnings() {
            say!("warning: --{warning}");
        }
        interrupt.wait().await;

        stopping.store(true, Ordering::Relaxed);
        let drain = async {
            running.shutdown(CLOSE).await;
            exporter.shutdown(DRAIN).await
        };
        let report = tokio::select! {
            report = drain => Some(report),
            () = interrupt.wait() => None,
        };
        let in_a_hurry = report.is_none();
        let report = report.unwrap_or_else(|| exporter.ledger().report());
        write!(stdout(), "{}", ledger::table(&report))?;
        if in_a_hurry {
            return Ok(Exit::Interrupted);
        }
        match self.lost(&report) {
            0 => Ok(Exit::Done),
            items => {
                let what = format!("{} not delivered", quantity::counted(items, "item"));
                Err(Failure::new(Exit::Failed, what).into())
            }
        }
    }

    fn exporter(&self) -> anyhow::Result<Exporter> {
        let batch = BatchOptions { items: self.batch_items.get(), bytes: BATCH_BYTES, delay: BATCH_DELAY };
        let mut builder = Exporter::builder()
            .on_full(OnFull::DropNew)
            .on_drop(|dropped| {
                if !is_handed_back(dropped.reason) {
                    say!("{dropped}");
                }
            })
            .on_partial(|partial| say!("{partial}"))
            .on_availability(|change| say!("{change}"))
            .shutdown_on_drop(Duration::ZERO);
        for Target { name, destination } in targets(self)? {
            builder = builder.destination(self.with_queue(&name, destination.gateway().batch(batch)));
        }
        Ok(builder.start()?)
    }

    /// The destination with its bounds, and with its directory if it is to have one.
    fn with_queue(&self, name: &str, destination: Destination) -> Destination {
        let bytes = usize::try_from(self.max_memory).unwrap_or(usize::MAX);
        let destination = destination.queue_items(MAX_ITEMS).queue_bytes(bytes);
        let Some(dir) = &self.queue_dir else { return destination };
        let options = DiskQueueOptions::default().with_fsync(self.fsync.into()).with_max_bytes(self.max_disk);
        destination.durable(dir.join(directory(name)), options)
    }

    /// Items that nobody will deliver any more.
    fn lost(&self, report: &Report) -> u64 {
        let total = report.total();
        let dropped: u64 =
            total.drops().filter(|(reason, _)| !is_handed_back(*reason)).map(|(_, items)| items).sum();
        dropped + if self.queue_dir.is_some() { 0 } else { total.pending }
    }
}

/// The name of a destination's directory: readable, and different for different destinations.
fn directory(name: &str) -> String {
    let readable: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect();
    // FNV-1a: the same in every version and on every machine.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{readable}-{hash:016x}")
}

/// Whether the sender was told to come again, and still has them.
const fn is_handed_back(reason: DropReason) -> bool {
    matches!(reason, DropReason::QueueFull | DropReason::DiskFull)
}
