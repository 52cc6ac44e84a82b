//! From the encoding to text, strictly as OTLP/JSON writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escape::write_text;
use super::in_order::is_in_order;
use super::room::Room;
use super::{digits, number};
use crate::Batch;
use crate::schema::{Field, Kind, Message, request};
use crate::wire::{FIXED32, FIXED64, VARINT, Value, fields, hex, read_varint, zigzag32};

/// Fields that the largest message has; what a scan notes about them stands on the stack.
pub(super) const MAX_FIELDS: usize = 16;

/// Appends `batch` as one line of OTLP/JSON, without a line end; gives the number of fields left out.
///
/// JSON can carry only fields that the protocol's tables know; a field of a newer protocol is left out and counted. What
/// stands in `out` before stays.
///
/// Ids are lower-case hex (`profileId` too, as the Collector has it), other bytes base64, enums integers, 64-bit integers
/// strings; default values are not written, except where presence means something.
///
/// ```
/// use otlp_core::{Batch, Limits, Signal, json};
/// // One resource, an unknown field 9 in it.
/// let batch = Batch::parse(Signal::Logs, &b"\x0a\x07\x1a\x03url\x48\x01"[..], &Limits::default())?;
/// let mut text = Vec::new();
/// let left_out = json::write(&batch, &mut text);
/// assert_eq!(text, b"{\"resourceLogs\":[{\"schemaUrl\":\"url\"}]}");
/// assert_eq!(left_out, 1);
/// # Ok::<(), otlp_core::ParseError>(())
/// ```
pub fn write(batch: &Batch, out: &mut Vec<u8>) -> usize {
    let bytes = batch.canonical();
    // Text is two to three times as long as the encoding.
    out.reserve(bytes.len() / 2 * 5);
    let start = out.len();
    let mut writer = Writer::new(bytes, out, Order::Assumed);
    if !writer.message(request(batch.signal()), 0, bytes.len()) {
        // Once more from the start, so that a message deep inside is not written once for each level around it.
        writer.out.truncate(start);
        writer.order = Order::Checked;
        writer.message(request(batch.signal()), 0, bytes.len());
    }
    let unknown = writer.unknown;
    writer.out.finish();
    unknown
}

/// What the writer expects of the order in which a message's fields stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By number, as nearly every encoder writes them, and all of them known. Ends at the first message that is otherwise.
    Assumed,
    /// Looks at the fields of each message before it writes them.
    Checked,
    /// Takes the way for all messages, which the others are compared with.
    #[cfg(test)]
    Any,
}

pub(super) struct Writer<'a> {
    /// The whole request; messages are ranges of it, and what stands behind them may be read along with them.
    pub(super) input: &'a [u8],
    pub(super) out: Room<'a>,
    pub(super) unknown: usize,
    pub(super) order: Order,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(input: &'a [u8], out: &'a mut Vec<u8>, order: Order) -> Self {
        Self { input, out: Room::new(out), unknown: 0, order }
    }

    /// The message from `start` to `end` as an object; gives whether its order is as assumed.
    pub(super) fn message(&mut self, message: &'static Message, start: usize, end: usize) -> bool {
        let in_order = match self.order {
            Order::Assumed => true,
            Order::Checked => is_in_order(message, &self.input[start..end]),
            #[cfg(test)]
            Order::Any => false,
        };
        if in_order {
            return self.in_order(message, start, end);
        }
        self.any_order(message, start, end);
        true
    }

    /// A message as an object, whatever the encoding: a scan notes where each field stands, then the fields are written
    /// by number.
    #[inline(never)]
    pub(super) fn any_order(&mut self, message: &'static Message, start: usize, end: usize) {
        // Of a repeated field from the first occurrence to the end of the last, of others the last; no end, no field.
        let mut ranges = [(0, 0); MAX_FIELDS];
        for raw in fields(&self.input[start..end]) {
            let first = self.input[start + raw.start];
            let index = match message.by_key[usize::from(first)] {
                // Numbers above 15, and keys longer than they need to be.
                0 if first >= 0x80 => message.fields.iter().position(|field| field.number == raw.number),
                0 => None,
                index => Some(usize::from(index) - 1),
            };
            match index {
                Some(index) => {
                    let range = &mut ranges[index];
                    if range.1 == 0 || !message.fields[index].repeated {
                        range.0 = raw.start;
                    }
                    range.1 = raw.end;
                }
                None => self.unknown += 1,
            }
        }
        let written = self.out.len();
        for (field, (first, end)) in message.fields.iter().zip(&ranges) {
            if *end > 0 {
                self.field(field, start + first, start + end);
            }
        }
        self.close(written);
    }

    /// Closes the object that starts at `start`.
    #[inline]
    pub(super) fn close(&mut self, start: usize) {
        // Each field wrote a comma in front of itself; the first one becomes the brace.
        match self.out.written().get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    /// Closes the array that starts at `start`; gives whether it has elements.
    #[inline]
    pub(super) fn close_array(&mut self, start: usize) -> bool {
        // As with objects, but an array without elements is not written.
        match self.out.written().get_mut(start) {
            Some(comma) => *comma = b'[',
            None => return false,
        }
        self.out.push(b']');
        true
    }

    /// The name of a field with a comma in front and a colon behind.
    #[inline]
    pub(super) fn lead(&mut self, field: &'static Field) {
        self.out.put(&field.lead.bytes, field.lead.len);
    }

    /// A field with a comma in front, or nothing when its value is not worth writing.
    fn field(&mut self, field: &'static Field, start: usize, end: usize) {
        let before = self.out.len();
        self.lead(field);
        let written = if field.repeated {
            self.array(field, start, end)
        } else {
            fields(&self.input[start..end]).next().is_some_and(|raw| {
                let written = field.presence || !is_default(field.kind, raw.value);
                if written {
                    self.value(field.kind, raw.value, start + raw.end);
                }
                written
            })
        };
        if !written {
            self.out.truncate(before);
        }
    }

    /// All elements of a repeated field; other fields may stand between them. Gives whether there is any.
    fn array(&mut self, field: &'static Field, start: usize, end: usize) -> bool {
        let before = self.out.len();
        let input = self.input;
        for raw in fields(&input[start..end]).filter(|raw| raw.number == field.number) {
            match raw.value {
                Value::Len(packed) if field.packable() => self.packed(field.kind, packed),
                value => {
                    self.out.push(b',');
                    self.value(field.kind, value, start + raw.end);
                }
            }
        }
        self.close_array(before)
    }

    /// Numbers with a comma in front of each.
    #[inline(never)]
    pub(super) fn packed(&mut self, kind: Kind, packed: &[u8]) {
        match kind.wire() {
            VARINT => {
                let mut at = 0;
                while let Some((value, next)) = read_varint(packed, at) {
                    self.number(kind, Value::Varint(value));
                    at = next;
                }
            }
            FIXED64 => {
                for value in packed.as_chunks().0 {
                    self.number(kind, Value::Fixed64(u64::from_le_bytes(*value)));
                }
            }
            FIXED32 => {
                for value in packed.as_chunks().0 {
                    self.number(kind, Value::Fixed32(u32::from_le_bytes(*value)));
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, kind: Kind, value: Value<'_>) {
        self.out.push(b',');
        self.scalar(kind, value, 0);
    }

    /// A value that ends at `end`; gives whether messages in it are in the order assumed.
    #[inline]
    pub(super) fn value(&mut self, kind: Kind, value: Value<'_>, end: usize) -> bool {
        match kind {
            Kind::Message(message) => {
                let start = end - value.bytes().len();
                (message.attribute && self.plain_attribute(start, end)) || self.message(message, start, end)
            }
            kind => {
                self.scalar(kind, value, end);
                true
            }
        }
    }

    /// A value without inner structure; not inlined, so that its buffers take no stack at each level of nesting.
    #[inline(never)]
    pub(super) fn scalar(&mut self, kind: Kind, value: Value<'_>, end: usize) {
        match kind {
            Kind::Message(_) => {}
            Kind::String => {
                self.out.push(b'"');
                write_text(&mut self.out, self.input, end - value.bytes().len(), end);
                self.out.push(b'"');
            }
            Kind::Id => self.hex(value.bytes()),
            Kind::Bytes => self.base64(value.bytes()),
            Kind::Double => number::write_double(&mut self.out, f64::from_bits(value.fixed64())),
            Kind::Int64 => self.quoted(value.varint() as i64),
            Kind::Uint64 => self.quoted_unsigned(value.varint()),
            Kind::Fixed64 => self.quoted_unsigned(value.fixed64()),
            Kind::Sfixed64 => self.quoted(value.fixed64() as i64),
            // 32-bit varints keep the low 32 bits, as in every decoder.
            Kind::Int32 | Kind::Enum(_) => self.plain(i64::from(value.varint() as i32)),
            Kind::Uint32 => self.plain(i64::from(value.varint() as u32)),
            Kind::Sint32 => self.plain(i64::from(zigzag32(value.varint()))),
            Kind::Fixed32 => self.plain(i64::from(value.fixed32())),
            Kind::Bool if value.varint() == 0 => self.out.put(b"false", 5),
            Kind::Bool => self.out.put(b"true", 4),
        }
    }

    #[inline]
    fn plain(&mut self, value: i64) {
        let count = digits::write_signed(self.out.piece(), value);
        self.out.advance(count);
    }

    #[inline]
    fn quoted(&mut self, value: i64) {
        let piece = self.out.piece();
        let count = digits::write_quoted(piece, value < 0, value.unsigned_abs());
        self.out.advance(count);
    }

    #[inline]
    fn quoted_unsigned(&mut self, value: u64) {
        let count = digits::write_quoted(self.out.piece(), false, value);
        self.out.advance(count);
    }

    fn hex(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let digits = self.out.fill(2 * bytes.len());
        if let Ok(trace) = bytes.try_into() {
            digits.copy_from_slice(&hex(trace));
        } else if let Some((span, [])) = bytes.split_first_chunk::<8>() {
            let mut padded = [0; 16];
            padded[..8].copy_from_slice(span);
            digits.copy_from_slice(&hex(&padded)[..16]);
        } else {
            let sized = const_hex::encode_to_slice(bytes, digits);
            debug_assert!(sized.is_ok(), "hex is twice as long");
        }
        self.out.push(b'"');
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let sized = STANDARD.encode_slice(bytes, self.out.fill(bytes.len().div_ceil(3) * 4));
        debug_assert!(sized.is_ok(), "base64 is four bytes for each three");
        self.out.push(b'"');
    }
}

/// Whether a value says no more than its absence; -0.0 does, and so does every message.
pub(super) fn is_default(kind: Kind, value: Value<'_>) -> bool {
    match kind {
        Kind::Message(_) => false,
        Kind::String | Kind::Id | Kind::Bytes => value.bytes().is_empty(),
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => value.fixed64() == 0,
        Kind::Fixed32 => value.fixed32() == 0,
        Kind::Int64 | Kind::Uint64 | Kind::Bool => value.varint() == 0,
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => value.varint() as u32 == 0,
    }
}
