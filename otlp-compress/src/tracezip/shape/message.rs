//! Values of messages, on both sides.

use super::book::{Book, Known, MAX_DEPTH, Wanted};
use super::dictionary::Dictionary;
use super::output::{close, open, put_field};
use super::token::{Class, Op, Token};
use crate::tracezip::coder::{Bit, Cells, Coder, Index, Number, Pick, Texts};
use crate::tracezip::varint::put_varint;

const NONE: u32 = u32::MAX;
/// Entries of a column up to which its values tell something about those that follow.
const TELLING: u32 = 256;

/// A value that the scanner found: a field of the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Its number in its column; `u32::MAX` if it was not there.
    pub(crate) local: u32,
    /// The field, from its key on.
    pub(crate) start: u32,
    pub(crate) length: u32,
    /// Bytes at the field's end that are its text.
    pub(crate) literal: u32,
    /// What it is if it is a number.
    pub(crate) number: u64,
}

impl Found {
    fn field<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        &message[self.start as usize..(self.start + self.length) as usize]
    }
}

/// A value of the message at hand, by slot of its set.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    /// None, or one that the encoder alone knows.
    None,
    /// An entry of a column.
    Entry(u32, u32),
    /// A field in the loose bytes.
    Loose(u32, u32),
    /// A number of the signal's own.
    Number(u64),
}

/// The values of the message at hand.
#[derive(Default)]
pub(crate) struct Slots {
    pub(crate) values: Vec<Value>,
    loose: Vec<u8>,
    /// Where each slot stands in the message's bytes.
    place: Vec<u32>,
    literal: Vec<u8>,
}

/// What is known about a message before its values.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    /// For its shape: what is likeliest to repeat, sharper first.
    pub(crate) near: u32,
    pub(crate) far: u32,
}

/// What the encoder scanned; nothing for a decoder.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) found: &'a [Found],
}

impl Source<'_> {
    /// A decoder's.
    pub(crate) const NOTHING: Self = Self { message: &[], found: &[] };
}

/// Shapes, values and their models: what encoder and decoder of a frame or stream both hold.
pub(crate) struct Messages {
    pub(crate) book: Book,
    pub(crate) dictionary: Dictionary,
    pub(crate) cells: Cells,
    picks: Vec<Pick>,
    texts: Texts,
    literals: Literals,
}

/// Models of values that were not seen before.
struct Literals {
    unsigned: Number,
    signed: Number,
    whole: Bit,
    double: Number,
    blob: Index,
}

impl Literals {
    const fn new() -> Self {
        Self {
            unsigned: Number::new(),
            signed: Number::new(),
            whole: Bit::EVEN,
            double: Number::new(),
            blob: Index::new(),
        }
    }
}

impl Messages {
    pub(crate) fn new() -> Self {
        Self {
            book: Book::new(),
            dictionary: Dictionary::new(),
            cells: Cells::new(),
            picks: Vec::new(),
            texts: Texts::new(),
            literals: Literals::new(),
        }
    }

    /// Forgets everything; `cells` is how many contexts it will tell apart.
    pub(crate) fn clear(&mut self, cells: usize) {
        self.book.clear();
        self.dictionary.clear();
        self.cells.clear(cells);
        self.picks.clear();
        self.texts.clear();
        self.literals = Literals::new();
    }

    /// Bytes of state.
    pub(crate) fn memory(&self) -> usize {
        self.book.memory()
            + self.dictionary.memory()
            + self.cells.bytes()
            + self.picks.len() * size_of::<Pick>()
            + self.texts.memory()
    }

    /// A column of the dictionary for the signal's own use.
    pub(crate) fn add_column(&mut self) -> u32 {
        self.picks.push(Pick::new());
        self.dictionary.add_column()
    }

    /// A field as it stands, appended to `into`.
    pub(crate) fn raw_field<C: Coder>(&mut self, coder: &mut C, field: &[u8], into: &mut Vec<u8>) {
        let length = self.literals.blob.code(coder, field.len() as u32) as usize;
        coder.text(field, length, into);
    }

    /// The signal's own fields of a shape: step and number.
    pub(crate) fn specials(&self, shape: u32) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.book.steps(shape).iter().enumerate().filter_map(|(index, step)| {
            let token = self.book.token(step.token).token;
            (token.op == Op::Special).then_some((index, token.aux))
        })
    }

    /// Tells a shape; gives its number.
    pub(crate) fn shape<C: Coder>(
        &mut self,
        coder: &mut C,
        context: Context,
        wanted: Wanted<'_>,
    ) -> Option<u32> {
        let Self { book, dictionary, cells, picks, .. } = self;
        let at = (cells.at(context.near, 0x51), cells.at(context.far, 0x52));
        book.code(coder, cells, at, wanted, |_| {
            picks.push(Pick::new());
            dictionary.add_column()
        })
    }

    /// Codes the values of a message of this shape. `special` codes the signal's own fields that stand in line: those above 15.
    pub(crate) fn values<C: Coder>(
        &mut self,
        coder: &mut C,
        shape: u32,
        context: u32,
        source: Source<'_>,
        slots: &mut Slots,
        mut special: impl FnMut(&mut C, u32, u64) -> u64,
    ) {
        let Self { book, dictionary, cells, picks, texts, literals } = self;
        let set = book.set_of(shape);
        let Slots { values, loose, place, literal } = slots;
        values.clear();
        values.resize(book.canon(set).len(), Value::None);
        loose.clear();
        if !C::READS {
            place.clear();
            place.resize(values.len(), 0);
            for (step, index) in book.steps(shape).iter().zip(0..) {
                place[step.slot as usize] = index;
            }
        }
        let mut columns = Columns { book, dictionary, cells, picks, texts, literals, loose, literal };
        let wide = set.wrapping_mul(0x9e37_79b1) ^ 0xfa7;
        let mut base = wide ^ context.wrapping_mul(0x85eb_ca6b);
        let mut chain = base;
        for step in book.valued(set) {
            let slot = step.slot as usize;
            let known = book.token(step.token);
            let found = if C::READS { None } else { source.found.get(place[slot] as usize) };
            values[slot] = match known.token.op {
                Op::Raw => columns.raw(coder, known.token, found, source.message),
                Op::Special => {
                    let number = found.map_or(0, |found| found.number);
                    Value::Number(special(coder, known.token.aux, number))
                }
                op => {
                    let cells = (columns.cells.at(step.token, chain), columns.cells.at(step.token, wide));
                    let value = columns.value(coder, known, cells, found, source.message);
                    if let Value::Entry(column, local) = value
                        && columns.dictionary.count(column) <= TELLING
                    {
                        let mixed = (local + 1).wrapping_mul(0xc2b2_ae35) ^ step.token << 16;
                        if op == Op::Text {
                            base ^= mixed.rotate_left(7);
                            chain = base;
                        } else {
                            chain = base ^ mixed;
                        }
                    }
                    value
                }
            };
            if coder.failed().is_some() {
                return;
            }
        }
    }

    /// Appends a message of this shape; `special` writes the signal's own fields.
    pub(crate) fn write(
        &self,
        shape: u32,
        slots: &Slots,
        out: &mut Vec<u8>,
        mut special: impl FnMut(u32, u32, Value, &mut Vec<u8>),
    ) {
        let mut opened = [0; MAX_DEPTH];
        let mut depth = 0;
        for step in self.book.steps(shape) {
            let value = slots.values[step.slot as usize];
            match value {
                Value::Entry(column, local) => {
                    out.extend_from_slice(self.dictionary.get(column, local));
                    continue;
                }
                Value::Loose(start, end) => {
                    out.extend_from_slice(&slots.loose[start as usize..end as usize]);
                    continue;
                }
                _ => {}
            }
            let token = self.book.token(step.token).token;
            match token.op {
                Op::Const => {
                    put_varint(out, u64::from(token.key));
                    put_varint(out, u64::from(token.aux));
                }
                Op::Const32 => {
                    put_varint(out, u64::from(token.key));
                    out.extend_from_slice(&token.aux.to_le_bytes());
                }
                Op::Empty => {
                    put_varint(out, u64::from(token.key));
                    out.push(0);
                }
                Op::Open => {
                    put_varint(out, u64::from(token.key));
                    opened[depth] = open(out, 1);
                    depth += 1;
                }
                Op::Close => {
                    depth -= 1;
                    close(out, opened[depth], 1);
                }
                _ => special(token.aux, token.key, value, out),
            }
        }
    }
}

/// What telling a value takes.
struct Columns<'a> {
    book: &'a Book,
    dictionary: &'a mut Dictionary,
    cells: &'a mut Cells,
    picks: &'a mut [Pick],
    texts: &'a mut Texts,
    literals: &'a mut Literals,
    loose: &'a mut Vec<u8>,
    literal: &'a mut Vec<u8>,
}

impl Columns<'_> {
    /// One value of a column.
    #[inline]
    fn value<C: Coder>(
        &mut self,
        coder: &mut C,
        Known { token, column }: Known,
        (near, far): (usize, usize),
        found: Option<&Found>,
        message: &[u8],
    ) -> Value {
        let known = self.dictionary.count(column);
        let wanted = match found {
            Some(found) if found.local != NONE => found.local,
            // Two equal values may be new in one message.
            Some(found) if self.dictionary.is_fit(column) => {
                self.dictionary.find(column, found.field(message)).unwrap_or(known)
            }
            _ => known,
        };
        let picked = self.picks[column as usize].code(coder, self.cells, near, far, wanted, known);
        if picked < known {
            self.dictionary.seen(column, true);
            return Value::Entry(column, picked);
        }
        let fit = self.dictionary.is_fit(column);
        self.dictionary.seen(column, false);
        let field = found.map_or(&[][..], |found| found.field(message));
        let number = self.new_value(coder, token.op, column, found, field);
        if !C::READS {
            return if fit {
                Value::Entry(column, self.dictionary.insert(column, field))
            } else {
                Value::None
            };
        }
        let key = if token.op.is_attribute() { self.book.key(token.aux) } else { &[] };
        let literal = &self.literal;
        if fit {
            let local = self.dictionary.build(column, |out| put_field(token, key, literal, number, out));
            return Value::Entry(column, local);
        }
        let start = self.loose.len();
        put_field(token, key, literal, number, self.loose);
        Value::Loose(start as u32, self.loose.len() as u32)
    }

    /// A value that was not seen before: a number, or text into `literal`.
    fn new_value<C: Coder>(
        &mut self,
        coder: &mut C,
        op: Op,
        column: u32,
        found: Option<&Found>,
        field: &[u8],
    ) -> u64 {
        self.literal.clear();
        let number = found.map_or(0, |found| found.number);
        let text = found.map_or(&[][..], |found| &field[field.len() - found.literal as usize..]);
        let models = &mut *self.literals;
        match op.class() {
            None => 0,
            Some(Class::Unsigned) => models.unsigned.code(coder, number),
            Some(Class::Signed) => unzigzag(models.signed.code(coder, zigzag(number))),
            Some(Class::Bits64) => coder.raw(number, 64),
            Some(Class::Bits32) => coder.raw(number, 32),
            Some(Class::Double) => {
                let value = f64::from_bits(number);
                let whole = value as i64;
                let is_whole = (whole as f64).to_bits() == number && whole.unsigned_abs() < 1 << 53;
                if coder.bit(&mut models.whole, is_whole) {
                    let number = unzigzag(models.double.code(coder, zigzag(whole as u64)));
                    (number as i64 as f64).to_bits()
                } else {
                    coder.raw(number, 64)
                }
            }
            Some(Class::Text) => {
                self.texts.code(coder, self.cells, column, text, self.literal);
                0
            }
            Some(Class::Blob) => {
                let length = models.blob.code(coder, text.len() as u32) as usize;
                coder.text(text, length, self.literal);
                0
            }
        }
    }

    /// Bytes about which nothing is known.
    fn raw<C: Coder>(&mut self, coder: &mut C, token: Token, found: Option<&Found>, message: &[u8]) -> Value {
        let length = token.aux as usize;
        let field = found.map_or(&[][..], |found| found.field(message));
        let bytes = &field[field.len().saturating_sub(length)..];
        self.literal.clear();
        raw_bytes(coder, bytes, length, self.literal);
        if !C::READS {
            return Value::None;
        }
        let start = self.loose.len();
        put_field(token, &[], self.literal, 0, self.loose);
        Value::Loose(start as u32, self.loose.len() as u32)
    }
}

/// Bytes about which nothing is known.
fn raw_bytes<C: Coder>(coder: &mut C, bytes: &[u8], length: usize, into: &mut Vec<u8>) {
    for at in (0..length).step_by(8) {
        let count = (length - at).min(8);
        let mut word = [0; 8];
        if let Some(piece) = bytes.get(at..at + count) {
            word[..count].copy_from_slice(piece);
        }
        let word = coder.raw(u64::from_le_bytes(word), count as u32 * 8);
        if C::READS {
            into.extend_from_slice(&word.to_le_bytes()[..count]);
            if coder.failed().is_some() {
                return;
            }
        }
    }
}

/// Small numbers of either sign as small numbers.
#[inline]
pub(crate) const fn zigzag(value: u64) -> u64 {
    (value << 1) ^ ((value as i64 >> 63) as u64)
}

/// Undoes [`zigzag`].
#[inline]
pub(crate) const fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}
