//! What goes in comes out: one-shot, with reused contexts, and in streams cut anywhere.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io::{BufRead, BufReader, Read, Write};

use otlp_compress::{Codec, Compressor, Decoder, Decompressor, Encoder, Level, compress, decompress};
use proptest::prelude::*;

const LEVELS: [Level; 3] = [Level::Fastest, Level::Default, Level::Smallest];

/// Bytes as telemetry has them: runs of repeated and of random bytes.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (any::<u8>(), 0usize..5000).prop_map(|(byte, n)| vec![byte; n]),
        proptest::collection::vec(any::<u8>(), 0..300),
        Just(b"service.name=checkout http.request.method=GET ".repeat(20)),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// The codecs that know streams.
fn streaming() -> impl Iterator<Item = Codec> {
    Codec::supported().iter().copied().filter(|codec| codec.is_streamable())
}

fn encode(codec: Codec, level: Level, pieces: &[&[u8]], flush: bool) -> Vec<u8> {
    let mut encoder = Encoder::new(codec, level, Vec::new()).unwrap();
    for piece in pieces {
        encoder.write_all(piece).unwrap();
        if flush {
            encoder.flush().unwrap();
        }
    }
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn one_shot(bodies in proptest::collection::vec(body(), 1..4)) {
        for &codec in Codec::supported() {
            for level in LEVELS {
                let mut compressor = Compressor::new(codec, level).unwrap();
                let mut decompressor = Decompressor::new(codec).unwrap();
                for body in &bodies {
                    let wire = compressor.compress(body).unwrap();
                    prop_assert_eq!(&wire, &compress(codec, level, body).unwrap(), "a used context compresses alike");
                    // The limit is inclusive: exactly as many bytes as the body has are enough, one less is not.
                    prop_assert_eq!(&decompressor.decompress(&wire, body.len()).unwrap(), body);
                    if let Some(less) = body.len().checked_sub(1) {
                        let error = decompressor.decompress(&wire, less).unwrap_err();
                        prop_assert!(error.is_limit(), "{error}");
                    }
                    prop_assert_eq!(&decompressor.decompress(&wire, usize::MAX).unwrap(), body);
                }
            }
        }
    }

    #[test]
    fn streams(body in body(), write in 1usize..4000, read in 1usize..700, source in 1usize..50, flush: bool) {
        for codec in streaming() {
            let pieces: Vec<&[u8]> = body.chunks(write).collect();
            let wire = encode(codec, Level::Default, &pieces, flush);
            prop_assert_eq!(&decompress(codec, &wire, body.len()).unwrap(), &body);

            let mut decoder = Decoder::new(codec, BufReader::with_capacity(source, &wire[..])).unwrap();
            let mut out = Vec::new();
            let mut chunk = vec![0; read];
            loop {
                match decoder.read(&mut chunk).unwrap() {
                    0 => break,
                    n => out.extend_from_slice(&chunk[..n]),
                }
            }
            prop_assert_eq!(&out, &body);
            prop_assert_eq!(decoder.compressed_offset(), wire.len() as u64);
            prop_assert!(decoder.fill_buf().unwrap().is_empty(), "the end stays the end");
        }
    }

    #[test]
    fn several_members_are_one_body(parts in proptest::collection::vec(body(), 1..5)) {
        // One stream of deflate, and one block of snappy, are the whole body.
        for codec in streaming().filter(|&codec| codec != Codec::Deflate) {
            let wire: Vec<u8> = parts.iter().flat_map(|part| compress(codec, Level::Default, part).unwrap()).collect();
            let whole = parts.concat();
            prop_assert_eq!(&decompress(codec, &wire, whole.len()).unwrap(), &whole);
            let mut out = Vec::new();
            Decoder::new(codec, &wire[..]).unwrap().read_to_end(&mut out).unwrap();
            prop_assert_eq!(&out, &whole);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), flips: Vec<(u16, u8)>) {
        for &codec in Codec::supported() {
            let _ = decompress(codec, &bytes, 10_000);
            // A valid body with some bytes changed gets past the first check.
            let mut wire = compress(codec, Level::Default, &bytes).unwrap().to_vec();
            for &(at, value) in &flips {
                let at = usize::from(at) % wire.len().max(1);
                if let Some(byte) = wire.get_mut(at) { *byte = value; }
            }
            if let Ok(out) = decompress(codec, &wire, 10_000) {
                prop_assert!(out.len() <= 10_000);
            }
            let Ok(decoder) = Decoder::new(codec, &wire[..]) else { continue };
            let _ = decoder.with_limit(10_000).read_to_end(&mut Vec::new());
        }
    }
}

#[test]
fn a_flush_makes_everything_written_readable() {
    for codec in streaming() {
        let mut encoder = Encoder::new(codec, Level::Default, Vec::new()).unwrap();
        let mut expected = Vec::new();
        for n in 0..50u32 {
            let line = format!("line {n}, as long as it has to be\n");
            encoder.write_all(line.as_bytes()).unwrap();
            expected.extend_from_slice(line.as_bytes());
            encoder.flush().unwrap();
            // A second flush with nothing new is harmless.
            encoder.flush().unwrap();
            let mut seen = vec![0; expected.len()];
            Decoder::new(codec, &encoder.get_ref()[..]).unwrap().read_exact(&mut seen).unwrap();
            assert_eq!(seen, expected, "{codec} after line {n}");
        }
        let wire = encoder.finish().unwrap();
        assert_eq!(decompress(codec, &wire, expected.len()).unwrap(), expected);
    }
}

#[test]
fn large_incompressible_bodies() {
    // Larger than zstd's default window limit; xorshift so that nothing compresses.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut body = Vec::with_capacity(20 << 20);
    while body.len() < 20 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.extend_from_slice(&state.to_le_bytes());
    }
    for &codec in Codec::supported() {
        let wire = compress(codec, Level::Fastest, &body).unwrap();
        assert!(decompress(codec, &wire, body.len()).unwrap() == body, "{codec}");
        if !codec.is_streamable() {
            continue;
        }
        // A stream does not know its size, and must do with the window.
        let wire = encode(codec, Level::Fastest, &[&body], false);
        assert!(decompress(codec, &wire, body.len()).unwrap() == body, "{codec} streamed");
    }
}

#[cfg(feature = "zstd")]
#[test]
fn the_highest_level_keeps_to_the_window_that_http_permits() {
    let body = b"0123456789abcdef".repeat(1 << 16);
    let wire = encode(Codec::Zstd, Level::Number(22), &[&body], false);
    assert!(decompress(Codec::Zstd, &wire, body.len()).unwrap() == body);
}

/// A sink that takes a few bytes at a time and refuses every third call.
#[derive(Default)]
struct Fussy {
    calls: usize,
    taken: Vec<u8>,
}

impl Write for Fussy {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.calls += 1;
        match self.calls % 3 {
            0 => Err(std::io::ErrorKind::WouldBlock.into()),
            1 => Err(std::io::ErrorKind::Interrupted.into()),
            _ => {
                let n = data.len().min(7000);
                self.taken.extend_from_slice(&data[..n]);
                Ok(n)
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_sink_loses_and_repeats_nothing() {
    let body: Vec<u8> = (0..300_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for codec in streaming() {
        let mut encoder = Encoder::new(codec, Level::Fastest, Fussy::default()).unwrap();
        let mut rest = &body[..];
        while !rest.is_empty() {
            match encoder.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
        while encoder.flush().is_err() {}
        let taken = &encoder.get_ref().taken;
        let mut seen = vec![0; body.len()];
        Decoder::new(codec, &taken[..]).unwrap().read_exact(&mut seen).unwrap();
        assert!(seen == body, "{codec}");
    }
}
