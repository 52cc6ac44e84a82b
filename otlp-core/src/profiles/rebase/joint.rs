//! `Joint`: the dictionary of a new request, in which each entry stands once.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use super::reference::{TABLES, TOP_DOWN};
use super::source::{Mark, Source, entry_message};
use crate::Signal;
use crate::schema::request;
use crate::wire::{LEN, fields, put_key, put_len, put_varint, varint_len};

/// A dictionary that grows.
#[derive(Default)]
pub(super) struct Joint {
    tables: [Table; TABLES],
    hashes: RandomState,
    /// One entry with its indices moved.
    scratch: Vec<u8>,
}

#[derive(Default)]
struct Table {
    /// Payloads of the entries, one behind the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The last entry of each hash, and for each entry the one before with the same hash; 0 for none.
    known: HashMap<u64, u32, RandomState>,
    same_hash: Vec<u32>,
}

impl Joint {
    /// Whether a table has no entry yet, so that the next source gives entry 0.
    pub(super) fn is_new(&self, table: usize) -> bool {
        self.tables[table].ends.is_empty()
    }

    /// Takes in the request `bytes`, whose dictionary is in `source`, and appends it without the dictionary to `out`.
    pub(super) fn add(&mut self, source: &mut Source<'_>, bytes: &[u8], out: &mut Vec<u8>) {
        let root = request(Signal::Profiles);
        let parts: Vec<&[u8]> = fields(bytes)
            .filter(|field| field.number != 2)
            .map(|field| &bytes[field.start..field.end])
            .collect();
        for table in TOP_DOWN.into_iter().filter(|table| self.is_new(*table)) {
            source.want_zero(table);
        }
        parts.iter().for_each(|part| source.want(root, part));
        source.close(Mark::default());
        // What an entry refers to is in its place before the entry is.
        for table in TOP_DOWN.into_iter().rev() {
            self.take(source, table);
        }
        parts.iter().for_each(|part| source.rewrite(root, part, out));
    }

    fn take(&mut self, source: &mut Source<'_>, table: usize) {
        let wanted = source.take_wanted(table);
        let message = entry_message(table);
        let zero = self.is_new(table) && source.wants_zero(table);
        for index in zero.then_some(0).into_iter().chain(wanted.iter().copied()) {
            let (payload, _) = source.entry(table, index as usize);
            let entry = match message {
                None => payload,
                Some(message) => {
                    self.scratch.clear();
                    source.rewrite(message, payload, &mut self.scratch);
                    &self.scratch
                }
            };
            let hash = self.hashes.hash_one(entry);
            let new = self.tables[table].place(entry, hash);
            if index > 0 {
                source.moved(table, index, new);
            }
        }
        source.put_wanted(table, wanted);
    }

    /// Appends the dictionary as a field of the request, with these fields that nobody knows; nothing if it is empty.
    pub(super) fn write<'a>(&self, unknown: impl Iterator<Item = &'a [u8]> + Clone, out: &mut Vec<u8>) {
        let entries = self.tables.iter().enumerate().map(|(number, table)| table.field_len(number as u32));
        let len = entries.sum::<usize>() + unknown.clone().map(<[u8]>::len).sum::<usize>();
        if len == 0 {
            return;
        }
        put_key(out, 2, LEN);
        put_varint(out, len as u64);
        for (number, table) in self.tables.iter().enumerate() {
            (0..table.ends.len()).for_each(|index| put_len(out, number as u32, table.entry(index)));
        }
        unknown.for_each(|bytes| out.extend_from_slice(bytes));
    }
}

impl Table {
    fn entry(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    /// The place of this entry, a new one when it is not there yet. Entry 0 is never given for an equal one: it means "none".
    fn place(&mut self, entry: &[u8], hash: u64) -> u32 {
        let first = self.known.get(&hash).copied().unwrap_or(0);
        let mut found = first;
        while found != 0 {
            if self.entry(found as usize) == entry {
                return found;
            }
            found = self.same_hash[found as usize];
        }
        let new = self.ends.len() as u32;
        self.bytes.extend_from_slice(entry);
        self.ends.push(self.bytes.len());
        self.same_hash.push(first);
        if new > 0 {
            self.known.insert(hash, new);
        }
        new
    }

    /// Bytes of all entries as fields with this number, which takes one byte.
    fn field_len(&self, number: u32) -> usize {
        debug_assert!(number < 16, "a key of one byte");
        let lengths = (0..self.ends.len()).map(|index| self.entry(index).len());
        lengths.map(|len| 1 + varint_len(len as u64) + len).sum()
    }
}
