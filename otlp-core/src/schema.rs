//! The protocol's shape as tables: which fields a message has, under which number, of which kind.
//!
//! One generic parser, one merger and one JSON codec run over these tables, so that no message is forgotten.

use crate::Signal;
use crate::generated::schema as table;
use crate::profiles::rebase::table_of;
use crate::wire::{FIXED32, FIXED64, LEN, VARINT};

/// `FileDescriptorSet` of the OTLP messages and services, encoded; what gRPC reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");

/// One message type.
pub(crate) struct Message {
    /// Short name: `Span`.
    #[cfg(test)]
    pub(crate) name: &'static str,
    /// Its fields by ascending number.
    pub(crate) fields: &'static [Field],
    /// For each one-byte key that a field of this message accepts: its index in `fields` plus one; 0 for other bytes.
    pub(crate) by_key: [u8; 256],
    /// For each [`hash`](name_hash) of a field's name in OTLP/JSON: its index in `fields` plus one; 0 for others.
    by_name: [u8; NAMES],
    /// Factor of that hash, under which no two names of this message meet.
    factor: u32,
    /// Whether this is `KeyValue`, which most messages in real telemetry are.
    pub(crate) attribute: bool,
    /// For each field number, the table of the profiles' dictionary that its numbers are indices of; 0 for none.
    tables: [u8; 16],
}

/// Values of [`name_hash`].
const NAMES: usize = 64;

/// One field of a message.
pub(crate) struct Field {
    pub(crate) number: u32,
    /// Name as in the `.proto` file: `trace_id`.
    pub(crate) name: &'static str,
    /// Name in OTLP/JSON: `traceId`.
    pub(crate) json: &'static str,
    pub(crate) lead: Lead,
    pub(crate) kind: Kind,
    pub(crate) repeated: bool,
    /// Whether a default value on the wire means something: `optional` and oneof members.
    pub(crate) presence: bool,
    pub(crate) oneof: bool,
    /// Bit in the set of singular messages and oneofs seen in one message; `NO_SLOT` for other fields.
    pub(crate) slot: u8,
    /// Whether each element is one item of the signal.
    pub(crate) item: bool,
    /// Bytes that an id in this field has; 0 for other kinds.
    pub(crate) id_len: u8,
}

/// What stands in front of a field's value in a JSON object: `,"traceId":`, and `[` behind it for arrays.
///
/// As many bytes for each field, so that appending them takes a few moves instead of a call.
pub(crate) struct Lead {
    pub(crate) bytes: [u8; 32],
    /// All ones for each byte from the first quote to the colon.
    mask: [u8; 32],
    /// Up to the colon.
    pub(crate) len: usize,
}

/// `Field::slot` of fields that may stand any number of times.
pub(crate) const NO_SLOT: u8 = u8::MAX;

/// Type of a field's value.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Double,
    Int64,
    Uint64,
    Int32,
    Uint32,
    Sint32,
    Fixed64,
    Sfixed64,
    Fixed32,
    Bool,
    String,
    Bytes,
    /// Bytes that are hex in JSON.
    Id,
    Enum(&'static Enum),
    Message(&'static Message),
}

/// Names and numbers of an enum's values.
pub(crate) struct Enum(pub(crate) &'static [(&'static str, i32)]);

impl Kind {
    /// Wire type of a single value.
    pub(crate) const fn wire(self) -> u8 {
        match self {
            Self::Int64
            | Self::Uint64
            | Self::Int32
            | Self::Uint32
            | Self::Sint32
            | Self::Bool
            | Self::Enum(_) => VARINT,
            Self::Double | Self::Fixed64 | Self::Sfixed64 => FIXED64,
            Self::Fixed32 => FIXED32,
            Self::String | Self::Bytes | Self::Id | Self::Message(_) => LEN,
        }
    }
}

/// Span ids have 8 bytes, trace and profile ids 16.
const fn id_len(name: &[u8]) -> u8 {
    match name {
        [.., b's', b'p', b'a', b'n', b'_', b'i', b'd'] => 8,
        _ => 16,
    }
}

impl Field {
    pub(crate) const fn new(number: u32, name: &'static str, json: &'static str, kind: Kind) -> Self {
        Self {
            number,
            name,
            json,
            lead: Lead::new(json.as_bytes()),
            kind,
            repeated: false,
            presence: false,
            oneof: false,
            slot: NO_SLOT,
            item: false,
            id_len: match kind {
                Kind::Id => id_len(name.as_bytes()),
                _ => 0,
            },
        }
    }

    pub(crate) const fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    pub(crate) const fn optional(mut self) -> Self {
        self.presence = true;
        self
    }

    pub(crate) const fn slot(mut self, slot: u8) -> Self {
        self.slot = slot;
        self
    }

    pub(crate) const fn oneof(mut self, slot: u8) -> Self {
        self.presence = true;
        self.oneof = true;
        self.slot(slot)
    }

    pub(crate) const fn item(mut self) -> Self {
        self.item = true;
        self
    }

    /// Whether several values may stand behind one key and length.
    pub(crate) const fn packable(&self) -> bool {
        self.repeated && self.kind.wire() != LEN
    }

    /// Whether a value of wire type `wire` may stand in this field.
    pub(crate) const fn accepts(&self, wire: u8) -> bool {
        wire == self.kind.wire() || (wire == LEN && self.packable())
    }
}

impl Lead {
    /// Fails to compile when the name is too long.
    const fn new(json: &[u8]) -> Self {
        let mut bytes = [b'['; 32];
        bytes[0] = b',';
        bytes[1] = b'"';
        let mut at = 0;
        while at < json.len() {
            bytes[2 + at] = json[at];
            at += 1;
        }
        bytes[2 + at] = b'"';
        bytes[3 + at] = b':';
        assert!(4 + at < bytes.len(), "no room for the bracket");
        let mut mask = [0; 32];
        let mut index = 1;
        while index < 4 + at {
            mask[index] = 0xff;
            index += 1;
        }
        Self { bytes, mask, len: 4 + at }
    }

    /// Whether `text`, from its second byte on, starts with this name in quotes and a colon.
    #[inline]
    pub(crate) fn matches(&self, text: &[u8; 32]) -> bool {
        let differs = |index: usize| (text[index] ^ self.bytes[index]) & self.mask[index];
        (0..32).fold(0, |any, index| any | differs(index)) == 0
    }
}

impl Message {
    /// The message with this short name (`Span`) and these fields.
    pub(crate) const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        let mut by_key = [0; 256];
        let mut index = 0;
        while index < fields.len() {
            let field = &fields[index];
            if field.number < 16 {
                let key = (field.number as usize) << 3;
                by_key[key | field.kind.wire() as usize] = index as u8 + 1;
                if field.packable() {
                    by_key[key | LEN as usize] = index as u8 + 1;
                }
            }
            index += 1;
        }
        let (by_name, factor) = index_names(fields);
        let mut tables = [0; 16];
        let mut number = 0;
        while number < tables.len() {
            tables[number] = table_of(name, number as u32);
            number += 1;
        }
        Self {
            #[cfg(test)]
            name,
            fields,
            by_key,
            by_name,
            factor,
            attribute: matches!(name.as_bytes(), b"KeyValue"),
            tables,
        }
    }

    /// The only field whose name in OTLP/JSON can be `name`, of at least one byte.
    #[inline]
    pub(crate) fn candidate(&self, first: u8, last_but_one: u8, last: u8, len: usize) -> Option<usize> {
        let hash = name_hash([first, last_but_one, last, len as u8], self.factor);
        usize::from(self.by_name[hash]).checked_sub(1)
    }

    /// The table of the profiles' dictionary that a field's numbers are indices of; 0 for none.
    pub(crate) fn table(&self, number: u32) -> usize {
        self.tables.get(number as usize).copied().unwrap_or(0).into()
    }

    /// The field with this number.
    pub(crate) fn field(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.number == number)
    }
}

/// Where a name stands in a message's table: made of its first byte, its last two, and its length.
#[inline]
const fn name_hash(parts: [u8; 4], factor: u32) -> usize {
    (u32::from_le_bytes(parts).wrapping_mul(factor) >> 26) as usize
}

/// The table of names and its factor; fails to compile when no factor keeps them apart.
const fn index_names(fields: &[Field]) -> ([u8; NAMES], u32) {
    let mut factor = 0x9e37_79b9_u32;
    loop {
        let mut table = [0; NAMES];
        let mut index = 0;
        while index < fields.len() {
            let name = fields[index].json.as_bytes();
            let len = name.len();
            let parts = [name[0], name[len - 2], name[len - 1], len as u8];
            let hash = name_hash(parts, factor);
            if table[hash] != 0 {
                break;
            }
            table[hash] = index as u8 + 1;
            index += 1;
        }
        if index == fields.len() {
            return (table, factor);
        }
        factor = factor.wrapping_mul(0x01dd_3675) | 1;
    }
}

/// The `Export*ServiceRequest` of a signal.
pub(crate) const fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &table::TRACE_EXPORT_TRACE_SERVICE_REQUEST,
        Signal::Metrics => &table::METRICS_EXPORT_METRICS_SERVICE_REQUEST,
        Signal::Logs => &table::LOGS_EXPORT_LOGS_SERVICE_REQUEST,
        Signal::Profiles => &table::PROFILES_EXPORT_PROFILES_SERVICE_REQUEST,
    }
}
