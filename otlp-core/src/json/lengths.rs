//! Lengths that are known only behind what they measure.

use super::room::Room;
use crate::wire::varint_len;

/// Leaves a byte or two for each length, and makes room for the longer ones in one pass at the end.
///
/// Moving a message as soon as its length is known would move its bytes once for each level around it: a hundred times
/// for a text made to do so.
#[derive(Default)]
pub(super) struct Lengths {
    /// Place of each length that takes more than the bytes that were left for it, their number, and the length.
    long: Vec<(usize, usize, usize)>,
    /// Bytes that those take beyond what was left.
    extra: usize,
    /// Levels at which the last length took more than one byte, modulo 32.
    wide: u32,
}

/// A length that is still open.
#[derive(Clone, Copy)]
pub(super) struct Open {
    start: usize,
    width: usize,
    extra: usize,
}

impl Lengths {
    /// Leaves room for the length of what follows: two bytes if the last message of this level took as many or more.
    #[inline]
    pub(super) fn open(&self, out: &mut Room<'_>, level: u32) -> Open {
        let width = 1 + (self.wide >> (level % 32) & 1) as usize;
        out.put(&[0, 0], width);
        Open { start: out.len(), width, extra: self.extra }
    }

    /// Notes the length of what was appended since `open`, and gives it.
    #[inline]
    pub(super) fn close(&mut self, out: &mut Room<'_>, open: Open, level: u32) -> usize {
        let (end, place) = (out.len(), open.start - open.width);
        let length = end - open.start + self.extra - open.extra;
        let bit = 1 << (level % 32);
        if length < 0x80 {
            self.wide &= !bit;
            // As short as it is, no length in it was long.
            if open.width == 2 {
                out.written().copy_within(open.start..end, open.start - 1);
                out.truncate(end - 1);
            }
            out.written()[place] = length as u8;
        } else {
            self.wide |= bit;
            let width = varint_len(length as u64);
            if width == open.width {
                put_length(&mut out.written()[place..open.start], length);
            } else {
                self.long.push((place, open.width, length));
                self.extra += width - open.width;
            }
        }
        length
    }

    /// Bytes that will be there in the end, of which there are `written` now.
    pub(super) const fn size(&self, written: usize) -> usize {
        written + self.extra
    }

    /// Writes the long lengths: from back to front each stretch between two of them moves once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        // Inner lengths are noted before the outer ones, so what has to be sorted is a few rising runs.
        self.long.sort();
        let (mut end, mut shift) = (out.len(), self.extra);
        out.resize(end + shift, 0);
        for (place, left, length) in self.long.into_iter().rev() {
            out.copy_within(place + left..end, place + left + shift);
            let width = varint_len(length as u64);
            shift -= width - left;
            put_length(&mut out[place + shift..place + shift + width], length);
            end = place;
        }
        debug_assert_eq!(shift, 0, "each long length was given its room");
    }
}

/// Fills `out` with the varint of `length`, which takes that many bytes.
#[inline]
pub(super) fn put_length(out: &mut [u8], mut length: usize) {
    let last = out.len() - 1;
    for byte in &mut out[..last] {
        *byte = length as u8 | 0x80;
        length >>= 7;
    }
    out[last] = length as u8;
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
            let (mut out, mut open) = (Vec::new(), Vec::new());
            // What was left for each length the time before must not matter.
            for wide in [0, u32::MAX, 0x5555_5555] {
                let mut lengths = Lengths { wide, ..Lengths::default() };
                out.clear();
                let mut room = Room::new(&mut out);
                for level in 0..sizes.len() as u32 {
                    room.push(9);
                    open.push((lengths.open(&mut room, level), level));
                }
                for (size, (open, level)) in sizes.iter().zip(open.drain(..).rev()) {
                    room.extend(&vec![7; *size]);
                    lengths.close(&mut room, open, level);
                }
                let size = lengths.size(room.len());
                room.finish();
                lengths.finish(&mut out);
                assert_eq!(out.len(), size, "{sizes:?}");
                // The inner message stands in front of the level's own bytes on both sides.
                assert!(out == expected, "{sizes:?}");
            }
        }
    }
}
