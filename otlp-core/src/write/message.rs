//! One open message: what each public writer wraps.

use super::Sink;
use super::value::{ValueRef, put_any, put_attribute};
use crate::key::KeyRef;
use crate::wire::{FIXED32, FIXED64, LEN, VARINT, put_key, put_varint, varint_len};

/// The writer's end of one open message.
///
/// Whoever holds it is the only one who can write into the message; anything still open below ends first.
pub(crate) struct Message<'a> {
    sink: &'a mut Sink,
    level: usize,
    /// Singular fields that stand in the message, by number.
    set: u32,
    /// Where the fields that must not stand twice start; 0 when they do not stand yet.
    slots: [usize; 2],
    dropped: u32,
}

impl<'a> Message<'a> {
    /// The request itself.
    pub(crate) fn root(sink: &'a mut Sink) -> Self {
        sink.close_to(0);
        Self::new(sink, 0)
    }

    /// A message that stays open, at `level`.
    pub(crate) fn opened(sink: &'a mut Sink, level: usize) -> Self {
        sink.close_to(level);
        Self::new(sink, level)
    }

    #[inline]
    fn new(sink: &'a mut Sink, level: usize) -> Self {
        Self { sink, level, set: 0, slots: [0; 2], dropped: 0 }
    }

    /// The buffer, with nothing open below this message.
    #[inline]
    pub(super) fn at(&mut self) -> &mut Sink {
        self.sink.close_to(self.level);
        self.sink
    }

    /// Opens field `number`; `dropped_number` is that message's `dropped_attributes_count`, 0 for none.
    #[inline]
    pub(crate) fn child(&mut self, number: u32, dropped_number: u8) -> Message<'_> {
        let level = self.level + 1;
        let sink = self.at();
        sink.open(number, dropped_number);
        Message::new(sink, level)
    }

    /// As [`child`](Self::child), for a message after which nothing more goes into this one.
    #[inline]
    pub(crate) fn into_child(self, number: u32, dropped_number: u8) -> Self {
        self.sink.close_to(self.level);
        self.sink.open(number, dropped_number);
        Self::new(self.sink, self.level + 1)
    }

    /// Opens field `number` and counts it as an item of the batch.
    #[inline]
    pub(crate) fn item(&mut self, number: u32, dropped_number: u8) -> Message<'_> {
        self.sink.count_item();
        self.child(number, dropped_number)
    }

    /// Writes field `number`, an item that is encoded already.
    pub(crate) fn copy_item(&mut self, number: u32, encoded: &[u8]) {
        self.sink.count_item();
        self.element(number, encoded);
    }

    /// Opens `ArrayValue` (field 5) or `KeyValueList` (field 6) in this `AnyValue`.
    pub(super) fn into_list(self, number: u32, room: usize) -> Self {
        self.sink.close_to(self.level);
        self.sink.open_list(number, room);
        Self::new(self.sink, self.level + 1)
    }

    /// Whether singular field `number` must be written: always, but for a default that replaces nothing.
    #[inline]
    fn needed(&mut self, number: u32, default: bool) -> bool {
        let bit = 1 << number;
        let seen = self.set & bit != 0;
        if default && !seen {
            return false;
        }
        self.set |= bit;
        true
    }

    #[inline]
    pub(crate) fn varint(&mut self, number: u32, value: u64) {
        if self.needed(number, value == 0) {
            let out = &mut self.at().bytes;
            put_key(out, number, VARINT);
            put_varint(out, value);
        }
    }

    #[inline]
    pub(crate) fn fixed32(&mut self, number: u32, value: u32) {
        if self.needed(number, value == 0) {
            let out = &mut self.at().bytes;
            put_key(out, number, FIXED32);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }

    #[inline]
    pub(crate) fn fixed64(&mut self, number: u32, value: u64) {
        if self.needed(number, value == 0) {
            self.present64(number, value);
        }
    }

    /// A `double` without presence. Minus zero is not the default: its bits are not zero.
    #[inline]
    pub(crate) fn double(&mut self, number: u32, value: f64) {
        self.fixed64(number, value.to_bits());
    }

    /// Eight bytes, written even when zero: `optional` fields and oneofs.
    #[inline]
    pub(crate) fn present64(&mut self, number: u32, value: u64) {
        let out = &mut self.at().bytes;
        put_key(out, number, FIXED64);
        out.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    pub(crate) fn string(&mut self, number: u32, value: &str) {
        self.bytes(number, value.as_bytes());
    }

    #[inline]
    pub(crate) fn bytes(&mut self, number: u32, value: &[u8]) {
        if self.needed(number, value.is_empty()) {
            self.element(number, value);
        }
    }

    /// One element of a repeated `string` or `bytes` field.
    #[inline]
    pub(crate) fn element(&mut self, number: u32, value: &[u8]) {
        let out = &mut self.at().bytes;
        put_key(out, number, LEN);
        put_varint(out, value.len() as u64);
        out.extend_from_slice(value);
    }

    /// Begins a field that must not stand twice: takes the one from an earlier call out again.
    pub(crate) fn once(&mut self, slot: usize) {
        let start = self.slots[slot];
        if start != 0 {
            let length = self.at().remove_field(start);
            for other in &mut self.slots {
                if *other > start {
                    *other -= length;
                }
            }
        }
        self.slots[slot] = self.at().len();
    }

    /// Forgets that slot's field: the call that began it wrote nothing.
    pub(crate) fn absent(&mut self, slot: usize) {
        self.slots[slot] = 0;
    }

    /// Packed `fixed64` or `double`; nothing when empty.
    pub(crate) fn packed64(&mut self, number: u32, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() == 0 {
            return;
        }
        let out = &mut self.at().bytes;
        put_key(out, number, LEN);
        put_varint(out, values.len() as u64 * 8);
        for value in values {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Packed varints; nothing when empty.
    pub(crate) fn packed_varint(&mut self, number: u32, values: impl Iterator<Item = u64> + Clone) {
        let length: usize = values.clone().map(varint_len).sum();
        if length == 0 {
            return;
        }
        let out = &mut self.at().bytes;
        put_key(out, number, LEN);
        put_varint(out, length as u64);
        for value in values {
            put_varint(out, value);
        }
    }

    #[inline]
    pub(crate) fn attribute(&mut self, number: u32, key: KeyRef<'_>, value: ValueRef<'_>) {
        put_attribute(self.at(), number, key, value);
    }

    /// Field `number`, an `AnyValue`.
    #[inline]
    pub(crate) fn any_value(&mut self, number: u32, value: ValueRef<'_>) {
        put_any(self.at(), number, value);
    }

    /// Opens attribute `number` up to its `AnyValue`.
    pub(super) fn attribute_value(&mut self, number: u32, key: KeyRef<'_>) -> Message<'_> {
        let pair = self.child(number, 0);
        pair.sink.put_attribute_key(key);
        pair.into_child(2, 0)
    }

    /// Sets `dropped_attributes_count`; values cut for their depth are added to it.
    pub(crate) fn dropped_attributes(&mut self, count: u32) {
        let before = std::mem::replace(&mut self.dropped, count);
        self.at().set_dropped(count, before);
    }
}
