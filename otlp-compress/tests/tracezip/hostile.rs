//! Frames that no encoder wrote: whatever they say, no panic and no more memory than the limit allows.

use otlp_compress::tracezip::{Options, TracezipError, compress, decompress};

use crate::inners;
use crate::synthetic::{self, Random};

/// A frame of columns with this body, sealed with a checksum that holds.
fn sealed(flags: u8, uncompressed: u32, items: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = b"OTZ1\x01".to_vec();
    frame.push(flags);
    for value in [uncompressed, u32::from(items), body.len() as u32, 0] {
        let mut left = value;
        while left > 127 {
            frame.push(left as u8 | 128);
            left >>= 7;
        }
        frame.push(left as u8);
    }
    frame.extend_from_slice(body);
    frame.extend_from_slice(&[0; 8]);
    frame.extend_from_slice(&crc32c::crc32c(&frame).to_le_bytes());
    frame
}

const COLUMNS: u8 = 1 << 4;

#[test]
fn random_columns() {
    let mut random = Random(1);
    for round in 0..1500 {
        let mut body = vec![3];
        let lengths = [random.below(200), random.below(300), random.below(200)];
        for (number, &length) in lengths.iter().enumerate() {
            body.push(number as u8);
            if length > 127 {
                body.push(length as u8 | 0x80);
            }
            body.push((if length > 127 { length >> 7 } else { length }) as u8);
        }
        body.extend(
            (0..lengths.iter().sum())
                .map(|_| if round % 3 == 0 { random.next() as u8 & 3 } else { random.next() as u8 }),
        );
        let error = decompress(&sealed(COLUMNS, 1 << 20, 4000, &body), 1 << 20).unwrap_err();
        assert!(matches!(error, TracezipError::Corrupt { .. } | TracezipError::Hash), "{error}");
    }
}

#[test]
fn damaged_columns_under_a_good_checksum() {
    let batch = synthetic::batch(3, 60);
    for inner in inners() {
        let frame = compress(&batch, &Options::default().with_inner(inner)).unwrap();
        let mut random = Random(2);
        for _ in 0..300 {
            let mut damaged = frame.to_vec();
            let at = 12 + random.below(frame.len() as u64 - 24) as usize;
            damaged[at] ^= 1 + random.below(255) as u8;
            let end = damaged.len() - 4;
            let checksum = crc32c::crc32c(&damaged[..end]).to_le_bytes();
            damaged[end..].copy_from_slice(&checksum);
            // The last bits of a column may stand for the same either way.
            if let Ok((_, bytes)) = decompress(&damaged, 1 << 20) {
                assert!(bytes == batch.bytes(), "{inner}: other bytes at {at}");
            }
        }
    }
}

#[test]
fn small_frames_that_promise_much() {
    // Zeros decode to something at each step, and never end by themselves.
    for (uncompressed, items) in [(1 << 20, 4000), (64 << 20, u16::MAX), (1000, 40)] {
        for body in [
            &[0][..],
            &[1, 0, 1, 0],
            &[1, 0, 2, 0xff, 0xff],
            &[3, 0, 1, 1, 1, 2, 1, 0xff, 0xff, 0xff],
            &[9],
            &[],
        ] {
            decompress(&sealed(COLUMNS, uncompressed, items, body), 64 << 20).unwrap_err();
        }
    }
    let error = decompress(&sealed(COLUMNS, 100, 50, &[0]), 1000).unwrap_err();
    assert!(error.to_string().contains("columns for a batch that cannot have them"), "{error}");
    let error = decompress(&sealed(0x80, 100, 50, &[0]), 1000).unwrap_err();
    assert!(error.to_string().contains("header: a reserved flag is set, at offset 6"), "{error}");
}
