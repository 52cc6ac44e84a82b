//! Lengths that are known only behind what they measure.

use crate::wire::varint_len;

/// Leaves one byte for each length, and makes room for the longer ones in one pass at the end.
///
/// Moving a message as soon as its length is known would move its bytes once for each level around it: a hundred times
/// for a text made to do so.
#[derive(Default)]
pub(super) struct Lengths {
    /// Place and value of each length that takes more than the byte that was left for it.
    long: Vec<(usize, usize)>,
    /// Bytes that those take beyond it.
    extra: usize,
}

/// A length that is still open.
#[derive(Clone, Copy)]
pub(super) struct Open {
    start: usize,
    extra: usize,
}

impl Lengths {
    /// Leaves a byte for the length of what follows.
    #[inline]
    pub(super) fn open(&self, out: &mut Vec<u8>) -> Open {
        out.push(0);
        Open { start: out.len(), extra: self.extra }
    }

    /// Notes the length of what was appended since `open`, and gives it.
    #[inline]
    pub(super) fn close(&mut self, out: &mut [u8], open: Open) -> usize {
        let length = out.len() - open.start + self.extra - open.extra;
        if length < 0x80 {
            out[open.start - 1] = length as u8;
        } else {
            self.long.push((open.start - 1, length));
            self.extra += varint_len(length as u64) - 1;
        }
        length
    }

    /// Bytes that `out` will have in the end.
    pub(super) const fn size(&self, out: &[u8]) -> usize {
        out.len() + self.extra
    }

    /// Writes the long lengths: from back to front each stretch between two of them moves once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        // Inner lengths are noted before the outer ones, so what has to be sorted is a few rising runs.
        self.long.sort();
        let (mut end, mut shift) = (out.len(), self.extra);
        out.resize(end + shift, 0);
        for (place, length) in self.long.into_iter().rev() {
            out.copy_within(place + 1..end, place + 1 + shift);
            shift -= varint_len(length as u64) - 1;
            let (mut at, mut rest) = (place + shift, length);
            while rest >= 0x80 {
                out[at] = rest as u8 | 0x80;
                rest >>= 7;
                at += 1;
            }
            out[at] = rest as u8;
            end = place;
        }
        debug_assert_eq!(shift, 0, "each long length was given its room");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_varint;

    /// Nested lengths around `sizes` bytes each, one behind the other on each level.
    #[test]
    fn equals_lengths_written_from_the_inside() {
        for sizes in
            [&[0, 1, 127, 128][..], &[126, 0, 0], &[125, 1], &[16_381, 1], &[16_384, 3, 3], &[2_097_150, 1]]
        {
            let mut expected = Vec::new();
            for size in sizes {
                expected.extend(std::iter::repeat_n(7, *size));
                let mut outer = Vec::new();
                put_varint(&mut outer, expected.len() as u64);
                outer.append(&mut expected);
                // Something in front, so that no length stands at the start.
                expected.push(9);
                expected.append(&mut outer);
            }
            let (mut out, mut lengths, mut open) = (Vec::new(), Lengths::default(), Vec::new());
            for _ in sizes {
                out.push(9);
                open.push(lengths.open(&mut out));
            }
            for (size, open) in sizes.iter().zip(open.into_iter().rev()) {
                out.extend(std::iter::repeat_n(7, *size));
                lengths.close(&mut out, open);
            }
            let size = lengths.size(&out);
            lengths.finish(&mut out);
            assert_eq!(out.len(), size, "{sizes:?}");
            // The inner message stands in front of the level's own bytes on both sides.
            assert!(out == expected, "{sizes:?}");
        }
    }
}
