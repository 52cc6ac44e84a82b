//! Templates: the sequences of ops that messages of a kind consist of.

use super::cut::Cut;
use super::kind::{Field, Kind, Number};
use crate::tracezip::coder::{Cells, Coder, ColumnReader, ColumnWriter, Index, Pick, Tree};
use crate::tracezip::shape::{Dictionary, close, mix, open};
use crate::tracezip::varint::{minimal, put_varint};

/// Ops of a template at most; a message of more is a single piece.
pub(super) const MAX_OPS: usize = 4096;
/// Numbers of a list at most.
pub(super) const MAX_LIST: u32 = 4096;

/// What a message consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// A field as it stands: an entry of the kind's pieces.
    Piece(u32),
    /// A number behind its key.
    Number(Number, u8),
    /// So many packed numbers behind their key and length.
    List(Number, u8, u32),
    /// A run of messages, each behind its key and length.
    Children(Kind, u8),
}

/// The first byte of an op's entry, and how a new one is told.
const PIECE: usize = 0;
const NUMBER: usize = 1;
const LIST: usize = 2;
const CHILDREN: usize = 3;
/// A piece that is told as a key and a text, and one that is a `KeyValue` of a text: their lengths are no text.
const TEXT: usize = 4;
const ATTRIBUTE: usize = 5;

/// The entry that ends a template.
const LAST: u32 = 0;

/// Templates and ops of all kinds.
pub(super) struct Templates {
    /// First [`Kind::COUNT`] columns of ops, then as many of templates, then attribute keys.
    dictionary: Dictionary,
    kinds: Vec<List>,
    cells: Cells,
    models: Models,
    scratch: Vec<u8>,
}

#[derive(Default)]
struct List {
    /// What the entries of the ops' column say.
    ops: Vec<Op>,
    /// Ops of all templates, and where each ends.
    sequence: Vec<u32>,
    ends: Vec<(u32, u32)>,
    /// The template told last.
    last: Vec<u32>,
}

struct Models {
    pick: Vec<Pick>,
    form: Vec<Tree<8>>,
    length: Vec<Index>,
    /// Keys of fields, and of attributes.
    tag: Tree<256>,
    key: Pick,
    last_key: u32,
}

const CELLS: usize = 1 << 13;

impl Templates {
    pub(super) fn new() -> Self {
        let mut new = Self {
            dictionary: Dictionary::new(),
            kinds: Vec::new(),
            cells: Cells::new(),
            models: Models {
                pick: Vec::new(),
                form: Vec::new(),
                length: Vec::new(),
                tag: Tree::new(),
                key: Pick::new(),
                last_key: 0,
            },
            scratch: Vec::new(),
        };
        new.clear();
        new
    }

    pub(super) fn clear(&mut self) {
        self.dictionary.clear();
        self.kinds.resize_with(Kind::COUNT, List::default);
        for list in &mut self.kinds {
            list.ops.clear();
            list.sequence.clear();
            list.ends.clear();
            list.last.clear();
            // Stands for the end of a template; never looked at.
            list.ops.push(Op::Piece(LAST));
        }
        for column in 0..=2 * Kind::COUNT {
            self.dictionary.add_column();
            if column < Kind::COUNT {
                self.dictionary.insert(column as u32, &[]);
            }
        }
        self.cells.clear(CELLS);
        self.models.pick.clear();
        self.models.pick.resize(Kind::COUNT, Pick::new());
        self.models.form.clear();
        self.models.form.resize(Kind::COUNT, Tree::new());
        self.models.length.clear();
        self.models.length.resize(2 * Kind::COUNT + 1, Index::new());
        self.models.tag = Tree::new();
        self.models.key = Pick::new();
        self.models.last_key = 0;
    }

    pub(super) fn memory(&self) -> usize {
        let lists =
            self.kinds.iter().map(|list| list.sequence.len() * 4 + list.ends.len() * 8 + list.ops.len() * 12);
        self.dictionary.memory() + self.cells.bytes() + lists.sum::<usize>()
    }

    /// Templates of a kind.
    pub(super) fn count(&self, kind: Kind) -> u32 {
        self.kinds[kind as usize].ends.len() as u32
    }

    /// Ops of a template.
    pub(super) fn ops(&self, kind: Kind, template: u32) -> u32 {
        let (start, end) = self.kinds[kind as usize].ends[template as usize];
        end - start
    }

    /// One of them.
    #[inline]
    pub(super) fn op(&self, kind: Kind, template: u32, index: u32) -> Op {
        let list = &self.kinds[kind as usize];
        let (start, _) = list.ends[template as usize];
        list.ops[list.sequence[(start + index) as usize] as usize]
    }

    /// How many numbers a message of this template has itself.
    pub(super) fn numbers(&self, kind: Kind, template: u32) -> u32 {
        (0..self.ops(kind, template))
            .map(|index| match self.op(kind, template, index) {
                Op::Number(..) => 1,
                Op::List(_, _, length) => length,
                _ => 0,
            })
            .sum()
    }

    /// The bytes of a piece.
    #[inline]
    pub(super) fn piece(&self, kind: Kind, piece: u32) -> &[u8] {
        &self.dictionary.get(kind as u32, piece)[1..]
    }

    /// The number of a known op, or `None`.
    pub(super) fn find_op(&self, kind: Kind, entry: &[u8]) -> Option<u32> {
        self.dictionary.find(kind as u32, entry)
    }

    /// The number of a known template.
    pub(super) fn find(&mut self, kind: Kind, ops: &[Option<u32>]) -> Option<u32> {
        self.scratch.clear();
        for op in ops {
            self.scratch.extend_from_slice(&(*op)?.to_le_bytes());
        }
        self.dictionary.find(template_column(kind), &self.scratch)
    }

    /// Tells a new template.
    pub(super) fn tell(&mut self, coder: &mut ColumnWriter, kind: Kind, cut: &Cut) {
        let mut told = Vec::with_capacity(cut.ops.len());
        for index in 0..cut.ops.len() {
            let entry = cut.entry(index);
            // The same op may be new twice in one message.
            let known = self.kinds[kind as usize].ops.len() as u32;
            let wanted = cut.ops[index].or_else(|| self.find_op(kind, entry)).unwrap_or(known);
            let op = self.code_op(coder, kind, &told, wanted);
            if op == known {
                self.tell_op(coder, kind, entry);
            }
            told.push(op);
        }
        self.code_op(coder, kind, &told, LAST);
        self.add(kind, told, true);
    }

    /// Hears of a new template; `false` after a failure.
    pub(super) fn hear(&mut self, coder: &mut ColumnReader<'_>, kind: Kind) -> bool {
        let mut told = Vec::new();
        loop {
            let known = self.kinds[kind as usize].ops.len() as u32;
            let op = self.code_op(coder, kind, &told, LAST);
            if op == LAST {
                break;
            }
            if told.len() >= MAX_OPS {
                coder.fail("a template of too many ops");
            }
            if op == known {
                self.hear_op(coder, kind);
            }
            if coder.failed().is_some() {
                return false;
            }
            told.push(op);
        }
        self.add(kind, told, false);
        true
    }

    fn add(&mut self, kind: Kind, told: Vec<u32>, writes: bool) {
        if writes {
            self.scratch.clear();
            told.iter().for_each(|op| self.scratch.extend_from_slice(&op.to_le_bytes()));
            self.dictionary.insert(template_column(kind), &self.scratch);
        }
        let list = &mut self.kinds[kind as usize];
        let start = list.sequence.len() as u32;
        list.sequence.extend_from_slice(&told);
        list.ends.push((start, list.sequence.len() as u32));
        list.last = told;
    }

    /// One op of a template: by the op before it, and by the one that stood here in the template before.
    fn code_op<C: Coder>(&mut self, coder: &mut C, kind: Kind, told: &[u32], wanted: u32) -> u32 {
        let list = &self.kinds[kind as usize];
        let known = list.ops.len() as u32;
        let before = told.last().map_or(kind as u32 | 1 << 31, |&op| op);
        let there = list.last.get(told.len()).copied().unwrap_or(LAST);
        let place = mix(u64::from(kind as u8), u64::from(there)) as u32;
        let near = self.cells.at(place, before);
        let far = self.cells.at(place, u32::MAX);
        let pick = &mut self.models.pick[kind as usize];
        pick.code(coder, &mut self.cells, near, far, wanted, known)
    }

    fn tell_op(&mut self, coder: &mut ColumnWriter, kind: Kind, entry: &[u8]) {
        let (form, piece) = (usize::from(entry[0]), &entry[1..]);
        let attribute = if form == PIECE { attribute(piece) } else { None };
        let text = if form == PIECE { text(piece) } else { None };
        let told = match (attribute, text) {
            (Some(_), _) => ATTRIBUTE,
            (None, Some(_)) => TEXT,
            _ => form,
        };
        self.models.form[kind as usize].code(coder, told);
        if told != PIECE {
            self.models.tag.code(coder, usize::from(piece[0]));
        }
        let mut nowhere = Vec::new();
        match (attribute, text) {
            (Some((key, value)), _) => {
                let known = self.dictionary.count(KEYS);
                let found = self.dictionary.find(KEYS, key).unwrap_or(known);
                if self.code_key(coder, found) == known {
                    self.text(coder, 2 * Kind::COUNT, key, &mut nowhere);
                    self.dictionary.insert(KEYS, key);
                }
                self.text(coder, Kind::COUNT + kind as usize, value, &mut nowhere);
            }
            (None, Some(value)) => self.text(coder, kind as usize, value, &mut nowhere),
            _ if told == PIECE => self.text(coder, kind as usize, piece, &mut nowhere),
            _ if told == LIST => {
                let length = piece[1..].first_chunk().map_or(0, |&length| u32::from_le_bytes(length));
                self.models.length[kind as usize].code(coder, length);
            }
            _ => {}
        }
        let number = self.dictionary.insert(kind as u32, entry);
        self.note(kind, number);
    }

    fn hear_op(&mut self, coder: &mut ColumnReader<'_>, kind: Kind) {
        let form = self.models.form[kind as usize].code(coder, 0);
        let tag = if form == PIECE { 0 } else { self.models.tag.code(coder, 0) as u8 };
        let mut entry = vec![PIECE as u8];
        match form {
            PIECE => {
                self.text(coder, kind as usize, &[], &mut entry);
                if entry.len() == 1 {
                    coder.fail("a piece of no bytes");
                }
            }
            TEXT => {
                entry.push(tag);
                let length = open(&mut entry, 1);
                self.text(coder, kind as usize, &[], &mut entry);
                close(&mut entry, length, 1);
            }
            ATTRIBUTE => {
                let known = self.dictionary.count(KEYS);
                let picked = self.code_key(coder, 0);
                if picked == known {
                    let mut key = Vec::new();
                    self.text(coder, 2 * Kind::COUNT, &[], &mut key);
                    self.dictionary.build(KEYS, |bytes| bytes.extend_from_slice(&key));
                }
                if coder.failed().is_some() {
                    return;
                }
                let mut value = Vec::new();
                self.text(coder, Kind::COUNT + kind as usize, &[], &mut value);
                put_attribute(tag, self.dictionary.get(KEYS, picked), &value, &mut entry);
            }
            _ => {
                entry[0] = form as u8;
                entry.push(tag);
                if form == LIST {
                    let length = self.models.length[kind as usize].code(coder, 0);
                    entry.extend_from_slice(&length.to_le_bytes());
                }
                if meaning(kind, &entry).is_none() {
                    coder.fail("an op that its message does not have");
                }
            }
        }
        if coder.failed().is_none() {
            let number = self.dictionary.build(kind as u32, |bytes| bytes.extend_from_slice(&entry));
            self.note(kind, number);
        }
    }

    /// A text behind its length, appended to `into`.
    fn text<C: Coder>(&mut self, coder: &mut C, model: usize, text: &[u8], into: &mut Vec<u8>) {
        let length = self.models.length[model].code(coder, text.len() as u32);
        coder.text(text, length as usize, into);
    }

    /// An attribute's key, by the one before.
    fn code_key<C: Coder>(&mut self, coder: &mut C, wanted: u32) -> u32 {
        let known = self.dictionary.count(KEYS);
        let near = self.cells.at(self.models.last_key, 0x6e79);
        let picked = self.models.key.code(coder, &mut self.cells, near, near, wanted, known);
        self.models.last_key = picked;
        picked
    }

    fn note(&mut self, kind: Kind, number: u32) {
        let entry = self.dictionary.get(kind as u32, number);
        let op = meaning(kind, entry).unwrap_or(Op::Piece(number));
        self.kinds[kind as usize].ops.push(op);
    }
}

/// The column of attribute keys.
const KEYS: u32 = 2 * Kind::COUNT as u32;

/// The payload of a length-delimited field that stands alone in its shortest form.
fn text(field: &[u8]) -> Option<&[u8]> {
    let (&tag, rest) = field.split_first()?;
    if tag & 7 != 2 || tag >= 0x80 {
        return None;
    }
    let (length, width) = minimal(rest)?;
    let payload = &rest[width..];
    (payload.len() as u64 == length).then_some(payload)
}

/// Key and value of a field that is a `KeyValue` of a string, everything in its shortest form.
fn attribute(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let payload = text(field)?;
    let (&[0x0a], rest) = payload.split_first_chunk()? else { return None };
    let (length, width) = minimal(rest)?;
    let (key, rest) = rest[width..].split_at_checked(usize::try_from(length).ok()?)?;
    let [0x12, ..] = rest else { return None };
    let value = text(rest)?;
    let [0x0a, ..] = value else { return None };
    Some((key, text(value)?))
}

/// The field that [`attribute`] takes apart.
fn put_attribute(tag: u8, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let whole = open(out, 1);
    out.push(0x0a);
    put_varint(out, key.len() as u64);
    out.extend_from_slice(key);
    out.push(0x12);
    let any = open(out, 1);
    out.push(0x0a);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
    close(out, any, 1);
    close(out, whole, 1);
}

const fn template_column(kind: Kind) -> u32 {
    (Kind::COUNT + kind as usize) as u32
}

/// The op of an entry that is no piece.
fn meaning(kind: Kind, entry: &[u8]) -> Option<Op> {
    let (&what, body) = entry.split_first()?;
    let &key = body.first()?;
    match (usize::from(what), kind.field(key)) {
        (NUMBER, Field::Number(number)) => Some(Op::Number(number, key)),
        (LIST, Field::List(number)) => {
            let length = u32::from_le_bytes(*body[1..].first_chunk()?);
            (length <= MAX_LIST).then_some(Op::List(number, key, length))
        }
        (CHILDREN, Field::Children(child)) => Some(Op::Children(child, key)),
        _ => None,
    }
}

/// Appends the entry of a number.
pub(super) fn number_entry(key: u8, into: &mut Vec<u8>) {
    into.extend_from_slice(&[NUMBER as u8, key]);
}

/// Appends the entry of a list.
pub(super) fn list_entry(key: u8, length: u32, into: &mut Vec<u8>) {
    into.extend_from_slice(&[LIST as u8, key]);
    into.extend_from_slice(&length.to_le_bytes());
}

/// Appends the entry of a run of messages.
pub(super) fn children_entry(key: u8, into: &mut Vec<u8>) {
    into.extend_from_slice(&[CHILDREN as u8, key]);
}

/// Appends the entry of a field as it stands.
pub(super) fn piece_entry(field: &[u8], into: &mut Vec<u8>) {
    into.push(PIECE as u8);
    into.extend_from_slice(field);
}
