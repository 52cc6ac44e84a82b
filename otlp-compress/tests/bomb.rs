//! A gigabyte of zeros in a twentieth of it or less: stopped at the limit, with the process's memory to prove it.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]
#![cfg(target_os = "linux")]

use std::io::{Read, Write};

use otlp_compress::{Codec, CompressError, Decoder, DecompressError, Decompressor, Encoder, Level};

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
    let mut encoder = match Encoder::new(codec, Level::Default, Vec::new()) {
        Err(CompressError::NotStreamable { .. }) => return block_bomb(),
        encoder => encoder.unwrap(),
    };
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

/// The same as one block of snappy: a zero, and copies of it by 64.
fn block_bomb() -> Vec<u8> {
    let mut wire = b"\x80\x80\x80\x80\x04\0\0".to_vec();
    let mut left = (1usize << 30) - 1;
    while left > 0 {
        let n = left.min(64);
        wire.extend_from_slice(&[((n - 1) as u8) << 2 | 2, 1, 0]);
        left -= n;
    }
    wire
}

// One test in a program of its own, as the peak belongs to the whole process.
#[test]
fn bombs_stop_at_the_limit() {
    for &codec in Codec::supported().iter().filter(|&&codec| codec != Codec::Identity) {
        let wire = bomb(codec);
        // Snappy and lz4 unfold to 21 and 255 times their size at best.
        assert!(wire.len() < 50 << 20, "{codec}: {} bytes are no bomb", wire.len());

        // The stream first: it must not need even the limit.
        if codec.is_streamable() {
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
        }

        let before = peak();
        let mut decompressor = Decompressor::new(codec).unwrap();
        let error = decompressor.decompress(&wire, LIMIT).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { limit, .. } if limit == LIMIT as u64), "{error}");
        let grown = peak() - before;
        assert!(grown < LIMIT as u64 + SMALL, "{codec}: refusing the bomb took {grown} bytes");
    }
}
