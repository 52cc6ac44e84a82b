//! Shapes that were seen, on both sides, and how a new one is told.
//!
//! Attributes of one message may come in any order (a Go map gives them in another each time), so shapes that differ in the order of
//! neighbouring attributes alone are variants of one *set*. Values are written in the order of the set's first shape.

use super::token::{Op, Token};
use crate::tracezip::coder::{Bit, Cells, Coder, Index, Number, Pick, Tree};

/// Tokens of one shape at most.
pub(crate) const MAX_STEPS: usize = 2048;
/// Tokens of all shapes together at most.
const MAX_ALL_STEPS: usize = 1 << 19;
/// Sets at most.
const MAX_SETS: usize = 1 << 11;
/// Different tokens at most.
const MAX_TOKENS: usize = 1 << 12;
/// Nested messages of one shape at most.
pub(crate) const MAX_DEPTH: usize = 8;
/// Orders of one set at most; another set begins behind them.
pub(crate) const MAX_VARIANTS: usize = 64;
/// One symbol is left for an order that is new.
const ORDERS: u32 = MAX_VARIANTS as u32 - 1;
/// Bytes of a field that are told as they are.
const MAX_RAW: u32 = 255;
/// Bytes of one attribute key at most.
pub(crate) const MAX_KEY: usize = 4096;

const NONE: u32 = u32::MAX;

/// All shapes and their tokens.
pub(crate) struct Book {
    tokens: Vec<Known>,
    keys: Vec<(u32, u32)>,
    key_bytes: Vec<u8>,
    sets: Vec<Set>,
    /// Tokens of each set, in the order of its first shape.
    canon: Vec<u32>,
    /// Slots of each set that have a value, in its order.
    valued: Vec<Step>,
    shapes: Vec<Shape>,
    steps: Vec<Step>,
    models: Models,
}

/// A token and where its values go.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) token: Token,
    /// Its column in the dictionary; `u32::MAX` for a token without values there.
    pub(crate) column: u32,
}

/// One step of a shape: the token, and its place in the set.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) token: u32,
    pub(crate) slot: u32,
}

#[derive(Clone)]
struct Set {
    start: u32,
    length: u32,
    valued: (u32, u32),
    variants: [u32; MAX_VARIANTS],
    count: u32,
    /// The order that came last, whether it repeats, and which comes else.
    last: u32,
    again: Bit,
    order: Tree<MAX_VARIANTS>,
}

#[derive(Clone, Copy)]
struct Shape {
    set: u32,
    start: u32,
    /// Its number among the orders of the set.
    order: u32,
}

struct Models {
    set: Pick,
    token: Pick,
    key: Pick,
    op: Tree<32>,
    number: Number,
    length: Index,
    rotated: Bit,
    rank: Index,
}

impl Models {
    const fn new() -> Self {
        Self {
            set: Pick::new(),
            token: Pick::new(),
            key: Pick::new(),
            op: Tree::new(),
            number: Number::new(),
            length: Index::new(),
            rotated: Bit::EVEN,
            rank: Index::new(),
        }
    }
}

/// The shape that an encoder wants to tell.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// One that was told before.
    Shape(u32),
    /// Another order of a set: where each step of the set's order stands in the new one's runs.
    Variant { set: u32, order: &'a [u32] },
    /// One of a new set.
    Set(&'a [New<'a>]),
}

/// A token of a new set: its number if it was told before, its key's text if it is an attribute.
#[derive(Clone, Copy)]
pub(crate) struct New<'a> {
    pub(crate) known: u32,
    pub(crate) token: Token,
    pub(crate) text: &'a [u8],
}

impl Book {
    pub(crate) fn new() -> Self {
        Self {
            tokens: Vec::new(),
            keys: Vec::new(),
            key_bytes: Vec::new(),
            sets: Vec::new(),
            canon: Vec::new(),
            valued: Vec::new(),
            shapes: Vec::new(),
            steps: Vec::new(),
            models: Models::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.tokens.clear();
        self.keys.clear();
        self.key_bytes.clear();
        self.sets.clear();
        self.canon.clear();
        self.valued.clear();
        self.shapes.clear();
        self.steps.clear();
        self.models = Models::new();
    }

    pub(crate) fn memory(&self) -> usize {
        self.tokens.len() * (size_of::<Known>() + size_of::<Pick>())
            + self.key_bytes.len()
            + self.sets.len() * size_of::<Set>()
            + self.steps.len() * 2 * size_of::<Step>()
    }

    /// Whether a set of so many steps and so many new tokens may still be told.
    pub(crate) fn has_room(&self, steps: usize, tokens: usize) -> bool {
        steps <= MAX_STEPS
            && self.steps.len() + steps < MAX_ALL_STEPS
            && self.tokens.len() + tokens < MAX_TOKENS
            // The last one is for messages without a shape.
            && self.sets.len() + 1 < MAX_SETS
    }

    pub(crate) fn token(&self, token: u32) -> Known {
        self.tokens[token as usize]
    }

    pub(crate) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// The text of an attribute's key.
    pub(crate) fn key(&self, key: u32) -> &[u8] {
        let (start, end) = self.keys[key as usize];
        &self.key_bytes[start as usize..end as usize]
    }

    /// The set of a shape.
    pub(crate) fn set_of(&self, shape: u32) -> u32 {
        self.shapes[shape as usize].set
    }

    /// Tokens of a set, in its order.
    pub(crate) fn canon(&self, set: u32) -> &[u32] {
        let set = &self.sets[set as usize];
        &self.canon[set.start as usize..(set.start + set.length) as usize]
    }

    /// Slots of a set that have a value, in its order.
    pub(crate) fn valued(&self, set: u32) -> &[Step] {
        let (start, end) = self.sets[set as usize].valued;
        &self.valued[start as usize..end as usize]
    }

    /// Steps of a shape, in the order of its bytes.
    pub(crate) fn steps(&self, shape: u32) -> &[Step] {
        let shape = self.shapes[shape as usize];
        let length = self.sets[shape.set as usize].length;
        &self.steps[shape.start as usize..(shape.start + length) as usize]
    }

    /// Whether a set takes another order.
    pub(crate) fn takes_variant(&self, set: u32) -> bool {
        self.sets[set as usize].count < ORDERS
    }

    /// Tells a shape; gives its number. `None` when the input cannot be what an encoder wrote. `add_column` makes a column for a
    /// new token.
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        cells: &mut Cells,
        (near, far): (usize, usize),
        wanted: Wanted<'_>,
        mut add_column: impl FnMut(Op) -> u32,
    ) -> Option<u32> {
        let known = self.sets.len() as u32;
        let index = match wanted {
            Wanted::Shape(shape) => self.set_of(shape),
            Wanted::Variant { set, .. } => set,
            Wanted::Set(_) => known,
        };
        let set = self.models.set.code(coder, cells, near, far, index, known);
        if set == known {
            let tokens = if let Wanted::Set(tokens) = wanted { tokens } else { &[] };
            return self.code_set(coder, cells, tokens, &mut add_column);
        }
        let entry = &mut self.sets[set as usize];
        let wanted_order = match wanted {
            Wanted::Shape(shape) => self.shapes[shape as usize].order,
            _ => entry.count,
        };
        let order = if coder.bit(&mut entry.again, wanted_order == entry.last) {
            entry.last
        } else {
            entry.order.code(coder, wanted_order as usize) as u32
        };
        if order < entry.count {
            entry.last = order;
            return Some(entry.variants[order as usize]);
        }
        if order > entry.count {
            coder.fail("an order that was not told");
            return None;
        }
        let order = if let Wanted::Variant { order, .. } = wanted { order } else { &[] };
        self.code_variant(coder, set, order)
    }

    fn code_set<C: Coder>(
        &mut self,
        coder: &mut C,
        cells: &mut Cells,
        tokens: &[New<'_>],
        add_column: &mut impl FnMut(Op) -> u32,
    ) -> Option<u32> {
        let length = self.models.length.code(coder, tokens.len() as u32) as usize;
        if length > MAX_STEPS || self.steps.len() + length > MAX_ALL_STEPS || self.sets.len() >= MAX_SETS {
            coder.fail("more sets or steps than shapes may have");
            return None;
        }
        let start = self.canon.len() as u32;
        let mut depth = 0;
        let (mut before, mut last) = (NONE, NONE);
        for index in 0..length {
            let known = self.tokens.len() as u32;
            let new = tokens.get(index);
            let cell = (cells.at(last, before ^ 0x70c), cells.at(last, 0x70b));
            let wanted = new.map_or(0, |new| new.known.min(known));
            let token = self.models.token.code(coder, cells, cell.0, cell.1, wanted, known);
            if token == known {
                self.code_token(coder, cells, new, add_column)?;
            }
            if coder.failed().is_some() {
                self.canon.truncate(start as usize);
                return None;
            }
            match self.tokens[token as usize].token.op {
                Op::Open if depth >= MAX_DEPTH => coder.fail("messages nested too deep"),
                Op::Open => depth += 1,
                Op::Close if depth == 0 => coder.fail("a message ends that has not begun"),
                Op::Close => depth -= 1,
                _ => {}
            }
            self.canon.push(token);
            (before, last) = (last, token);
        }
        if depth != 0 {
            coder.fail("a message does not end");
        }
        let first = self.valued.len() as u32;
        for (&token, slot) in self.canon[start as usize..].iter().zip(0..) {
            if self.tokens[token as usize].token.has_value() {
                self.valued.push(Step { token, slot });
            }
        }
        let valued = (first, self.valued.len() as u32);
        let shape = self.shapes.len() as u32;
        let mut variants = [0; MAX_VARIANTS];
        variants[0] = shape;
        let set = self.sets.len() as u32;
        self.sets.push(Set {
            start,
            length: length as u32,
            valued,
            variants,
            count: 1,
            last: 0,
            again: Bit::guess(240, 2),
            order: Tree::new(),
        });
        self.shapes.push(Shape { set, start: self.steps.len() as u32, order: 0 });
        let canon = &self.canon[start as usize..];
        self.steps.extend(canon.iter().zip(0..).map(|(&token, slot)| Step { token, slot }));
        Some(shape)
    }

    fn code_token<C: Coder>(
        &mut self,
        coder: &mut C,
        cells: &mut Cells,
        new: Option<&New<'_>>,
        add_column: &mut impl FnMut(Op) -> u32,
    ) -> Option<()> {
        if self.tokens.len() >= MAX_TOKENS {
            coder.fail("more tokens than there may be");
            return None;
        }
        let wanted = new.map_or(Token { op: Op::Const, key: 0, aux: 0 }, |new| new.token);
        let op = self.models.op.code(coder, wanted.op as usize);
        let Some(&op) = Op::ALL.get(op) else {
            coder.fail("an unknown token");
            return None;
        };
        let key = self.models.number.code(coder, u64::from(wanted.key));
        let Some(key) = u32::try_from(key).ok().filter(|&key| op.takes(key)) else {
            coder.fail("a key that does not fit its token");
            return None;
        };
        let aux = if op.is_attribute() {
            self.code_key(coder, cells, new.map_or(&[], |new| new.text))
        } else if matches!(op, Op::Const | Op::Const32 | Op::Raw | Op::Special) {
            self.models.number.code(coder, u64::from(wanted.aux)) as u32
        } else {
            0
        };
        if op == Op::Raw && aux > MAX_RAW {
            coder.fail("more bytes than a token may hold");
            return None;
        }
        let column = if op.class().is_some() { add_column(op) } else { NONE };
        self.tokens.push(Known { token: Token { op, key, aux }, column });
        Some(())
    }

    fn code_key<C: Coder>(&mut self, coder: &mut C, cells: &mut Cells, text: &[u8]) -> u32 {
        let known = self.keys.len() as u32;
        let wanted = if C::READS {
            0
        } else {
            // Keys are few, and each is told once.
            (0..known).find(|&key| self.key(key) == text).unwrap_or(known)
        };
        let cell = cells.at(0x6b65, 0x79);
        let key = self.models.key.code(coder, cells, cell, cell, wanted, known);
        if key == known {
            let length = self.models.length.code(coder, text.len() as u32) as usize;
            if length > MAX_KEY {
                coder.fail("a key longer than keys in shapes may be");
                return 0;
            }
            let start = self.key_bytes.len() as u32;
            coder.text(text, length, &mut self.key_bytes);
            self.keys.push((start, self.key_bytes.len() as u32));
        }
        key
    }

    /// Another order: for each run of attributes how far it is rotated, or which of those left comes next.
    fn code_variant<C: Coder>(&mut self, coder: &mut C, set: u32, order: &[u32]) -> Option<u32> {
        let Set { start, length, count, .. } = self.sets[set as usize];
        if count >= ORDERS || self.steps.len() + length as usize > MAX_ALL_STEPS {
            coder.fail("more orders than a set may have");
            return None;
        }
        let first = self.steps.len();
        let canon = &self.canon[start as usize..(start + length) as usize];
        self.steps.extend(canon.iter().zip(0..).map(|(&token, slot)| Step { token, slot }));
        let mut at = 0;
        while at < length as usize {
            let run = self.run(&self.canon[start as usize..(start + length) as usize], at);
            if run > 1 {
                self.code_run(coder, first + at, run, order.get(at..at + run).unwrap_or(&[]), at as u32);
            }
            at += run.max(1);
        }
        let shape = self.shapes.len() as u32;
        self.shapes.push(Shape { set, start: first as u32, order: count });
        let entry = &mut self.sets[set as usize];
        entry.variants[count as usize] = shape;
        entry.count += 1;
        Some(shape)
    }

    /// Attributes behind each other from `at` on.
    fn run(&self, canon: &[u32], at: usize) -> usize {
        canon[at..].iter().take_while(|&&token| self.tokens[token as usize].token.op.is_attribute()).count()
    }

    /// `order` holds the slot of each step of the run, which starts at slot `base`.
    fn code_run<C: Coder>(&mut self, coder: &mut C, at: usize, run: usize, order: &[u32], base: u32) {
        let first = order.first().map_or(0, |slot| slot - base);
        let rotated = order.iter().zip(0..).all(|(&slot, index)| slot - base == (first + index) % run as u32);
        let steps = &mut self.steps[at..at + run];
        if coder.bit(&mut self.models.rotated, rotated) {
            let first = self.models.rank.code(coder, first) as usize;
            if first >= run {
                coder.fail("a rotation beyond its run");
                return;
            }
            steps.rotate_left(first);
            return;
        }
        for index in 0..run - 1 {
            let left = &mut steps[index..];
            let wanted = order.get(index).and_then(|&slot| left.iter().position(|step| step.slot == slot));
            let rank = self.models.rank.code(coder, wanted.unwrap_or(0) as u32) as usize;
            if rank >= left.len() {
                coder.fail("an order beyond its run");
                return;
            }
            // The others keep their order.
            left[..=rank].rotate_right(1);
        }
    }
}

impl Op {
    /// Whether a field's key has the wire type of what the token says, in its shortest form.
    const fn takes(self, key: u32) -> bool {
        let wire = key & 7;
        let numbered = key >> 3 != 0;
        match self {
            Self::Whole | Self::Close => key == 0,
            Self::Const | Self::Varint => numbered && wire == 0,
            Self::Fixed64 => numbered && wire == 1,
            Self::Const32 | Self::Fixed32 => numbered && wire == 5,
            Self::Special => numbered && (wire == 0 || wire == 1 || wire == 2 || wire == 5),
            _ => numbered && wire == 2,
        }
    }
}
