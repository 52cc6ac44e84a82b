//! Kernels that the compiler makes from plain loops as well as anyone.

/// Decodes a packed run of `fixed64` or `double` (as bits) to the end of `out`; what is left of eight bytes is ignored.
///
/// A loop that compiles to a copy.
#[inline]
pub fn decode_fixed64(bytes: &[u8], out: &mut Vec<u64>) {
    let (words, _) = bytes.as_chunks::<8>();
    out.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
}

/// How many varints end in a packed run: its bytes without continuation bit.
#[inline]
pub fn count_varints(bytes: &[u8]) -> usize {
    // Summed in bytes first, as many as a byte can count: the compiler makes vectors of it.
    bytes
        .chunks(255)
        .map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(*byte < 0x80)).sum::<u8>()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed64_is_little_endian_and_ignores_a_torn_end() {
        let mut out = vec![7];
        decode_fixed64(&[1, 0, 0, 0, 0, 0, 0, 0x80, 2, 0], &mut out);
        assert_eq!(out, [7, 0x8000_0000_0000_0001]);
    }

    #[test]
    fn varints_are_counted_by_their_last_bytes() {
        assert_eq!(count_varints(&[]), 0);
        assert_eq!(count_varints(&[0x80, 0x01, 0x05, 0xff]), 2);
        assert_eq!(count_varints(&vec![0x7f; 100_000]), 100_000);
    }
}
