//! Appending pieces of fixed size, of which only the first bytes count.

use crate::wire::put_varint_at;

/// Room that is zeroed at once: small enough to stay in the cache until it is written.
const STEP: usize = 16 << 10;

/// The end of a vector, with zeroed room behind it.
///
/// To append a few bytes whose number is not known beforehand, a vector is asked for room, calls a copy and notes its
/// length. Here a whole piece of 8 or 32 bytes is stored, which takes a move or two, and the next piece overwrites what
/// was too much.
pub(super) struct Room<'a> {
    bytes: &'a mut Vec<u8>,
    len: usize,
}

impl<'a> Room<'a> {
    /// Appends to `bytes`; the room behind them goes with [`finish`](Self::finish).
    pub(super) const fn new(bytes: &'a mut Vec<u8>) -> Self {
        let len = bytes.len();
        Self { bytes, len }
    }

    /// Cuts the room off.
    pub(super) fn finish(self) {
        self.bytes.truncate(self.len);
    }

    /// Bytes so far.
    #[inline(always)]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The bytes so far.
    pub(super) fn written(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    /// Forgets all but the first `len` bytes.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len, "nothing is uncovered");
        self.len = len;
    }

    /// The next `N` bytes, for the caller to fill; [`advance`](Self::advance) says how many of them count.
    #[inline(always)]
    pub(super) fn piece<const N: usize>(&mut self) -> &mut [u8; N] {
        if self.bytes.len() - self.len < N {
            self.grow(N);
        }
        match self.bytes[self.len..].first_chunk_mut() {
            Some(piece) => piece,
            None => unreachable!("`grow` made room"),
        }
    }

    /// Takes the next `count` bytes as they are.
    #[inline(always)]
    pub(super) fn advance(&mut self, count: usize) {
        self.len += count;
        debug_assert!(self.len <= self.bytes.len(), "what counts was filled");
    }

    /// Appends the first `count` bytes of `piece`.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, piece: &[u8; N], count: usize) {
        *self.piece() = *piece;
        self.advance(count);
    }

    /// Appends one byte.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        self.put(&[byte], 1);
    }

    /// Appends `value` as a varint.
    #[inline]
    pub(super) fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.push(value as u8);
        } else {
            let count = put_varint_at(self.piece(), value);
            self.advance(count);
        }
    }

    /// Appends `bytes`.
    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.fill(bytes.len()).copy_from_slice(bytes);
    }

    /// Appends `count` bytes for the caller to fill.
    #[inline]
    pub(super) fn fill(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < count {
            self.grow(count);
        }
        let start = self.len;
        self.len += count;
        &mut self.bytes[start..self.len]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, count: usize) {
        // The vector's own way to grow, and no further than its capacity reaches.
        self.bytes.reserve(self.len + count - self.bytes.len());
        let end = self.bytes.capacity().min(self.len + count.max(STEP));
        self.bytes.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_appending_to_a_vector() {
        let mut bytes = b"before".to_vec();
        let mut expected = bytes.clone();
        let mut room = Room::new(&mut bytes);
        for round in 0..2000_usize {
            let byte = round as u8;
            room.put(&[byte; 32], round % 33);
            expected.extend(std::iter::repeat_n(byte, round % 33));
            room.push(byte);
            expected.push(byte);
            let text = vec![byte; round % 700];
            room.extend(&text);
            expected.extend(&text);
            if round % 7 == 0 {
                let cut = room.len() - 5.min(room.len() - 6);
                room.truncate(cut);
                expected.truncate(cut);
            }
            assert_eq!(room.len(), expected.len());
        }
        assert_eq!(room.written(), expected);
        room.finish();
        assert_eq!(bytes, expected);
    }
}
