//! Encoding prost's messages from the last byte to the first.
//!
//! A length stands in front of what it measures. Written backwards it is known when its turn comes, so nothing is measured
//! beforehand, which is what prost does once more for every level.

use bytes::Bytes;

use crate::wire::{LEN, varint_len};

/// A message of [`proto`](crate::proto) that [`encode`] takes.
pub trait Encode {
    #[doc(hidden)]
    fn put(&self, out: &mut Backward);

    /// Whether it holds lists of messages.
    #[doc(hidden)]
    const LISTS: bool = false;

    /// Asks for the memory that it points at.
    #[doc(hidden)]
    fn near(&self) {}

    /// Asks for the memory that the messages in its lists point at.
    #[doc(hidden)]
    fn reach(&self) {}
}

/// Encodes a message to the very bytes that prost's `encode_to_vec` gives, in less than half of its time.
///
/// Whoever encodes one message after the other saves the allocations too with an [`Encoder`].
///
/// ```
/// use otlp_core::proto::{encode, trace::v1::Span};
/// use prost::Message as _;
/// let span = Span { name: "GET /cart".into(), ..Default::default() };
/// assert_eq!(encode(&span), span.encode_to_vec());
/// ```
pub fn encode(message: &impl Encode) -> Bytes {
    let mut out = Backward::default();
    message.put(&mut out);
    out.join(0);
    Bytes::from(out.block).slice(out.at..)
}

/// Encodes one message after the other into memory that it keeps.
///
/// What it keeps is up to twice the size of the largest message so far; once it has seen that one, it allocates nothing.
///
/// ```
/// use otlp_core::proto::{Encoder, trace::v1::Span};
/// use prost::Message as _;
/// let mut encoder = Encoder::new();
/// for name in ["GET /cart", "GET /"] {
///     let span = Span { name: name.into(), ..Default::default() };
///     assert_eq!(encoder.encode(&span), span.encode_to_vec());
/// }
/// ```
#[derive(Debug, Default)]
pub struct Encoder {
    out: Backward,
}

impl Encoder {
    /// An encoder that holds no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Encodes a message as [`encode`] does; the bytes stay until the next one.
    pub fn encode(&mut self, message: &impl Encode) -> &[u8] {
        self.out.at = self.out.block.len();
        message.put(&mut self.out);
        // Room for as much again, so that a little larger message finds its place at once.
        let spare = self.out.written();
        self.out.join(spare);
        &self.out.block[self.out.at..]
    }
}

/// Bytes of the first block.
const FIRST: usize = 1024;
/// Blocks grow up to so many bytes: what was written last stays in the cache.
const MOST: usize = 64 * 1024;

/// A buffer that grows at its front. Public in name only: it stands in the signature of [`Encode`], which is sealed by it.
#[derive(Debug, Default)]
#[allow(unreachable_pub, reason = "nobody outside can name it")]
pub struct Backward {
    /// The block that is written, from its end.
    block: Vec<u8>,
    /// Where the written part of it starts.
    at: usize,
    /// Blocks that have no more room, the last one in front, and where their written parts start.
    full: Vec<(Vec<u8>, usize)>,
    /// How much is written in these.
    behind: usize,
}

impl Backward {
    #[inline]
    const fn written(&self) -> usize {
        self.behind + self.block.len() - self.at
    }

    /// Makes room for `count` bytes in front of what is written, and gives it.
    #[inline]
    fn room(&mut self, count: usize) -> &mut [u8] {
        if self.at < count {
            self.grow(count);
        }
        self.at -= count;
        &mut self.block[self.at..self.at + count]
    }

    /// Puts so many bytes in front, a number known when this is compiled.
    #[inline]
    fn fixed<const COUNT: usize>(&mut self, bytes: [u8; COUNT]) {
        loop {
            if let Some(room) = self.block.get_mut(..self.at).and_then(|free| free.last_chunk_mut()) {
                *room = bytes;
                self.at -= COUNT;
                return;
            }
            self.grow(COUNT);
        }
    }

    /// Begins a new block: what is written is not moved before all of it is.
    #[cold]
    fn grow(&mut self, count: usize) {
        let size = (4 * self.block.len()).clamp(FIRST, MOST).max(count);
        let full = std::mem::replace(&mut self.block, vec![0; size]);
        if self.at < full.len() {
            self.behind += full.len() - self.at;
            self.full.push((full, self.at));
        }
        self.at = size;
    }

    /// Puts what is written into one block, behind `spare` free bytes, if it is in several.
    fn join(&mut self, spare: usize) {
        if self.full.is_empty() {
            return;
        }
        let mut joined = Vec::with_capacity(spare + self.written());
        joined.resize(spare, 0);
        joined.extend_from_slice(&self.block[self.at..]);
        for (block, at) in self.full.drain(..).rev() {
            joined.extend_from_slice(&block[at..]);
        }
        (self.block, self.at, self.behind) = (joined, spare, 0);
    }

    /// The key and the length of what was written last, `length` bytes.
    #[inline(always)]
    fn prefix(&mut self, number: u32, length: usize) {
        if number < 16 && length < 0x80 {
            self.fixed([(number << 3) as u8 | LEN, length as u8]);
        } else {
            self.long_prefix(number, length);
        }
    }

    #[inline(never)]
    fn long_prefix(&mut self, number: u32, length: usize) {
        if number < 16 && length < 0x4000 {
            self.fixed([(number << 3) as u8 | LEN, length as u8 | 0x80, (length >> 7) as u8]);
        } else {
            self.varint(length as u64);
            self.key(number, LEN);
        }
    }

    #[inline]
    fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.fixed([value as u8]);
        } else {
            self.long_varint(value);
        }
    }

    #[inline(never)]
    fn long_varint(&mut self, mut value: u64) {
        let room = self.room(varint_len(value));
        for byte in room.iter_mut() {
            *byte = value as u8 | 0x80;
            value >>= 7;
        }
        if let Some(last) = room.last_mut() {
            *last &= 0x7f;
        }
    }

    #[inline]
    pub(crate) fn key(&mut self, number: u32, wire: u8) {
        self.varint(u64::from(number) << 3 | u64::from(wire));
    }

    #[inline]
    pub(crate) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        copy(bytes, self.room(bytes.len()));
        self.prefix(number, bytes.len());
    }

    #[inline]
    pub(crate) fn message(&mut self, number: u32, message: &impl Encode) {
        let behind = self.written();
        message.put(self);
        self.prefix(number, self.written() - behind);
    }

    /// A list of messages, while the memory of those that come next is on its way.
    ///
    /// A tree lies scattered over the heap, and where a text is stands in a message that is elsewhere too: without this each
    /// step waits for memory.
    #[inline]
    pub(crate) fn messages<M: Encode>(&mut self, number: u32, messages: &[M]) {
        for (index, message) in messages.iter().enumerate().rev() {
            if M::LISTS {
                if let Some(third) = index.checked_sub(2) {
                    messages[third].near();
                }
                if let Some(second) = index.checked_sub(1) {
                    messages[second].reach();
                }
            }
            self.message(number, message);
        }
    }

    pub(crate) fn packed<T: Copy>(&mut self, number: u32, values: &[T], put: impl Fn(&mut Self, T)) {
        if values.is_empty() {
            return;
        }
        let behind = self.written();
        values.iter().rev().for_each(|value| put(self, *value));
        self.prefix(number, self.written() - behind);
    }

    #[inline]
    pub(crate) fn double(&mut self, value: f64) {
        self.fixed64(value.to_bits());
    }

    #[inline]
    pub(crate) fn fixed64(&mut self, value: u64) {
        self.fixed(value.to_le_bytes());
    }

    #[inline]
    pub(crate) fn sfixed64(&mut self, value: i64) {
        self.fixed64(value as u64);
    }

    #[inline]
    pub(crate) fn fixed32(&mut self, value: u32) {
        self.fixed(value.to_le_bytes());
    }

    #[inline]
    pub(crate) fn uint64(&mut self, value: u64) {
        self.varint(value);
    }

    #[inline]
    pub(crate) fn int64(&mut self, value: i64) {
        self.varint(value as u64);
    }

    #[inline]
    pub(crate) fn uint32(&mut self, value: u32) {
        self.varint(u64::from(value));
    }

    #[inline]
    pub(crate) fn int32(&mut self, value: i32) {
        // Negative numbers are sign-extended on the wire.
        self.varint(i64::from(value) as u64);
    }

    #[inline]
    pub(crate) fn sint32(&mut self, value: i32) {
        self.varint(u64::from((value << 1 ^ value >> 31) as u32));
    }

    #[inline]
    pub(crate) fn boolean(&mut self, value: bool) {
        self.varint(u64::from(value));
    }
}

/// Asks for the memory of the last messages in a list.
#[inline]
pub(crate) fn reach<M: Encode>(messages: &[M]) {
    messages.iter().rev().take(16).for_each(M::near);
}

/// Copies to a range of the same length; short ones, which most texts and ids of telemetry are, in two moves that overlap.
#[inline]
fn copy(from: &[u8], to: &mut [u8]) {
    macro_rules! moves {
        ($width:literal) => {
            if let (Some(first), Some(last)) = (from.first_chunk::<$width>(), from.last_chunk::<$width>()) {
                if let Some(start) = to.first_chunk_mut() {
                    *start = *first;
                }
                if let Some(end) = to.last_chunk_mut() {
                    *end = *last;
                }
                return;
            }
        };
    }
    if from.len() > 32 {
        return to.copy_from_slice(from);
    }
    moves!(16);
    moves!(8);
    moves!(4);
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::proto::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};

    fn text(length: usize) -> AnyValue {
        let text = (0..length).map(|at| char::from(b'a' + (at % 26) as u8)).collect();
        AnyValue { value: Some(Value::StringValue(text)) }
    }

    #[test]
    fn every_length_around_the_steps() {
        let mut encoder = Encoder::new();
        for length in (0..300).chain([16_000, 16_383, 16_384, 65_530, 65_536, 200_000, 2_097_152, 5]) {
            let value = KeyValue { key: "k".repeat(length % 40), value: Some(text(length)), key_strindex: 0 };
            let expected = value.encode_to_vec();
            assert_eq!(encode(&value), expected, "{length}");
            assert_eq!(encoder.encode(&value), expected, "{length}");
        }
    }

    #[test]
    fn messages_across_many_blocks() {
        let mut encoder = Encoder::new();
        for count in [0, 1, 50, 2_000, 60_000, 3, 60_000] {
            let values = (0..count).map(|index| text(index % 70)).collect();
            let array = ArrayValue { values };
            let expected = array.encode_to_vec();
            assert_eq!(encode(&array), expected, "{count}");
            assert_eq!(encoder.encode(&array), expected, "{count}");
            assert!(encoder.out.full.is_empty());
        }
        let held = encoder.out.block.len();
        assert!(encoder.encode(&ArrayValue::default()).is_empty());
        assert_eq!(encoder.out.block.len(), held);
    }
}
