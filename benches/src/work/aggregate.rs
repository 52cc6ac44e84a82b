//! 8192 metric points into the 64 series that they are of.

use bytes::Bytes;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::{Batch, Signal};
use otlp_simd::aggregate::{Aggregation, aggregate};
use otlp_simd::kernel::{Kernels, Level};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::series::{self, Kind};
use crate::payload::{self, Payloads};
use crate::peer::aggregate::by_prost;

pub fn points(_: &Payloads) -> anyhow::Result<Vec<Contest<'static>>> {
    [
        ("64 gauges", Kind::Gauge),
        ("64 sums", Kind::Sum),
        ("64 histograms, 16 buckets", Kind::Histogram),
        ("64 exp. histograms, 120 buckets", Kind::Exponential),
    ]
    .into_iter()
    .map(|(payload, kind)| contest(payload, kind))
    .collect()
}

fn contest(payload: &'static str, kind: Kind) -> anyhow::Result<Contest<'static>> {
    let requests = series::requests(kind, 5);
    let batches = requests
        .iter()
        .map(|request| payload::parse(Signal::Metrics, request.encode_to_vec()))
        .collect::<anyhow::Result<Vec<Batch>>>()?;
    let bytes: Vec<Bytes> = batches.iter().map(|batch| batch.bytes().clone()).collect();
    let items = batches.iter().map(Batch::items).sum();
    let options = Aggregation::default();
    let ours = aggregate(&batches, &options);
    anyhow::ensure!(ours.report.problems.is_empty(), "{:?}", ours.report.problems);
    anyhow::ensure!(
        ExportMetricsServiceRequest::decode(ours.batch.into_bytes())?
            == ExportMetricsServiceRequest::decode(by_prost(&bytes).as_slice())?,
        "aggregate and prost make different points of {payload}"
    );

    let scalar = Kernels::at(Level::Scalar).expect("every processor is scalar");
    let plain = options.clone().with_kernels(scalar);
    let copies = batches.clone();
    Ok(Contest::new("aggregate 8192 points", payload, items, move || {
        aggregate(&batches, &options).batch.items() as u64
    })
    .against("prost decode, HashMap, encode", Target::NONE.aim(5.0), move || by_prost(&bytes).len() as u64)
    .against("the same on scalar kernels", Target::NONE.aim(1.3), move || {
        aggregate(&copies, &plain).batch.items() as u64
    }))
}
