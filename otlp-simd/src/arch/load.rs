//! Loads and stores between references and registers: the only pointers in this crate.

use std::arch::x86_64::*;

macro_rules! loads {
    ($($name:ident($features:literal): [$element:ty; $lanes:literal] -> $register:ty = $intrinsic:ident;)+) => {$(
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn $name(from: &[$element; $lanes]) -> $register {
            // SAFETY: `from` is exactly as wide as the register, and the load asks for no alignment.
            unsafe { $intrinsic(from.as_ptr().cast()) }
        }
    )+};
}

macro_rules! stores {
    ($($name:ident($features:literal): [$element:ty; $lanes:literal] <= $register:ty = $intrinsic:ident;)+) => {$(
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn $name(to: &mut [$element; $lanes], value: $register) {
            // SAFETY: `to` is exactly as wide as the register, and the store asks for no alignment.
            unsafe { $intrinsic(to.as_mut_ptr().cast(), value) }
        }
    )+};
}

loads! {
    load_u8x16("sse2"): [u8; 16] -> __m128i = _mm_loadu_si128;
    load_u8x32("avx"): [u8; 32] -> __m256i = _mm256_loadu_si256;
    load_f64x4("avx"): [f64; 4] -> __m256d = _mm256_loadu_pd;
    load_u8x64("avx512f"): [u8; 64] -> __m512i = _mm512_loadu_si512;
    load_f64x8("avx512f"): [f64; 8] -> __m512d = _mm512_loadu_pd;
}

stores! {
    store_u32x4("sse2"): [u32; 4] <= __m128i = _mm_storeu_si128;
    store_u64x4("avx"): [u64; 4] <= __m256i = _mm256_storeu_si256;
    store_u32x8("avx"): [u32; 8] <= __m256i = _mm256_storeu_si256;
    store_u64x8("avx512f"): [u64; 8] <= __m512i = _mm512_storeu_si512;
}

/// The first 64 bytes, zeros behind a shorter slice, and which of the bytes are the slice's.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn load_front(from: &[u8]) -> (__m512i, u64) {
    if let Some(block) = from.first_chunk() {
        return (load_u8x64(block), u64::MAX);
    }
    let valid = (1_u64 << from.len()) - 1;
    // SAFETY: the slice has less than 64 bytes, and the load touches only those whose bit is set: the slice's.
    (unsafe { _mm512_maskz_loadu_epi8(valid, from.as_ptr().cast()) }, valid)
}

/// Stores the lanes of `mask`, a run from lane 0, which must not be longer than `to`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_front(to: &mut [u64], mask: u8, value: __m512i) {
    let room = u8::MAX >> 8_usize.saturating_sub(to.len()).min(7);
    let mask = if to.is_empty() { 0 } else { mask & room };
    // SAFETY: the store touches only lanes whose bit is set, which are within the slice.
    unsafe { _mm512_mask_storeu_epi64(to.as_mut_ptr().cast(), mask, value) }
}
