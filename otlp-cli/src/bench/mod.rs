//! `otlp bench`: load on an endpoint, and an account of every item by its sequence number.

mod histogram;
mod lane;
mod ledger;
mod payload;
mod report;

use std::{
    io::Write as _,
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context as _;
use clap::Args;
use otlp::{Client, Codec, Protocol, Signal, TlsOptions};
use tokio::sync::{mpsc, watch};

use self::{
    lane::Plan,
    ledger::{Ledger, Trouble},
    payload::Stamp,
    report::Report,
};
use crate::{
    arg::{self, HeaderArg},
    exit::{Exit, Failure},
    interrupt::Interrupt,
    progress::Progress,
    quantity,
    terminal::{printable, say, stdout},
};

/// Load an OTLP endpoint at a steady rate, and account for every item by its sequence number.
///
/// Requests are due at fixed times. Latency counts from the moment a request was due, not from when it could be sent, so that a server which
/// stalls cannot hide it; percentiles cover requests with an answer. Every item carries its number as attribute `otlp.bench.sequence`
/// (in a profile's id) and the run's as `otlp.bench.run`. submitted = accepted + rejected + lost: lost has no answer and is
/// not sent again, since it may have arrived; what the server asks to send later is, until --timeout, and counts as rejected
/// then. Each connection has one request under way; what was due and found all of them busy is unsent.
///
/// Exit codes: 0 all accepted, 1 items lost, 3 nobody answers, 4 rejected for good, 5 partial success, 6 the server asked for later until
/// the end.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// For HTTP the base URL, to which /v1/<signal> is appended unless it ends so; for gRPC scheme, host and port.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,

    /// Items a second over all connections; max: each connection sends as soon as it has its answer.
    #[arg(long, value_name = "N", default_value = "10000")]
    rate: Rate,

    /// For how long.
    #[arg(long, value_name = "N", value_parser = arg::duration, default_value = "10")]
    seconds: Duration,

    /// This many connections, up to 1024.
    #[arg(long, value_name = "N", default_value = "4")]
    connections: NonZeroUsize,

    /// Items in each request.
    #[arg(long, value_name = "N", default_value = "100")]
    batch_items: NonZeroU32,

    /// Which signal to send.
    #[arg(long, value_name = "SIGNAL", default_value = "traces")]
    signal: Signal,

    /// grpc, http/protobuf or http/json; by default http/protobuf.
    #[arg(long, value_name = "PROTOCOL", env = "OTLP_PROTOCOL", hide_env = true)]
    protocol: Option<Protocol>,

    /// Compression of requests: none, gzip, zstd, deflate, snappy, x-snappy-framed or lz4; by default gzip, to the local host none.
    #[arg(long, value_name = "CODEC", env = "OTLP_COMPRESSION", hide_env = true)]
    compression: Option<Codec>,

    /// A header with every request, such as authorization='Bearer TOKEN'; may be given several times.
    #[arg(long = "header", value_name = "K=V")]
    headers: Vec<HeaderArg>,

    /// Trust only this certificate authority (PEM).
    #[arg(long, value_name = "FILE", env = "OTLP_CA", hide_env = true)]
    ca: Option<PathBuf>,

    /// Time for each answer.
    #[arg(long, value_name = "DUR", value_parser = arg::duration, default_value = "10s")]
    timeout: Duration,

    /// Allow another host than this one: ask whoever runs it first.
    #[arg(long)]
    allow_remote: bool,

    /// Print the figures as one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp bench http://localhost:4318
  otlp bench http://localhost:4317 --protocol grpc --rate 200000 --seconds 30 --connections 8 --json";

/// Items a second, or as many as go.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    Items(f64),
    Max,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            Ok(rate) if (1e-3..=1e9).contains(&rate) => Ok(Self::Items(rate)),
            Err(_) if text == "max" => Ok(Self::Max),
            _ => Err("expected items a second, from 0.001 to 1e9, or max".to_owned()),
        }
    }
}

/// The longest run, and the longest wait for an answer.
const LONGEST: Duration = Duration::from_secs(86_400);

impl BenchArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        self.check()?;
        let clients = (0..self.connections.get()).map(|_| self.client()).collect::<Result<Vec<_>, _>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        runtime.block_on(self.load(clients))
    }

    fn check(&self) -> Result<(), Failure> {
        let Some(host) = host(&self.endpoint) else {
            let hint = "write http://HOST:PORT or https://HOST:PORT";
            return Err(Failure::usage("the endpoint does not start with http:// or https://").hint(hint));
        };
        if !self.allow_remote && !is_loopback(host) {
            let what =
                format!("{host} is not this machine, and a load test of another's server is an attack");
            return Err(Failure::usage(what).hint("add --allow-remote if that server may be loaded"));
        }
        if self.connections.get() > 1024 {
            return Err(Failure::usage("--connections is 1024 at most"));
        }
        if self.seconds.is_zero()
            || self.seconds > LONGEST
            || self.timeout.is_zero()
            || self.timeout > LONGEST
        {
            return Err(Failure::usage("--seconds and --timeout are above zero and a day at most"));
        }
        if self.batch_items.get() > 100_000 {
            return Err(Failure::usage("--batch-items is 100000 at most"));
        }
        Ok(())
    }

    fn protocol(&self) -> Protocol {
        self.protocol.unwrap_or_default()
    }

    /// A client with connections of its own.
    fn client(&self) -> Result<Client, Failure> {
        let local = host(&self.endpoint).is_some_and(is_loopback);
        let unset = if local { Codec::Identity } else { Codec::Gzip };
        let mut client = Client::builder()
            .protocol(self.protocol())
            .compression(self.compression.unwrap_or(unset))
            .timeout(self.timeout)
            .user_agent_prefix(concat!("otlp-bench/", env!("CARGO_PKG_VERSION")));
        let whole = self.protocol() != Protocol::Grpc && self.endpoint.ends_with(self.signal.http_path());
        client = match whole {
            true => client.signal_endpoint(self.signal, &self.endpoint),
            false => client.endpoint(&self.endpoint),
        };
        if let Some(ca) = &self.ca {
            client = client.tls(TlsOptions::new().ca_file(ca));
        }
        for header in &self.headers {
            let (name, value) = header.split()?;
            client = client.header(name, value);
        }
        client.build().map_err(|error| Failure::usage(error.to_string()))
    }

    fn plan(&self) -> Plan {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX / 2);
        let items = f64::from(self.batch_items.get());
        let (scheduled, interval) = match self.rate {
            Rate::Items(rate) => {
                let interval = Duration::from_secs_f64(items / rate).max(Duration::from_nanos(1));
                let requests = (self.seconds.as_secs_f64() / interval.as_secs_f64()).ceil();
                (Some((requests as u64).max(1)), interval)
            }
            Rate::Max => (None, Duration::ZERO),
        };
        Plan {
            signal: self.signal,
            stamp: Stamp { run: time >> 1, time },
            batch_items: u64::from(self.batch_items.get()),
            scheduled,
            interval,
            seconds: self.seconds,
            patience: self.timeout,
            started: Instant::now(),
            next: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            ever_answered: AtomicBool::new(false),
        }
    }

    async fn load(&self, clients: Vec<Client>) -> anyhow::Result<Exit> {
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let plan = Arc::new(self.plan());
        let (stop, stopped) = watch::channel(false);
        let (sender, mut ledgers) = mpsc::unbounded_channel();
        for client in clients {
            let (plan, stopped, sender) = (Arc::clone(&plan), stopped.clone(), sender.clone());
            let work = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let ledger = runtime.map(|runtime| runtime.block_on(plan.run(client, stopped)));
                // Nobody waits any more only if the whole has failed.
                let _ = sender.send(ledger);
            };
            thread::Builder::new()
                .name("otlp-bench".to_owned())
                .spawn(work)
                .context("cannot start a thread")?;
        }
        drop(sender);
        let progress = Progress::new();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        let mut total = Ledger::default();
        let mut interrupted = false;
        loop {
            tokio::select! {
                ledger = ledgers.recv() => match ledger {
                    Some(ledger) => {
                        let ledger = ledger.context("cannot start a runtime")?;
                        // Nobody is there: the other connections need not find out.
                        if ledger.troubles.contains_key(&Trouble::Unreachable) {
                            let _ = stop.send(true);
                        }
                        total.merge(ledger);
                    }
                    None => break,
                },
                () = interrupt.wait(), if !interrupted => {
                    interrupted = true;
                    let _ = stop.send(true);
                }
                _ = tick.tick() => progress.show(|| sentence(&plan)),
            }
        }
        progress.clear();
        let seconds = plan.started.elapsed().as_secs_f64();
        self.finish(&plan, &total, seconds)?;
        if interrupted {
            return Ok(Exit::Interrupted);
        }
        end(&total)?;
        Ok(Exit::Done)
    }

    fn finish(&self, plan: &Plan, ledger: &Ledger, seconds: f64) -> anyhow::Result<()> {
        let unsent = plan.scheduled.unwrap_or(0).saturating_mul(plan.batch_items);
        let report = Report {
            endpoint: self.endpoint.split(['?', '#']).next().unwrap_or_default(),
            protocol: self.protocol().as_str(),
            signal: self.signal.as_str(),
            connections: self.connections.get(),
            rate: match self.rate {
                Rate::Items(rate) => Some(rate),
                Rate::Max => None,
            },
            unsent: unsent.saturating_sub(ledger.submitted),
            seconds,
            ledger,
        };
        if self.json {
            writeln!(stdout(), "{}", report.json())?;
        } else {
            write!(stdout(), "{}", report.text())?;
        }
        Ok(())
    }
}

/// How far it is.
fn sentence(plan: &Plan) -> String {
    let answered = plan.answered.load(Ordering::Relaxed);
    let seconds = plan.started.elapsed().as_secs_f64();
    format!(
        "{:.0} of {:.0} s, {} items answered, {}/s",
        seconds,
        plan.seconds.as_secs_f64(),
        quantity::count(answered),
        quantity::count((answered as f64 / seconds.max(0.001)) as u64),
    )
}

/// How the run ends, told by the worst that happened; everything else that happened is said on stderr.
fn end(ledger: &Ledger) -> Result<(), Failure> {
    let mut troubles = ledger.troubles.iter();
    let Some((worst, (what, times))) = troubles.next() else { return Ok(()) };
    let told = |what: &str, times: u64| {
        let count = quantity::counted(times, "request");
        if times > 1 { format!("{} (the first of {count})", printable(what)) } else { printable(what) }
    };
    for (_, (what, times)) in troubles {
        say!("{}", told(what, *times));
    }
    let what = told(what, *times);
    Err(match worst {
        Trouble::Unreachable => Failure::new(Exit::Unreachable, what)
            .hint("start a server there with `otlp receive`, or ask `otlp doctor --endpoint URL`"),
        Trouble::Rejected => Failure::new(Exit::Rejected, what),
        Trouble::Lost => Failure::new(Exit::Failed, format!("items without an answer: {what}")),
        Trouble::Deferred => Failure::new(Exit::TimedOut, what),
        Trouble::Partial => Failure::new(Exit::Partial, what),
    })
}

/// The host of an `http` or `https` URL.
fn host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty()).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for local in
            ["http://localhost:4318", "HTTP://LocalHost", "http://127.0.0.1:1/x", "https://[::1]:4317"]
        {
            assert!(host(local).is_some_and(is_loopback), "{local}");
        }
        let remote =
            ["http://collector", "http://10.0.0.1:1", "http://localhost.example", "http://localhost@h"];
        for remote in remote {
            assert!(!host(remote).is_some_and(is_loopback), "{remote}");
        }
        assert!(host("localhost:4318").is_none() && host("ftp://localhost").is_none());
    }

    #[test]
    fn rates_are_numbers_or_max() {
        assert_eq!("1e3".parse(), Ok(Rate::Items(1000.0)));
        assert_eq!("max".parse(), Ok(Rate::Max));
        for wrong in ["0", "-1", "NaN", "inf", "fast", "1e99"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
