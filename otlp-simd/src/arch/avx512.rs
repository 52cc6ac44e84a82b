//! Kernels for AVX-512 with F, BW, CD, DQ, VL, VBMI and VBMI2 (Ice Lake, Zen 4 and later).

use std::arch::x86_64::*;

use super::load::{load_f64x8, load_front, load_u8x64, store_front, store_u32x8, store_u64x8};
use super::scalar;

/// Bytes of one step.
const STEP: usize = 64;

/// See [`Kernels::decode_varints`](super::Kernels::decode_varints).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn decode_varints(bytes: &[u8], out: &mut [u64]) -> Option<usize> {
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (block, valid) = load_front(&bytes[at..]);
        let ends = !_mm512_movepi8_mask(block) & valid;
        let room = out.get_mut(count..)?;
        if ends as u32 == u32::MAX {
            let room = room.first_chunk_mut::<32>()?;
            widen(_mm512_castsi512_si256(block), room);
            (at, count) = (at + 32, count + 32);
            continue;
        }
        let found = ends.count_ones() as usize;
        // As many at once as the block surely holds, so that the next load waits for one chain of ends only.
        let taken = match found {
            32.. => eights::<4>(block, ends, room),
            16.. => eights::<2>(block, ends, room),
            8.. => eights::<1>(block, ends, room),
            1.. => fewer(block, ends, room),
            0 => None,
        };
        let Some((end, values)) = taken else {
            // A varint of more than eight bytes, a fault, or no room: scalar code tells which.
            let (value, end) = scalar::read_varint(bytes, at)?;
            *room.first_mut()? = value;
            (at, count) = (end, count + 1);
            continue;
        };
        (at, count) = (at + end, count + values);
    }
    Some(count)
}

/// The first varints of a block whose last bytes are `ends`, eight at a time; gives how many bytes and values they are.
/// `None` if one has more than eight bytes or there is no room.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2")]
fn eights<const TIMES: usize>(block: __m512i, ends: u64, room: &mut [u64]) -> Option<(usize, usize)> {
    let (rooms, _) = room.as_chunks_mut::<8>();
    let rooms = rooms.first_chunk_mut::<TIMES>()?;
    let (first, last) = limits(ends);
    let long = _mm512_cmpgt_epi8_mask(_mm512_sub_epi8(last, first), _mm512_set1_epi8(7));
    if long & (u64::MAX >> (64 - 8 * TIMES)) != 0 {
        return None;
    }
    let mut spread = load_u8x64(&SPREAD);
    for room in rooms {
        store_u64x8(room, eight(block, first, last, spread));
        spread = _mm512_add_epi8(spread, _mm512_set1_epi8(8));
    }
    let end = _pdep_u64(1 << (8 * TIMES - 1), ends).trailing_zeros() as usize;
    Some((end + 1, TIMES * 8))
}

/// As [`eights`], for the last one to seven of a run.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,lzcnt,popcnt")]
fn fewer(block: __m512i, ends: u64, room: &mut [u64]) -> Option<(usize, usize)> {
    let found = ends.count_ones() as usize;
    let (first, last) = limits(ends);
    let mask = u8::MAX >> (8 - found);
    let long = _mm512_cmpgt_epi8_mask(_mm512_sub_epi8(last, first), _mm512_set1_epi8(7));
    if long & u64::from(mask) != 0 || room.len() < found {
        return None;
    }
    store_front(room, mask, eight(block, first, last, load_u8x64(&SPREAD)));
    Some((64 - ends.leading_zeros() as usize, found))
}

/// Byte i of each: where varint i starts and ends.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2")]
fn limits(ends: u64) -> (__m512i, __m512i) {
    let iota = load_u8x64(&IOTA);
    let last = _mm512_maskz_compress_epi8(ends, iota);
    // One behind the end of the one before; the first starts at 0.
    let before = _mm512_permutexvar_epi8(_mm512_sub_epi8(iota, _mm512_set1_epi8(1)), last);
    (_mm512_maskz_add_epi8(!1, before, _mm512_set1_epi8(1)), last)
}

/// Eight varints of a block: those whose numbers stand in `spread`, each for the eight bytes of its lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn eight(block: __m512i, first: __m512i, last: __m512i, spread: __m512i) -> __m512i {
    let at =
        _mm512_add_epi8(_mm512_permutexvar_epi8(spread, first), _mm512_set1_epi64(0x0706_0504_0302_0100));
    let inside = _mm512_cmple_epu8_mask(at, _mm512_permutexvar_epi8(spread, last));
    let bytes = _mm512_and_si512(_mm512_maskz_permutexvar_epi8(inside, at, block), _mm512_set1_epi8(0x7f));
    let pairs = _mm512_maddubs_epi16(_mm512_set1_epi16(0x8001_u16 as i16), bytes);
    let fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x4000_0001));
    let high = _mm512_slli_epi64::<28>(_mm512_srli_epi64::<32>(fours));
    let low = _mm512_and_si512(fours, _mm512_set1_epi64(0xffff_ffff));
    _mm512_or_si512(low, high)
}

const IOTA: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut at = 0;
    while at < 64 {
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
};

const SPREAD: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut at = 0;
    while at < 64 {
        bytes[at] = at as u8 / 8;
        at += 1;
    }
    bytes
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn widen(bytes: __m256i, out: &mut [u64; 32]) {
    let (low, high) = (_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
    let (outs, _) = out.as_chunks_mut::<8>();
    let [a, b, c, d] = outs else { return };
    store_u64x8(a, _mm512_cvtepu8_epi64(low));
    store_u64x8(b, _mm512_cvtepu8_epi64(_mm_srli_si128::<8>(low)));
    store_u64x8(c, _mm512_cvtepu8_epi64(high));
    store_u64x8(d, _mm512_cvtepu8_epi64(_mm_srli_si128::<8>(high)));
}

/// See [`Kernels::find_buckets`](super::Kernels::find_buckets).
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub(super) fn find_buckets(bounds: &[f64], values: &[f64], out: &mut [u32]) {
    if bounds.len() > 15 {
        // Compared with each, sixteen values at a time; a gather for each step of a search gains nothing.
        return super::avx2::find_buckets(bounds, values, out);
    }
    let length = values.len().min(out.len());
    let (values, out) = (&values[..length], &mut out[..length]);
    // Filled up with bounds that nothing lies above.
    let mut table = [f64::INFINITY; 16];
    table[..bounds.len()].copy_from_slice(bounds);
    let (halves, _) = table.as_chunks::<8>();
    let [low, high] = halves else { return };
    let (low, high) = (load_f64x8(low), load_f64x8(high));
    let (chunks, rest) = values.as_chunks::<8>();
    let (outs, rest_out) = out.as_chunks_mut::<8>();
    for (chunk, out) in chunks.iter().zip(outs) {
        let value = load_f64x8(chunk);
        let mut index = _mm512_setzero_si512();
        for step in [8, 4, 2, 1] {
            let probe = _mm512_add_epi64(index, _mm512_set1_epi64(step - 1));
            let bound = _mm512_permutex2var_pd(low, probe, high);
            let above = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(bound, value);
            index = _mm512_mask_add_epi64(index, above, index, _mm512_set1_epi64(step));
        }
        store_u32x8(out, _mm512_cvtepi64_epi32(index));
    }
    scalar::find_buckets(bounds, rest, rest_out);
}

/// See [`Kernels::keep_ids`](super::Kernels::keep_ids).
#[target_feature(enable = "avx512f,avx512bw,avx512vl,popcnt")]
pub(super) fn keep_ids(ids: &[[u8; 16]], threshold: u64, out: &mut [u32]) -> usize {
    let turn =
        _mm512_broadcast_i32x4(_mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, -1, 15, 14, 13, 12, 11, 10, 9, -1));
    let order = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    let threshold_lanes = _mm512_set1_epi64(threshold as i64);
    let (chunks, _) = ids.as_chunks::<8>();
    let (mut index, mut count) = (0, 0);
    for chunk in chunks {
        let Some(room) = out.get_mut(count..).and_then(<[u32]>::first_chunk_mut::<8>) else { break };
        let (halves, _) = chunk.as_flattened().as_chunks::<STEP>();
        let [first, second] = halves else { break };
        let first = _mm512_shuffle_epi8(load_u8x64(first), turn);
        let second = _mm512_shuffle_epi8(load_u8x64(second), turn);
        let numbers = _mm512_permutex2var_epi64(first, order, second);
        let kept = _mm512_cmpge_epu64_mask(numbers, threshold_lanes);
        let indices =
            _mm256_add_epi32(_mm256_set1_epi32(index as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        store_u32x8(room, _mm256_maskz_compress_epi32(kept, indices));
        (index, count) = (index + 8, count + kept.count_ones() as usize);
    }
    scalar::keep_ids_from(ids, index, threshold, out, count)
}
