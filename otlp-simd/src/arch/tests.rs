//! Every level against the scalar twin, at all lengths and offsets.

use proptest::prelude::*;

use super::{Kernels, Level, scalar};
use crate::kernel::count_varints;

/// The kernels of every level that this machine has, scalar included.
fn levels() -> impl Iterator<Item = Kernels> {
    Level::ALL.into_iter().filter_map(Kernels::at)
}

/// A small generator: what matters is that lengths vary, not how.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number of a random size up to so many bits.
    fn sized(&mut self, bits: u32) -> u64 {
        let size = self.next() % u64::from(bits) + 1;
        self.next() >> (64 - size)
    }
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// One at a time, the way the format is defined.
fn plain(bytes: &[u8]) -> Option<Vec<u64>> {
    let (mut at, mut values) = (0, Vec::new());
    while at < bytes.len() {
        let (value, end) = scalar::read_varint(bytes, at)?;
        values.push(value);
        at = end;
    }
    Some(values)
}

fn decoded(kernels: Kernels, bytes: &[u8]) -> Option<Vec<u64>> {
    let mut out = vec![0; count_varints(bytes)];
    let count = kernels.decode_varints(bytes, &mut out)?;
    assert_eq!(count, out.len());
    Some(out)
}

#[test]
fn varints_at_all_lengths_and_offsets() {
    let mut random = Random(1);
    for bits in [7, 8, 14, 35, 56, 57, 64] {
        for length in 0..=300 {
            let offset = length % 64;
            let mut bytes = vec![0xff; offset];
            let values: Vec<u64> = (0..length).map(|_| random.sized(bits)).collect();
            values.iter().for_each(|value| put_varint(&mut bytes, *value));
            assert_eq!(plain(&bytes[offset..]).as_ref(), Some(&values));
            for kernels in levels() {
                assert_eq!(
                    decoded(kernels, &bytes[offset..]).as_ref(),
                    Some(&values),
                    "{bits} {length} {kernels:?}"
                );
            }
        }
    }
}

#[test]
fn varints_at_all_offsets_within_a_block() {
    let mut random = Random(2);
    let mut bytes = Vec::new();
    (0..200).for_each(|_| put_varint(&mut bytes, random.sized(40)));
    for start in 0..64 {
        for end in [bytes.len(), bytes.len() - start, start + 70, start + 40] {
            let part = &bytes[start..end];
            let expected = plain(part);
            for kernels in levels() {
                assert_eq!(decoded(kernels, part), expected, "{start} {end} {kernels:?}");
            }
        }
    }
}

#[test]
fn faulty_runs_are_refused_at_every_place() {
    let eleven = [0xff; 11];
    let mut ten_too_large = [0xff; 10];
    ten_too_large[9] = 2;
    for fault in [&eleven[..], &ten_too_large, &[0x80]] {
        for before in 0..140 {
            for after in if fault.len() == 1 { 0..1 } else { 0..80 } {
                let bytes = [&vec![1; before][..], fault, &vec![2; after]].concat();
                for kernels in levels() {
                    assert_eq!(decoded(kernels, &bytes), None, "{before} {after} {fault:?} {kernels:?}");
                }
            }
        }
    }
}

#[test]
fn too_little_room_is_refused() {
    let mut random = Random(3);
    let mut bytes = Vec::new();
    (0..150).for_each(|_| put_varint(&mut bytes, random.sized(20)));
    for run in [&bytes[..], &[1; 150]] {
        for room in 0..count_varints(run) {
            for kernels in levels() {
                assert_eq!(kernels.decode_varints(run, &mut vec![0; room]), None, "{room} {kernels:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_alike(bytes in prop::collection::vec(any::<u8>(), 0..300), high in any::<u8>()) {
        // Fewer continuation bits, so that some runs are well-formed.
        let bytes: Vec<u8> = bytes.iter().map(|byte| if byte & 7 < high & 7 { byte & 0x7f } else { *byte }).collect();
        let expected = plain(&bytes);
        for kernels in levels() {
            prop_assert_eq!(decoded(kernels, &bytes), expected.clone(), "{:?}", kernels);
        }
    }

    #[test]
    fn padded_varints_decode_alike(values in prop::collection::vec((any::<u64>(), 0..64_u32, 1..=10_usize), 0..80)) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (value, shift, width) in values {
            let start = bytes.len();
            put_varint(&mut bytes, value >> shift);
            while bytes.len() - start < width {
                *bytes.last_mut().unwrap() |= 0x80;
                bytes.push(0);
            }
            expected.push(value >> shift);
        }
        for kernels in levels() {
            prop_assert_eq!(decoded(kernels, &bytes), Some(expected.clone()), "{:?}", kernels);
        }
    }
}

#[test]
fn columns_at_all_lengths_and_offsets() {
    let mut random = Random(4);
    let all: Vec<u64> = (0..364).map(|_| random.sized(64)).collect();
    let others: Vec<u64> = (0..364).map(|_| random.sized(64)).collect();
    for length in 0..=300 {
        let offset = length * 7 % 64;
        let values = &all[offset..offset + length];
        let lengths: usize = values
            .iter()
            .map(|value| {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, *value);
                bytes.len()
            })
            .sum();
        let mut before = 0;
        let deltas: Vec<u64> = values
            .iter()
            .map(|value| {
                let delta = value.wrapping_sub(before) as i64;
                before = *value;
                (delta << 1 ^ delta >> 63) as u64
            })
            .collect();
        let counts = &others[offset..offset + length];
        let sums: Vec<u64> = values.iter().zip(counts).map(|(a, b)| a.wrapping_add(*b)).collect();
        let small = values.iter().chain(counts).chain(&sums).all(|value| *value < 1 << 63);
        for kernels in levels() {
            assert_eq!(kernels.varint_lengths(values), lengths);
            let mut out = vec![0; length];
            kernels.delta_zigzag(values, &mut out);
            assert_eq!(out, deltas);
            let mut into = values.to_vec();
            assert_eq!(kernels.add_counts(&mut into, counts), small);
            assert_eq!(into, sums);
        }
    }
}

#[test]
fn wrapped_counts_are_told() {
    for kernels in levels() {
        for at in 0..40 {
            let (mut into, mut counts) = ([1_u64; 40], [2_u64; 40]);
            assert!(kernels.add_counts(&mut into, &counts));
            into[at] = 1 << 62;
            counts[at] = 1 << 62;
            assert!(!kernels.add_counts(&mut into, &counts), "{at} {kernels:?}");
        }
    }
}

#[test]
fn buckets_with_any_number_of_bounds() {
    let mut random = Random(5);
    for bounds in (0..50).chain([100, 300]) {
        let mut limits: Vec<f64> = (0..bounds).map(|_| (random.next() % 500) as f64 / 2.0).collect();
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        for length in [0, 1, 7, 8, 9, 15, 16, 17, 31, 64, 100] {
            let mut values: Vec<f64> =
                (0..length).map(|_| (random.next() % 600) as f64 / 2.0 - 20.0).collect();
            if length > 16 {
                values[3] = f64::NAN;
                values[5] = f64::INFINITY;
                values[11] = f64::NEG_INFINITY;
                values[12] = -0.0;
            }
            let expected: Vec<u32> = values
                .iter()
                .map(|value| limits.iter().filter(|limit| *limit < value).count() as u32)
                .collect();
            for kernels in levels() {
                let mut out = vec![77; length];
                kernels.find_buckets(&limits, &values, &mut out);
                assert_eq!(out, expected, "{bounds} {length} {kernels:?}");
            }
        }
    }
}

#[test]
fn ids_at_all_lengths_and_thresholds() {
    let mut random = Random(6);
    let ids: Vec<[u8; 16]> = (0..364)
        .map(|_| {
            // Some ids differ only near the threshold, some only in bytes that do not count.
            let low = if random.next().is_multiple_of(2) {
                random.next()
            } else {
                0xaa00_0000_0000_0100 + random.next() % 3
            };
            (u128::from(random.next()) << 64 | u128::from(low)).to_be_bytes()
        })
        .collect();
    let all = 1_u64 << 56;
    for length in 0..=300 {
        let offset = length * 5 % 64;
        let ids = &ids[offset..offset + length];
        for threshold in [0, 1, 0x101, 0x102, all / 2, all / 3, all - 1, all, all + 1, u64::MAX] {
            let expected: Vec<u32> = (0..length as u32)
                .filter(|index| {
                    let mut low = [0; 8];
                    low[1..].copy_from_slice(&ids[*index as usize][9..]);
                    u64::from_be_bytes(low) >= threshold
                })
                .collect();
            for kernels in levels() {
                let mut out = vec![0; length];
                let count = kernels.keep_ids(ids, threshold, &mut out);
                assert_eq!(out[..count], expected, "{length} {threshold:x} {kernels:?}");
            }
        }
    }
}

#[test]
fn levels_have_the_names_the_variable_takes() {
    assert_eq!(Level::ALL.map(Level::as_str), ["scalar", "avx2", "avx512"]);
    assert!(Kernels::at(Level::Scalar).is_some());
    assert!(Kernels::get().level() <= Level::supported());
}
