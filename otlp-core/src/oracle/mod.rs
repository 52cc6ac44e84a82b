//! Tests against prost: random encodings with every oddity that protobuf allows, read by both.

pub(crate) mod resolve;
mod tree;

use proptest::prelude::*;
use prost::Message as _;

use crate::proto::collector::logs::v1::ExportLogsServiceRequest;
use crate::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use crate::proto::collector::trace::v1::ExportTraceServiceRequest;
use crate::proto::metrics::v1::metric::Data;
pub(crate) use crate::random::{self, Random};
use crate::wire::{LEN, put_key, put_len, put_varint};
use crate::{Batch, Limits, ProfilesLayout, Signal};

/// A decoded request of any signal.
#[derive(Debug)]
pub(crate) enum Tree {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
    Profiles(ExportProfilesServiceRequest),
}

impl Tree {
    /// What prost makes of the bytes.
    pub(crate) fn decode(signal: Signal, bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        Ok(match signal {
            Signal::Traces => Self::Traces(ExportTraceServiceRequest::decode(bytes)?),
            Signal::Metrics => Self::Metrics(ExportMetricsServiceRequest::decode(bytes)?),
            Signal::Logs => Self::Logs(ExportLogsServiceRequest::decode(bytes)?),
            Signal::Profiles => Self::Profiles(ExportProfilesServiceRequest::decode(bytes)?),
        })
    }

    /// The same message built from what the views say.
    pub(crate) fn viewed(batch: &Batch) -> Self {
        match batch.signal() {
            Signal::Traces => Self::Traces(tree::traces(batch.traces().unwrap())),
            Signal::Metrics => Self::Metrics(tree::metrics(batch.metrics().unwrap())),
            Signal::Logs => Self::Logs(tree::logs(batch.logs().unwrap())),
            Signal::Profiles => Self::Profiles(tree::profiles(batch.profiles().unwrap())),
        }
    }

    /// prost's encoding, in which NaN equals NaN.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Traces(tree) => tree.encode_to_vec(),
            Self::Metrics(tree) => tree.encode_to_vec(),
            Self::Logs(tree) => tree.encode_to_vec(),
            Self::Profiles(tree) => tree.encode_to_vec(),
        }
    }

    /// Our own encoding of the same tree.
    fn encode_backward(&self) -> Vec<u8> {
        use crate::proto::encode;
        match self {
            Self::Traces(tree) => encode(tree).to_vec(),
            Self::Metrics(tree) => encode(tree).to_vec(),
            Self::Logs(tree) => encode(tree).to_vec(),
            Self::Profiles(tree) => encode(tree).to_vec(),
        }
    }

    /// Each item as text, with its resource, scope and metric around it.
    pub(crate) fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        match self {
            Self::Traces(tree) => {
                for group in &tree.resource_spans {
                    for scope in &group.scope_spans {
                        let head = (&group.resource, &group.schema_url, &scope.scope, &scope.schema_url);
                        rows.extend(scope.spans.iter().map(|item| format!("{head:?} {item:?}")));
                    }
                }
            }
            Self::Logs(tree) => {
                for group in &tree.resource_logs {
                    for scope in &group.scope_logs {
                        let head = (&group.resource, &group.schema_url, &scope.scope, &scope.schema_url);
                        rows.extend(scope.log_records.iter().map(|item| format!("{head:?} {item:?}")));
                    }
                }
            }
            Self::Profiles(tree) => {
                rows = resolve::profiles(tree);
            }
            Self::Metrics(tree) => {
                for group in &tree.resource_metrics {
                    for scope in &group.scope_metrics {
                        for metric in &scope.metrics {
                            let head = (&group.resource, &group.schema_url, &scope.scope, &scope.schema_url);
                            let name = (&metric.name, &metric.description, &metric.unit, &metric.metadata);
                            rows.extend(
                                tree::points(metric).iter().map(|item| format!("{head:?} {name:?} {item}")),
                            );
                        }
                    }
                }
            }
        }
        rows
    }

    /// Items as partial success counts them.
    fn items(&self) -> usize {
        match self {
            Self::Traces(tree) => tree
                .resource_spans
                .iter()
                .flat_map(|group| &group.scope_spans)
                .map(|group| group.spans.len())
                .sum(),
            Self::Metrics(tree) => tree
                .resource_metrics
                .iter()
                .flat_map(|group| &group.scope_metrics)
                .flat_map(|group| &group.metrics)
                .map(|metric| match &metric.data {
                    None => 0,
                    Some(Data::Gauge(data)) => data.data_points.len(),
                    Some(Data::Sum(data)) => data.data_points.len(),
                    Some(Data::Histogram(data)) => data.data_points.len(),
                    Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
                    Some(Data::Summary(data)) => data.data_points.len(),
                })
                .sum(),
            Self::Logs(tree) => tree
                .resource_logs
                .iter()
                .flat_map(|group| &group.scope_logs)
                .map(|group| group.log_records.len())
                .sum(),
            Self::Profiles(tree) => tree
                .resource_profiles
                .iter()
                .flat_map(|group| &group.scope_profiles)
                .map(|group| group.profiles.len())
                .sum(),
        }
    }
}

/// Limits under which only prost's own rules refuse.
fn as_prost() -> Limits {
    Limits::default().with_profiles_layout(ProfilesLayout::Current)
}

fn signal() -> impl Strategy<Value = Signal> {
    prop::sample::select(&Signal::ALL[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 4096 }))]

    /// Whatever protobuf allows parses, counts as prost counts, and reads as prost reads, field for field.
    #[test]
    fn odd_encodings_read_as_prost_reads_them(signal in signal(), seed: u64, size in 1..400_usize) {
        let bytes = Random::new(seed).request(signal, size);
        let tree = Tree::decode(signal, &bytes).expect("the generator makes valid messages");
        let batch = Batch::parse(signal, bytes.clone(), &as_prost()).unwrap();
        prop_assert_eq!(batch.bytes(), &bytes);
        prop_assert_eq!(batch.items(), tree.items());
        prop_assert_eq!(Tree::viewed(&batch).encode(), tree.encode());
        prop_assert_eq!(tree.encode_backward(), tree.encode());
        prop_assert!(batch.canonical().len() <= bytes.len());
        // Debug output walks every view; it must end.
        let debug = format!("{:?}{:?}{:?}{:?}", batch.traces(), batch.metrics(), batch.logs(), batch.profiles());
        prop_assert!(debug.contains("View"));
    }

    /// Damaged bytes are accepted exactly when prost accepts them.
    #[test]
    fn damaged_bytes_are_judged_as_prost_judges_them(
        signal in signal(),
        seed: u64,
        size in 1..120_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut bytes = Random::new(seed).request(signal, size);
        for (at, byte, how) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, byte),
                _ => bytes[at] ^= 1 << (byte % 8),
            }
        }
        let tree = Tree::decode(signal, &bytes);
        match Batch::parse(signal, bytes.clone(), &as_prost()) {
            Ok(batch) => {
                prop_assert!(tree.is_ok(), "prost refuses: {:?}", tree);
                let tree = tree.unwrap();
                prop_assert_eq!(batch.items(), tree.items());
                prop_assert_eq!(Tree::viewed(&batch).encode(), tree.encode());
            }
            Err(error) => {
                prop_assert!(tree.is_err(), "prost accepts, we say {error}");
                prop_assert!(error.offset() < bytes.len(), "{error}");
            }
        }
        // The layout detector reads the same bytes unchecked.
        let _ = crate::profiles::layout::older(&bytes);
    }
}

/// A trace request with an attribute value nested in `levels` arrays, and what fills the innermost.
fn nested(levels: usize, innermost: &[u8]) -> Vec<u8> {
    let mut value = innermost.to_vec();
    for _ in 0..levels {
        let mut array = Vec::new();
        put_len(&mut array, 1, &value);
        value = Vec::new();
        put_len(&mut value, 5, &array);
    }
    // request > resource_spans 1 > resource 1 > attributes 1 > value 2
    [2, 1, 1, 1].into_iter().fold(value, |inner, number| {
        let mut outer = Vec::new();
        put_len(&mut outer, number, &inner);
        outer
    })
}

#[test]
fn a_hundred_levels_and_not_one_more() {
    // Four levels lead to the value, each array adds two: 100 levels hold 48 arrays.
    let mut unknown = Vec::new();
    put_key(&mut unknown, 99, LEN);
    put_varint(&mut unknown, 0);
    for (levels, innermost, accepted) in
        [(48, &[][..], true), (49, &[][..], false), (47, &unknown[..], true), (48, &unknown[..], false)]
    {
        let bytes = nested(levels, innermost);
        assert_eq!(Tree::decode(Signal::Traces, &bytes).is_ok(), accepted, "prost, {levels}");
        let parsed = Batch::parse(Signal::Traces, bytes, &Limits::default());
        assert_eq!(parsed.is_ok(), accepted, "{levels}: {parsed:?}");
    }
    let shallow =
        Batch::parse(Signal::Traces, nested(3, &[]), &Limits::default().with_max_depth(9)).unwrap_err();
    assert!(shallow.to_string().contains("9 levels that Limits::max_depth allows"), "{shallow}");
    assert!(Batch::parse(Signal::Traces, nested(3, &[]), &Limits::default().with_max_depth(10)).is_ok());
}

#[test]
fn ten_thousand_levels_end_quickly() {
    let bytes = nested(10_000, &[]);
    assert!(Batch::parse(Signal::Traces, bytes, &Limits::default()).is_err());
    let groups = vec![0x0b; 1 << 20];
    assert!(Batch::parse(Signal::Traces, groups, &Limits::default()).is_err());
}

#[test]
fn limits_are_named() {
    let bytes = Random::new(7).request(Signal::Logs, 300);
    let small = Batch::parse(Signal::Logs, bytes.clone(), &Limits::default().with_max_bytes(10)).unwrap_err();
    assert!(small.to_string().contains("Limits::max_bytes"), "{small}");
    let batch = Batch::parse(Signal::Logs, bytes.clone(), &Limits::default()).unwrap();
    assert!(batch.items() > 1, "the seed makes records");
    let few = Batch::parse(Signal::Logs, bytes, &Limits::default().with_max_items(1)).unwrap_err();
    assert!(few.to_string().contains("Limits::max_items"), "{few}");
}

#[test]
fn errors_lead_to_the_field() {
    let path = |bytes: &[u8]| {
        let error = Batch::parse(Signal::Traces, bytes.to_vec(), &Limits::default()).unwrap_err();
        (error.path().to_owned(), error.offset())
    };
    let wrap = |span: &[u8]| {
        [2, 2, 1].into_iter().fold(span.to_vec(), |inner, number| {
            let mut outer = Vec::new();
            put_len(&mut outer, number, &inner);
            outer
        })
    };
    let base = "resource_spans[0].scope_spans[0].spans[0]";
    // name, not UTF-8
    assert_eq!(path(&wrap(b"\x2a\x03ab\xff")), (format!("{base}.name"), 10));
    // kind, cut off behind its key
    assert_eq!(path(&wrap(b"\x30")), (format!("{base}.kind"), 6));
    // start_time_unix_nano as a varint
    assert_eq!(path(&wrap(b"\x38\x01")), (format!("{base}.start_time_unix_nano"), 6));
    // the second attribute's key, not UTF-8
    assert_eq!(
        path(&wrap(b"\x4a\x02\x0a\x00\x4a\x03\x0a\x01\xff")),
        (format!("{base}.attributes[1].key"), 14)
    );
    // a length that is too large
    assert_eq!(path(b"\x0a\x02\x12\x7f"), ("resource_spans[0].scope_spans[0]".to_owned(), 3));
    // field number 0, and wire type 7
    assert_eq!(path(b"\x00"), (String::new(), 0));
    assert_eq!(path(b"\x0f\x00").1, 0);
}

/// The properties above are worth what their inputs are: all oddities must occur, damage must be both harmless and not.
#[test]
fn the_generator_reaches_the_odd_paths() {
    let (mut joined, mut harmless, mut items) = (0, 0, 0);
    for seed in 0..400 {
        let signal = Signal::ALL[seed as usize % 4];
        let mut bytes = Random::new(seed).request(signal, 200);
        let batch = Batch::parse(signal, bytes.clone(), &as_prost()).unwrap();
        items += batch.items();
        joined += usize::from(batch.canonical().len() != batch.bytes().len());
        let at = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
            harmless += usize::from(Batch::parse(signal, bytes, &as_prost()).is_ok());
        }
    }
    assert!(joined > 100, "{joined} of 400 had something to join");
    assert!((40..360).contains(&harmless), "{harmless} of 400 survived a flipped bit");
    assert!(items > 400, "{items} items");
}
