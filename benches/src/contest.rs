//! One kind of work done by several sides, and the rounds that compare them.

use std::hint::black_box;
use std::time::Duration;

use crate::allocator;
use crate::clock::Clock;
use crate::payload::Random;
use crate::report::Row;

/// A way to do the work; returns something that depends on all of it.
pub type Run<'a> = Box<dyn FnMut() -> u64 + 'a>;

/// What the ratio against one peer should reach.
#[derive(Clone, Copy, Default)]
pub struct Target {
    /// Floor for the tenth percentile of the ratio.
    pub gate: Option<f64>,
    /// Aim for the median with the system's allocator.
    pub aim: Option<f64>,
    /// Aim for the median with mimalloc, where there is one.
    pub aim_mimalloc: Option<f64>,
}

impl Target {
    pub const NONE: Self = Self { gate: None, aim: None, aim_mimalloc: None };

    pub const fn gate(gate: f64) -> Self {
        Self { gate: Some(gate), ..Self::NONE }
    }

    pub const fn aim(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    pub const fn aim_mimalloc(mut self, aim: f64) -> Self {
        self.aim_mimalloc = Some(aim);
        self
    }

    fn aim_now(&self) -> Option<f64> {
        if allocator::name() == "mimalloc" { self.aim_mimalloc } else { self.aim }
    }
}

struct Peer<'a> {
    name: &'static str,
    run: Run<'a>,
    target: Target,
}

/// Ours against peers on one payload.
pub struct Contest<'a> {
    work: &'static str,
    payload: &'static str,
    items: usize,
    clock: Clock,
    ours: Run<'a>,
    peers: Vec<Peer<'a>>,
}

/// Work shorter than this is repeated within a round: a neighbour on the same machine empties the caches for a millisecond
/// at a time, which is to hit all sides alike.
const SHORTEST: Duration = Duration::from_millis(4);
/// Work longer than this is not warmed up: it has more data than the caches hold.
const LONG: Duration = Duration::from_millis(50);

impl<'a> Contest<'a> {
    pub fn new(
        work: &'static str,
        payload: &'static str,
        items: usize,
        ours: impl FnMut() -> u64 + 'a,
    ) -> Self {
        Self { work, payload, items, clock: Clock::Thread, ours: Box::new(ours), peers: Vec::new() }
    }

    /// Measures something else than this thread's CPU time.
    #[cfg(feature = "transport")]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub fn against(mut self, name: &'static str, target: Target, run: impl FnMut() -> u64 + 'a) -> Self {
        self.add(name, target, run);
        self
    }

    /// As [`Self::against`], for a contest that is made already.
    pub fn add(&mut self, name: &'static str, target: Target, run: impl FnMut() -> u64 + 'a) {
        self.peers.push(Peer { name, run: Box::new(run), target });
    }

    /// What it is about, for those who wait.
    pub fn title(&self) -> String {
        format!("{}, {}", self.work, self.payload)
    }

    /// All sides in each round, in random order; each once untimed, unless it is long, then timed.
    pub fn compare(mut self, rounds: usize) -> Vec<Row> {
        let count = |run: &mut Run<'_>| {
            black_box(run());
            allocator::counted(|| {
                black_box(run());
            }) as f64
        };
        let our_allocations = count(&mut self.ours) / self.items as f64;
        let peer_allocations: Vec<f64> =
            self.peers.iter_mut().map(|peer| count(&mut peer.run) / self.items as f64).collect();

        let clock = self.clock;
        let mut sides: Vec<&mut Run<'_>> = vec![&mut self.ours];
        sides.extend(self.peers.iter_mut().map(|peer| &mut peer.run));
        let once: Vec<Duration> = sides.iter_mut().map(|run| time(clock, run, 1)).collect();
        let repeats: Vec<u32> =
            once.iter().map(|once| (SHORTEST.as_nanos() / (once.as_nanos() | 1)) as u32 + 1).collect();
        let mut times = vec![Vec::with_capacity(rounds); sides.len()];
        let mut order: Vec<usize> = (0..sides.len()).collect();
        let mut random = Random::new(1);
        for _ in 0..rounds {
            order.sort_by_key(|_| random.next());
            for &side in &order {
                // What the side before left in caches and in the allocator is not this side's cost.
                if once[side] < LONG {
                    black_box(sides[side]());
                }
                times[side].push(time(clock, sides[side], repeats[side]).as_secs_f64());
            }
        }

        let (work, payload) = (self.work, self.payload);
        self.peers
            .iter()
            .zip(peer_allocations)
            .enumerate()
            .map(|(index, (peer, peer_allocations))| {
                let mut ratios: Vec<f64> =
                    times[index + 1].iter().zip(&times[0]).map(|(theirs, ours)| theirs / ours).collect();
                ratios.sort_by(f64::total_cmp);
                Row {
                    work,
                    peer: peer.name,
                    payload,
                    ratio_median: ratios[ratios.len() / 2],
                    ratio_p10: ratios[ratios.len() / 10],
                    gate: peer.target.gate,
                    aim: peer.target.aim_now(),
                    allocations_per_item: our_allocations,
                    peer_allocations_per_item: peer_allocations,
                    allocator: allocator::name(),
                    rounds,
                }
            })
            .collect()
    }

    /// One side alone, once, after a warm-up: for callgrind. Gives the number of items.
    pub fn one_side(mut self, peer: Option<&str>) -> Option<usize> {
        let mut run = match peer {
            None => self.ours,
            Some(name) => self.peers.extract_if(.., |peer| peer.name == name).next()?.run,
        };
        black_box(run());
        measured(&mut run);
        Some(self.items)
    }
}

fn time(clock: Clock, run: &mut Run<'_>, repeats: u32) -> Duration {
    let start = clock.now();
    for _ in 0..repeats {
        black_box(run());
    }
    (clock.now() - start) / repeats
}

/// What callgrind collects: it looks for this name.
#[inline(never)]
fn measured(run: &mut Run<'_>) {
    black_box(run());
}
