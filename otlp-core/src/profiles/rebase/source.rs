//! `Source`: the dictionary of one request, and which of its entries are wanted.

use super::reference::{LINKS, STRINGS, TABLES, TOP_DOWN, references};
use crate::Signal;
use crate::schema::{Kind, Message, request};
use crate::wire::{Value, fields, put_key, put_varint, read_varint, varint_len};

/// An entry that nothing wants.
const UNWANTED: u32 = 0;
/// An entry that is wanted and has no new index yet.
const WANTED: u32 = u32::MAX;

/// The dictionary of one request.
pub(super) struct Source<'a> {
    /// Its payload; at most one in canonical bytes.
    dictionary: &'a [u8],
    tables: [Table; TABLES],
    /// Where in the dictionary fields stand that this version does not know.
    unknown: Vec<(usize, usize)>,
}

#[derive(Default)]
struct Table {
    /// Where each entry's field starts in the dictionary.
    starts: Vec<usize>,
    /// For each entry its new index, [`WANTED`] or [`UNWANTED`]. That of entry 0 is not used: it stays where it is.
    new: Vec<u32>,
    /// The entries that are wanted, in the order in which they were found.
    wanted: Vec<u32>,
    /// Whether entry 0 is wanted.
    zero: bool,
    /// What is added to indices that point behind the table.
    beyond: usize,
}

/// How far the wish list went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark([usize; TABLES]);

impl<'a> Source<'a> {
    /// Reads where the entries stand. `total` says for each table how many entries all requests have together.
    pub(super) fn new(request: &'a [u8], total: &[usize; TABLES]) -> Self {
        let dictionary = dictionary(request);
        let mut source = Self { dictionary, tables: Default::default(), unknown: Vec::new() };
        for entry in fields(dictionary) {
            match source.tables.get_mut(entry.number as usize) {
                Some(table) if entry.number > 0 => table.starts.push(entry.start),
                _ => source.unknown.push((entry.start, entry.end)),
            }
        }
        for (table, total) in source.tables.iter_mut().zip(total) {
            table.new = vec![UNWANTED; table.starts.len()];
            table.beyond = total.saturating_sub(table.starts.len());
        }
        source
    }

    /// Wants entry 0 of a table, if it has one.
    pub(super) fn want_zero(&mut self, table: usize) {
        self.tables[table].zero = !self.tables[table].starts.is_empty();
    }

    /// Whether entry 0 of a table is wanted.
    pub(super) const fn wants_zero(&self, table: usize) -> bool {
        self.tables[table].zero
    }

    /// Wants what the message refers to, itself and in the messages within it.
    pub(super) fn want(&mut self, message: &'static Message, bytes: &[u8]) {
        references(message, bytes, &mut |table, index| self.tables[table].want(index));
    }

    /// Wants what wanted entries refer to: those found since `mark`, and entries 0. Gives the bytes of the new ones.
    pub(super) fn close(&mut self, mark: Mark) -> usize {
        let mut bytes = 0;
        for table in TOP_DOWN {
            let first = mark.0[table];
            for at in first..self.tables[table].wanted.len() {
                let (payload, len) = self.entry(table, self.tables[table].wanted[at] as usize);
                bytes += len;
                self.want_entry(table, payload);
            }
            if self.tables[table].zero && first == 0 {
                let (payload, _) = self.entry(table, 0);
                self.want_entry(table, payload);
            }
        }
        bytes
    }

    fn want_entry(&mut self, table: usize, payload: &[u8]) {
        if !matches!(table, STRINGS | LINKS)
            && let Some(message) = entry_message(table)
        {
            self.want(message, payload);
        }
    }

    /// How far the wish list goes now.
    pub(super) fn mark(&self) -> Mark {
        let mut mark = Mark::default();
        for (mark, table) in mark.0.iter_mut().zip(&self.tables) {
            *mark = table.wanted.len();
        }
        mark
    }

    /// Forgets what was wanted since `mark`.
    pub(super) fn undo(&mut self, mark: Mark) {
        for (mark, table) in mark.0.iter().zip(&mut self.tables) {
            for index in table.wanted.drain(mark..) {
                table.new[index as usize] = UNWANTED;
            }
        }
    }

    /// Wanted entries of a table in the order of the table.
    pub(super) fn take_wanted(&mut self, table: usize) -> Vec<u32> {
        let mut wanted = std::mem::take(&mut self.tables[table].wanted);
        wanted.sort_unstable();
        wanted
    }

    /// Gives the list back that [`take_wanted`](Self::take_wanted) took, so that [`undo`](Self::undo) finds it.
    pub(super) fn put_wanted(&mut self, table: usize, wanted: Vec<u32>) {
        self.tables[table].wanted = wanted;
    }

    /// Payload of an entry that is there, and bytes of its whole field.
    pub(super) fn entry(&self, table: usize, index: usize) -> (&'a [u8], usize) {
        let bytes = &self.dictionary[self.tables[table].starts[index]..];
        fields(bytes).next().map_or((&[], 0), |field| (field.value.bytes(), field.end))
    }

    /// Bytes of fields of the dictionary that this version does not know.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.unknown.iter().map(|(start, end)| &self.dictionary[*start..*end])
    }

    /// Says where a wanted entry went.
    pub(super) fn moved(&mut self, table: usize, index: u32, new: u32) {
        self.tables[table].new[index as usize] = new;
    }

    /// Appends a message with its indices moved; entries that it refers to must have gone somewhere.
    pub(super) fn rewrite(&self, message: &'static Message, bytes: &[u8], out: &mut Vec<u8>) {
        for field in fields(bytes) {
            match (message.table(field.number), field.value) {
                (0, Value::Len(payload)) => match message.field(field.number).map(|field| field.kind) {
                    Some(Kind::Message(inner)) => {
                        nested(field.number, payload.len(), out, |out| self.rewrite(inner, payload, out));
                    }
                    _ => out.extend_from_slice(&bytes[field.start..field.end]),
                },
                (0, _) => out.extend_from_slice(&bytes[field.start..field.end]),
                (table, Value::Len(packed)) => nested(field.number, packed.len(), out, |out| {
                    let mut at = 0;
                    while let Some((index, end)) = read_varint(packed, at) {
                        put_index(self.tables[table].moved(index as i32), out);
                        at = end;
                    }
                }),
                (table, value) => {
                    put_key(out, field.number, crate::wire::VARINT);
                    put_index(self.tables[table].moved(value.varint() as i32), out);
                }
            }
        }
    }
}

impl Table {
    fn want(&mut self, index: i32) {
        if index > 0
            && let Some(new) = self.new.get_mut(index as usize)
            && *new == UNWANTED
        {
            *new = WANTED;
            self.wanted.push(index as u32);
        }
    }

    /// The new index. 0 means "none" everywhere; what points behind the table points behind the joint one.
    fn moved(&self, index: i32) -> i32 {
        match usize::try_from(index) {
            Ok(0) | Err(_) => index,
            Ok(old) => match self.new.get(old) {
                Some(new) => i32::try_from(*new).unwrap_or(i32::MAX),
                None => i32::try_from(old.saturating_add(self.beyond)).unwrap_or(i32::MAX),
            },
        }
    }
}

/// The dictionary's payload; nothing where there is none.
pub(super) fn dictionary(request: &[u8]) -> &[u8] {
    fields(request).filter(|field| field.number == 2).last().map_or(&[], |field| field.value.bytes())
}

/// The message type of a table's entries; none for strings.
pub(super) fn entry_message(table: usize) -> Option<&'static Message> {
    let Kind::Message(dictionary) = request(Signal::Profiles).field(2)?.kind else { return None };
    match dictionary.field(table as u32)?.kind {
        Kind::Message(entry) => Some(entry),
        _ => None,
    }
}

fn put_index(index: i32, out: &mut Vec<u8>) {
    // Negative numbers of an int32 are sign-extended on the wire.
    put_varint(out, i64::from(index) as u64);
}

/// Writes a length-delimited field whose length is about `guess`.
fn nested(number: u32, guess: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_key(out, number, crate::wire::LEN);
    let (at, width) = (out.len(), varint_len(guess as u64));
    out.resize(at + width, 0);
    write(out);
    let length = (out.len() - at - width) as u64;
    if varint_len(length) != width {
        out.splice(at..at + width, std::iter::repeat_n(0, varint_len(length)));
    }
    let mut bytes = Vec::with_capacity(width);
    put_varint(&mut bytes, length);
    out[at..at + bytes.len()].copy_from_slice(&bytes);
}
