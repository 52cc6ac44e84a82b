//! A gigabyte of zeros in a megabyte or less: stopped at the limit, with the process's memory to prove it.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]
#![cfg(target_os = "linux")]

use std::io::{Read, Write};

use otlp_compress::{Codec, Decoder, DecompressError, Decompressor, Encoder, Level};

const LIMIT: usize = 64 << 20;
/// What a codec may take besides its output: its own state, and the allocator's rounding.
const SMALL: u64 = 16 << 20;

/// The most memory that this process ever held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

fn bomb(codec: Codec) -> Vec<u8> {
    let mut encoder = Encoder::new(codec, Level::Default, Vec::new()).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

// One test in a program of its own, as the peak belongs to the whole process.
#[test]
fn bombs_stop_at_the_limit() {
    for &codec in Codec::supported().iter().filter(|&&codec| codec != Codec::Identity) {
        let wire = bomb(codec);
        assert!(wire.len() < 4 << 20, "{} bytes are no bomb", wire.len());

        // The stream first: it must not need even the limit.
        let before = peak();
        let mut decoder = Decoder::new(codec, &wire[..]).unwrap();
        let mut total = 0;
        let mut chunk = vec![0; 1 << 16];
        loop {
            match decoder.read(&mut chunk).unwrap() {
                0 => break,
                n => total += n,
            }
        }
        assert_eq!(total, 1 << 30);
        let grown = peak() - before;
        assert!(grown < SMALL, "{codec}: reading a stream took {grown} bytes");

        let before = peak();
        let mut decompressor = Decompressor::new(codec).unwrap();
        let error = decompressor.decompress(&wire, LIMIT).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { limit, .. } if limit == LIMIT as u64), "{error}");
        let grown = peak() - before;
        assert!(grown < LIMIT as u64 + SMALL, "{codec}: refusing the bomb took {grown} bytes");
    }
}
