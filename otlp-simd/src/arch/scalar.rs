//! The scalar twins: each kernel in plain Rust, as fast as it goes. What the vector versions are tested and measured against.

use crate::kernel::randomness;

/// Continuation bit of each byte of a word.
pub(super) const CONTINUED: u64 = 0x8080_8080_8080_8080;

/// See [`Kernels::decode_varints`](super::Kernels::decode_varints).
pub(super) fn decode_varints(bytes: &[u8], out: &mut [u64]) -> Option<usize> {
    decode_varints_from(bytes, 0, out, 0)
}

/// Decodes what stands from `at` on into `out` from `count` on; gives the count after it.
pub(super) fn decode_varints_from(
    bytes: &[u8],
    mut at: usize,
    out: &mut [u64],
    mut count: usize,
) -> Option<usize> {
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        (at, count) = decode_word(bytes, at, u64::from_le_bytes(*word), out, count)?;
    }
    while at < bytes.len() {
        let (value, end) = read_varint(bytes, at)?;
        *out.get_mut(count)? = value;
        (at, count) = (end, count + 1);
    }
    Some(count)
}

/// Decodes one, two or eight varints from the word that stands at `at`; gives the place and the count after them.
#[inline(always)]
pub(super) fn decode_word(
    bytes: &[u8],
    at: usize,
    word: u64,
    out: &mut [u64],
    count: usize,
) -> Option<(usize, usize)> {
    let ends = !word & CONTINUED;
    if ends == CONTINUED {
        *out.get_mut(count..)?.first_chunk_mut::<8>()? = word.to_le_bytes().map(u64::from);
        return Some((at + 8, count + 8));
    }
    // Two at once without a branch on their lengths, which is what random lengths cost most; and what stands behind them
    // waits for their ends, not for their values.
    let second = ends & ends.wrapping_sub(1);
    if second != 0 {
        let room = out.get_mut(count..)?.first_chunk_mut::<2>()?;
        // An end and all bits below it.
        let (one, two) = (ends ^ ends.wrapping_sub(1), second ^ second.wrapping_sub(1));
        room[0] = join(word & one);
        room[1] = join((word & two) >> (ends.trailing_zeros() + 1));
        return Some((at + second.trailing_zeros() as usize / 8 + 1, count + 2));
    }
    let (value, end) = read_varint(bytes, at)?;
    *out.get_mut(count)? = value;
    Some((end, count + 1))
}

/// Joins the low seven bits of each byte: a varint of at most eight bytes to its value.
#[inline]
const fn join(word: u64) -> u64 {
    let bytes = word & !CONTINUED;
    let pairs = bytes & 0x007f_007f_007f_007f | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | fours >> 32 << 28
}

/// One varint of up to ten bytes, the tenth at most 1; gives the value and where it ends.
#[inline]
pub(super) fn read_varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return (index < 9 || *byte < 2).then_some((value, at + index + 1));
        }
    }
    None
}

/// See [`Kernels::varint_lengths`](super::Kernels::varint_lengths).
#[inline(always)]
pub(super) fn varint_lengths(values: &[u64]) -> usize {
    values.iter().map(|value| (((value | 1).leading_zeros() ^ 63) * 9 + 73) as usize / 64).sum()
}

/// See [`Kernels::add_counts`](super::Kernels::add_counts).
#[inline(always)]
pub(super) fn add_counts(into: &mut [u64], counts: &[u64]) -> bool {
    let mut bits = 0;
    for (into, count) in into.iter_mut().zip(counts) {
        let sum = into.wrapping_add(*count);
        bits |= *count | *into | sum;
        *into = sum;
    }
    bits >> 63 == 0
}

/// See [`Kernels::delta_zigzag`](super::Kernels::delta_zigzag).
#[inline(always)]
pub(super) fn delta_zigzag(values: &[u64], out: &mut [u64]) {
    let length = values.len().min(out.len());
    let Some((first, rest)) = out[..length].split_first_mut() else { return };
    *first = zigzag(values[0]);
    let (before, after) = (&values[..length - 1], &values[1..length]);
    for ((out, before), after) in rest.iter_mut().zip(before).zip(after) {
        *out = zigzag(after.wrapping_sub(*before));
    }
}

#[inline(always)]
const fn zigzag(delta: u64) -> u64 {
    delta << 1 ^ (delta as i64 >> 63) as u64
}

/// Up to this many bounds, comparing with each of them beats searching.
pub(super) const MOST_COMPARED: usize = 40;

/// See [`Kernels::find_buckets`](super::Kernels::find_buckets).
pub(super) fn find_buckets(bounds: &[f64], values: &[f64], out: &mut [u32]) {
    let length = values.len().min(out.len());
    let (values, out) = (&values[..length], &mut out[..length]);
    if bounds.len() > MOST_COMPARED {
        return search(bounds, values, out);
    }
    // Several values against one bound at a time: the compiler makes vectors of it.
    let (chunks, rest) = values.as_chunks::<8>();
    let (outs, rest_out) = out.as_chunks_mut::<8>();
    for (chunk, out) in chunks.iter().zip(outs) {
        let mut counts = [0_u64; 8];
        for bound in bounds {
            for (count, value) in counts.iter_mut().zip(chunk) {
                *count += u64::from(bound < value);
            }
        }
        *out = counts.map(|count| count as u32);
    }
    search(bounds, rest, rest_out);
}

fn search(bounds: &[f64], values: &[f64], out: &mut [u32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = bounds.partition_point(|bound| bound < value) as u32;
    }
}

/// See [`Kernels::keep_ids`](super::Kernels::keep_ids).
pub(super) fn keep_ids(ids: &[[u8; 16]], threshold: u64, out: &mut [u32]) -> usize {
    keep_ids_from(ids, 0, threshold, out, 0)
}

/// As [`keep_ids`], from the id with index `at` and the output with index `count` on.
#[inline]
pub(super) fn keep_ids_from(
    ids: &[[u8; 16]],
    at: usize,
    threshold: u64,
    out: &mut [u32],
    mut count: usize,
) -> usize {
    for (index, id) in ids.iter().enumerate().skip(at) {
        // Written whether kept or not: a branch on a random id is mispredicted every other time.
        let Some(slot) = out.get_mut(count) else { return count };
        *slot = index as u32;
        count += usize::from(randomness(id) >= threshold);
    }
    count
}
