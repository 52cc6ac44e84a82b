//! Which numbers in profiles are indices, and of which table.

use crate::schema::{Kind, Message};
use crate::wire::{Value, fields, read_varint};

/// Tables of the dictionary, by the number of their field in `ProfilesDictionary`; 0 is none.
pub(super) const MAPPINGS: usize = 1;
pub(super) const LOCATIONS: usize = 2;
pub(super) const FUNCTIONS: usize = 3;
pub(super) const LINKS: usize = 4;
pub(super) const STRINGS: usize = 5;
pub(super) const ATTRIBUTES: usize = 6;
pub(super) const STACKS: usize = 7;
pub(super) const TABLES: usize = 8;

/// All tables; each refers only to those behind it.
pub(super) const TOP_DOWN: [usize; 7] = [STACKS, LOCATIONS, MAPPINGS, FUNCTIONS, ATTRIBUTES, LINKS, STRINGS];

/// The table that a field's numbers are indices of; 0 for none.
pub(crate) const fn table_of(message: &str, number: u32) -> u8 {
    (match (message.as_bytes(), number) {
        (b"Location", 1) => MAPPINGS,
        (b"Stack", 1) => LOCATIONS,
        (b"Line", 1) => FUNCTIONS,
        (b"Sample", 3) => LINKS,
        (b"Sample", 1) => STACKS,
        (b"Sample", 2) | (b"Profile", 11) | (b"Mapping", 5) | (b"Location", 4) => ATTRIBUTES,
        (b"Mapping", 4)
        | (b"Function", 1..=3)
        | (b"KeyValueAndUnit", 1 | 3)
        | (b"ValueType", 1 | 2)
        | (b"KeyValue", 3)
        | (b"AnyValue", 8) => STRINGS,
        _ => 0,
    }) as u8
}

/// Calls `found` with table and index of each reference in a message, those in messages within it included.
pub(super) fn references(message: &'static Message, bytes: &[u8], found: &mut impl FnMut(usize, i32)) {
    for field in fields(bytes) {
        match (message.table(field.number), field.value) {
            (0, Value::Len(payload)) => {
                if let Some(Kind::Message(inner)) = message.field(field.number).map(|field| field.kind) {
                    references(inner, payload, found);
                }
            }
            (0, _) => {}
            (table, Value::Varint(index)) => found(table, index as i32),
            (table, Value::Len(packed)) => {
                let mut at = 0;
                while let Some((index, end)) = read_varint(packed, at) {
                    found(table, index as i32);
                    at = end;
                }
            }
            _ => {}
        }
    }
}
