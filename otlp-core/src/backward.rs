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
}

/// Encodes a message to the very bytes that prost's `encode_to_vec` gives, in less than half of its time.
///
/// ```
/// use otlp_core::proto::{encode, trace::v1::Span};
/// use prost::Message as _;
/// let span = Span { name: "GET /cart".into(), ..Default::default() };
/// assert_eq!(encode(&span), span.encode_to_vec());
/// ```
pub fn encode(message: &impl Encode) -> Bytes {
    let mut out = Backward { bytes: vec![0; 1024], at: 1024 };
    message.put(&mut out);
    Bytes::from(out.bytes).slice(out.at..)
}

/// A buffer that grows at its front. Public in name only: it stands in the signature of [`Encode`], which is sealed by it.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "nobody outside can name it")]
pub struct Backward {
    bytes: Vec<u8>,
    /// Where the written part starts; it reaches to the end.
    at: usize,
}

impl Backward {
    fn written(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Makes room for `count` bytes in front of what is written, and gives it.
    #[inline]
    fn room(&mut self, count: usize) -> &mut [u8] {
        if self.at < count {
            self.grow(count);
        }
        self.at -= count;
        &mut self.bytes[self.at..self.at + count]
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let written = self.written();
        let length = (2 * self.bytes.len()).max(written + count);
        let mut bytes = vec![0; length];
        let at = length - written;
        bytes[at..].copy_from_slice(&self.bytes[self.at..]);
        (self.bytes, self.at) = (bytes, at);
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        if value < 0x80 {
            self.room(1)[0] = value as u8;
            return;
        }
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
        self.room(bytes.len()).copy_from_slice(bytes);
        self.varint(bytes.len() as u64);
        self.key(number, LEN);
    }

    #[inline]
    pub(crate) fn message(&mut self, number: u32, message: &impl Encode) {
        let behind = self.written();
        message.put(self);
        self.varint((self.written() - behind) as u64);
        self.key(number, LEN);
    }

    pub(crate) fn packed<T: Copy>(&mut self, number: u32, values: &[T], put: impl Fn(&mut Self, T)) {
        if values.is_empty() {
            return;
        }
        let behind = self.written();
        values.iter().rev().for_each(|value| put(self, *value));
        self.varint((self.written() - behind) as u64);
        self.key(number, LEN);
    }

    pub(crate) fn double(&mut self, value: f64) {
        self.fixed64(value.to_bits());
    }

    pub(crate) fn fixed64(&mut self, value: u64) {
        self.room(8).copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn sfixed64(&mut self, value: i64) {
        self.fixed64(value as u64);
    }

    pub(crate) fn fixed32(&mut self, value: u32) {
        self.room(4).copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn uint64(&mut self, value: u64) {
        self.varint(value);
    }

    pub(crate) fn int64(&mut self, value: i64) {
        self.varint(value as u64);
    }

    pub(crate) fn uint32(&mut self, value: u32) {
        self.varint(u64::from(value));
    }

    pub(crate) fn int32(&mut self, value: i32) {
        // Negative numbers are sign-extended on the wire.
        self.varint(i64::from(value) as u64);
    }

    pub(crate) fn sint32(&mut self, value: i32) {
        self.varint(u64::from((value << 1 ^ value >> 31) as u32));
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.varint(u64::from(value));
    }
}
