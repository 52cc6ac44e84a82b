//! The buffer under every writer, and the messages open in it.

use bytes::Bytes;

use crate::key::KeyRef;
use crate::wire::{put_key, put_varint, varint_len};
use crate::{Batch, Signal};

/// Message levels below the request that every parser takes; see `Limits::max_depth`.
pub(super) const MAX_LEVELS: usize = 100;

/// Levels whose last length width is remembered: everything above attributes.
const GUESSED: usize = 8;

/// An encoding under construction.
///
/// Lengths are patched when a message ends: opening one leaves as many bytes for its length as the last message of that
/// level took, and a wrong guess costs one move of the body. Messages end when an outer writer goes on, or at the end.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(super) bytes: Vec<u8>,
    open: Vec<Frame>,
    /// Bytes that the last length of each level took.
    widths: [u8; GUESSED],
    items: usize,
    /// Values left out because they were nested too deep.
    cut: usize,
    /// Level of the message whose bytes are thrown away when it ends; 0 when there is none.
    muted: usize,
    /// Size of the last batch, which the next one gets as its first capacity.
    usual: usize,
}

/// A message that is not finished.
#[derive(Clone, Copy)]
struct Frame {
    /// Where the field's key starts.
    start: usize,
    /// Where the message's own fields start.
    body: usize,
    /// Bytes left for the length.
    width: u8,
    /// Number of the message's `dropped_attributes_count`; 0 when it has none.
    dropped_number: u8,
    dropped: u32,
}

impl Sink {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            open: Vec::with_capacity(16),
            widths: [4, 4, 2, 1, 1, 1, 1, 1],
            items: 0,
            cut: 0,
            muted: 0,
            usual: 0,
        }
    }

    /// Ends every message deeper than `level`.
    #[inline]
    pub(super) fn close_to(&mut self, level: usize) {
        while self.open.len() > level {
            self.close();
        }
    }

    /// Opens field `number`, a message, in the deepest open message.
    #[inline]
    pub(super) fn open(&mut self, number: u32, dropped_number: u8) {
        let start = self.bytes.len();
        put_key(&mut self.bytes, number, crate::wire::LEN);
        let width = self.widths.get(self.open.len()).copied().unwrap_or(1);
        let body = self.bytes.len() + usize::from(width);
        self.bytes.resize(body, 0);
        self.open.push(Frame { start, body, width, dropped_number, dropped: 0 });
    }

    /// Opens the list of an array or map when `room` more levels fit below it; else one that vanishes when it ends.
    pub(super) fn open_list(&mut self, number: u32, room: usize) {
        self.open(number, 0);
        if self.open.len() + room > MAX_LEVELS && self.muted == 0 {
            self.muted = self.open.len();
        }
    }

    /// The key field of the attribute that was just opened.
    pub(super) fn put_attribute_key(&mut self, key: KeyRef<'_>) {
        key.put(&mut self.bytes);
    }

    /// Whether what is written now will vanish.
    pub(super) const fn is_muted(&self) -> bool {
        self.muted != 0
    }

    /// Ends the deepest open message.
    pub(super) fn close(&mut self) {
        let level = self.open.len();
        let Some(frame) = self.open.pop() else { return };
        if self.muted == level {
            self.muted = 0;
            self.bytes.truncate(frame.start);
            self.note_cut();
            return;
        }
        if frame.dropped > 0 {
            put_key(&mut self.bytes, u32::from(frame.dropped_number), crate::wire::VARINT);
            put_varint(&mut self.bytes, u64::from(frame.dropped));
        }
        let length = self.bytes.len() - frame.body;
        let width = varint_len(length as u64);
        let at = frame.body - usize::from(frame.width);
        if width != usize::from(frame.width) {
            self.move_body(&frame, width, length);
        }
        let mut rest = length;
        for byte in &mut self.bytes[at..at + width - 1] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        self.bytes[at + width - 1] = rest as u8;
        if let Some(guess) = self.widths.get_mut(level - 1) {
            *guess = width as u8;
        }
    }

    #[cold]
    fn move_body(&mut self, frame: &Frame, width: usize, length: usize) {
        let body = frame.body - usize::from(frame.width) + width;
        if body > frame.body {
            self.bytes.resize(body + length, 0);
        }
        self.bytes.copy_within(frame.body..frame.body + length, body);
        self.bytes.truncate(body + length);
    }

    #[cold]
    fn note_cut(&mut self) {
        self.cut += 1;
        if let Some(owner) = self.open.iter_mut().rev().find(|frame| frame.dropped_number != 0) {
            owner.dropped = owner.dropped.saturating_add(1);
        }
    }

    /// Sets what the deepest open message says about dropped attributes; cuts are added.
    pub(super) fn set_dropped(&mut self, count: u32, before: u32) {
        if let Some(frame) = self.open.last_mut() {
            frame.dropped = (frame.dropped - before.min(frame.dropped)).saturating_add(count);
        }
    }

    /// Takes field bytes that start at `start` out again; gives how many they were.
    pub(super) fn remove_field(&mut self, start: usize) -> usize {
        let length = crate::wire::fields(&self.bytes[start..]).next().map_or(0, |field| field.end);
        self.bytes.drain(start..start + length);
        length
    }

    pub(crate) fn count_item(&mut self) {
        self.items += 1;
    }

    pub(crate) const fn items(&self) -> usize {
        self.items
    }

    pub(crate) const fn cut(&self) -> usize {
        self.cut
    }

    /// Bytes so far; lengths of open messages may still grow by a few.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Ends everything and appends whole fields of the request.
    pub(crate) fn append(&mut self, fields: &[u8]) {
        self.close_to(0);
        self.bytes.extend_from_slice(fields);
    }

    /// Ends everything; the bytes are a whole request then.
    pub(crate) fn encoded(&mut self) -> &[u8] {
        self.close_to(0);
        &self.bytes
    }

    /// Forgets all content and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.open.clear();
        self.items = 0;
        self.cut = 0;
        self.muted = 0;
    }

    pub(crate) fn finish(&mut self, signal: Signal) -> Batch {
        self.close_to(0);
        self.usual = self.bytes.len();
        let batch = Batch::trusted(signal, self.items, Bytes::from(std::mem::take(&mut self.bytes)), None);
        self.clear();
        batch
    }

    /// Before the first field of a batch: memory for as much as the last one had.
    pub(crate) fn begin(&mut self) {
        self.close_to(0);
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(self.usual + self.usual / 8);
        }
    }

    /// Takes over the memory of a batch that nobody else holds; says whether it could.
    pub(crate) fn recycle(&mut self, batch: Batch) -> bool {
        let bytes = batch.into_bytes();
        if !self.bytes.is_empty() || !self.open.is_empty() || !bytes.is_unique() {
            return false;
        }
        self.bytes = Vec::from(bytes);
        self.bytes.clear();
        true
    }
}
