//! Taking a request in: checking it, and reading it.

use anyhow::Context as _;
use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::{Batch, Signal};
use prost::Message;

use crate::contest::{Contest, Target};
use crate::payload::{self, Payloads};
use crate::peer::{self, buffa, quick};
use crate::walk::{self, Checked, Parsed, Standard};

/// `Batch::parse`, with nothing read afterwards.
pub fn parse(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    contests(
        payloads,
        "parse",
        [Target::gate(4.0).aim(8.0).aim_mimalloc(5.0), Target::gate(1.8).aim(2.5)],
        |batch| Box::new(|| parsed(batch).items() as u64),
    )
}

/// Every field of a batch that is already parsed.
pub fn walk(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    contests(payloads, "walk", [Target::NONE.aim(11.0).aim_mimalloc(7.0), Target::NONE], |batch| {
        Box::new(|| walk::batch(batch))
    })
}

/// Every field, each text checked once more: what checking costs, and what it gains from words instead of bytes.
pub fn checked(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let view = batch.traces().context("traces")?;
    anyhow::ensure!(walk::traces::<Checked>(view) == walk::traces::<Standard>(view), "a check fails");
    let contest =
        Contest::new("walk, texts checked", "traces", batch.items(), move || walk::traces::<Checked>(view))
            .against("texts checked by the standard library", Target::gate(1.3).aim(1.6), move || {
                walk::traces::<Standard>(view)
            })
            .against("texts not checked", Target::NONE, move || walk::traces::<Parsed>(view));
    Ok(vec![contest])
}

/// Parsing, then every field.
pub fn both(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let mut all = contests(
        payloads,
        "parse+walk",
        [Target::NONE.aim(4.7).aim_mimalloc(2.8), Target::gate(1.8)],
        |batch| Box::new(|| walk::batch(&parsed(batch))),
    )?;
    // What validation is of it.
    let batch = &payloads.traces;
    all[0].add("walk alone", Target::NONE, || walk::batch(batch));
    Ok(all)
}

#[inline]
fn parsed(batch: &Batch) -> Batch {
    payload::parse(batch.signal(), batch.bytes().clone()).expect("a batch parses again")
}

/// One contest for each payload: the seeded traces against every peer, the others against prost.
fn contests<'a>(
    payloads: &'a Payloads,
    work: &'static str,
    [prost, buffa]: [Target; 2],
    ours: impl Fn(&'a Batch) -> Box<dyn FnMut() -> u64 + 'a>,
) -> anyhow::Result<Vec<Contest<'a>>> {
    let traces = &payloads.traces;
    let bytes = traces.bytes();
    let expected = walk::batch(traces);
    anyhow::ensure!(buffa::lazy(bytes)? == expected, "buffa reads something else");
    anyhow::ensure!(
        peer::prost::visit(&ExportTraceServiceRequest::decode(bytes.clone())?) == expected,
        "prost reads something else"
    );
    let first = Contest::new(work, "traces", traces.items(), ours(traces))
        .against("prost decode", prost, || decode::<ExportTraceServiceRequest>(bytes))
        .against("buffa lazy, all visited", buffa, || buffa::lazy(bytes).expect("valid"))
        .against("buffa eager view", Target::NONE, || buffa::eager(bytes).expect("valid"))
        .against("buffa owned", Target::NONE, || {
            buffa::owned(bytes).expect("valid").resource_spans.len() as u64
        })
        .against("quick-protobuf", Target::NONE, || {
            quick::decode(bytes).expect("valid").resource_spans.len() as u64
        });
    let mut all = vec![first];
    // The targets are for the seeded spans and the captures.
    let seeded = [("logs", &payloads.logs, Target::NONE), ("metrics", &payloads.metrics, Target::NONE)];
    let captures = payloads.captures.iter().map(|(name, batch)| (*name, batch, prost));
    for (name, batch, prost) in seeded.into_iter().chain(captures) {
        let bytes = batch.bytes();
        let contest = Contest::new(work, name, batch.items(), ours(batch));
        all.push(contest.against("prost decode", prost, move || match batch.signal() {
            Signal::Traces => decode::<ExportTraceServiceRequest>(bytes),
            Signal::Metrics => decode::<ExportMetricsServiceRequest>(bytes),
            _ => decode::<ExportLogsServiceRequest>(bytes),
        }));
    }
    Ok(all)
}

/// Decodes and drops; the length keeps the work from being optimised away.
fn decode<M: Message + Default>(bytes: &[u8]) -> u64 {
    let message = std::hint::black_box(M::decode(bytes).expect("valid"));
    drop(message);
    bytes.len() as u64
}
