//! Templates: the sequences of ops that messages of a kind consist of.

use super::cut::Cut;
use super::kind::{Field, Kind, Number};
use crate::tracezip::coder::{Cells, Coder, ColumnReader, ColumnWriter, Index, Pick, Tree};
use crate::tracezip::shape::{Dictionary, mix};

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

/// The first byte of an op's entry, and what is written with a new one.
const PIECE: usize = 0;
const NUMBER: usize = 1;
const LIST: usize = 2;
const CHILDREN: usize = 3;

/// The entry that ends a template.
const LAST: u32 = 0;

/// Templates and ops of all kinds.
pub(super) struct Templates {
    /// First [`Kind::COUNT`] columns of ops, then as many of templates.
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
    kind: Vec<Tree<4>>,
    length: Vec<Index>,
}

const CELLS: usize = 1 << 13;

impl Templates {
    pub(super) fn new() -> Self {
        let mut new = Self {
            dictionary: Dictionary::new(),
            kinds: Vec::new(),
            cells: Cells::new(),
            models: Models { pick: Vec::new(), kind: Vec::new(), length: Vec::new() },
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
        for column in 0..2 * Kind::COUNT {
            self.dictionary.add_column();
            if column < Kind::COUNT {
                self.dictionary.insert(column as u32, &[]);
            }
        }
        self.cells.clear(CELLS);
        self.models.pick.clear();
        self.models.pick.resize(Kind::COUNT, Pick::new());
        self.models.kind.clear();
        self.models.kind.resize(Kind::COUNT, Tree::new());
        self.models.length.clear();
        self.models.length.resize(Kind::COUNT, Index::new());
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
        let what = usize::from(entry[0]);
        self.models.kind[kind as usize].code(coder, what);
        let body = &entry[1..];
        if what == PIECE {
            let length = &mut self.models.length[kind as usize];
            length.code(coder, body.len() as u32);
            coder.text(body, body.len(), &mut Vec::new());
        } else {
            coder.raw(u64::from(body[0]), 8);
            if what == LIST {
                let length = body[1..].first_chunk().map_or(0, |&length| u32::from_le_bytes(length));
                self.models.length[kind as usize].code(coder, length);
            }
        }
        let number = self.dictionary.insert(kind as u32, entry);
        self.note(kind, number);
    }

    fn hear_op(&mut self, coder: &mut ColumnReader<'_>, kind: Kind) {
        let what = self.models.kind[kind as usize].code(coder, 0);
        let mut entry = vec![what as u8];
        if what == PIECE {
            let length = self.models.length[kind as usize].code(coder, 0);
            if length == 0 {
                coder.fail("a piece of no bytes");
            }
            coder.text(&[], length as usize, &mut entry);
        } else {
            let key = coder.raw(0, 8) as u8;
            entry.push(key);
            if what == LIST {
                let length = self.models.length[kind as usize].code(coder, 0);
                entry.extend_from_slice(&length.to_le_bytes());
            }
            if meaning(kind, &entry).is_none() {
                coder.fail("an op that its message does not have");
            }
        }
        if coder.failed().is_none() {
            let number = self.dictionary.build(kind as u32, |bytes| bytes.extend_from_slice(&entry));
            self.note(kind, number);
        }
    }

    fn note(&mut self, kind: Kind, number: u32) {
        let entry = self.dictionary.get(kind as u32, number);
        let op = meaning(kind, entry).unwrap_or(Op::Piece(number));
        self.kinds[kind as usize].ops.push(op);
    }
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
