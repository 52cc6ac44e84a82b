//! Requests as resources, scopes and items: the nesting that traces, metrics and logs share.

use super::coder::{Bit, Cells, Coder, ColumnReader, ColumnWriter, Pick, Tree};
use super::shape::{Context, Field, Messages, Scanner, Slots, Source, Table, Wanted, close, mix, open};
use super::varint::minimal;

/// `KeyValue`s and whatever else a resource holds.
static RESOURCE: Table = Table::new(&[(0x0a, Field::Attribute)]);
static SCOPE: Table = Table::new(&[(0x0a, Field::Text), (0x12, Field::Text), (0x1a, Field::Attribute)]);

/// Key of the field that holds the groups of the next level, and the items of the last.
const REQUEST_GROUP: u8 = 0x0a;
const GROUP: u8 = 0x12;
/// Key of a group's resource or scope.
const HEAD: u8 = 0x0a;

/// What comes next in a group.
const END: usize = 0;
const INNER: usize = 1;
const HEAD_FIELD: usize = 2;
const OTHER: usize = 3;

/// Where items go.
pub(crate) trait ItemWriter {
    /// Encodes an item: the bytes behind its length. `group` stands for its resource and scope.
    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnWriter, item: &[u8], group: u32);

    /// The scanner of items, which scans resources and scopes too.
    fn scanner(&mut self) -> &mut Scanner;
}

/// Where items come from.
pub(crate) trait ItemReader {
    /// Decodes an item to the end of `out`, without its key and length.
    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnReader<'_>, group: u32, out: &mut Vec<u8>);
}

/// The models of groups, and their own fields' columns.
pub(crate) struct Groups {
    kinds: [[(Bit, Tree<4>); 4]; 3],
    /// Column of the dictionary, and what picks from it, by level.
    columns: [(u32, Pick); 3],
    slots: Slots,
}

impl Groups {
    pub(crate) fn new() -> Self {
        const FRESH: (Bit, Tree<4>) = (Bit::EVEN, Tree::new());
        const LEVEL: [(Bit, Tree<4>); 4] = [FRESH; 4];
        Self {
            kinds: [LEVEL; 3],
            columns: [(0, Pick::new()), (0, Pick::new()), (0, Pick::new())],
            slots: Slots::default(),
        }
    }

    /// Starts over; `messages` has just been cleared.
    pub(crate) fn clear(&mut self, messages: &mut Messages) {
        *self = Self { slots: std::mem::take(&mut self.slots), ..Self::new() };
        for (column, _) in &mut self.columns {
            *column = messages.add_column();
        }
    }

    /// What comes after `last`.
    fn kind<C: Coder>(&mut self, coder: &mut C, level: usize, last: usize, kind: usize) -> usize {
        let (inner, other) = &mut self.kinds[level][last];
        if coder.bit(inner, kind == INNER) { INNER } else { other.code(coder, kind) }
    }

    /// Encodes a request.
    pub(crate) fn encode(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnWriter,
        items: &mut impl ItemWriter,
        request: &[u8],
    ) {
        self.encode_level(messages, coder, items, request, 0, 0);
    }

    #[allow(clippy::too_many_arguments, reason = "the state of a walk")]
    fn encode_level(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnWriter,
        items: &mut impl ItemWriter,
        bytes: &[u8],
        level: usize,
        mut group: u32,
    ) {
        let inner = if level == 0 { REQUEST_GROUP } else { GROUP };
        let mut at = 0;
        let mut last = END;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let payload = match rest.split_first() {
                Some((&key, body)) if key == inner || key == HEAD => delimited(body),
                _ => None,
            };
            match payload {
                Some((payload, end)) if rest[0] == inner => {
                    self.kind(coder, level, last, INNER);
                    last = INNER;
                    if level == 2 {
                        items.item(messages, coder, payload, group);
                    } else {
                        self.encode_level(messages, coder, items, payload, level + 1, group);
                    }
                    at += 1 + end;
                }
                Some((payload, end)) => {
                    self.kind(coder, level, last, HEAD_FIELD);
                    last = HEAD_FIELD;
                    let field = &rest[..=end];
                    group = self.encode_field(
                        messages,
                        coder,
                        items.scanner(),
                        field,
                        Some(payload),
                        level,
                        group,
                    );
                    at += 1 + end;
                }
                None => {
                    self.kind(coder, level, last, OTHER);
                    last = OTHER;
                    // A batch is well-formed: the field has an end.
                    let end = skip(rest).unwrap_or(rest.len());
                    self.encode_field(messages, coder, items.scanner(), &rest[..end], None, level, group);
                    at += end;
                }
            }
        }
        self.kind(coder, level, last, END);
    }

    /// A field of a group's own; `payload` if it is the resource or scope. Gives the number of what comes under it.
    #[allow(clippy::too_many_arguments, reason = "the state of a walk")]
    fn encode_field(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnWriter,
        scanner: &mut Scanner,
        field: &[u8],
        payload: Option<&[u8]>,
        level: usize,
        group: u32,
    ) -> u32 {
        let column = self.columns[level].0;
        let known = messages.dictionary.count(column);
        let wanted = messages.dictionary.find(column, field).unwrap_or(known);
        let picked = self.pick(&mut messages.cells, coder, level, group, payload.is_some(), wanted, known);
        if picked == known {
            match payload {
                Some(payload) => {
                    scanner.scan(messages, head_table(level), payload);
                    let context = Context { near: level as u32, far: level as u32 };
                    let shape =
                        scanner.tell(messages, |messages, wanted| messages.shape(coder, context, wanted));
                    if let Some(shape) = shape {
                        let source = Source { message: payload, found: scanner.found() };
                        messages.values(coder, shape, 0, source, &mut self.slots, |_, _, number| number);
                    }
                }
                None => messages.raw_field(coder, field, &mut Vec::new()),
            }
            messages.dictionary.insert(column, field);
        }
        number(group, level, picked)
    }

    #[allow(clippy::too_many_arguments, reason = "what both sides know of a field")]
    fn pick<C: Coder>(
        &mut self,
        cells: &mut Cells,
        coder: &mut C,
        level: usize,
        group: u32,
        head: bool,
        wanted: u32,
        known: u32,
    ) -> u32 {
        let near = cells.at(group ^ 0x9700, level as u32 * 2 + u32::from(head));
        let far = cells.at(0x9701, level as u32 * 2 + u32::from(head));
        self.columns[level].1.code(coder, cells, near, far, wanted, known)
    }

    /// Decodes a request of at most `limit` bytes.
    pub(crate) fn decode(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnReader<'_>,
        items: &mut impl ItemReader,
        out: &mut Vec<u8>,
        limit: usize,
    ) {
        self.decode_level(messages, coder, items, out, limit, 0, 0);
    }

    #[allow(clippy::too_many_arguments, reason = "the state of a walk")]
    fn decode_level(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnReader<'_>,
        items: &mut impl ItemReader,
        out: &mut Vec<u8>,
        limit: usize,
        level: usize,
        mut group: u32,
    ) {
        let inner = if level == 0 { REQUEST_GROUP } else { GROUP };
        let mut last = END;
        while coder.failed().is_none() {
            // Lengths that are still open may turn out shorter than the room they were given.
            if out.len() > limit + 16 {
                coder.fail("more bytes than stated");
                return;
            }
            last = self.kind(coder, level, last, END);
            match last {
                END => return,
                INNER => {
                    out.push(inner);
                    let guess = if level == 2 { 2 } else { 3 };
                    let start = open(out, guess);
                    if level == 2 {
                        items.item(messages, coder, group, out);
                    } else {
                        self.decode_level(messages, coder, items, out, limit, level + 1, group);
                    }
                    close(out, start, guess);
                }
                _ => group = self.decode_field(messages, coder, out, last == HEAD_FIELD, level, group),
            }
        }
    }

    fn decode_field(
        &mut self,
        messages: &mut Messages,
        coder: &mut ColumnReader<'_>,
        out: &mut Vec<u8>,
        head: bool,
        level: usize,
        group: u32,
    ) -> u32 {
        let column = self.columns[level].0;
        let known = messages.dictionary.count(column);
        let picked = self.pick(&mut messages.cells, coder, level, group, head, 0, known);
        if picked < known {
            out.extend_from_slice(messages.dictionary.get(column, picked));
        } else {
            let start = out.len();
            if head {
                let context = Context { near: level as u32, far: level as u32 };
                let Some(shape) = messages.shape(coder, context, Wanted::Set(&[])) else { return group };
                messages.values(coder, shape, 0, Source::NOTHING, &mut self.slots, |_, _, _| 0);
                if coder.failed().is_some() {
                    return group;
                }
                out.push(HEAD);
                let length = open(out, 2);
                messages.write(shape, &self.slots, out, |_, _, _, _| {});
                close(out, length, 2);
            } else {
                messages.raw_field(coder, &[], out);
            }
            messages.dictionary.build(column, |bytes| bytes.extend_from_slice(&out[start..]));
        }
        if head { number(group, level, picked) } else { group }
    }
}

fn head_table(level: usize) -> &'static Table {
    if level == 1 { &RESOURCE } else { &SCOPE }
}

/// What stands for a resource, or for a scope under a resource.
fn number(group: u32, level: usize, picked: u32) -> u32 {
    mix(u64::from(group) << 2 | level as u64, u64::from(picked)) as u32
}

/// What stands behind a length in its shortest form, and where that ends.
fn delimited(body: &[u8]) -> Option<(&[u8], usize)> {
    let (length, prefix) = minimal(body)?;
    let payload = body[prefix..].get(..usize::try_from(length).ok()?)?;
    Some((payload, prefix + payload.len()))
}

/// Where the field that `bytes` start with ends, in any form that protobuf allows.
fn skip(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut open = 0_u32;
    loop {
        let (key, next) = loose_varint(bytes, at)?;
        at = next;
        match key & 7 {
            0 => at = loose_varint(bytes, at)?.1,
            1 => at += 8,
            2 => {
                let (length, next) = loose_varint(bytes, at)?;
                at = next.checked_add(usize::try_from(length).ok()?)?;
            }
            3 => open += 1,
            4 => open = open.checked_sub(1)?,
            5 => at += 4,
            _ => return None,
        }
        if open == 0 {
            return (at <= bytes.len()).then_some(at);
        }
    }
}

/// A varint in any form.
fn loose_varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, &byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, at + index + 1));
        }
    }
    None
}
