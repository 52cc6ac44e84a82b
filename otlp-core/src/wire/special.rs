//! Which bytes JSON writes as escapes: quotes, backslashes and control characters, of 32 bytes at once.

/// One bit for each byte that cannot stand for itself in a JSON string, the lowest for the first byte.
///
/// Strings are 17 bytes long on average, so that one call tells most of them; what the loop over words makes of it in
/// plain Rust takes three times as many instructions.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
pub(crate) fn special(bytes: &[u8; 32]) -> u32 {
    let words = bytes.as_chunks::<8>().0;
    let word = |index: usize| i64::from_le_bytes(words[index]);
    special_of_16(word(0), word(1)) | special_of_16(word(2), word(3)) << 16
}

/// As above, for the 16 bytes of two words.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
#[allow(unsafe_code, reason = "intrinsics are unsafe where the function does not ask for the feature itself")]
fn special_of_16(first: i64, second: i64) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    // SAFETY: all six need nothing but SSE2, which this function is compiled with; they touch no memory.
    unsafe {
        let bytes = _mm_set_epi64x(second, first);
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))) as u32
    }
}

/// One bit for each byte that cannot stand for itself in a JSON string, the lowest for the first byte.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline(always)]
pub(crate) fn special(bytes: &[u8; 32]) -> u32 {
    special_by_words(bytes)
}

/// The same in words of eight bytes.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
fn special_by_words(bytes: &[u8; 32]) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * ONES;
    // The top bit of each byte that is zero, without carries between bytes.
    let zero = |word: u64| !(((word & LOW) + LOW) | word | LOW);
    bytes.as_chunks::<8>().0.iter().enumerate().fold(0, |mask, (index, word)| {
        let word = u64::from_le_bytes(*word);
        let control = zero(word & (0xe0 * ONES));
        let equal = |byte: u8| zero(word ^ (ONES * u64::from(byte)));
        let tops = control | equal(b'"') | equal(b'\\');
        // The product collects the eight bits, one out of each byte, in its top byte.
        let bits = (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | (bits as u32) << (8 * index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for background in [b'x', 0xff, 0x20, b'"', 0] {
            for at in 0..32 {
                for byte in 0..=u8::MAX {
                    let mut bytes = [background; 32];
                    bytes[at] = byte;
                    let expected = (0..32).fold(0, |mask, at| {
                        let byte = bytes[at];
                        mask | u32::from(byte < 0x20 || byte == b'"' || byte == b'\\') << at
                    });
                    assert_eq!(special(&bytes), expected, "{bytes:?}");
                    assert_eq!(special_by_words(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }
}
