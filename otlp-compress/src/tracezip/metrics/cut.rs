//! Messages into ops, numbers and nested messages.

use std::ops::Range;

use super::kind::{Field, Kind, Number};
use super::template::{MAX_LIST, MAX_OPS, Templates, children_entry, list_entry, number_entry, piece_entry};
use crate::tracezip::varint::minimal;

/// One message, cut.
#[derive(Default)]
pub(super) struct Cut {
    /// Numbers of its ops; `None` for one that is not known.
    pub(super) ops: Vec<Option<u32>>,
    /// Entries of its ops, one behind the other, and where each ends.
    entries: Vec<u8>,
    ends: Vec<u32>,
    /// Its own numbers.
    pub(super) values: Vec<u64>,
    /// Its nested messages; an impossible range ends each run.
    pub(super) children: Vec<Range<usize>>,
}

/// What ends a run of nested messages.
const STOP: Range<usize> = Range { start: 1, end: 0 };

impl Cut {
    /// The entry of an op.
    pub(super) fn entry(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.entries[start..self.ends[index] as usize]
    }

    /// Cuts a message.
    pub(super) fn message(&mut self, kind: Kind, message: &[u8], templates: &Templates) {
        self.clear();
        let mut at = 0;
        // The key of the run of nested messages that is open.
        let mut run = None;
        while at < message.len() {
            let rest = &message[at..];
            let key = rest[0];
            let field = if key < 0x80 { kind.field(key) } else { Field::Piece };
            let taken = match field {
                Field::Children(_) => self.child(at, rest, key, &mut run, kind, templates),
                _ => {
                    if run.take().is_some() {
                        self.children.push(STOP);
                    }
                    match field {
                        Field::Number(number) => self.number(number, rest, kind, templates),
                        Field::List(number) => self.list(number, rest, kind, templates),
                        _ => None,
                    }
                }
            };
            at += taken.unwrap_or_else(|| {
                if run.take().is_some() {
                    self.children.push(STOP);
                }
                // A batch is well-formed: every field has an end.
                let length = field_length(rest).unwrap_or(rest.len());
                piece_entry(&rest[..length], &mut self.entries);
                self.op(kind, templates);
                length
            });
            if self.ops.len() > MAX_OPS {
                self.clear();
                piece_entry(message, &mut self.entries);
                self.op(kind, templates);
                return;
            }
        }
        if run.is_some() {
            self.children.push(STOP);
        }
    }

    fn clear(&mut self) {
        self.ops.clear();
        self.entries.clear();
        self.ends.clear();
        self.values.clear();
        self.children.clear();
    }

    /// The entry that was just appended is an op.
    fn op(&mut self, kind: Kind, templates: &Templates) {
        let start = self.ends.last().map_or(0, |&end| end as usize);
        self.ends.push(self.entries.len() as u32);
        self.ops.push(templates.find_op(kind, &self.entries[start..]));
    }

    fn child(
        &mut self,
        at: usize,
        rest: &[u8],
        key: u8,
        run: &mut Option<u8>,
        kind: Kind,
        templates: &Templates,
    ) -> Option<usize> {
        let (length, width) = minimal(&rest[1..])?;
        let start = 1 + width;
        let end = start.checked_add(usize::try_from(length).ok()?).filter(|&end| end <= rest.len())?;
        if *run != Some(key) {
            if run.is_some() {
                self.children.push(STOP);
            }
            children_entry(key, &mut self.entries);
            self.op(kind, templates);
            *run = Some(key);
        }
        self.children.push(at + start..at + end);
        Some(end)
    }

    fn number(&mut self, number: Number, rest: &[u8], kind: Kind, templates: &Templates) -> Option<usize> {
        let (value, width) = match number {
            Number::Varint => minimal(&rest[1..])?,
            _ => (u64::from_le_bytes(*rest[1..].first_chunk()?), 8),
        };
        number_entry(rest[0], &mut self.entries);
        self.op(kind, templates);
        self.values.push(value);
        Some(1 + width)
    }

    fn list(&mut self, number: Number, rest: &[u8], kind: Kind, templates: &Templates) -> Option<usize> {
        let (length, width) = minimal(&rest[1..])?;
        let start = 1 + width;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        let mut packed = rest.get(start..end)?;
        let before = self.values.len();
        while !packed.is_empty() {
            let one = match number {
                Number::Varint => minimal(packed),
                _ => packed.first_chunk().map(|&bytes| (u64::from_le_bytes(bytes), 8)),
            };
            let Some((value, width)) = one.filter(|_| self.values.len() - before < MAX_LIST as usize) else {
                self.values.truncate(before);
                return None;
            };
            self.values.push(value);
            packed = &packed[width..];
        }
        list_entry(rest[0], (self.values.len() - before) as u32, &mut self.entries);
        self.op(kind, templates);
        Some(end)
    }
}

/// The length of the field at the start of `bytes`, key included.
fn field_length(bytes: &[u8]) -> Option<usize> {
    let (key, at) = varint(bytes, 0)?;
    let end = match key & 7 {
        0 => varint(bytes, at)?.1,
        1 => at + 8,
        2 => {
            let (length, at) = varint(bytes, at)?;
            at.checked_add(usize::try_from(length).ok()?)?
        }
        5 => at + 4,
        // Groups: the rest of the message stays in one piece.
        _ => return None,
    };
    (end <= bytes.len()).then_some(end)
}

/// A varint of any form, and where it ends.
fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some((value, at));
        }
    }
    None
}
