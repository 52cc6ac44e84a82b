//! Client and server in one process over loopback: 16 requests of 512 spans, 4 in flight.

use std::future::Future;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use otlp_core::Batch;
use otlp_core::trace::TracesWriter;
use otlp_export::{Client, Outcome, Peer, Protocol, Server, Verdict};
use prost::Message as _;
use tokio::runtime::Runtime;

use super::write::write;
use crate::clock::Clock;
use crate::contest::{Contest, Target};
use crate::payload::row::{self, Group};
use crate::payload::{Payloads, trace};
use crate::peer::{hyper, sdk, tonic};

const REQUESTS: usize = 16;
const SPANS: usize = 512;
const IN_FLIGHT: usize = 4;

/// What is sent, in the form in which each side starts.
struct Load {
    rows: Vec<Vec<Group>>,
    encoded: Vec<Batch>,
    /// One for each request in flight, kept from round to round.
    writers: Vec<Mutex<TracesWriter>>,
}

fn load() -> Load {
    let rows: Vec<Vec<Group>> = (0..REQUESTS).map(|seed| row::groups(SPANS, seed as u64)).collect();
    let encoded = rows
        .iter()
        .map(|rows| {
            let mut writer = TracesWriter::new();
            write(&mut writer, rows);
            writer.finish()
        })
        .collect();
    Load { rows, encoded, writers: (0..IN_FLIGHT).map(|_| Mutex::default()).collect() }
}

/// Our server and a client for it.
async fn ours(protocol: Protocol) -> anyhow::Result<Client> {
    let sink = |batch: Batch, _: &Peer| {
        drop(std::hint::black_box(batch));
        Verdict::Accepted
    };
    let running = Server::builder(sink).grpc_and_http("127.0.0.1:0".parse()?).start().await?;
    let address = running.grpc_addr().context("the server listens")?;
    // It serves until the process ends.
    std::mem::forget(running);
    Ok(Client::builder().protocol(protocol).endpoint(&format!("http://{address}")).build()?)
}

/// Calls `send` for every request, [`IN_FLIGHT`] at a time, each from a task of its own.
fn all<F>(runtime: &Runtime, send: impl Fn(usize, usize) -> F + Clone + Send + Sync + 'static) -> u64
where
    F: Future<Output = ()> + Send,
{
    runtime.block_on(async {
        let tasks: Vec<_> = (0..IN_FLIGHT)
            .map(|lane| {
                let send = send.clone();
                tokio::spawn(async move {
                    for request in (lane..REQUESTS).step_by(IN_FLIGHT) {
                        send(lane, request).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no request fails");
        }
    });
    REQUESTS as u64
}

/// Rows through writer, client, server and parse.
fn from_rows(runtime: Arc<Runtime>, client: Client, load: Arc<Load>) -> impl FnMut() -> u64 {
    move || {
        let (client, load) = (client.clone(), load.clone());
        all(&runtime, move |lane, request| {
            let (client, load) = (client.clone(), load.clone());
            async move {
                let batch = {
                    let mut writer = load.writers[lane].lock().expect("no panic before");
                    write(&mut writer, &load.rows[request]);
                    writer.finish()
                };
                assert!(matches!(client.send(&batch).await.outcome, Outcome::Accepted));
                load.writers[lane].lock().expect("no panic before").recycle(batch);
            }
        })
    }
}

/// Encoded batches through client, server and parse.
fn from_batches(runtime: Arc<Runtime>, client: Client, load: Arc<Load>) -> impl FnMut() -> u64 {
    move || {
        let (client, load) = (client.clone(), load.clone());
        all(&runtime, move |_, request| {
            let (client, load) = (client.clone(), load.clone());
            async move {
                assert!(matches!(client.send(&load.encoded[request]).await.outcome, Outcome::Accepted));
            }
        })
    }
}

fn runtime() -> anyhow::Result<Arc<Runtime>> {
    Ok(Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?))
}

/// A contest on throughput, and the same on CPU time.
fn contests<'a, O, P>(
    works: [&'static str; 2],
    peer: &'static str,
    target: Target,
    ours: impl Fn() -> O,
    theirs: impl Fn() -> P,
) -> [Contest<'a>; 2]
where
    O: FnMut() -> u64 + 'a,
    P: FnMut() -> u64 + 'a,
{
    let contest = |work, clock, target| {
        Contest::new(work, "traces", REQUESTS * SPANS, ours()).clock(clock).against(peer, target, theirs())
    };
    [contest(works[0], Clock::Wall, target), contest(works[1], Clock::Process, Target::NONE)]
}

pub fn grpc(_: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let (runtime, load) = (runtime()?, Arc::new(load()));
    let client = runtime.block_on(ours(Protocol::Grpc))?;
    let peer = runtime.block_on(async { tonic::connect(tonic::serve().await?).await })?;
    let rows = contests(
        ["grpc, rows", "grpc, rows, CPU"],
        "tonic and prost on both sides, same windows",
        Target::NONE.aim(4.5),
        || from_rows(runtime.clone(), client.clone(), load.clone()),
        || {
            let (runtime, peer, load) = (runtime.clone(), peer.clone(), load.clone());
            move || {
                let (peer, load) = (peer.clone(), load.clone());
                all(&runtime, move |_, request| {
                    let (peer, load) = (peer.clone(), load.clone());
                    async move {
                        tonic::send(peer, trace::request(&load.rows[request])).await.expect("accepted");
                    }
                })
            }
        },
    );
    let exporter = runtime.block_on(async { sdk::exporter(tonic::serve().await?).map(Arc::new) })?;
    let end_to_end = contests(
        ["grpc, rows", "grpc, rows, CPU"],
        "opentelemetry-otlp, tonic and prost receive",
        Target::NONE,
        || from_rows(runtime.clone(), client.clone(), load.clone()),
        || {
            let (runtime, exporter, load) = (runtime.clone(), exporter.clone(), load.clone());
            move || {
                let (exporter, load) = (exporter.clone(), load.clone());
                all(&runtime, move |_, request| {
                    let (exporter, load) = (exporter.clone(), load.clone());
                    async move { sdk::send(&exporter, &load.rows[request]).await.expect("accepted") }
                })
            }
        },
    );
    let encoded = contests(
        ["grpc, encoded", "grpc, encoded, CPU"],
        "tonic sends the bytes, tonic and prost receive",
        Target::gate(3.0).aim(6.0),
        || from_batches(runtime.clone(), client.clone(), load.clone()),
        || {
            let (runtime, peer, load) = (runtime.clone(), peer.clone(), load.clone());
            move || {
                let (peer, load) = (peer.clone(), load.clone());
                all(&runtime, move |_, request| {
                    let (peer, bytes) = (peer.clone(), load.encoded[request].bytes().clone());
                    async move { tonic::send_encoded(peer, bytes).await.expect("accepted") }
                })
            }
        },
    );
    Ok(rows.into_iter().chain(end_to_end).chain(encoded).collect())
}

pub fn http(_: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let (runtime, load) = (runtime()?, Arc::new(load()));
    let client = runtime.block_on(ours(Protocol::HttpProtobuf))?;
    let address = runtime.block_on(hyper::serve())?;
    let peer = hyper::client();
    let rows = contests(
        ["http, rows", "http, rows, CPU"],
        "hyper and prost on both sides",
        Target::NONE.aim(5.0),
        || from_rows(runtime.clone(), client.clone(), load.clone()),
        || {
            let (runtime, peer, load) = (runtime.clone(), peer.clone(), load.clone());
            move || {
                let (peer, load) = (peer.clone(), load.clone());
                all(&runtime, move |_, request| {
                    let (peer, load) = (peer.clone(), load.clone());
                    async move {
                        let body = trace::request(&load.rows[request]).encode_to_vec();
                        hyper::send(peer, address, body.into()).await.expect("accepted");
                    }
                })
            }
        },
    );
    let encoded = contests(
        ["http, encoded", "http, encoded, CPU"],
        "hyper sends the bytes, hyper and prost receive",
        Target::NONE.aim(7.0),
        || from_batches(runtime.clone(), client.clone(), load.clone()),
        || {
            let (runtime, peer, load) = (runtime.clone(), peer.clone(), load.clone());
            move || {
                let (peer, load) = (peer.clone(), load.clone());
                all(&runtime, move |_, request| {
                    let (peer, bytes) = (peer.clone(), load.encoded[request].bytes().clone());
                    async move { hyper::send(peer, address, bytes).await.expect("accepted") }
                })
            }
        },
    );
    Ok(rows.into_iter().chain(encoded).collect())
}
