//! A receiver that keeps what it gets, servers around it, and batches to send.

use std::sync::{Arc, Mutex};

use otlp_core::{Batch, Limits, Signal};
use otlp_export::{Client, Outcome, Peer, Running, Server, ServerBuilder, Tracezip, Verdict};

/// One batch as the receiver saw it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) batch: Batch,
    pub(crate) coding: &'static str,
    pub(crate) wire_bytes: u64,
}

/// What a server has been given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<Kept>>>);

impl Shelf {
    pub(crate) fn all(&self) -> Vec<Kept> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn codings(&self) -> Vec<&'static str> {
        self.all().iter().map(|kept| kept.coding).collect()
    }

    fn keep(&self, batch: Batch, peer: &Peer) {
        let kept = Kept { batch, coding: peer.content_coding(), wire_bytes: peer.wire_bytes() };
        self.0.lock().unwrap().push(kept);
    }
}

/// A server on free ports that keeps everything.
pub(crate) async fn server(shelf: &Shelf) -> Running {
    start(builder(shelf)).await
}

pub(crate) type Closure = Box<dyn Fn(Batch, &Peer) -> Verdict + Send + Sync>;

pub(crate) fn builder(shelf: &Shelf) -> ServerBuilder<Closure> {
    let shelf = shelf.clone();
    let keep: Closure = Box::new(move |batch, peer: &Peer| {
        shelf.keep(batch, peer);
        Verdict::Accepted
    });
    Server::builder(keep)
}

pub(crate) async fn start(builder: ServerBuilder<Closure>) -> Running {
    let builder = builder.http("127.0.0.1:0".parse().unwrap());
    #[cfg(feature = "grpc")]
    let builder = builder.grpc("127.0.0.1:0".parse().unwrap());
    builder.start().await.unwrap()
}

pub(crate) fn http_url(running: &Running) -> String {
    format!("http://{}", running.http_addr().unwrap())
}

pub(crate) fn http(url: &str) -> Client {
    Client::builder().endpoint(url).tracezip(Tracezip::Stateless).build().unwrap()
}

/// A batch with `items` spans, different for each `seed`.
pub(crate) fn spans(seed: u64, items: usize) -> Batch {
    let names: Vec<String> = (0..items).map(|n| format!("GET /cart/{seed}/{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    otlp_export::testing::batch(Signal::Traces, &names)
}

/// The same bytes with a field that no version of the protocol has, as hostile and as future senders write it.
pub(crate) fn odd(batch: &Batch) -> Batch {
    let mut bytes = batch.bytes().to_vec();
    bytes.extend_from_slice(&[0xfa, 0x3e, 0x03, b'o', b'd', b'd']);
    Batch::parse(batch.signal(), bytes, &Limits::default()).unwrap()
}

pub(crate) async fn accepted(client: &Client, batch: &Batch) -> u64 {
    let delivery = client.send(batch).await;
    assert_eq!(delivery.outcome, Outcome::Accepted);
    delivery.wire_bytes
}
