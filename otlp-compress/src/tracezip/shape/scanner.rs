//! The encoder's way through a message: tokens by prediction, values by dictionary.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::book::{Book, MAX_KEY, MAX_STEPS, New, Wanted};
use super::lookup::{Lookup, mix};
use super::message::{Found, Messages};
use super::token::{Field, Op, Table, Token};
use crate::tracezip::varint::minimal;

const NONE: u32 = u32::MAX;
/// Nodes at most; messages that would need more have no shape.
const MAX_NODES: usize = 1 << 17;
/// Values of an unsigned constant below which it is part of a shape.
const SMALL: u64 = 16;
/// The same for four bytes: a span's flags.
const SMALL32: u32 = 1024;

/// Cuts messages into tokens and values.
///
/// Shapes are paths in a tree whose edges are tokens. Each node remembers the token and the value that followed last time, so that
/// a field which repeats costs one comparison of bytes.
pub(crate) struct Scanner {
    nodes: Vec<Node>,
    children: Lookup,
    /// Parent and token of each node, for `children`.
    edges: Vec<(u32, u32)>,
    tokens: Vec<Seen>,
    token_lookup: Lookup,
    keys: Vec<u8>,
    hasher: RandomState,
    sets: Lookup,
    set_keys: Vec<(u32, u32, u32)>,
    set_tokens: Vec<u32>,
    // Of the message at hand:
    node: u32,
    path: Vec<u32>,
    found: Vec<Found>,
    specials: u32,
    sorted: Vec<(u32, u32)>,
    order: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Node {
    /// The token that followed last, and where it led.
    token: u32,
    next: u32,
    /// The value that it had.
    column: u32,
    value: u32,
    /// The shape that ends here.
    shape: u32,
}

/// A token that was seen, told or not.
#[derive(Clone, Copy)]
struct Seen {
    token: Token,
    /// Text of an attribute's key.
    key: (u32, u32),
    /// Its number in the book.
    book: u32,
}

const FRESH: Node = Node { token: NONE, next: NONE, column: NONE, value: NONE, shape: NONE };

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![FRESH],
            children: Lookup::new(),
            edges: vec![(NONE, NONE)],
            tokens: Vec::new(),
            token_lookup: Lookup::new(),
            keys: Vec::new(),
            hasher: RandomState::default(),
            sets: Lookup::new(),
            set_keys: Vec::new(),
            set_tokens: Vec::new(),
            node: 0,
            path: Vec::new(),
            found: Vec::new(),
            specials: 0,
            sorted: Vec::new(),
            order: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.push(FRESH);
        self.children.clear();
        self.edges.truncate(1);
        self.tokens.clear();
        self.token_lookup.clear();
        self.keys.clear();
        self.sets.clear();
        self.set_keys.clear();
        self.set_tokens.clear();
    }

    /// The values of the message scanned last, in the order of its bytes.
    pub(crate) fn found(&self) -> &[Found] {
        &self.found
    }

    /// Scans a message: the bytes behind its length.
    pub(crate) fn scan(&mut self, messages: &Messages, table: &'static Table, bytes: &[u8]) {
        self.begin();
        if self.fields(messages, table, bytes, 0) && self.found.len() <= MAX_STEPS {
            let new = self.path.iter().filter(|&&token| self.tokens[token as usize].book == NONE).count();
            if self.nodes[self.node as usize].shape != NONE || messages.book.has_room(self.path.len(), new) {
                return;
            }
        }
        self.begin();
        let found = Found {
            local: NONE,
            start: 0,
            length: bytes.len() as u32,
            literal: bytes.len() as u32,
            number: 0,
        };
        self.step(messages, Token { op: Op::Whole, key: 0, aux: 0 }, &[], found, bytes);
    }

    fn begin(&mut self) {
        self.node = 0;
        self.path.clear();
        self.found.clear();
        self.specials = 0;
    }

    /// What the shape of the message scanned last is to the book.
    fn plan(&mut self, book: &Book) -> Plan {
        let node = &self.nodes[self.node as usize];
        if node.shape != NONE {
            return Plan::Shape(node.shape);
        }
        self.sort();
        let (hash, key) = self.set_key();
        let known = self.sets.find(hash, |number| {
            let (start, end, _) = self.set_keys[number as usize];
            self.set_tokens[start as usize..end as usize].iter().eq(key.iter().map(|(_, token)| token))
        });
        if let Some(number) = known {
            let set = self.set_keys[number as usize].2;
            if book.takes_variant(set) {
                self.orders(book, set);
                return Plan::Variant(set);
            }
        }
        Plan::Set
    }

    /// Sorts the tokens within runs of attributes into `sorted`.
    fn sort(&mut self) {
        self.sorted.clear();
        self.sorted.extend(self.path.iter().zip(0..).map(|(&token, index)| (index, token)));
        let mut at = 0;
        while at < self.sorted.len() {
            let run = self.sorted[at..]
                .iter()
                .take_while(|(_, token)| self.tokens[*token as usize].token.op.is_attribute())
                .count();
            self.sorted[at..at + run].sort_by_key(|&(index, token)| (token, index));
            at += run.max(1);
        }
    }

    fn set_key(&self) -> (u64, &[(u32, u32)]) {
        let hash = self
            .sorted
            .iter()
            .fold(self.sorted.len() as u64, |hash, &(_, token)| mix(hash, u64::from(token)));
        (hash, &self.sorted)
    }

    /// For each step of the message its slot in the set.
    fn orders(&mut self, book: &Book, set: u32) {
        let canon = book.canon(set);
        self.order.clear();
        self.order.resize(canon.len(), 0);
        // The same sort on the set's tokens pairs them up. `sorted` holds tokens by this scanner's numbers.
        let mut slots: Vec<(u32, u32)> = Vec::with_capacity(canon.len());
        let mut at = 0;
        while at < canon.len() {
            let start = at;
            while at < canon.len() && book.token(canon[at]).token.op.is_attribute() {
                at += 1;
            }
            if at == start {
                slots.push((0, at as u32));
                at += 1;
                continue;
            }
            let mut run: Vec<(u32, u32)> =
                (start..at).map(|slot| (self.seen_of(canon[slot]), slot as u32)).collect();
            run.sort_unstable();
            slots.extend(run);
        }
        for (&(index, _), &(_, slot)) in self.sorted.iter().zip(&slots) {
            self.order[index as usize] = slot;
        }
    }

    /// This scanner's number of a token of the book; rare enough for a walk.
    fn seen_of(&self, book: u32) -> u32 {
        self.tokens.iter().position(|seen| seen.book == book).unwrap_or(0) as u32
    }

    /// Hands the shape of the message scanned last to `tell`, which gives its number, and remembers that.
    pub(crate) fn tell(
        &mut self,
        messages: &mut Messages,
        tell: impl FnOnce(&mut Messages, Wanted<'_>) -> Option<u32>,
    ) -> Option<u32> {
        let plan = self.plan(&messages.book);
        let shape = match plan {
            Plan::Shape(shape) => return tell(messages, Wanted::Shape(shape)),
            Plan::Variant(set) => tell(messages, Wanted::Variant { set, order: &self.order })?,
            Plan::Set => {
                // A token that stands twice is new once.
                let mut new: Vec<New<'_>> = Vec::with_capacity(self.path.len());
                let mut told = messages.book.tokens() as u32;
                let mut fresh: Vec<u32> = Vec::new();
                for &number in &self.path {
                    let seen = self.tokens[number as usize];
                    let known = if seen.book != NONE {
                        seen.book
                    } else if let Some(index) = fresh.iter().position(|&one| one == number) {
                        messages.book.tokens() as u32 + index as u32
                    } else {
                        fresh.push(number);
                        told += 1;
                        told - 1
                    };
                    let text = &self.keys[seen.key.0 as usize..seen.key.1 as usize];
                    new.push(New { known, token: seen.token, text });
                }
                let shape = tell(messages, Wanted::Set(&new))?;
                drop(new);
                let set = messages.book.set_of(shape);
                for (&token, &book) in self.path.iter().zip(messages.book.canon(set)) {
                    self.tokens[token as usize].book = book;
                }
                self.remember_set(set);
                shape
            }
        };
        self.nodes[self.node as usize].shape = shape;
        Some(shape)
    }

    fn remember_set(&mut self, set: u32) {
        let (hash, key) = self.set_key();
        let known = self.sets.find(hash, |number| {
            let (start, end, _) = self.set_keys[number as usize];
            self.set_tokens[start as usize..end as usize].iter().eq(key.iter().map(|(_, token)| token))
        });
        if let Some(number) = known {
            self.set_keys[number as usize].2 = set;
            return;
        }
        let start = self.set_tokens.len() as u32;
        self.set_tokens.extend(self.sorted.iter().map(|(_, token)| token));
        self.set_keys.push((start, self.set_tokens.len() as u32, set));
        let (keys, tokens) = (&self.set_keys, &self.set_tokens);
        self.sets.insert(hash, (keys.len() - 1) as u32, |number| {
            let (start, end, _) = keys[number as usize];
            let key = &tokens[start as usize..end as usize];
            key.iter().fold(key.len() as u64, |hash, &token| mix(hash, u64::from(token)))
        });
    }

    /// Scans fields; `false` for what has no shape. `base` is where `bytes` start in the message.
    fn fields(&mut self, messages: &Messages, table: &'static Table, bytes: &[u8], base: usize) -> bool {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let node = self.nodes[self.node as usize];
            if node.value != NONE {
                let entry = messages.dictionary.get(node.column, node.value);
                if rest.starts_with(entry) {
                    let length = entry.len() as u32;
                    self.found.push(Found {
                        local: node.value,
                        start: (base + at) as u32,
                        length,
                        literal: 0,
                        number: 0,
                    });
                    self.path.push(node.token);
                    self.node = node.next;
                    at += length as usize;
                    continue;
                }
            }
            match self.field(messages, table, rest, base + at) {
                Some(length) => at += length,
                None => return false,
            }
            if self.found.len() > MAX_STEPS {
                return false;
            }
        }
        true
    }

    /// Scans the field that `rest` starts with; gives its length.
    fn field(
        &mut self,
        messages: &Messages,
        table: &'static Table,
        rest: &[u8],
        start: usize,
    ) -> Option<usize> {
        let (key, key_length) = minimal(rest)?;
        let key = u32::try_from(key).ok().filter(|key| key >> 3 != 0)?;
        let field = if key_length == 1 { table.fields[key as usize] } else { Field::Plain };
        let body = &rest[key_length..];
        let token = |op, aux| Token { op, key, aux };
        let mut found = Found { local: NONE, start: start as u32, length: 0, literal: 0, number: 0 };
        match key & 7 {
            0 => {
                let (value, length) = minimal(body)?;
                found.length = (key_length + length) as u32;
                found.number = value;
                let token = match field {
                    Field::Special(number, 0) if self.special(number) => {
                        token(Op::Special, u32::from(number))
                    }
                    Field::Small if value < SMALL => token(Op::Const, value as u32),
                    _ => token(Op::Varint, 0),
                };
                self.step(messages, token, &[], found, rest)
            }
            1 => {
                let value = u64::from_le_bytes(*body.first_chunk()?);
                found.length = key_length as u32 + 8;
                found.number = value;
                let token = match field {
                    Field::Special(number, 8) if self.special(number) => {
                        token(Op::Special, u32::from(number))
                    }
                    _ => token(Op::Fixed64, 0),
                };
                self.step(messages, token, &[], found, rest)
            }
            5 => {
                let value = u32::from_le_bytes(*body.first_chunk()?);
                found.length = key_length as u32 + 4;
                found.number = u64::from(value);
                let token = if value < SMALL32 { token(Op::Const32, value) } else { token(Op::Fixed32, 0) };
                self.step(messages, token, &[], found, rest)
            }
            2 => {
                let (length, prefix) = minimal(body)?;
                let payload = body[prefix..].get(..usize::try_from(length).ok()?)?;
                found.length = (key_length + prefix + payload.len()) as u32;
                found.literal = payload.len() as u32;
                self.delimited(messages, field, key, payload, found, rest)
            }
            _ => None,
        }
    }

    fn delimited(
        &mut self,
        messages: &Messages,
        field: Field,
        key: u32,
        payload: &[u8],
        mut found: Found,
        rest: &[u8],
    ) -> Option<usize> {
        let token = |op, aux| Token { op, key, aux };
        if payload.is_empty() {
            return self.step(messages, token(Op::Empty, 0), &[], found, rest);
        }
        match field {
            Field::Special(number, length)
                if payload.len() == usize::from(length) && self.special(number) =>
            {
                return self.step(messages, token(Op::Special, u32::from(number)), &[], found, rest);
            }
            Field::Raw(length) if payload.len() == usize::from(length) => {
                return self.step(messages, token(Op::Raw, u32::from(length)), &[], found, rest);
            }
            Field::Text => return self.step(messages, token(Op::Text, 0), &[], found, rest),
            Field::Attribute => {
                if let Some((op, text, literal, number)) = attribute(payload) {
                    (found.literal, found.number) = (literal, number);
                    return self.step(messages, token(op, NONE), text, found, rest);
                }
            }
            Field::Message(table) => {
                let (node, steps, specials) = (self.node, self.path.len(), self.specials);
                let start = (found.start + found.length) as usize - payload.len();
                let edge = Found { literal: 0, ..found };
                if self.step(messages, token(Op::Open, 0), &[], edge, rest).is_some()
                    && self.fields(messages, table, payload, start)
                    && self.step(messages, Token { op: Op::Close, key: 0, aux: 0 }, &[], edge, rest).is_some()
                {
                    return Some(found.length as usize);
                }
                self.node = node;
                self.path.truncate(steps);
                self.found.truncate(steps);
                self.specials = specials;
            }
            _ => {}
        }
        self.step(messages, token(Op::Blob, 0), &[], found, rest)
    }

    /// Whether special field `number` may stand here: those below 16 once.
    fn special(&mut self, number: u8) -> bool {
        let bit = 1 << number;
        let free = number >= 16 || self.specials & bit == 0;
        self.specials |= bit;
        free
    }

    /// Goes along a token; gives the length of its field. `text` is an attribute's key.
    fn step(
        &mut self,
        messages: &Messages,
        token: Token,
        text: &[u8],
        mut found: Found,
        rest: &[u8],
    ) -> Option<usize> {
        let number = self.intern(token, text)?;
        let here = self.nodes[self.node as usize];
        let next = if here.token == number { here.next } else { self.child(number)? };
        let (mut column, mut value) = (NONE, NONE);
        let seen = self.tokens[number as usize];
        if seen.book != NONE && token.op.class().is_some() {
            let own = messages.book.token(seen.book).column;
            if messages.dictionary.is_fit(own)
                && let Some(local) = messages.dictionary.find(own, &rest[..found.length as usize])
            {
                (column, value) = (own, local);
                found.local = local;
            }
        }
        let node = &mut self.nodes[self.node as usize];
        (node.token, node.next, node.column, node.value) = (number, next, column, value);
        self.path.push(number);
        self.found.push(found);
        self.node = next;
        Some(found.length as usize)
    }

    /// The number of a token.
    fn intern(&mut self, token: Token, text: &[u8]) -> Option<u32> {
        let expected = self.nodes[self.node as usize].token;
        if expected != NONE && self.is_token(expected, token, text) {
            return Some(expected);
        }
        let hash = mix(
            self.hasher.hash_one(text),
            u64::from(token.key) << 40 | u64::from(token.aux) << 8 | token.op as u64,
        );
        if let Some(number) = self.token_lookup.find(hash, |number| self.is_token(number, token, text)) {
            return Some(number);
        }
        if text.len() > MAX_KEY {
            return None;
        }
        let number = self.tokens.len() as u32;
        let start = self.keys.len() as u32;
        self.keys.extend_from_slice(text);
        self.tokens.push(Seen { token, key: (start, self.keys.len() as u32), book: NONE });
        let (tokens, keys, hasher) = (&self.tokens, &self.keys, &self.hasher);
        self.token_lookup.insert(hash, number, |number| {
            let Seen { token, key, .. } = tokens[number as usize];
            let text = &keys[key.0 as usize..key.1 as usize];
            mix(
                hasher.hash_one(text),
                u64::from(token.key) << 40 | u64::from(token.aux) << 8 | token.op as u64,
            )
        });
        Some(number)
    }

    #[inline]
    fn is_token(&self, number: u32, token: Token, text: &[u8]) -> bool {
        let seen = &self.tokens[number as usize];
        seen.token == token
            && (text.is_empty() && seen.key.0 == seen.key.1
                || self.keys[seen.key.0 as usize..seen.key.1 as usize] == *text)
    }

    /// Where a token leads from the current node.
    fn child(&mut self, token: u32) -> Option<u32> {
        let edge = (self.node, token);
        let hash = mix(u64::from(edge.0), u64::from(token));
        if let Some(node) = self.children.find(hash, |node| self.edges[node as usize] == edge) {
            return Some(node);
        }
        if self.nodes.len() >= MAX_NODES {
            return None;
        }
        let node = self.nodes.len() as u32;
        self.nodes.push(FRESH);
        self.edges.push(edge);
        let edges = &self.edges;
        self.children.insert(hash, node, |node| {
            let (parent, token) = edges[node as usize];
            mix(u64::from(parent), u64::from(token))
        });
        Some(node)
    }
}

/// What the shape of a message is to the book.
enum Plan {
    Shape(u32),
    Variant(u32),
    Set,
}

/// An attribute in its usual form: what it is, its key, the length of its value's bytes at the end, its number.
fn attribute(payload: &[u8]) -> Option<(Op, &[u8], u32, u64)> {
    let (0x0a, rest) = (*payload.first()?, &payload[1..]) else { return None };
    let (length, prefix) = minimal(rest)?;
    let (key, rest) = rest[prefix..].split_at_checked(usize::try_from(length).ok()?)?;
    let (0x12, rest) = (*rest.first()?, &rest[1..]) else { return None };
    let (length, prefix) = minimal(rest)?;
    let value = &rest[prefix..];
    if value.len() as u64 != length {
        return None;
    }
    let raw = Some((Op::AttrRaw, key, value.len() as u32, 0));
    let Some((&tag, body)) = value.split_first() else { return raw };
    match tag {
        0x0a => match minimal(body) {
            Some((length, prefix)) if (body.len() - prefix) as u64 == length => {
                Some((Op::AttrText, key, length as u32, 0))
            }
            _ => raw,
        },
        0x10 | 0x18 => match minimal(body) {
            Some((number, length)) if length == body.len() => {
                Some((if tag == 0x10 { Op::AttrBool } else { Op::AttrInt }, key, 0, number))
            }
            _ => raw,
        },
        0x21 if body.len() == 8 => Some((Op::AttrDouble, key, 0, u64::from_le_bytes(*body.first_chunk()?))),
        _ => raw,
    }
}
