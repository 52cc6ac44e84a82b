//! A relay in memory and one with its queue on a disk, each at half of what it can carry, in front of receivers that misbehave
//! all the time: every acknowledged item arrives, the accounts balance, and memory is flat.
//!
//! `OTLP_SOAK_SECONDS` sets for how long (default 10), `OTLP_SOAK_TABLE` where the table goes besides stderr. `cargo xtask soak`
//! runs half an hour.

mod arrival;
mod chaos;
mod load;
mod payload;
mod watch;

use std::{
    fmt::Write as _,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use otlp::testing::ScriptedServer;

use self::{
    arrival::Arrivals,
    chaos::{Chaos, Done},
    load::{Load, Numbers, Sent},
    payload::SIGNALS,
    watch::{Memory, Watch},
};
use crate::{
    account::{Account, accounts},
    number,
    relay::Relay,
};

/// How long everything may take to arrive once nothing more is sent. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much a relay's memory may grow by its slope: this, or a tenth of its median.
const FLAT: f64 = (16 << 20) as f64;
/// The same in runs below [`LONG`], where an outage is a good part of the time.
const FLAT_IF_SHORT: f64 = (64 << 20) as f64;
const LONG: Duration = Duration::from_secs(300);
/// The relay's `--max-memory`, for each signal: so much may wait through an outage.
const MAX_MEMORY: &str = "32MiB";
const MIB: f64 = (1 << 20) as f64;

#[test]
fn a_long_time_of_faults_costs_no_item_and_no_memory() {
    let time = Duration::from_secs(number("OTLP_SOAK_SECONDS", 10).max(5));
    let dir = tempfile::tempdir().unwrap();
    let mut sides = [Side::in_memory(), Side::on_disk(dir.path().join("queue"))];
    calibrate(&mut sides, (time / 20).clamp(Duration::from_secs(2), Duration::from_secs(30)));

    let running: Vec<_> =
        sides.iter().enumerate().map(|(seed, side)| side.begin(seed as u64, time)).collect();
    let began = Instant::now();
    let between = (time / 600).max(Duration::from_millis(100));
    while began.elapsed() < time {
        std::thread::sleep(between);
        sides.iter_mut().for_each(Side::look);
    }
    let mut faults = Vec::new();
    let results: Vec<Result> = sides
        .into_iter()
        .zip(running)
        .map(|(side, (load, chaos))| {
            let result = side.end(load, chaos);
            faults.extend(result.faults(time));
            result
        })
        .collect();
    let mut text = table(&results, time);
    let _ = match faults.len() {
        0 => write!(text, "\nVerdict: passed.\n"),
        _ => write!(text, "\nVerdict: FAILED.\n\n- {}\n", faults.join("\n- ")),
    };
    eprintln!("{text}");
    if let Some(path) = std::env::var_os("OTLP_SOAK_TABLE") {
        std::fs::write(path, &text).unwrap();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A relay between its load and its receiver.
struct Side {
    name: &'static str,
    relay: Relay,
    server: ScriptedServer,
    arrivals: Arrivals,
    numbers: Arc<Numbers>,
    queue: Option<PathBuf>,
    /// Its connections carry several requests at a time.
    multiplexed: bool,
    /// Items a second that went through without faults.
    most: f64,
    sent: Sent,
    watch: Watch,
}

impl Side {
    fn in_memory() -> Self {
        let server = ScriptedServer::builder().http1().start().unwrap();
        let args = ["--protocol", "http/protobuf", "--max-memory", MAX_MEMORY];
        Self::start("in memory, forwards by HTTP/1.1", server, &args, None)
    }

    fn on_disk(queue: PathBuf) -> Self {
        let server = ScriptedServer::builder().http2().start().unwrap();
        let args = ["--protocol", "grpc", "--queue-dir", queue.to_str().unwrap(), "--max-disk", "1GiB"];
        let mut side =
            Self::start("queue on disk (fsync batch), forwards by gRPC", server, &args, Some(queue.clone()));
        side.multiplexed = true;
        side
    }

    fn start(name: &'static str, server: ScriptedServer, args: &[&str], queue: Option<PathBuf>) -> Self {
        let relay = Relay::start(&server.url(), &[args, &["--admin", "127.0.0.1:0"]].concat());
        Self {
            name,
            relay,
            arrivals: Arrivals::of(&server),
            server,
            numbers: Arc::default(),
            queue,
            multiplexed: false,
            most: 0.0,
            sent: Sent::default(),
            watch: Watch::new(),
        }
    }

    /// Half the load, all the faults.
    fn begin(&self, seed: u64, time: Duration) -> (Load, Chaos) {
        let load = Load::start(&self.relay, &self.numbers, Some(self.most / 2.0));
        let first = (time / 4).min(Duration::from_secs(20));
        (load, Chaos::start(&self.server, self.multiplexed, seed + 1, first))
    }

    fn look(&mut self) {
        self.watch.look(&self.relay, self.queue.as_deref());
    }

    /// Stops the load, waits until everything has arrived, and stops the relay.
    fn end(mut self, load: Load, chaos: Chaos) -> Result {
        let before = self.sent.acknowledged;
        let soaked = self.watch.elapsed();
        let done = chaos.stop();
        self.sent = self.sent.plus(load.stop());
        self.drain();
        let account = accounts(&self.relay).values().fold(Account::default(), Account::plus);
        let next = std::array::from_fn(|at| self.numbers[at].load(Ordering::Relaxed));
        let (code, said) = self.relay.stop();
        let (missing, strangers) = self.arrivals.compare(next);
        Result {
            name: self.name,
            most: self.most,
            reached: (self.sent.acknowledged - before) as f64 / soaked.as_secs_f64(),
            sent: self.sent,
            arrived: self.arrivals.so_far(),
            missing,
            strangers,
            account,
            done,
            memory: self.watch.memory(),
            watch: self.watch,
            code,
            said,
        }
    }

    /// Waits until everything that was acknowledged has arrived, and the relay knows it.
    fn drain(&self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let pending: u64 = accounts(&self.relay).values().map(|account| account.pending).sum();
            if pending == 0 && self.arrivals.so_far().items >= self.sent.acknowledged {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Finds how much goes through both at once while nothing goes wrong.
fn calibrate(sides: &mut [Side], time: Duration) {
    let loads: Vec<Load> = sides.iter().map(|side| Load::start(&side.relay, &side.numbers, None)).collect();
    // The first half fills the queues.
    std::thread::sleep(time / 2);
    let began = Instant::now();
    let before: Vec<u64> = sides.iter().map(|side| side.arrivals.so_far().items).collect();
    std::thread::sleep(time / 2);
    let seconds = began.elapsed().as_secs_f64();
    for (side, before) in sides.iter_mut().zip(before) {
        side.most = ((side.arrivals.so_far().items - before) as f64 / seconds).max(1000.0);
    }
    for (side, load) in sides.iter_mut().zip(loads) {
        side.sent = load.stop();
        side.drain();
        side.watch = Watch::new();
    }
}

/// How it went for one relay.
struct Result {
    name: &'static str,
    most: f64,
    reached: f64,
    sent: Sent,
    arrived: arrival::Arrived,
    missing: u64,
    strangers: u64,
    account: Account,
    done: Done,
    memory: Memory,
    watch: Watch,
    code: Option<i32>,
    said: String,
}

impl Result {
    /// What is not as it has to be.
    fn faults(&self, time: Duration) -> Vec<String> {
        let Self { sent, arrived, account, done, memory, watch, .. } = self;
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: String| {
            if !holds {
                faults.push(format!("{}: {what}", self.name));
            }
        };
        must(sent.acknowledged > 0, "nothing was acknowledged".to_owned());
        must(sent.unanswered == 0, format!("{} items without an answer", sent.unanswered));
        must(self.missing == 0, format!("{} acknowledged items missing", self.missing));
        must(self.strangers == 0, format!("{} items that nobody sent", self.strangers));
        must(arrived.mixed == 0, format!("{} requests joined anew when sent again", arrived.mixed));
        must(arrived.unreadable == 0, format!("{} requests that are none", arrived.unreadable));
        must(
            arrived.repeated_requests <= done.repeats,
            format!("{} requests arrived again, {} at most may", arrived.repeated_requests, done.repeats),
        );
        must(watch.unbalanced.is_empty(), format!("accounts that do not balance: {:?}", watch.unbalanced));
        let (handed_back, dropped) = (account.handed_back(), account.dropped_total());
        must(dropped == handed_back, format!("items dropped: {:?}", account.dropped));
        must(
            handed_back <= sent.handed_back,
            format!("{handed_back} handed back, clients saw {}", sent.handed_back),
        );
        must(
            account.submitted - handed_back == sent.acknowledged,
            format!(
                "{} items taken by the account, {} acknowledged",
                account.submitted - handed_back,
                sent.acknowledged
            ),
        );
        must(
            account.accepted + account.rejected == sent.acknowledged && account.pending == 0,
            format!("the account is not settled: {account:?}"),
        );
        must(
            account.rejected <= arrived.refused,
            format!("{} rejected, {} refused", account.rejected, arrived.refused),
        );
        must(self.code == Some(0), format!("the relay's exit code is {:?}", self.code));
        let least = if time >= LONG { FLAT.max(memory.median as f64 / 10.0) } else { FLAT_IF_SHORT };
        must(memory.growth <= least, format!("memory grew by {:.1} MiB", memory.growth / MIB));
        must(
            watch.threads.1 <= watch.threads.0 + 4,
            format!("threads from {} to {}", watch.threads.0, watch.threads.1),
        );
        faults
    }
}

/// The run as a table in Markdown.
fn table(results: &[Result], time: Duration) -> String {
    type Row = (&'static str, fn(&Result) -> String);
    const ROWS: [Row; 14] = [
        ("most without faults, items/s", |r| count(r.most as u64)),
        ("sent, items/s", |r| count(r.reached as u64)),
        ("acknowledged, items", |r| count(r.sent.acknowledged)),
        ("of these missing", |r| count(r.missing)),
        ("handed back, sent again", |r| count(r.sent.handed_back)),
        ("account: accepted + rejected", |r| {
            format!("{} + {}", count(r.account.accepted), count(r.account.rejected))
        }),
        ("account: dropped, pending", |r| {
            let given_up = r.account.dropped_total() - r.account.handed_back();
            format!("{}, {}", count(given_up), count(r.account.pending))
        }),
        ("accounts read, unbalanced", |r| {
            format!("{}, {}", count(r.watch.accounts), count(r.watch.unbalanced.len() as u64))
        }),
        ("requests, of these retries", |r| {
            format!("{}, {}", count(r.account.requests), count(r.account.retries))
        }),
        ("arrived again (answer lost)", |r| {
            format!(
                "{} items in {} requests",
                count(r.arrived.repeated_items),
                count(r.arrived.repeated_requests)
            )
        }),
        ("memory: median, peak", |r| {
            format!("{:.1} MiB, {:.1} MiB", r.memory.median as f64 / MIB, r.memory.peak as f64 / MIB)
        }),
        ("memory: slope", |r| {
            format!("{:+.1} MiB/h, {:+.1} MiB in all", r.memory.slope / MIB, r.memory.growth / MIB)
        }),
        ("open files, threads at most", |r| format!("{}, {}", r.watch.files.1, r.watch.threads.1)),
        ("queue on disk at most", |r| match r.watch.disk {
            0 => "–".to_owned(),
            bytes => format!("{:.0} MiB", bytes as f64 / MIB),
        }),
    ];
    let mut text = format!("{} minutes of faults.\n\n|", (time.as_secs_f64() / 6.0).round() / 10.0);
    results.iter().for_each(|result| _ = write!(text, " | {}", result.name));
    text.push_str(" |\n|---");
    results.iter().for_each(|_| text.push_str("|--:"));
    text.push_str("|\n");
    for (name, cell) in ROWS {
        let _ = write!(text, "| {name}");
        results.iter().for_each(|result| _ = write!(text, " | {}", cell(result)));
        text.push_str(" |\n");
    }
    for name in results[0].done.faults.keys() {
        let _ = write!(text, "| fault: {name}");
        let times = results.iter().map(|result| result.done.faults.get(name).copied().unwrap_or(0));
        times.for_each(|times| _ = write!(text, " | {}", count(times)));
        text.push_str(" |\n");
    }
    text.push_str("| the receiver gone for a while");
    results.iter().for_each(|result| _ = write!(text, " | {}", count(result.done.outages)));
    text.push_str(" |\n");
    for result in results {
        let _ = write!(text, "\n```text\n{}```\n", result.said);
    }
    text
}

/// `1,234,567`.
fn count(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", count(number / 1000), number % 1000),
    }
}
