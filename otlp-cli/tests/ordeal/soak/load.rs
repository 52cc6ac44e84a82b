//! Clients that send numbered items at a steady rate, and again what the relay hands back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use otlp::{Client, Outcome, Protocol};

use super::payload::{self, SIGNALS};
use crate::relay::Relay;

/// Items of a request.
const ITEMS: u64 = 250;
/// Clients of a relay, half of each protocol: enough that a queue on a disk has several requests for each sync.
const CLIENTS: usize = 8;
/// How long a client waits that was told to come again. Shorter than it was told, to keep the queue full where it is.
const AGAIN: Duration = Duration::from_millis(50);
/// A client that is later than this does not catch up any more.
const LATE: Duration = Duration::from_secs(5);

/// What became of what was sent, in items.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sent {
    pub(super) acknowledged: u64,
    /// The relay had no room, and said so; each time counted.
    pub(super) handed_back: u64,
    /// The relay may have them, or not.
    pub(super) unanswered: u64,
}

/// The next number of each signal.
pub(super) type Numbers = [AtomicU64; SIGNALS.len()];

pub(super) struct Load {
    threads: Vec<JoinHandle<Sent>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Sends so many items a second; without a rate, as many as are taken.
    pub(super) fn start(relay: &Relay, numbers: &Arc<Numbers>, rate: Option<f64>) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let interval = rate.map(|rate| Duration::from_secs_f64((ITEMS * CLIENTS as u64) as f64 / rate));
        let threads = (0..CLIENTS).map(|client| {
            let (protocol, endpoint) = match client % 2 {
                0 => (Protocol::HttpProtobuf, relay.http()),
                _ => (Protocol::Grpc, relay.grpc()),
            };
            // Longer than any wait in the relay, so that every request has an answer.
            let client =
                Client::builder().protocol(protocol).endpoint(endpoint).timeout(Duration::from_secs(60));
            let client = client.build().unwrap();
            let (stop, numbers) = (Arc::clone(&stop), Arc::clone(numbers));
            std::thread::spawn(move || run(&client, &numbers, interval, &stop))
        });
        Self { threads: threads.collect(), stop }
    }

    /// Stops, once everything under way has been taken.
    pub(super) fn stop(self) -> Sent {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).fold(Sent::default(), Sent::plus)
    }
}

impl Sent {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            handed_back: self.handed_back + other.handed_back,
            unanswered: self.unanswered + other.unanswered,
        }
    }
}

fn run(client: &Client, numbers: &Numbers, interval: Option<Duration>, stop: &AtomicBool) -> Sent {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut sent = Sent::default();
    let mut due = Instant::now();
    for at in (0..SIGNALS.len()).cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let first = numbers[at].fetch_add(ITEMS, Ordering::Relaxed);
        let batch = payload::batch(SIGNALS[at], first..first + ITEMS);
        if let Some(interval) = interval {
            due = (due + interval).max(Instant::now().checked_sub(LATE).unwrap_or(due));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        loop {
            match runtime.block_on(client.send(&batch)).outcome {
                Outcome::Accepted => break,
                Outcome::RetryLater { after: Some(_), .. } => {
                    sent.handed_back += ITEMS;
                    std::thread::sleep(AGAIN);
                }
                outcome => {
                    eprintln!("the relay gives a client no answer: {outcome}");
                    sent.unanswered += ITEMS;
                    std::thread::sleep(AGAIN);
                }
            }
        }
        sent.acknowledged += ITEMS;
    }
    sent
}
