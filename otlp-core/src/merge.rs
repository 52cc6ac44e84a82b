//! Joining what protobuf says to join: singular messages and oneofs that stand more than once.
//!
//! Legal, and next to never seen. Instead of making every view able to read a message in several places, such a batch gets
//! a second, joined copy that the views read; `docs/src/decisions/0004-merged-copy.md` tells why.

use crate::schema::{Field, Kind, Message, NO_SLOT};
use crate::wire::{LEN, Value, fields, put_key, put_varint_padded, varint_len};

/// The message with each singular message and each oneof standing once; never longer than `bytes`.
///
/// `bytes` must be valid. Fields keep their bytes; joined ones move to the end of their message.
pub(crate) fn merged(message: &'static Message, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    join(message, &[bytes], &mut out);
    out
}

/// What stands in one slot so far.
enum Slot<'a> {
    Empty,
    /// A scalar member of a oneof: its whole field.
    Scalar(&'a [u8]),
    /// A message: its field and the payloads to be joined.
    Message(&'static Field, &'static Message, Vec<&'a [u8]>),
}

/// Writes the message whose encoding is `chunks` one behind the other.
fn join<'a>(message: &'static Message, chunks: &[&'a [u8]], out: &mut Vec<u8>) {
    let mut slots: Vec<Slot<'a>> = Vec::new();
    for chunk in chunks {
        for raw in fields(chunk) {
            let whole = &chunk[raw.start..raw.end];
            match (message.field(raw.number), raw.value) {
                (Some(field), value) if field.slot != NO_SLOT => {
                    let index = usize::from(field.slot);
                    if slots.len() <= index {
                        slots.resize_with(index + 1, || Slot::Empty);
                    }
                    match (&mut slots[index], field.kind, value) {
                        // The same member again: merge. Another member: it replaces.
                        (Slot::Message(held, _, parts), Kind::Message(_), Value::Len(payload))
                            if held.number == field.number =>
                        {
                            parts.push(payload);
                        }
                        (slot, Kind::Message(inner), Value::Len(payload)) => {
                            *slot = Slot::Message(field, inner, vec![payload]);
                        }
                        (slot, ..) => *slot = Slot::Scalar(whole),
                    }
                }
                (Some(Field { kind: Kind::Message(inner), .. }), Value::Len(payload)) => {
                    put_message(raw.number, inner, &[payload], out);
                }
                _ => out.extend_from_slice(whole),
            }
        }
    }
    for slot in slots {
        match slot {
            Slot::Empty => {}
            Slot::Scalar(whole) => out.extend_from_slice(whole),
            Slot::Message(field, inner, parts) => put_message(field.number, inner, &parts, out),
        }
    }
}

/// Writes one field of a message type, joined out of `parts`.
fn put_message(number: u32, inner: &'static Message, parts: &[&[u8]], out: &mut Vec<u8>) {
    put_key(out, number, LEN);
    // Joining only shrinks, so the width of the parts' sum holds the result's length; views read padded lengths.
    let width = varint_len(parts.iter().map(|part| part.len() as u64).sum());
    let at = out.len();
    put_varint_padded(out, 0, width);
    let from = out.len();
    join(inner, parts, out);
    let mut length = Vec::with_capacity(width);
    put_varint_padded(&mut length, (out.len() - from) as u64, width);
    out[at..from].copy_from_slice(&length);
}
