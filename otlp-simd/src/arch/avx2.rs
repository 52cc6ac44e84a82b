//! Kernels for AVX2 with BMI1, BMI2, LZCNT and POPCNT (2013 and later).

use std::arch::x86_64::*;

use super::load::{load_f64x4, load_u8x16, load_u8x32, store_u32x4, store_u64x4};
use super::scalar::{self, CONTINUED};

/// Bytes that are widened at once where all are varints of one byte.
const STEP: usize = 32;

/// See [`Kernels::decode_varints`](super::Kernels::decode_varints).
///
/// Only runs of short numbers gain here: taking longer ones apart with PEXT measured no better than the scalar twin.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn decode_varints(bytes: &[u8], out: &mut [u64]) -> Option<usize> {
    let (mut at, mut count) = (0, 0);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        if word & CONTINUED == 0
            && let Some(block) = bytes[at..].first_chunk::<STEP>()
            && _mm256_movemask_epi8(load_u8x32(block)) == 0
        {
            widen(block, out.get_mut(count..)?.first_chunk_mut::<STEP>()?);
            (at, count) = (at + STEP, count + STEP);
        } else {
            (at, count) = scalar::decode_word(bytes, at, word, out, count)?;
        }
    }
    scalar::decode_varints_from(bytes, at, out, count)
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen(bytes: &[u8; STEP], out: &mut [u64; STEP]) {
    let (halves, _) = bytes.as_chunks::<16>();
    let (outs, _) = out.as_chunks_mut::<16>();
    for (half, out) in halves.iter().zip(outs) {
        let half = load_u8x16(half);
        let (outs, _) = out.as_chunks_mut::<4>();
        let [a, b, c, d] = outs else { return };
        store_u64x4(a, _mm256_cvtepu8_epi64(half));
        store_u64x4(b, _mm256_cvtepu8_epi64(_mm_srli_si128::<4>(half)));
        store_u64x4(c, _mm256_cvtepu8_epi64(_mm_srli_si128::<8>(half)));
        store_u64x4(d, _mm256_cvtepu8_epi64(_mm_srli_si128::<12>(half)));
    }
}

/// See [`Kernels::find_buckets`](super::Kernels::find_buckets).
#[target_feature(enable = "avx2")]
pub(super) fn find_buckets(bounds: &[f64], values: &[f64], out: &mut [u32]) {
    let length = values.len().min(out.len());
    let (values, out) = (&values[..length], &mut out[..length]);
    if bounds.len() > scalar::MOST_COMPARED {
        return scalar::find_buckets(bounds, values, out);
    }
    let (chunks, rest) = values.as_chunks::<16>();
    let (outs, rest_out) = out.as_chunks_mut::<16>();
    for (chunk, out) in chunks.iter().zip(outs) {
        let (fours, _) = chunk.as_chunks::<4>();
        let [a, b, c, d] = fours else { return };
        let values = [load_f64x4(a), load_f64x4(b), load_f64x4(c), load_f64x4(d)];
        let mut counts = [_mm256_setzero_si256(); 4];
        for bound in bounds {
            let bound = _mm256_set1_pd(*bound);
            for (count, value) in counts.iter_mut().zip(values) {
                // True is minus one.
                let above = _mm256_castpd_si256(_mm256_cmp_pd::<_CMP_LT_OQ>(bound, value));
                *count = _mm256_sub_epi64(*count, above);
            }
        }
        let (outs, _) = out.as_chunks_mut::<4>();
        for (out, counts) in outs.iter_mut().zip(counts) {
            let low = _mm256_permutevar8x32_epi32(counts, _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0));
            store_u32x4(out, _mm256_castsi256_si128(low));
        }
    }
    scalar::find_buckets(bounds, rest, rest_out);
}

/// For each set of four lanes, the bytes that move those lanes to the front.
const FRONT: [[u8; 16]; 16] = {
    let mut table = [[0x80; 16]; 16];
    let mut set = 0;
    while set < 16 {
        let (mut lane, mut at) = (0, 0);
        while lane < 4 {
            if set >> lane & 1 == 1 {
                let mut byte = 0;
                while byte < 4 {
                    table[set][at] = lane * 4 + byte;
                    (at, byte) = (at + 1, byte + 1);
                }
            }
            lane += 1;
        }
        set += 1;
    }
    table
};

/// See [`Kernels::keep_ids`](super::Kernels::keep_ids).
#[target_feature(enable = "avx2,popcnt")]
pub(super) fn keep_ids(ids: &[[u8; 16]], threshold: u64, out: &mut [u32]) -> usize {
    let (chunks, _) = ids.as_chunks::<4>();
    // Bytes 8 to 15 of an id as one big-endian number.
    let turn = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        15, 14, 13, 12, 11, 10, 9, -1, 15, 14, 13, 12, 11, 10, 9, -1,
    ));
    // The numbers have 56 bits, so comparing them as signed is right; a larger threshold keeps nothing.
    let below = _mm256_set1_epi64x(threshold.min(1 << 56) as i64 - 1);
    let (mut index, mut count) = (0, 0);
    for chunk in chunks {
        let Some(room) = out.get_mut(count..).and_then(<[u32]>::first_chunk_mut::<4>) else { break };
        let (pairs, _) = chunk.as_flattened().as_chunks::<32>();
        let [first, second] = pairs else { break };
        let first = _mm256_shuffle_epi8(load_u8x32(first), turn);
        let second = _mm256_shuffle_epi8(load_u8x32(second), turn);
        // Lanes: id 0, id 2, id 1, id 3.
        let mixed = _mm256_unpacklo_epi64(first, second);
        let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(mixed);
        let kept = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(ordered, below))) as usize;
        let indices = _mm_add_epi32(_mm_set1_epi32(index as i32), _mm_setr_epi32(0, 1, 2, 3));
        store_u32x4(room, _mm_shuffle_epi8(indices, load_u8x16(&FRONT[kept & 15])));
        (index, count) = (index + 4, count + kept.count_ones() as usize);
    }
    scalar::keep_ids_from(ids, index, threshold, out, count)
}
