//! From the encoding to text, strictly as OTLP/JSON writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::in_order::is_in_order;
use super::{number, write_string};
use crate::Batch;
use crate::schema::{Field, Kind, Message, request};
use crate::wire::{FIXED32, FIXED64, VARINT, Value, fields, read_varint, zigzag32};

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
    let mut writer = Writer::new(out);
    writer.message(request(batch.signal()), bytes);
    writer.unknown
}

pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    unknown: usize,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, unknown: 0 }
    }

    /// One message as an object.
    pub(super) fn message(&mut self, message: &'static Message, bytes: &[u8]) {
        if is_in_order(message, bytes) {
            self.in_order(message, bytes);
        } else {
            self.any_order(message, bytes);
        }
    }

    /// A message as an object, whatever the encoding: a scan notes where each field stands, then the fields are written
    /// by number.
    #[inline(never)]
    pub(super) fn any_order(&mut self, message: &'static Message, bytes: &[u8]) {
        // Of a repeated field from the first occurrence to the end of the last, of others the last; no end, no field.
        let mut ranges = [(0, 0); MAX_FIELDS];
        for raw in fields(bytes) {
            let first = bytes[raw.start];
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
        let start = self.out.len();
        for (field, (first, end)) in message.fields.iter().zip(&ranges) {
            if *end > 0 {
                self.field(field, &bytes[*first..*end]);
            }
        }
        self.close(start);
    }

    /// Closes the object that starts at `start`.
    #[inline]
    pub(super) fn close(&mut self, start: usize) {
        // Each field wrote a comma in front of itself; the first one becomes the brace.
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    /// The name of a field with a comma in front and a colon behind; `more` is 1 for the bracket of an array behind it.
    #[inline]
    pub(super) fn lead(&mut self, field: &'static Field, more: usize) {
        let end = self.out.len() + field.lead.len + more;
        self.out.extend_from_slice(&field.lead.bytes);
        self.out.truncate(end);
    }

    /// A field with a comma in front, or nothing when its value is not worth writing.
    fn field(&mut self, field: &'static Field, bytes: &[u8]) {
        let start = self.out.len();
        self.lead(field, 0);
        let written = if field.repeated {
            self.array(field, bytes)
        } else {
            fields(bytes).next().is_some_and(|raw| {
                let written = field.presence || !is_default(field.kind, raw.value);
                if written {
                    self.value(field.kind, raw.value);
                }
                written
            })
        };
        if !written {
            self.out.truncate(start);
        }
    }

    /// All elements of a repeated field; other fields may stand between them. Gives whether there is any.
    fn array(&mut self, field: &'static Field, bytes: &[u8]) -> bool {
        let start = self.out.len();
        for raw in fields(bytes).filter(|raw| raw.number == field.number) {
            match raw.value {
                Value::Len(packed) if field.packable() => self.packed(field.kind, packed),
                value => self.element(field.kind, value),
            }
        }
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'[',
            None => return false,
        }
        self.out.push(b']');
        true
    }

    #[inline(never)]
    pub(super) fn packed(&mut self, kind: Kind, packed: &[u8]) {
        match kind.wire() {
            VARINT => {
                let mut at = 0;
                while let Some((value, next)) = read_varint(packed, at) {
                    self.element(kind, Value::Varint(value));
                    at = next;
                }
            }
            FIXED64 => {
                for value in packed.as_chunks().0 {
                    self.element(kind, Value::Fixed64(u64::from_le_bytes(*value)));
                }
            }
            FIXED32 => {
                for value in packed.as_chunks().0 {
                    self.element(kind, Value::Fixed32(u32::from_le_bytes(*value)));
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, kind: Kind, value: Value<'_>) {
        self.out.push(b',');
        self.value(kind, value);
    }

    fn value(&mut self, kind: Kind, value: Value<'_>) {
        match kind {
            Kind::Message(message) => self.message(message, value.bytes()),
            kind => self.scalar(kind, value),
        }
    }

    /// A value without inner structure; not inlined, so that its buffers take no stack at each level of nesting.
    #[inline(never)]
    pub(super) fn scalar(&mut self, kind: Kind, value: Value<'_>) {
        match kind {
            Kind::Message(_) => {}
            Kind::String => write_string(self.out, value.bytes()),
            Kind::Id => self.hex(value.bytes()),
            Kind::Bytes => self.base64(value.bytes()),
            Kind::Double => number::write_double(self.out, f64::from_bits(value.fixed64())),
            Kind::Int64 => self.quoted(value.varint() as i64),
            Kind::Uint64 => self.quoted(value.varint()),
            Kind::Fixed64 => self.quoted(value.fixed64()),
            Kind::Sfixed64 => self.quoted(value.fixed64() as i64),
            // 32-bit varints keep the low 32 bits, as in every decoder.
            Kind::Int32 | Kind::Enum(_) => self.plain(value.varint() as i32),
            Kind::Uint32 => self.plain(value.varint() as u32),
            Kind::Sint32 => self.plain(zigzag32(value.varint())),
            Kind::Fixed32 => self.plain(value.fixed32()),
            Kind::Bool => self.out.extend_from_slice(if value.varint() == 0 { b"false" } else { b"true" }),
        }
    }

    fn plain(&mut self, value: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    pub(super) fn quoted(&mut self, value: impl itoa::Integer) {
        self.out.push(b'"');
        self.plain(value);
        self.out.push(b'"');
    }

    fn hex(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        // Ids of the two right lengths take no more than a few moves.
        if let Ok(id) = <&[u8; 16]>::try_from(bytes) {
            self.out.extend_from_slice(const_hex::Buffer::<16>::new().format(id).as_bytes());
        } else if let Ok(id) = <&[u8; 8]>::try_from(bytes) {
            self.out.extend_from_slice(const_hex::Buffer::<8>::new().format(id).as_bytes());
        } else {
            let start = self.out.len();
            self.out.resize(start + 2 * bytes.len(), 0);
            let sized = const_hex::encode_to_slice(bytes, &mut self.out[start..]);
            debug_assert!(sized.is_ok(), "hex is twice as long");
        }
        self.out.push(b'"');
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let sized = STANDARD.encode_slice(bytes, &mut self.out[start..]);
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
