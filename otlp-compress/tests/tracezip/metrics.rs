//! Metrics: identity and sizes, on captures and on random requests.

use std::path::PathBuf;

use otlp_compress::tracezip::{
    Decoder, Encoder, Inner, Options, StreamDecoder, StreamEncoder, StreamLimits, Verify,
};
use otlp_compress::{Codec, Compressor, Level};
use otlp_core::{Batch, Limits, Signal};

use crate::{inners, random};

/// The requests of a capture, or `None` on a machine without it.
pub(crate) fn capture(signal: Signal, name: &str) -> Option<Vec<Batch>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    let stored = std::fs::read(&path).ok()?;
    let all = otlp_compress::decompress(Codec::Zstd, &stored, 1 << 30).unwrap();
    let mut batches = Vec::new();
    let mut at = 0;
    while let Some(&length) = all[at..].first_chunk::<4>() {
        let end = at + 4 + u32::from_be_bytes(length) as usize;
        batches.push(Batch::parse(signal, all.slice(at + 4..end), &Limits::default()).unwrap());
        at = end;
    }
    Some(batches)
}

fn options() -> Options {
    Options::default().with_verify(Verify::Never)
}

/// Bytes that the batches take one by one, in a stream, and one by one in zstd alone; all of them checked for identity.
pub(crate) fn sizes(batches: &[Batch]) -> [usize; 3] {
    let (mut alone, mut decoder) = (Encoder::new(options()).unwrap(), Decoder::new());
    let mut stream = StreamEncoder::new(options(), StreamLimits::default()).unwrap();
    let mut reader = StreamDecoder::new(StreamLimits::default());
    let mut zstd = Compressor::new(Codec::Zstd, Level::Number(3)).unwrap();
    let mut sizes = [0; 3];
    let mut frame = Vec::new();
    for batch in batches {
        frame.clear();
        alone.encode(batch, &mut frame).unwrap();
        assert_eq!(decoder.decode(&frame, batch.bytes().len()).unwrap().1, batch.bytes());
        let plain = zstd.compress(batch.bytes()).unwrap().len();
        sizes[0] += frame.len();
        sizes[2] += plain;
        frame.clear();
        let ticket = stream.encode(batch, &mut frame).unwrap();
        sizes[1] += frame.len();
        let (_, bytes) = reader.decode(&frame, batch.bytes().len()).unwrap();
        assert_eq!(bytes, batch.bytes());
        stream.acknowledge(ticket);
    }
    sizes
}

#[test]
fn captures_come_back_and_are_small() {
    // Bytes a point in a stream, and the part of zstd's size that one request alone takes.
    for (name, in_stream, part) in
        [("hostcollector-otelmetrics-part1.zst", 0.8, 0.7), ("hipstershop-otelmetrics.zst", 1.9, 0.25)]
    {
        let Some(batches) = capture(Signal::Metrics, name) else {
            println!("no {name}: skipped");
            continue;
        };
        let points: usize = batches.iter().map(Batch::items).sum();
        let [alone, stream, zstd] = sizes(&batches).map(|bytes| bytes as f64 / points as f64);
        println!(
            "{name}: {points} points, {alone:.2} bytes alone, {stream:.2} in a stream, {zstd:.2} in zstd"
        );
        assert!(stream < in_stream, "{name}: {stream:.2} bytes a point in a stream");
        assert!(alone < zstd * part, "{name}: {alone:.2} of {zstd:.2} bytes a point alone");
    }
}

#[test]
fn random_requests_come_back() {
    let mut stream = StreamEncoder::new(options(), StreamLimits::default()).unwrap();
    let mut reader = StreamDecoder::new(StreamLimits::default());
    let mut columns = 0;
    for seed in 0..800 {
        let Some(batch) = random(Signal::Metrics, seed, 400 + (seed as usize % 7) * 300) else { continue };
        let length = batch.bytes().len();
        for inner in inners().filter(|&inner| seed % 8 == 0 || inner == Inner::None) {
            let mut frame = Vec::new();
            let info = Encoder::new(options().with_inner(inner)).unwrap().encode(&batch, &mut frame).unwrap();
            columns += usize::from(info.columns);
            let (_, bytes) = Decoder::new().decode(&frame, length).unwrap_or_else(|e| panic!("{seed}: {e}"));
            assert_eq!(bytes, batch.bytes(), "{seed}");
        }
        let mut frame = Vec::new();
        let ticket = stream.encode(&batch, &mut frame).unwrap();
        let (_, bytes) = reader.decode(&frame, length).unwrap_or_else(|e| panic!("{seed}: {e}"));
        assert_eq!(bytes, batch.bytes(), "{seed}");
        stream.acknowledge(ticket);
    }
    assert!(columns > 200, "{columns}");
}
