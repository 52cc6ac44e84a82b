//! A receiver that keeps what it gets, servers around it, and batches to send.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use otlp_core::{Batch, Limits, Signal};
use otlp_export::{Client, Outcome, Peer, Running, Server, ServerBuilder, Tracezip, Verdict};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One batch as the receiver saw it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) batch: Batch,
    pub(crate) coding: &'static str,
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
        let kept = Kept { batch, coding: peer.content_coding() };
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

/// What the server has of a batch that was sent, once.
#[track_caller]
pub(crate) fn assert_each_once(shelf: &Shelf, sent: &[Batch]) {
    let mut kept: Vec<_> = shelf.all().into_iter().map(|kept| kept.batch.into_bytes()).collect();
    let mut wanted: Vec<_> = sent.iter().map(|batch| batch.bytes().clone()).collect();
    kept.sort();
    wanted.sort();
    assert!(kept == wanted, "{} batches sent, {} kept", wanted.len(), kept.len());
}

/// One address in front of several servers: each connection goes to the next, and breaks after so many bytes.
pub(crate) struct Proxy {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Proxy {
    /// `lasts` says of each connection, by its number, how many bytes from the client it lasts.
    pub(crate) async fn start(
        servers: impl Into<Vec<SocketAddr>>,
        lasts: impl Fn(usize) -> u64 + Send + 'static,
    ) -> Self {
        let servers = servers.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, sent) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let counter = Arc::clone(&sent);
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let Ok(server) = TcpStream::connect(servers[number % servers.len()]).await else { continue };
                tokio::spawn(carry(client, server, lasts(number), Arc::clone(&counter)));
            }
        });
        Self { address, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes from clients, as they came out of the socket.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

async fn carry(client: TcpStream, server: TcpStream, lasts: u64, counter: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let (mut left, mut buffer) = (lasts, vec![0; 64 << 10]);
        loop {
            let Ok(read) = from_client.read(&mut buffer).await else { return };
            let passed = left.min(read as u64) as usize;
            counter.fetch_add(read as u64, Ordering::Relaxed);
            left -= passed as u64;
            if read == 0 || to_server.write_all(&buffer[..passed]).await.is_err() || left == 0 {
                return;
            }
        }
    };
    let down = async {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
