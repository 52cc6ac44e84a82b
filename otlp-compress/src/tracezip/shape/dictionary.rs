//! Values that were seen: whole encoded fields, each a number within its column.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::lookup::{Lookup, mix};

/// Entries of all columns, in one piece of memory.
pub(crate) struct Dictionary {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    columns: Vec<Column>,
    /// How many of `columns` are in use; the others keep their memory.
    used: usize,
    lookup: Lookup,
    /// Values are the senders' to choose: the key is random.
    hasher: RandomState,
}

/// Where a value lies.
#[derive(Clone, Copy)]
struct Range {
    start: u32,
    end: u32,
}

/// Whose value an entry is.
#[derive(Clone, Copy)]
struct Entry {
    column: u32,
    local: u32,
}

/// One column of values.
#[derive(Default)]
struct Column {
    entries: Vec<Range>,
    /// Values that were new, and values that were known.
    new: u32,
    known: u32,
}

/// Values that were new before a column can be found unfit for a dictionary.
const TRIAL: u32 = 96;

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            entries: Vec::new(),
            columns: Vec::new(),
            used: 0,
            lookup: Lookup::new(),
            hasher: RandomState::default(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        for column in &mut self.columns[..self.used] {
            column.entries.clear();
            (column.new, column.known) = (0, 0);
        }
        self.used = 0;
        self.lookup.clear();
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes.len()
            + self.entries.len() * (size_of::<Entry>() + size_of::<Range>() + 12)
            + self.used * size_of::<Column>()
    }

    /// A new column.
    pub(crate) fn add_column(&mut self) -> u32 {
        if self.used == self.columns.len() {
            self.columns.push(Column::default());
        }
        self.used += 1;
        (self.used - 1) as u32
    }

    /// Entries of a column.
    #[inline]
    pub(crate) fn count(&self, column: u32) -> u32 {
        self.columns[column as usize].entries.len() as u32
    }

    /// Whether the values of a column are worth remembering.
    #[inline]
    pub(crate) fn is_fit(&self, column: u32) -> bool {
        let column = &self.columns[column as usize];
        column.new < TRIAL || column.known >= column.new / 4
    }

    /// Counts a value that was known, or not.
    #[inline]
    pub(crate) fn seen(&mut self, column: u32, known: bool) {
        let column = &mut self.columns[column as usize];
        let count = if known { &mut column.known } else { &mut column.new };
        *count = count.saturating_add(1);
    }

    /// The bytes of an entry.
    #[inline]
    pub(crate) fn get(&self, column: u32, local: u32) -> &[u8] {
        let range = self.columns[column as usize].entries[local as usize];
        &self.bytes[range.start as usize..range.end as usize]
    }

    #[inline]
    fn hash(hasher: &RandomState, column: u32, bytes: &[u8]) -> u64 {
        mix(hasher.hash_one(bytes), u64::from(column))
    }

    /// The number of a value within its column.
    #[inline]
    pub(crate) fn find(&self, column: u32, bytes: &[u8]) -> Option<u32> {
        let number = self.lookup.find(Self::hash(&self.hasher, column, bytes), |number| {
            let entry = self.entries[number as usize];
            entry.column == column && self.get(column, entry.local) == bytes
        })?;
        Some(self.entries[number as usize].local)
    }

    /// Adds a value that was built at the end of the memory by `build`, for a decoder, which never looks anything up.
    pub(crate) fn build(&mut self, column: u32, build: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let start = self.bytes.len();
        build(&mut self.bytes);
        self.push(column, start)
    }

    /// Adds a value that [`find`](Self::find) does not know.
    pub(crate) fn insert(&mut self, column: u32, bytes: &[u8]) -> u32 {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let local = self.push(column, start);
        let number = (self.entries.len() - 1) as u32;
        let (entries, columns, all, hasher) = (&self.entries, &self.columns, &self.bytes, &self.hasher);
        self.lookup.insert(Self::hash(hasher, column, bytes), number, |number| {
            let entry = entries[number as usize];
            let range = columns[entry.column as usize].entries[entry.local as usize];
            Self::hash(hasher, entry.column, &all[range.start as usize..range.end as usize])
        });
        local
    }

    fn push(&mut self, column: u32, start: usize) -> u32 {
        let list = &mut self.columns[column as usize].entries;
        let local = list.len() as u32;
        list.push(Range { start: start as u32, end: self.bytes.len() as u32 });
        self.entries.push(Entry { column, local });
        local
    }
}
