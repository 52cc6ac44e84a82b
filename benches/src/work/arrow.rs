//! Against otel-arrow's views and its cutting of bytes.

use std::num::NonZeroUsize;

use anyhow::Context as _;

use crate::contest::{Contest, Target};
use crate::payload::{self, Payloads};
use crate::peer::arrow;
use crate::walk;

const PARTS: usize = 16;
const ITEMS: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
/// It checks neither wire format nor texts.
const VISIT: &str = "otel-arrow RawTraceData, all visited, nothing checked";

pub fn all(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let bytes = batch.bytes();
    anyhow::ensure!(arrow::visit(bytes) == walk::batch(batch), "otel-arrow reads something else");
    let view = batch.traces().context("traces")?;
    let visit = move || arrow::visit(bytes);
    let parsed = move || payload::parse(batch.signal(), bytes.clone()).expect("a batch parses again");
    let contest = |work, ours: Box<dyn FnMut() -> u64>, target| {
        Contest::new(work, "traces", batch.items(), ours).against(VISIT, target, visit)
    };

    anyhow::ensure!(otlp_simd::split_items(batch, ITEMS).len() == PARTS, "not {PARTS} parts");
    let shortest = (bytes.len() / PARTS) as u64;
    let most = (0..1000)
        .map(|step| shortest + step * 64)
        .find(|most| arrow::split(bytes, *most).is_ok_and(|parts| parts == PARTS))
        .context("otel-arrow makes as many parts")?;
    let split = Contest::new("split", "traces", batch.items(), move || {
        otlp_simd::split_items(batch, ITEMS).len() as u64
    })
    .against("otel-arrow make_bytes_batches, as many parts", Target::gate(1.6).aim(2.0), move || {
        arrow::split(bytes, most).expect("it did so before") as u64
    });
    Ok(vec![
        contest("parse", Box::new(move || parsed().items() as u64), Target::NONE.aim(1.1)),
        contest("walk", Box::new(move || walk::batch(batch)), Target::gate(1.4).aim(1.5)),
        contest(
            "walk, texts checked",
            Box::new(move || walk::traces::<walk::Checked>(view)),
            Target::gate(1.1).aim(1.7),
        ),
        contest("parse+walk", Box::new(move || walk::batch(&parsed())), Target::NONE),
        split,
    ])
}
