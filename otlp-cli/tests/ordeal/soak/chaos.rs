//! The faults of the receiver: one request in many meets one, and now and then the whole server is gone.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use otlp::{
    rpc::Status,
    testing::{Reply, ScriptedServer},
};

/// What can go wrong with a request: how often in relation to the others, whether it takes answers with it, and the reply.
type Fault = (&'static str, u64, bool, fn(u64) -> Reply);
const FAULTS: [Fault; 11] = [
    ("503", 8, false, |_| Reply::retry_later(None)),
    ("503 with Retry-After", 2, false, |_| Reply::retry_later(Some(Duration::from_secs(1)))),
    ("502", 4, false, |_| Reply::refused(502, Status::new(14, "bad gateway"))),
    ("slow answer", 8, false, |n| Reply::accepted().delayed(Duration::from_millis(20 + n % 400))),
    ("partial success", 8, false, |n| Reply::partial(1 + n % 5, "too old")),
    ("GOAWAY with the answer", 4, false, |_| Reply::accepted().then_goaway()),
    ("GOAWAY", 4, true, |_| Reply::goaway()),
    ("reset before the answer", 4, true, |_| Reply::reset()),
    ("reset in the request", 4, true, |n| Reply::accepted().reset_request_at(n % 50_000)),
    ("answer cut off", 4, true, |n| Reply::accepted().close_response_at(1 + n % 15)),
    ("no answer in 10 s", 1, true, |_| Reply::hang()),
];
/// Requests that the relay has under way for one signal at most: its concurrency.
const UNDER_WAY: u64 = 8;
/// The time from one fault to the next, in milliseconds: at least, and so much more at most.
const BETWEEN: (u64, u64) = (50, 400);
/// The same for outages, and how long they last.
const BETWEEN_OUTAGES: (u64, u64) = (15_000, 30_000);
const OUTAGE: (u64, u64) = (500, 2000);

/// What has been done to the relay.
#[derive(Debug, Default, Clone)]
pub(super) struct Done {
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) outages: u64,
    /// Requests whose answers can have been lost with a connection, so that they are sent again, at most.
    pub(super) repeats: u64,
}

pub(super) struct Chaos {
    thread: JoinHandle<Done>,
    stop: Arc<AtomicBool>,
}

impl Chaos {
    /// `multiplexed`: a connection carries several requests. The first outage comes after `first`.
    pub(super) fn start(server: &ScriptedServer, multiplexed: bool, seed: u64, first: Duration) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let (server, stopped) = (server.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || run(&server, multiplexed, seed, first, &stopped));
        Self { thread, stop }
    }

    pub(super) fn stop(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn run(server: &ScriptedServer, multiplexed: bool, seed: u64, first: Duration, stop: &AtomicBool) -> Done {
    let mut random = random(seed);
    let mut between = |(least, more): (u64, u64)| Duration::from_millis(least + random() % more);
    let mut outage = Instant::now() + first;
    let mut done = Done::default();
    let mut draw = self::random(seed ^ 0x50AC);
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(between(BETWEEN));
        if Instant::now() >= outage {
            server.down();
            std::thread::sleep(between(OUTAGE));
            server.up();
            outage = Instant::now() + between(BETWEEN_OUTAGES);
            done.outages += 1;
            done.repeats += UNDER_WAY * super::SIGNALS.len() as u64;
            continue;
        }
        let total: u64 = FAULTS.iter().map(|(_, weight, ..)| weight).sum();
        let mut at = draw() % total;
        let drawn = FAULTS.iter().find(|(_, weight, ..)| {
            let found = at < *weight;
            at = at.saturating_sub(*weight);
            found
        });
        let Some((name, _, takes_answers, reply)) = drawn else { continue };
        server.push(reply(draw()));
        *done.faults.entry(name).or_default() += 1;
        if *takes_answers {
            done.repeats += if multiplexed { UNDER_WAY } else { 1 };
        }
    }
    done
}

/// Numbers that a seed determines.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 1
    }
}
