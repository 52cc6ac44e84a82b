//! Writing the dictionary: tables that all profiles of a batch share.

use std::collections::HashMap;

use super::handle::Index;
use super::{AttributeId, FunctionId, LinkId, LocationId, MappingId, StackId, StringId};
use crate::write::{Message, Sink, ValueRef};
use crate::{SpanId, TraceId};

/// A file mapped into memory (`Mapping`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapping<'a> {
    /// First address.
    pub memory_start: u64,
    /// Address after the last.
    pub memory_limit: u64,
    /// Where in the file the first address stands.
    pub file_offset: u64,
    /// The file's name.
    pub filename: StringId,
    /// Its attributes: the build id belongs here.
    pub attributes: &'a [AttributeId],
}

/// An address in the program (`Location`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Location<'a> {
    /// The mapping that holds it.
    pub mapping: MappingId,
    /// The address; 0 when unknown.
    pub address: u64,
    /// What it stands for in the source, the innermost inlined function first.
    pub lines: &'a [Line],
    /// Its attributes: the kind of frame belongs here.
    pub attributes: &'a [AttributeId],
}

/// A place in the source (`Line`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// The function.
    pub function: FunctionId,
    /// Line number from 1; 0 when unknown.
    pub line: i64,
    /// Column number from 1; 0 when unknown.
    pub column: i64,
}

/// A function (`Function`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Function {
    /// Name for people.
    pub name: StringId,
    /// Name as the system has it, mangled for instance.
    pub system_name: StringId,
    /// Source file.
    pub filename: StringId,
    /// Its first line, from 1; 0 when unknown.
    pub start_line: i64,
}

/// Writes the dictionary of a batch of profiles.
///
/// Each table starts with the zero row that the protocol demands. Equal strings share a row; other rows are written as
/// often as they are asked for.
#[derive(Clone)]
pub struct DictionaryWriter {
    /// Holds field 2 of the request, open as long as the batch.
    sink: Sink,
    /// Rows of each table, by its field number.
    rows: [usize; 8],
    strings: HashMap<Box<str>, StringId>,
}

/// Numbers of the tables' fields.
const MAPPING: u32 = 1;
const LOCATION: u32 = 2;
const FUNCTION: u32 = 3;
const LINK: u32 = 4;
const STRING: u32 = 5;
const ATTRIBUTE: u32 = 6;
const STACK: u32 = 7;

impl DictionaryWriter {
    pub(super) fn new() -> Self {
        let mut new = Self { sink: Sink::with_capacity(0), rows: [0; 8], strings: HashMap::new() };
        new.clear();
        new
    }

    /// The row of this text, a new one when it is not there yet.
    pub fn string(&mut self, text: &str) -> StringId {
        if text.is_empty() {
            return StringId::NONE;
        }
        if let Some(id) = self.strings.get(text) {
            return *id;
        }
        self.table().element(STRING, text.as_bytes());
        let id = StringId::nth(self.count(STRING));
        self.strings.insert(text.into(), id);
        id
    }

    /// Adds a mapping.
    pub fn mapping(&mut self, mapping: &Mapping<'_>) -> MappingId {
        let mut table = self.table();
        let mut row = table.child(MAPPING, 0);
        row.varint(1, mapping.memory_start);
        row.varint(2, mapping.memory_limit);
        row.varint(3, mapping.file_offset);
        row.varint(4, mapping.filename.index() as u64);
        put_indices(&mut row, 5, mapping.attributes);
        MappingId::nth(self.count(MAPPING))
    }

    /// Adds a location.
    pub fn location(&mut self, location: &Location<'_>) -> LocationId {
        let mut table = self.table();
        let mut row = table.child(LOCATION, 0);
        row.varint(1, location.mapping.index() as u64);
        row.varint(2, location.address);
        for line in location.lines {
            let mut out = row.child(3, 0);
            out.varint(1, line.function.index() as u64);
            out.varint(2, line.line as u64);
            out.varint(3, line.column as u64);
        }
        put_indices(&mut row, 4, location.attributes);
        LocationId::nth(self.count(LOCATION))
    }

    /// Adds a function.
    pub fn function(&mut self, function: &Function) -> FunctionId {
        let mut table = self.table();
        let mut row = table.child(FUNCTION, 0);
        row.varint(1, function.name.index() as u64);
        row.varint(2, function.system_name.index() as u64);
        row.varint(3, function.filename.index() as u64);
        row.varint(4, function.start_line as u64);
        FunctionId::nth(self.count(FUNCTION))
    }

    /// Adds a span that samples can point at.
    pub fn link(&mut self, trace: TraceId, span: SpanId) -> LinkId {
        let mut table = self.table();
        let mut row = table.child(LINK, 0);
        row.bytes(1, trace.as_bytes());
        row.bytes(2, span.as_bytes());
        LinkId::nth(self.count(LINK))
    }

    /// Adds an attribute.
    pub fn attribute<'v>(&mut self, key: &str, value: impl Into<ValueRef<'v>>) -> AttributeId {
        self.attribute_in(key, value, "")
    }

    /// Adds an attribute whose value is measured in `unit`, as UCUM has it.
    pub fn attribute_in<'v>(&mut self, key: &str, value: impl Into<ValueRef<'v>>, unit: &str) -> AttributeId {
        let value = value.into();
        let (key, unit) = (self.string(key), self.string(unit));
        let mut table = self.table();
        let mut row = table.child(ATTRIBUTE, 0);
        row.varint(1, key.index() as u64);
        row.any_value(2, value);
        row.varint(3, unit.index() as u64);
        AttributeId::nth(self.count(ATTRIBUTE))
    }

    /// Adds a stack of locations, the leaf first.
    pub fn stack(&mut self, locations: &[LocationId]) -> StackId {
        let mut table = self.table();
        put_indices(&mut table.child(STACK, 0), 1, locations);
        StackId::nth(self.count(STACK))
    }

    /// The last attribute so far.
    pub(super) fn attributes(&self) -> AttributeId {
        AttributeId::nth(self.rows[ATTRIBUTE as usize])
    }

    /// The open dictionary, nothing open in it.
    fn table(&mut self) -> Message<'_> {
        Message::opened(&mut self.sink, 1)
    }

    /// Counts a row; gives its number.
    fn count(&mut self, table: u32) -> usize {
        let rows = &mut self.rows[table as usize];
        *rows += 1;
        *rows
    }

    pub(super) const fn cut(&self) -> usize {
        self.sink.cut()
    }

    pub(super) fn len(&self) -> usize {
        self.sink.len()
    }

    /// The whole field of the request.
    pub(super) fn encoded(&mut self) -> &[u8] {
        self.sink.encoded()
    }

    /// Back to the zero rows.
    pub(super) fn clear(&mut self) {
        self.sink.clear();
        self.strings.clear();
        self.rows = [0; 8];
        let mut dictionary = Message::root(&mut self.sink).into_child(2, 0);
        for table in MAPPING..=STACK {
            dictionary.element(table, &[]);
        }
    }
}

/// Packed row numbers.
pub(super) fn put_indices<I: Index>(message: &mut Message<'_>, number: u32, indices: &[I]) {
    message.packed_varint(number, indices.iter().map(Index::varint));
}

impl std::fmt::Debug for DictionaryWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DictionaryWriter").field("bytes", &self.len()).finish_non_exhaustive()
    }
}
