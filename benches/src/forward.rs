//! Forwarders as programs of their own: requests of 512 spans come in by gRPC, 4 in flight; requests of 8192 spans go out by
//! gRPC, uncompressed. What counts is the forwarder's CPU time for a span that has arrived.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use otlp_core::Batch;
use otlp_export::{Client, Outcome, Peer, Protocol, Running, Server, Verdict};
use serde_json::json;

use crate::contest::Target;
use crate::payload::{Random, requests};
use crate::program::{Program, Scratch};

const SPANS: usize = 512;
/// Different requests, sent again and again.
const DIFFERENT: usize = 16;
/// Requests of a round.
const REQUESTS: usize = 320;
const IN_FLIGHT: usize = 4;
const ROUNDS: usize = 9;
/// How long a round's spans may take to arrive.
const ARRIVE: Duration = Duration::from_secs(60);
const PLAIN: &str = "forward, CPU";
/// It compresses with gzip over gRPC, whatever it is told: so it stands beside our relay with and without.
const ROTEL: &str = "rotel 0.0.1a15, which compresses with gzip";

/// Where the programs are.
#[derive(Default)]
pub struct Programs {
    pub relay: Option<PathBuf>,
    pub proxy: Option<PathBuf>,
    pub rotel: Option<PathBuf>,
}

/// One forwarder, and where what it forwards arrives.
struct Side {
    name: &'static str,
    program: Program,
    client: Client,
    sink: Arc<Sink>,
    _running: Running,
    /// CPU nanoseconds per span, a value a round.
    costs: Vec<f64>,
    lost: u64,
}

/// Which side against which, by their places.
struct Contest {
    work: &'static str,
    ours: usize,
    theirs: usize,
    target: Target,
}

#[derive(Default)]
struct Sink {
    spans: AtomicU64,
    compressed: AtomicBool,
}

/// Prints a JSON line for each peer, in the form of the other rows.
pub fn run(programs: &Programs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let requests: Arc<[Batch]> = requests(DIFFERENT, SPANS).into();
    let scratch = Scratch::new("forward")?;
    let relay = programs.relay.as_ref().context("--relay: where `otlp` is")?;
    let mut sides = Vec::new();
    let mut contests = Vec::new();
    for (name, compression) in [("otlp relay", "none"), ("otlp relay, gzip", "gzip")] {
        sides.push(runtime.block_on(side(name, |sink| {
            let mut command = Command::new(relay);
            command.args(["relay", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--protocol", "grpc"]);
            command.args(["--compression", compression, "--to"]).arg(format!("http://{sink}"));
            Program::listening(&mut command)
        }))?);
    }
    if let Some(proxy) = &programs.proxy {
        for (name, allocator, target) in [
            ("tonic and prost, the same work", "system", Target::gate(3.0).aim(4.0)),
            ("tonic and prost on mimalloc", "mimalloc", Target::NONE),
        ] {
            contests.push(Contest { work: PLAIN, ours: 0, theirs: sides.len(), target });
            sides.push(runtime.block_on(side(name, |sink| {
                let mut command = Command::new(proxy);
                command.env("OTLP_BENCH_ALLOCATOR", allocator).arg(sink.to_string());
                Program::listening(&mut command)
            }))?);
        }
    }
    if let Some(rotel) = &programs.rotel {
        let target = Target::NONE.aim(5.0);
        contests.push(Contest { work: PLAIN, ours: 0, theirs: sides.len(), target });
        contests.push(Contest { work: "forward with gzip, CPU", ours: 1, theirs: sides.len(), target });
        sides.push(runtime.block_on(side(ROTEL, |sink| {
            Program::on_port(|grpc| {
                let http = std::net::SocketAddr::new(grpc.ip(), 0);
                let mut command = Command::new(rotel);
                command.args(["start", "--otlp-grpc-endpoint"]).arg(grpc.to_string());
                command.arg("--otlp-http-endpoint").arg(http.to_string());
                command.args(["--exporter", "otlp", "--otlp-exporter-protocol", "grpc"]);
                command.args([
                    "--otlp-exporter-compression",
                    "none",
                    "--otlp-exporter-traces-compression",
                    "none",
                ]);
                command.arg("--otlp-exporter-endpoint");
                command.arg(format!("http://{sink}"));
                command.args(["--batch-max-size", "8192", "--batch-timeout", "200ms"]);
                command.arg("--pid-file").arg(scratch.path().join("pid"));
                command.arg("--log-file").arg(scratch.path().join("log"));
                command
            })
        }))?);
    }

    let mut random = Random::new(6);
    let mut order: Vec<usize> = (0..sides.len()).collect();
    for round in 0..=ROUNDS {
        order.sort_by_key(|_| random.next());
        for &index in &order {
            let cost = runtime.block_on(once(&mut sides[index], &requests))?;
            // The first round warms up.
            if round > 0 {
                sides[index].costs.push(cost);
            }
        }
    }
    report(&sides, &contests)
}

async fn side(
    name: &'static str,
    start: impl FnOnce(std::net::SocketAddr) -> anyhow::Result<Program>,
) -> anyhow::Result<Side> {
    let sink = Arc::new(Sink::default());
    let counting = sink.clone();
    let running = Server::builder(move |batch: Batch, peer: &Peer| {
        counting.spans.fetch_add(batch.items() as u64, Relaxed);
        counting.compressed.fetch_or(peer.content_coding() != "identity", Relaxed);
        Verdict::Accepted
    })
    .grpc("127.0.0.1:0".parse()?)
    .start()
    .await?;
    let program = start(running.grpc_addr().context("the sink listens")?).context(name)?;
    let endpoint = format!("http://{}", program.grpc);
    let client = Client::builder().protocol(Protocol::Grpc).endpoint(&endpoint).build()?;
    Ok(Side { name, program, client, sink, _running: running, costs: Vec::new(), lost: 0 })
}

/// Sends a round's requests through; gives the CPU nanoseconds per span that arrived.
async fn once(side: &mut Side, requests: &Arc<[Batch]>) -> anyhow::Result<f64> {
    let (cpu, before) = (side.program.cpu()?, side.sink.spans.load(Relaxed));
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|lane| {
            let (client, requests) = (side.client.clone(), requests.clone());
            tokio::spawn(async move {
                for request in (lane..REQUESTS).step_by(IN_FLIGHT) {
                    let batch = &requests[request % requests.len()];
                    loop {
                        match client.send(batch).await.outcome {
                            Outcome::Accepted => break,
                            Outcome::RetryLater { .. } => tokio::time::sleep(Duration::from_millis(5)).await,
                            other => panic!("a request was not taken: {other:?}"),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.with_context(|| side.name)?;
    }
    let sent = (REQUESTS * SPANS) as u64;
    let start = Instant::now();
    while side.sink.spans.load(Relaxed) - before < sent && start.elapsed() < ARRIVE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The last response is on its way.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let arrived = side.sink.spans.load(Relaxed) - before;
    ensure!(arrived > 0, "{} forwards nothing", side.name);
    side.lost += sent.saturating_sub(arrived);
    Ok((side.program.cpu()? - cpu).as_nanos() as f64 / arrived as f64)
}

fn report(sides: &[Side], contests: &[Contest]) -> anyhow::Result<()> {
    for side in sides {
        let mut costs = side.costs.clone();
        costs.sort_by(f64::total_cmp);
        eprintln!(
            "{}: {:.0} ns of CPU per span, {:.0} MiB at most{}{}",
            side.name,
            costs[costs.len() / 2],
            side.program.peak_mib()?,
            if side.lost > 0 { format!(", {} spans lost", side.lost) } else { String::new() },
            if side.sink.compressed.load(Relaxed) { ", compressed" } else { "" },
        );
    }
    for contest in contests {
        let (ours, peer) = (&sides[contest.ours], &sides[contest.theirs]);
        let mut ratios: Vec<f64> =
            peer.costs.iter().zip(&ours.costs).map(|(theirs, ours)| theirs / ours).collect();
        ratios.sort_by(f64::total_cmp);
        let rounded = |value: f64| (value * 1e3).round() / 1e3;
        let row = json!({
            "work": contest.work,
            "peer": peer.name,
            "payload": "traces",
            "ratio_median": rounded(ratios[ratios.len() / 2]),
            "ratio_p10": rounded(ratios[ratios.len() / 10]),
            "gate": contest.target.gate,
            "aim": contest.target.aim,
            "allocations_per_item": null,
            "peer_allocations_per_item": null,
            "allocator": "system",
            "rounds": ratios.len(),
            "peak_memory_ratio": rounded(peer.program.peak_mib()? / ours.program.peak_mib()?),
        });
        println!("{row}");
    }
    Ok(())
}
