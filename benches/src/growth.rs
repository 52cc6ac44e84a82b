//! How the cost of an operation grows with the number of items: linear growth is a flat line of cost per item.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use otlp_core::{Batch, Signal};
use serde_json::json;

use crate::allocator;
use crate::clock::Clock;
use crate::payload::{self, SPANS, row, trace};
use prost::Message as _;

const ITEMS: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// The size that the others are compared with.
const UNIT: usize = 1_000_000;
const PART: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
const REQUEST: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");
/// Rounds over all sizes, interleaved; the median counts.
const ROUNDS: usize = 7;
/// Each measurement handles at least so many items, small batches again and again.
const AT_LEAST: usize = 50_000;

/// Prints one JSON object for each operation and size: `work`, `items`, `cost_per_item` relative to that at 1,000,000, and
/// `memory_per_byte`, the most memory that the operation has at a time beside the batch, per byte of the batch.
pub fn run() -> anyhow::Result<()> {
    let batches = ITEMS.iter().map(|items| batch(*items)).collect::<anyhow::Result<Vec<_>>>()?;
    report("parse", &batches, |batch| {
        black_box(payload::parse(batch.signal(), batch.bytes().clone()).expect("a batch parses again"));
    });
    report("split into 512s", &batches, |batch| {
        black_box(otlp_simd::split_items(batch, PART));
    });
    let predicate = otlp_simd::Predicate::attribute("http.route").equals("/api/v1/orders");
    report("filter", &batches, |batch| {
        black_box(otlp_simd::filter(batch, &predicate));
    });
    report("copy of the bytes", &batches, |batch| {
        black_box(batch.bytes().to_vec());
    });
    let parts: Vec<Vec<Batch>> = batches.iter().map(|batch| otlp_simd::split_items(batch, REQUEST)).collect();
    drop(batches);
    report("regroup requests of 64", &parts, |parts| {
        black_box(otlp_simd::regroup(parts).expect("one signal"));
    });
    report("merge requests of 64", &parts, |parts| {
        black_box(otlp_simd::concat(parts).expect("one signal"));
    });
    Ok(())
}

/// `items` spans: the seeded payload again and again, and a part of it.
fn batch(items: usize) -> anyhow::Result<Batch> {
    let encoded = |spans| trace::request(&row::groups(spans, 1)).encode_to_vec();
    let mut bytes = encoded(SPANS).repeat(items / SPANS);
    // Eight groups of equal size; what is missing to a multiple of eight does not show.
    bytes.extend(encoded(items % SPANS));
    payload::parse(Signal::Traces, bytes)
}

/// A batch, or the parts of one.
trait Input {
    fn bytes(&self) -> usize;
}

impl Input for Batch {
    fn bytes(&self) -> usize {
        self.bytes().len()
    }
}

impl Input for Vec<Batch> {
    fn bytes(&self) -> usize {
        self.iter().map(Input::bytes).sum()
    }
}

fn report<T: Input>(work: &str, inputs: &[T], run: impl Fn(&T)) {
    eprintln!("  {work}");
    let mut costs = vec![Vec::new(); ITEMS.len()];
    for _ in 0..ROUNDS {
        for ((input, items), costs) in inputs.iter().zip(ITEMS).zip(&mut costs) {
            costs.push(cost(|| run(input), items));
        }
    }
    let medians: Vec<f64> = costs
        .iter_mut()
        .map(|costs| {
            costs.sort_by(f64::total_cmp);
            costs[ROUNDS / 2]
        })
        .collect();
    let unit = ITEMS.iter().position(|items| *items == UNIT).map_or(1.0, |index| medians[index]);
    for ((items, cost), input) in ITEMS.iter().zip(medians).zip(inputs) {
        let memory = allocator::peak(|| run(input)) as f64 / input.bytes() as f64;
        let [relative, memory] = [cost / unit, memory].map(|value| (value * 1e3).round() / 1e3);
        let row = json!({"work": work, "items": items, "cost_per_item": relative, "memory_per_byte": memory});
        println!("{row}");
    }
}

/// CPU seconds per item.
fn cost(run: impl Fn(), items: usize) -> f64 {
    run();
    let repeats = (AT_LEAST / items).max(1);
    let start = Clock::Thread.now();
    (0..repeats).for_each(|_| run());
    let taken: Duration = Clock::Thread.now() - start;
    taken.as_secs_f64() / (repeats * items) as f64
}
