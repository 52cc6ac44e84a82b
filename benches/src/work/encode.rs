//! A tree of generated types into bytes.

use otlp_core::Signal;
use otlp_core::proto::Encode;
use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::{Batch, proto};
use prost::Message;

use crate::contest::{Contest, Target};
use crate::payload::Payloads;
use crate::peer::{buffa, quick};

const PROST: Target = Target::gate(2.2).aim(3.0);

pub fn tree(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let bytes = batch.bytes();
    let (owned, view, quick) = (buffa::owned(bytes)?, buffa::View::new(bytes)?, quick::decode(bytes)?);
    anyhow::ensure!(
        buffa::encode(&owned) == bytes[..] && view.encode() == bytes[..],
        "buffa encodes other bytes"
    );
    let first = contest::<ExportTraceServiceRequest>("traces", batch, PROST)?
        .against("buffa owned", Target::gate(1.4).aim(2.2), move || buffa::encode(&owned).len() as u64)
        .against("buffa view", Target::gate(1.1).aim(1.6), move || view.encode().len() as u64)
        .against("quick-protobuf", Target::NONE, move || quick::encode(&quick).expect("room").len() as u64);
    let mut all = vec![
        first,
        contest::<ExportLogsServiceRequest>("logs", &payloads.logs, Target::NONE)?,
        contest::<ExportMetricsServiceRequest>("metrics", &payloads.metrics, Target::NONE)?,
    ];
    for (name, batch) in &payloads.captures {
        all.push(match batch.signal() {
            Signal::Metrics => contest::<ExportMetricsServiceRequest>(name, batch, PROST)?,
            _ => contest::<ExportTraceServiceRequest>(name, batch, PROST)?,
        });
    }
    Ok(all)
}

fn contest<'a, M: Message + Default + Encode + 'a>(
    payload: &'static str,
    batch: &'a Batch,
    target: Target,
) -> anyhow::Result<Contest<'a>> {
    let tree = std::rc::Rc::new(M::decode(batch.bytes().clone())?);
    anyhow::ensure!(
        proto::encode(&*tree) == tree.encode_to_vec(),
        "the encoder and prost write different bytes"
    );
    let copy = tree.clone();
    Ok(Contest::new("encode a tree", payload, batch.items(), move || proto::encode(&*tree).len() as u64)
        .against("prost encode_to_vec", target, move || copy.encode_to_vec().len() as u64))
}
