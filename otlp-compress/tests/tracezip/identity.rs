//! The same bytes back, whatever they are and however they travel.

use otlp_compress::tracezip::{
    Decoder, Encoder, Inner, Options, StreamDecoder, StreamEncoder, StreamLimits, Verify,
};
use otlp_compress::{Codec, decompress};
use otlp_core::{Batch, Limits, Signal};

use crate::synthetic::{self, Random};
use crate::{inners, random};

const MAX: usize = 64 << 20;

/// Sends batches through every mode; gives how many of the lone frames had columns.
fn check(batches: &[Batch], inners: impl Iterator<Item = Inner>) -> usize {
    let mut columns = 0;
    for inner in inners {
        let options = Options::default().with_inner(inner).with_verify(Verify::Never);
        let limits = StreamLimits::default();
        let mut encoder = Encoder::new(options).unwrap();
        let mut decoder = Decoder::new();
        let mut sender = StreamEncoder::new(options, limits).unwrap();
        let mut receiver = StreamDecoder::new(limits);
        for (index, batch) in batches.iter().enumerate() {
            let mut frame = Vec::new();
            columns += usize::from(encoder.encode(batch, &mut frame).unwrap().columns);
            assert!(frame.len() < batch.bytes().len() + 64, "{index}");
            let (signal, bytes) = decoder.decode(&frame, MAX).unwrap();
            assert!(signal == batch.signal() && bytes == batch.bytes(), "{index} {inner}");
            frame.clear();
            let ticket = sender.encode(batch, &mut frame).unwrap();
            sender.acknowledge(ticket);
            assert!(receiver.decode(&frame, MAX).unwrap().1 == batch.bytes(), "{index} {inner} in a stream");
        }
    }
    columns
}

#[test]
fn random_requests() {
    let batches: Vec<Batch> =
        (0..90).filter_map(|seed| random(Signal::Traces, seed, 20 + seed as usize * 50)).collect();
    let columns = check(&batches, inners());
    assert!(columns > 30, "{columns} of {} had columns", batches.len());
}

#[test]
fn a_shop() {
    let sizes = [1, 7, 100, 1000, 3000];
    let batches: Vec<Batch> = sizes.iter().map(|&size| synthetic::batch(size as u64, size)).collect();
    assert!(check(&batches, inners()) >= 4 * inners().count());
    let mut encoder = Encoder::new(Options::default()).unwrap();
    let mut out = Vec::new();
    encoder.encode(&batches[4], &mut out).unwrap();
    // 45 are ids, session and the amount's bits.
    assert!(out.len() < 3000 * 60, "{}", out.len() / 3000);
}

/// Bytes of a request with one span of these fields; `more` is how often the span repeats.
fn spans(span: &[u8], more: usize) -> Batch {
    let field = |key: u8, payload: &[u8]| {
        let mut out = vec![key];
        let mut length = payload.len();
        while length > 127 {
            out.push(length as u8 | 128);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(payload);
        out
    };
    let scope = field(0x12, &field(0x12, span).repeat(more));
    let request = field(0x0a, &scope);
    Batch::parse(Signal::Traces, request, &Limits::default()).unwrap()
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let inner = [&[0x0a, key.len() as u8][..], key.as_bytes(), &[0x12, value.len() as u8], value].concat();
    [&[0x4a, inner.len() as u8][..], &inner].concat()
}

#[test]
fn odd_spans() {
    let id = [7; 8];
    let parent = [&[0x12, 8][..], &id, &[0x22, 8], &id].concat();
    let trace = [&[0x0a, 16][..], &[9; 16]].concat();
    let times = [&[0x41][..], &5_u64.to_le_bytes(), &[0x39], &u64::MAX.to_le_bytes()].concat();
    let texts: Vec<u8> = [
        "",
        "0",
        "00012345",
        "99999999999999999999",
        "ffffffffffffffffffffffff",
        "a\u{1}b1234567",
        "6BA7B810-9dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "deadbeefdeadbeefzz",
        "x1234.5678y",
        "18446744073709551616",
        "\u{2}\u{3}",
        "1234567890123456789012345678901234567890",
    ]
    .iter()
    .flat_map(|text| attribute("k", &[&[0x0a, text.len() as u8][..], text.as_bytes()].concat()))
    .collect();
    let doubles: Vec<u8> = [0.0, -0.0, f64::NAN, 1e300, -5.0, 9_007_199_254_740_993.0, 0.1, i64::MIN as f64]
        .iter()
        .flat_map(|value: &f64| attribute("d", &[&[0x21][..], &value.to_le_bytes()].concat()))
        .collect();
    let numbers: Vec<u8> = [
        &[0x18, 0][..],
        &[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        &[0x18, 0x80, 0],
        &[0x10, 2],
    ]
    .iter()
    .flat_map(|value| attribute("n", value))
    .collect();
    let mut deep = vec![0x10, 1];
    for _ in 0..40 {
        deep = [&[0x0a, deep.len() as u8][..], &deep].concat();
        deep = [&[0x2a, deep.len() as u8][..], &deep].concat();
        if deep.len() > 100 {
            break;
        }
    }
    let all = [&trace[..], &parent, &times, &texts, &doubles, &numbers, &attribute("deep", &deep)].concat();
    let batches: Vec<Batch> = [
        &parent[..],
        &trace,
        &times,
        &texts,
        &doubles,
        &numbers,
        &all,
        // Twice the singular; a group; a long varint; an odd id; an empty attribute; a value without a key.
        &[&trace[..], &trace, &parent, &parent].concat(),
        b"\xc3\x0c\x08\x01\xc4\x0c",
        b"\x30\x82\x80\x00",
        b"\x0a\x03abc\x12\x00\x22\x00\x2a\x00",
        b"\x4a\x00\x4a\x02\x12\x00\x4a\x02\x0a\x00",
        b"\x7a\x00\x7a\x02\x18\x02\x7a\x04\x12\x02ab",
        b"\x5a\x00\x5a\x09\x09\x01\x00\x00\x00\x00\x00\x00\x00\x6a\x12\x0a\x10abcdefghijklmnop",
        b"\x85\x01\x00\x03\x00\x00\x50\x07\x50\xff\xff\xff\xff\x0f",
    ]
    .iter()
    .flat_map(|span| {
        [spans(span, 1), spans(span, 30), spans(&[span, &trace[..], &parent, &times].concat(), 9)]
    })
    .collect();
    check(&batches, inners());
}

#[test]
fn many_attributes_keys_and_orders() {
    let many: Vec<u8> =
        (0..100_000).flat_map(|index| attribute(&format!("key{index}"), &[0x18, 1])).collect();
    let same: Vec<u8> = attribute("key", b"\x0a\x05value").repeat(100_000);
    // More keys than there may be tokens, a few in each span; and one set of keys in random orders.
    let mut random = Random(5);
    let mut keys = Vec::new();
    let mut orders = Vec::new();
    for index in 0..3000 {
        let span: Vec<u8> =
            (0..3).flat_map(|part| attribute(&format!("k{index}.{part}"), &[0x18, part])).collect();
        keys.extend([&[0x12, span.len() as u8][..], &span].concat());
        let mut names: Vec<String> = (0..6).map(|name| format!("name{name}")).collect();
        let span: Vec<u8> = (0..6)
            .flat_map(|_| attribute(&names.remove(random.below(names.len() as u64) as usize), &[0x18, 1]))
            .collect();
        orders.extend([&[0x12, span.len() as u8][..], &span].concat());
    }
    let request = |spans: &[u8]| {
        let length = |length: usize| {
            [length as u8 & 0x7f | 0x80, (length >> 7) as u8 & 0x7f | 0x80, (length >> 14) as u8]
        };
        let scope = [&[0x12][..], &length(spans.len()), spans].concat();
        let bytes = [&[0x0a][..], &length(scope.len()), &scope].concat();
        Batch::parse(Signal::Traces, bytes, &Limits::default()).unwrap()
    };
    check(
        &[spans(&many, 1), spans(&same, 2), request(&keys), request(&orders)],
        [Inner::default(), Inner::None].into_iter(),
    );
}

/// The first part of a capture, as the project's data folder has it.
#[test]
fn a_capture() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/hipstershop-oteltraces.zst");
    let Ok(file) = std::fs::read(path) else {
        println!("skipped: {path} is not there");
        return;
    };
    if !Codec::Zstd.is_supported() {
        return;
    }
    let file = decompress(Codec::Zstd, &file, 1 << 30).unwrap();
    let whole = Batch::parse(Signal::Traces, file[4..].to_vec(), &Limits::default()).unwrap();
    for (size, take, most) in [(100, 60, 36), (1000, 8, 24), (8192, 2, 18)] {
        let batches = otlp_simd::split_items(&whole, std::num::NonZeroUsize::new(size).unwrap());
        let batches = &batches[..take];
        assert_eq!(check(batches, [Inner::default()].into_iter()), take);
        let mut out = Vec::new();
        let mut encoder = Encoder::new(Options::default().with_verify(Verify::Always)).unwrap();
        for batch in batches {
            assert!(encoder.encode(batch, &mut out).unwrap().columns);
        }
        assert!(out.len() < size * take * most, "{} bytes a span", out.len() as f64 / (size * take) as f64);
    }
}
