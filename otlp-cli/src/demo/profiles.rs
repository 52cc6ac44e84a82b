//! A small CPU profile, its samples linked to the spans that were active.

use std::collections::HashMap;

use otlp::Batch;
use otlp::profiles::{
    DictionaryWriter, Function, Line, Location, LocationId, ProfilesWriter, Sample, StackId,
};

use super::random::Random;
use super::service::{SCHEMA, Service, describe};
use super::story::{PlannedSpan, Story};

/// Nanoseconds between samples: 99 a second.
const PERIOD: i64 = 10_101_010;

/// Where a service's time goes: stacks, outermost first, with their weight.
type Work = &'static [(&'static [&'static str], u64)];

const PAYMENT: Work = &[
    (
        &[
            "main.main",
            "grpc.(*Server).serve",
            "main.(*Server).Charge",
            "main.(*Bank).charge",
            "tls.(*Conn).Write",
            "aes.gcmAesEnc",
        ],
        22,
    ),
    (
        &[
            "main.main",
            "grpc.(*Server).serve",
            "main.(*Server).Charge",
            "main.(*Bank).charge",
            "json.Marshal",
            "json.(*encodeState).reflectValue",
        ],
        16,
    ),
    (
        &[
            "main.main",
            "grpc.(*Server).serve",
            "main.(*Server).Charge",
            "main.(*Ledger).sign",
            "ecdsa.Sign",
            "bigmod.(*Nat).Mul",
        ],
        34,
    ),
    (
        &[
            "main.main",
            "grpc.(*Server).serve",
            "main.(*Server).Charge",
            "main.(*Ledger).sign",
            "sha256.block",
        ],
        12,
    ),
    (&["main.main", "grpc.(*Server).serve", "proto.Unmarshal"], 6),
    (&["runtime.gcBgMarkWorker", "runtime.scanobject"], 10),
];

const CHECKOUT: Work = &[
    (
        &[
            "main",
            "tokio::runtime::task::poll",
            "checkout::place_order",
            "checkout::price::total",
            "rust_decimal::ops::mul",
        ],
        31,
    ),
    (
        &[
            "main",
            "tokio::runtime::task::poll",
            "checkout::place_order",
            "serde_json::to_vec",
            "serde_json::ser::format_escaped_str",
        ],
        19,
    ),
    (&["main", "tokio::runtime::task::poll", "checkout::place_order", "kafka::produce", "lz4::compress"], 24),
    (&["main", "tokio::runtime::task::poll", "hyper::proto::h2::decode", "hpack::huffman::decode"], 17),
    (&["main", "tokio::runtime::park", "epoll_wait"], 9),
];

/// A profile of each of two services over the whole story.
pub(super) fn batch(stories: &[Story], random: &Random) -> Batch {
    let mut writer = ProfilesWriter::new();
    let (start, end) = match stories {
        [first, .., last] => (first.start, last.end),
        [only] => (only.start, only.end),
        [] => (0, 0),
    };
    for (service, work) in [(Service::Payment, PAYMENT), (Service::Checkout, CHECKOUT)] {
        let spans: Vec<&PlannedSpan> = stories
            .iter()
            .flat_map(|story| &story.spans)
            .filter(|span| span.service == service && span.kind == otlp::trace::SpanKind::Server)
            .take(40)
            .collect();
        let mut resource = writer.resource(|resource| describe!(resource, service.about()));
        resource.schema_url(SCHEMA);
        let mut scope = resource.scope("shop.profiler", "0.2.0");
        let mut profile = scope.profile("cpu", "nanoseconds");
        profile.times(start, end - start).period("cpu", "nanoseconds", PERIOD).id(random.id());
        let tables = profile.dictionary();
        let mut locations = HashMap::new();
        let stacks: Vec<StackId> =
            work.iter().map(|(names, _)| stack(tables, &mut locations, names)).collect();
        let links: Vec<_> = spans.iter().map(|span| tables.link(span.trace, span.id)).collect();
        for (stack, (names, weight)) in stacks.into_iter().zip(work) {
            // The runtime's own work belongs to no span.
            let linked = names.len() > 3;
            for _ in 0..*weight {
                let link = if linked && !links.is_empty() { random.pick(&links) } else { Default::default() };
                let time = start + random.below(end - start);
                profile.sample(&Sample {
                    stack,
                    link,
                    values: &[PERIOD],
                    timestamps: &[time],
                    ..Sample::default()
                });
            }
        }
    }
    writer.finish()
}

/// A stack of functions, given outermost first.
fn stack(
    tables: &mut DictionaryWriter,
    known: &mut HashMap<&'static str, LocationId>,
    names: &[&'static str],
) -> StackId {
    let locations: Vec<LocationId> = names
        .iter()
        .rev()
        .map(|name| {
            *known.entry(name).or_insert_with(|| {
                let text = tables.string(name);
                let function = tables.function(&Function { name: text, ..Function::default() });
                let line = Line { function, line: 1 + name.len() as i64 * 7, column: 0 };
                tables.location(&Location { lines: &[line], ..Location::default() })
            })
        })
        .collect();
    tables.stack(&locations)
}
