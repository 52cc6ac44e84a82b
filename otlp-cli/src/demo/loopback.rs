//! The real path: clients of every lane, a server on loopback, and what its receiver saw.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use otlp::{Batch, Client, Outcome, Peer, Protocol, Running, Server, Signal, Tracezip, Verdict};

use super::fingerprint;
use super::ledger::{Book, LANES, Lane, Tally};

/// A server with its receiver.
#[derive(Debug)]
pub(super) struct Loopback {
    running: Running,
    shelf: Arc<Shelf>,
}

/// What has been received.
#[derive(Debug, Default)]
struct Shelf {
    book: Mutex<Book>,
    /// Batches of [`KEPT`], to be shown.
    kept: Mutex<Vec<Batch>>,
}

/// The lane whose batches are kept and shown.
const KEPT: usize = 2;
/// Batches that are kept: a round. Longer runs are only counted.
const MOST_KEPT: usize = super::workload::BATCHES;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// Counts a batch under the lane on which it came, as the server saw it.
    fn receive(&self, batch: Batch, peer: &Peer) -> Verdict {
        let on =
            |lane: &Lane| lane.protocol == peer.protocol() && lane.content_coding() == peer.content_coding();
        let Some(lane) = LANES.iter().position(on) else {
            return Verdict::invalid(format!("the demo sends nothing with {}", peer.content_coding()));
        };
        let tally = tally(&batch, peer.wire_bytes());
        lock(&self.book)[lane][batch.signal() as usize].add(&tally);
        if lane == KEPT {
            let mut kept = lock(&self.kept);
            if kept.len() < MOST_KEPT {
                kept.push(batch);
            }
        }
        Verdict::Accepted
    }
}

/// A batch in numbers.
fn tally(batch: &Batch, wire: u64) -> Tally {
    Tally { requests: 1, items: batch.items() as u64, wire, fingerprint: fingerprint::of(batch) }
}

impl Loopback {
    /// Starts the server on free ports.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let shelf = Arc::new(Shelf::default());
        let receiver = Arc::clone(&shelf);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let running = Server::builder(move |batch: Batch, peer: &Peer| receiver.receive(batch, peer))
            .grpc(any)
            .http(any)
            .start()
            .await
            .context("cannot start the demo's server on loopback")?;
        Ok(Self { running, shelf })
    }

    /// Where the server listens.
    fn endpoint(&self, protocol: Protocol) -> anyhow::Result<String> {
        let address = match protocol {
            Protocol::Grpc => self.running.grpc_addr(),
            _ => self.running.http_addr(),
        };
        Ok(format!("http://{}", address.context("the demo's server has no address")?))
    }

    /// Sends all batches over all lanes at once; gives what the client says of each lane, and what went wrong.
    pub(super) async fn send(&self, batches: &[Batch]) -> anyhow::Result<(Book, Vec<String>)> {
        let mut tasks = Vec::new();
        for lane in LANES {
            let client = Client::builder()
                .protocol(lane.protocol)
                .endpoint(&self.endpoint(lane.protocol)?)
                .compression(lane.codec)
                .tracezip(lane.tracezip)
                .build()
                .context("cannot make the demo's client")?;
            tasks.push(tokio::spawn(send_all(client, lane, batches.to_vec())));
        }
        let mut book = Book::default();
        let mut problems = Vec::new();
        for (index, task) in tasks.into_iter().enumerate() {
            let (tallies, failed) = task.await.context("a sender of the demo has died")?;
            book[index] = tallies;
            problems.extend(failed);
        }
        Ok((book, problems))
    }

    /// Ends the server; gives what it received and the batches that were kept.
    pub(super) async fn finish(self) -> (Book, Vec<Batch>) {
        self.running.shutdown(Duration::from_secs(5)).await;
        let book = *lock(&self.shelf.book);
        let kept = std::mem::take(&mut *lock(&self.shelf.kept));
        (book, kept)
    }
}

async fn send_all(client: Client, lane: Lane, batches: Vec<Batch>) -> ([Tally; 4], Vec<String>) {
    let mut tallies = [Tally::default(); 4];
    let mut problems = Vec::new();
    if lane.tracezip != Tracezip::Off {
        // Who has had an answer knows what the server takes; nothing at all is answered too, and counted nowhere.
        for signal in Signal::ALL {
            let _ = client.send(&Batch::empty(signal)).await;
        }
    }
    for batch in batches {
        let delivery = client.send(&batch).await;
        tallies[batch.signal() as usize].add(&tally(&batch, delivery.wire_bytes));
        if delivery.outcome != Outcome::Accepted {
            let (protocol, compression) = (lane.protocol, lane.compression());
            problems.push(format!(
                "{} over {protocol} with {compression}: {}",
                batch.signal(),
                delivery.outcome
            ));
        }
    }
    (tallies, problems)
}
