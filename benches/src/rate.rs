//! A steady stream through client, wire, server and file writer: how long a request takes at 150,000 spans a second, and
//! the highest rate at which 99 of 100 requests still take less than 8 ms.
//!
//! The clock of a request starts when its turn is due, not when there was time to send it: a client that falls behind counts.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use otlp_core::Batch;
use otlp_export::{Client, Outcome, Protocol};
use serde_json::json;

use crate::payload::requests;
use crate::program::{Program, Scratch};

const SPANS: usize = 512;
const DIFFERENT: usize = 16;
/// What the issue asks for, and how long it is held.
const STEADY: usize = 150_000;
const STEADY_SECONDS: usize = 10;
/// The search begins here and goes up in such steps.
const STEP: usize = 100_000;
const FIRST: usize = 300_000;
const LAST: usize = 3_000_000;
const SEARCH_SECONDS: usize = 4;
const LIMIT: Duration = Duration::from_millis(8);
/// So many requests unanswered, and the stream has failed.
const UNANSWERED: usize = 4096;

/// What a stream showed.
struct Stream {
    p50: Duration,
    p99: Duration,
    worst: Duration,
    /// Requests not accepted, or never sent because too many were unanswered.
    failed: usize,
}

impl Stream {
    fn holds(&self) -> bool {
        self.failed == 0 && self.p99 < LIMIT
    }
}

/// Prints JSON lines: `transport`, `format`, `spans_per_second`, `p50_ms`, `p99_ms`, `worst_ms`, `failed`, `holds`.
pub fn run(otlp: &Path) -> anyhow::Result<()> {
    let requests: Arc<[Batch]> = requests(DIFFERENT, SPANS).into();
    for (transport, protocol) in [("gRPC", Protocol::Grpc), ("HTTP", Protocol::HttpProtobuf)] {
        for format in ["jsonl", "frames"] {
            let stream = measure(otlp, protocol, format, STEADY, STEADY_SECONDS, &requests)?;
            print(transport, format, STEADY, &stream);
        }
        let mut rate = FIRST;
        while rate <= LAST {
            let mut stream = measure(otlp, protocol, "frames", rate, SEARCH_SECONDS, &requests)?;
            if !stream.holds() {
                // Once more: another program may have had the machine.
                stream = measure(otlp, protocol, "frames", rate, SEARCH_SECONDS, &requests)?;
            }
            print(transport, "frames", rate, &stream);
            if !stream.holds() {
                break;
            }
            rate += STEP;
        }
    }
    Ok(())
}

fn print(transport: &str, format: &str, rate: usize, stream: &Stream) {
    let ms = |time: Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
    let row = json!({
        "transport": transport,
        "format": format,
        "spans_per_second": rate,
        "p50_ms": ms(stream.p50),
        "p99_ms": ms(stream.p99),
        "worst_ms": ms(stream.worst),
        "failed": stream.failed,
        "holds": stream.holds(),
    });
    println!("{row}");
    eprintln!("  {row}");
}

/// A server of its own for each stream, which writes into an empty folder.
fn measure(
    otlp: &Path,
    protocol: Protocol,
    format: &str,
    rate: usize,
    seconds: usize,
    requests: &Arc<[Batch]>,
) -> anyhow::Result<Stream> {
    let scratch = Scratch::new("rate")?;
    let mut command = Command::new(otlp);
    command.args(["receive", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--format", format, "-o"]);
    let server = Program::listening(command.arg(scratch.path()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let address = if protocol == Protocol::Grpc { server.grpc } else { server.http };
    let _entered = runtime.enter();
    let client = Client::builder().protocol(protocol).endpoint(&format!("http://{address}")).build()?;
    // A second to open connections and files.
    stream(&runtime, &client, rate.min(STEADY), 1, requests);
    Ok(stream(&runtime, &client, rate, seconds, requests))
}

/// This thread keeps the time, the runtime's threads send.
fn stream(
    runtime: &tokio::runtime::Runtime,
    client: &Client,
    rate: usize,
    seconds: usize,
    requests: &Arc<[Batch]>,
) -> Stream {
    let total = rate * seconds / SPANS;
    let taken = Arc::new(Mutex::new(Vec::with_capacity(total)));
    let mut tasks = Vec::with_capacity(total);
    let start = Instant::now();
    for number in 0..total {
        let due = start + Duration::from_secs_f64((number * SPANS) as f64 / rate as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if number - taken.lock().expect("no panic before").len() > UNANSWERED {
            break;
        }
        let (client, requests, taken) = (client.clone(), requests.clone(), taken.clone());
        tasks.push(runtime.spawn(async move {
            let outcome = client.send(&requests[number % requests.len()]).await.outcome;
            taken
                .lock()
                .expect("no panic before")
                .push((due.elapsed(), matches!(outcome, Outcome::Accepted)));
        }));
    }
    runtime.block_on(async {
        for task in tasks {
            let _ = task.await;
        }
    });
    let taken = taken.lock().expect("no panic before");
    let accepted = taken.iter().filter(|(_, accepted)| *accepted).count();
    let mut times: Vec<Duration> = taken.iter().map(|(time, _)| *time).collect();
    times.sort();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(Duration::MAX);
    let worst = times.last().copied().unwrap_or(Duration::MAX);
    Stream { p50: at(0.5), p99: at(0.99), worst, failed: total - accepted }
}
