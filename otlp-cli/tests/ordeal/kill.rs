//! `otlp relay --queue-dir` under load, killed at random moments with SIGKILL, and started again: nothing that a client saw
//! acknowledged is missing at the receiver, and what arrives twice is within its bound.
//!
//! `OTLP_KILL_SEEDS` sets how many runs there are (default 25), `OTLP_KILL_FIRST` the first seed. `cargo xtask kill` runs many.

use std::{
    collections::HashMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{fresh_tag, number, producer::Producer, receiver::Receiver, relay::Relay};

/// Requests that the relay has under way for one signal at most: its concurrency.
const UNDER_WAY: usize = 8;
/// How long the next acknowledged item may take to arrive after the last start. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run does, from its seed.
#[derive(Debug)]
struct Plan {
    /// Milliseconds under load before each kill.
    kills: Vec<u64>,
    /// The receiver refuses with 503 until this long after the last start.
    receiver_down: Option<Duration>,
    /// The queue's directory is bounded so closely that senders are sent away.
    small_disk: bool,
    fsync: &'static str,
    producers: usize,
    /// Items of a request to the receiver at most: small ones keep many requests under way.
    batch_items: &'static str,
    /// How long the receiver takes for an answer.
    receiver_takes: Duration,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        Self {
            kills: (0..=random(2)).map(|_| 5 + random(250)).collect(),
            receiver_down: (random(3) == 0).then(|| Duration::from_millis(random(400))),
            small_disk: random(5) == 0,
            fsync: ["batch", "interval", "never"][random(3) as usize],
            producers: 1 + random(4) as usize,
            batch_items: ["20", "300", "8192"][random(3) as usize],
            receiver_takes: Duration::from_millis([0, 1, 10, 50][random(4) as usize]),
        }
    }
}

#[test]
fn acknowledged_items_survive_kill_9() {
    let (first, seeds) = (number("OTLP_KILL_FIRST", 1), number("OTLP_KILL_SEEDS", 25));
    let (mut acknowledged, mut twice, mut repeated, mut kills) = (0, 0, 0, 0);
    for seed in first..first + seeds {
        let outcome = run(seed);
        acknowledged += outcome.acknowledged;
        twice += outcome.twice;
        repeated += outcome.repeated_requests;
        kills += outcome.kills;
        if seeds > 25 && (seed - first + 1).is_multiple_of(25) {
            eprintln!(
                "{} of {seeds} seeds: {kills} kills, {acknowledged} items acknowledged, 0 missing, {twice} twice",
                seed - first + 1
            );
        }
    }
    assert!(acknowledged > 0, "no item was acknowledged: the test proves nothing");
    eprintln!(
        "{seeds} seeds, {kills} kills: {acknowledged} items acknowledged, 0 missing, {twice} arrived twice in {repeated} requests that were sent again"
    );
}

struct Outcome {
    acknowledged: usize,
    twice: usize,
    repeated_requests: usize,
    kills: usize,
}

fn run(seed: u64) -> Outcome {
    let plan = Plan::of(seed);
    let dir = tempfile::tempdir().unwrap();
    let tag = fresh_tag();
    let receiver = Receiver::start(&tag, plan.receiver_takes);
    receiver.refuse(plan.receiver_down.is_some());
    let max_disk = if plan.small_disk { "256KiB" } else { "1GiB" };
    let queue = dir.path().to_str().unwrap();
    let args = [
        "--queue-dir",
        queue,
        "--fsync",
        plan.fsync,
        "--max-disk",
        max_disk,
        "--batch-items",
        plan.batch_items,
    ];
    let start = || Relay::start(&receiver.url(), &args);

    let mut acknowledged = Vec::new();
    let mut next = 0;
    for pause in &plan.kills {
        let relay = start();
        let producer = Producer::start(relay.http(), &tag, plan.producers, &mut next);
        std::thread::sleep(Duration::from_millis(*pause));
        relay.kill();
        acknowledged.extend(producer.stop());
    }

    let relay = start();
    if let Some(down) = plan.receiver_down {
        std::thread::sleep(down);
        receiver.refuse(false);
    }
    let mut missing = receiver.missing(&acknowledged);
    let mut progress = Instant::now();
    while !missing.is_empty() && progress.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        let still = receiver.missing(&missing);
        if still.len() < missing.len() {
            (missing, progress) = (still, Instant::now());
        }
    }
    let (_, account) = relay.stop();
    assert!(
        missing.is_empty(),
        "seed {seed}: {} of {} acknowledged items missing, first {:?}\n{plan:?}\n{account}",
        missing.len(),
        acknowledged.len(),
        &missing[..missing.len().min(10)]
    );
    let twice = twice(&receiver.accepted_requests(), plan.kills.len(), seed, &account);
    Outcome {
        acknowledged: acknowledged.len(),
        twice: twice.items,
        repeated_requests: twice.requests,
        kills: plan.kills.len(),
    }
}

struct Twice {
    items: usize,
    requests: usize,
}

/// Counts what the receiver accepted more than once, and checks it: a request that is sent again is the same as before, and there
/// are at most as many of them as were under way at the kills; nothing that no producer sent ever arrives.
fn twice(requests: &[Vec<u64>], kills: usize, seed: u64, account: &str) -> Twice {
    let mut seen: HashMap<&[u64], usize> = HashMap::new();
    for request in requests {
        *seen.entry(request).or_default() += 1;
    }
    let again: usize = seen.values().map(|times| times - 1).sum();
    let mut items: HashMap<u64, usize> = HashMap::new();
    for request in seen.keys() {
        for item in *request {
            *items.entry(*item).or_default() += 1;
        }
    }
    let mut wrong = String::new();
    for (item, times) in &items {
        // A producer gives each item to the relay once, so it is in one request, however often that one is sent.
        if *times > 1 {
            let _ = writeln!(wrong, "item {item} is in {times} different requests:");
            for (at, request) in requests.iter().enumerate().filter(|(_, request)| request.contains(item)) {
                let _ = writeln!(wrong, "  {at}: {request:?}");
            }
            break;
        }
    }
    assert!(wrong.is_empty(), "seed {seed}: {wrong}{account}");
    assert!(
        again <= kills * UNDER_WAY,
        "seed {seed}: {again} requests arrived again after {kills} kills\n{account}"
    );
    let items = seen.iter().map(|(request, times)| request.len() * (times - 1)).sum();
    Twice { items, requests: again }
}
