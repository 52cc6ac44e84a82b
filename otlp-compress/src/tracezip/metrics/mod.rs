//! Metrics: requests as trees of templates whose nodes, the series among them, mostly come in the order of the time before, and whose
//! numbers go on from their own last ones.
//!
//! - A message is cut into *ops* ([`cut`]): fields as they stand, numbers, and runs of nested messages. The sequence of its ops is
//!   its *template* ([`Templates`]); a field that nothing else stands for is a part of it, byte for byte, so that identity
//!   needs no rules.
//! - A template under a certain parent is a *node* ([`Nodes`]), which knows what came behind it and first within it.
//! - A number of a node goes on from the node's own last one ([`Numbers`]).

mod cut;
mod kind;
mod node;
mod number;
mod scale;
mod template;
mod time;

use super::coder::{Coder, ColumnReader, ColumnWriter};
use super::shape::{close, open};
use super::varint::put_varint;
use cut::Cut;
use kind::{Kind, Number};
use node::{END, Nodes, ROOT};
use number::Numbers;
use template::{Op, Templates};

/// State of both sides.
pub(crate) struct Metrics {
    templates: Templates,
    nodes: Nodes,
    numbers: Numbers,
    /// Scratch of the encoder, by depth.
    cuts: Vec<Cut>,
    /// Scratch of the decoder.
    list: Vec<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            templates: Templates::new(),
            nodes: Nodes::new(),
            numbers: Numbers::new(),
            cuts: Vec::new(),
            list: Vec::new(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.templates.clear();
        self.nodes.clear();
        self.numbers.clear();
    }

    /// Bytes of state.
    pub(crate) fn memory(&self) -> usize {
        self.templates.memory() + self.nodes.memory() + self.numbers.memory()
    }

    /// Writes a request.
    pub(crate) fn encode(&mut self, coder: &mut ColumnWriter, request: &[u8]) {
        self.write_message(coder, Kind::Request, ROOT, ROOT, request, 0);
    }

    /// Writes a message of a kind under a node, behind a sibling; gives its node.
    fn write_message(
        &mut self,
        coder: &mut ColumnWriter,
        kind: Kind,
        parent: u32,
        before: u32,
        message: &[u8],
        depth: usize,
    ) -> u32 {
        if self.cuts.len() == depth {
            self.cuts.push(Cut::default());
        }
        let mut cut = std::mem::take(&mut self.cuts[depth]);
        cut.message(kind, message, &self.templates);
        let known = self.templates.count(kind);
        let wanted = self.templates.find(kind, &cut.ops).unwrap_or(known);
        let template = self.nodes.code_next(coder, kind, parent, before, wanted, known);
        if template == known {
            self.templates.tell(coder, kind, &cut);
        }
        let node = self.nodes.enter(parent, kind, template, &mut self.numbers, &self.templates);
        let mut number = self.nodes.first_number(node);
        let (mut values, mut children) = (cut.values.iter(), cut.children.iter());
        for index in 0..self.templates.ops(kind, template) {
            match self.templates.op(kind, template, index) {
                Op::Piece(_) => {}
                Op::Number(class, _) => {
                    let value = values.next().copied().unwrap_or(0);
                    self.numbers.code(coder, number, class, value);
                    number += 1;
                }
                Op::List(class, _, length) => {
                    for value in values.by_ref().take(length as usize) {
                        self.numbers.code(coder, number, class, *value);
                        number += 1;
                    }
                }
                Op::Children(child, _) => {
                    let mut last = ROOT;
                    for range in children.by_ref().take_while(|range| range.start <= range.end) {
                        let child_message = &message[range.clone()];
                        last = self.write_message(coder, child, node, last, child_message, depth + 1);
                    }
                    let known = self.templates.count(child);
                    self.nodes.code_next(coder, child, node, last, END, known);
                }
            }
        }
        self.cuts[depth] = cut;
        node
    }

    /// Reads a request of at most `limit` bytes.
    pub(crate) fn decode(&mut self, coder: &mut ColumnReader<'_>, out: &mut Vec<u8>, limit: usize) {
        self.read_message(coder, Kind::Request, ROOT, ROOT, out, limit);
    }

    /// Reads a message; `None` for the end of a run, or after a failure.
    fn read_message(
        &mut self,
        coder: &mut ColumnReader<'_>,
        kind: Kind,
        parent: u32,
        before: u32,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Option<u32> {
        let known = self.templates.count(kind);
        let template = self.nodes.code_next(coder, kind, parent, before, 0, known);
        if template == END {
            return None;
        }
        if template > known {
            coder.fail("a template that was not told");
        }
        if template == known && !self.templates.hear(coder, kind) || coder.failed().is_some() {
            return None;
        }
        let node = self.nodes.enter(parent, kind, template, &mut self.numbers, &self.templates);
        let mut number = self.nodes.first_number(node);
        for index in 0..self.templates.ops(kind, template) {
            if out.len() > limit {
                coder.fail("more bytes than stated");
            }
            if coder.failed().is_some() {
                return None;
            }
            match self.templates.op(kind, template, index) {
                Op::Piece(piece) => out.extend_from_slice(self.templates.piece(kind, piece)),
                Op::Number(class, key) => {
                    let value = self.numbers.code(coder, number, class, 0);
                    number += 1;
                    out.push(key);
                    put(class, value, out);
                }
                Op::List(class, key, length) => {
                    let mut list = std::mem::take(&mut self.list);
                    list.clear();
                    for _ in 0..length {
                        list.push(self.numbers.code(coder, number, class, 0));
                        number += 1;
                    }
                    out.push(key);
                    let start = open(out, 2);
                    list.iter().for_each(|&value| put(class, value, out));
                    close(out, start, 2);
                    self.list = list;
                }
                Op::Children(child, key) => {
                    let mut last = ROOT;
                    loop {
                        let start = out.len();
                        out.push(key);
                        let length = open(out, 1);
                        match self.read_message(coder, child, node, last, out, limit) {
                            Some(next) => {
                                close(out, length, 1);
                                last = next;
                            }
                            None => {
                                out.truncate(start);
                                break;
                            }
                        }
                    }
                }
            }
        }
        Some(node)
    }
}

/// Appends a number as the wire has it.
fn put(class: Number, value: u64, out: &mut Vec<u8>) {
    match class {
        Number::Varint => put_varint(out, value),
        _ => out.extend_from_slice(&value.to_le_bytes()),
    }
}
