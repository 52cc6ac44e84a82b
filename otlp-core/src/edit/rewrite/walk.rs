//! The way down a batch, and the bytes that change on it.

use bytes::Bytes;

use super::draft::{Draft, Entry};
use super::shape::{Kind, Numbers};
use super::{Look, Spot};
use crate::Batch;
use crate::edit::splice::{Patch, splice};
use crate::wire::{FIXED64, Value, fields, put_key, put_len, put_varint, read_varint};

/// See [`rewrite`](super::rewrite).
pub(super) fn walk<'a>(batch: &'a Batch, change: impl FnMut(Spot<'a>, &mut Draft<'a>) -> Look) -> Batch {
    let strings = match batch.profiles() {
        Some(view) => view.dictionary().strings().iter().collect(),
        None => Vec::new(),
    };
    let source = batch.canonical();
    let mut walk = Walk {
        source,
        strings,
        change,
        patches: Vec::new(),
        arena: Vec::new(),
        entries: Vec::new(),
        scratch: Vec::new(),
    };
    let grown =
        walk.message(Kind::Request(batch.signal()), (0, source.len()), Way { ask: true, factor: None });
    if walk.patches.is_empty() {
        return batch.clone();
    }
    // A message's own changes come after those of what is in it, wherever they stand.
    walk.patches.sort_by_key(|patch| (patch.start, patch.end));
    let out = splice(source, &walk.patches, &walk.arena, grown);
    Batch::trusted(batch.signal(), batch.items(), Bytes::from(out), None)
}

/// What holds on the way down.
#[derive(Clone, Copy)]
struct Way {
    /// Whether the callback is asked.
    ask: bool,
    /// What the numbers of the metric are multiplied by.
    factor: Option<f64>,
}

struct Walk<'a, F> {
    source: &'a [u8],
    /// String table of profiles.
    strings: Vec<&'a str>,
    change: F,
    patches: Vec<Patch>,
    /// All bytes that are new.
    arena: Vec<u8>,
    /// Room for the attributes of one message.
    entries: Vec<Entry<'a>>,
    scratch: Vec<u8>,
}

// Each step gives by how many bytes its message grows.
impl<'a, F: FnMut(Spot<'a>, &mut Draft<'a>) -> Look> Walk<'a, F> {
    /// A message whose payload is `start..end`.
    fn message(&mut self, kind: Kind, (start, end): (usize, usize), mut way: Way) -> isize {
        let source: &'a [u8] = self.source;
        let message = &source[start..end];
        let mut own = Own { patches: Vec::new(), grown: 0 };
        if way.ask
            && let Some(spot) = kind.spot(message)
        {
            let scalable = matches!(&spot, Spot::Metric(metric) if metric.exponential_histogram().is_none());
            let room = std::mem::take(&mut self.entries);
            let mut draft = Draft::new(kind.shape(), message, start, &self.strings, room, scalable);
            way.ask = (self.change)(spot, &mut draft) == Look::Inside;
            way.factor = draft.factor.or(way.factor);
            self.attributes(&draft, end, &mut own);
            self.texts(kind, &draft, (start, end), &mut own);
            self.entries = draft.entries;
            self.entries.clear();
        }
        if let Some(factor) = way.factor {
            self.numbers(&kind.shape().numbers, factor, (start, end), &mut own);
        }
        if way.ask || way.factor.is_some() {
            for field in fields(message) {
                if let (Some(child), Value::Len(payload)) = (kind.child(field.number), field.value) {
                    let (whole, end) = (start + field.start, start + field.end);
                    own.grown += self.nested(child, whole, (end - payload.len(), end), way);
                }
            }
        }
        self.patches.append(&mut own.patches);
        own.grown
    }

    /// The message in the field that starts at `whole`, and its length with it.
    fn nested(&mut self, kind: Kind, whole: usize, (inner, end): (usize, usize), way: Way) -> isize {
        let slot = self.patches.len();
        self.patches.push(Patch::default());
        let grown = self.message(kind, (inner, end), way);
        if self.patches.len() == slot + 1 {
            self.patches.pop();
            return 0;
        }
        let start = read_varint(self.source, whole).map_or(whole, |(_, end)| end);
        let from = self.arena.len();
        put_varint(&mut self.arena, (end - inner).saturating_add_signed(grown) as u64);
        let to = self.arena.len();
        self.patches[slot] = Patch { start, end: inner, from, to };
        grown + (to - from) as isize - (inner - start) as isize
    }

    fn attributes(&mut self, draft: &Draft<'a>, end: usize, own: &mut Own) {
        for entry in draft.entries.iter().filter(|entry| entry.changed()) {
            let from = self.arena.len();
            entry.write(&mut self.scratch, &mut self.arena);
            own.push(entry.at.unwrap_or((end, end)), (from, self.arena.len()));
        }
    }

    fn texts(&mut self, kind: Kind, draft: &Draft<'a>, (start, end): (usize, usize), own: &mut Own) {
        for (number, text) in kind.shape().texts.into_iter().zip(&draft.texts) {
            let Some(text) = text else { continue };
            let from = self.arena.len();
            if !text.is_empty() {
                put_len(&mut self.arena, number, text.as_bytes());
            }
            let mut new = (from, self.arena.len());
            // The first takes the place; the others, of which the last has counted, go.
            for field in fields(&self.source[start..end]).filter(|field| field.number == number) {
                own.push((start + field.start, start + field.end), new);
                new.0 = new.1;
            }
            if new.0 < new.1 {
                own.push((end, end), new);
            }
        }
    }

    fn numbers(&mut self, numbers: &Numbers, factor: f64, (start, end): (usize, usize), own: &mut Own) {
        let divisor = divisor(factor);
        let scaled = |bits: u64| {
            let number = f64::from_bits(bits);
            divisor.map_or(number * factor, |divisor| number / divisor).to_le_bytes()
        };
        for field in fields(&self.source[start..end]) {
            let from = self.arena.len();
            match field.value {
                Value::Fixed64(bits) if numbers.doubles.contains(&field.number) => {
                    put_key(&mut self.arena, field.number, FIXED64);
                    self.arena.extend_from_slice(&scaled(bits));
                }
                Value::Fixed64(bits) if field.number == numbers.int.0 => {
                    put_key(&mut self.arena, numbers.int.1, FIXED64);
                    self.arena.extend_from_slice(&scaled((bits as i64 as f64).to_bits()));
                }
                Value::Len(packed) if numbers.doubles.contains(&field.number) => {
                    self.scratch.clear();
                    for bytes in packed.as_chunks::<8>().0 {
                        self.scratch.extend_from_slice(&scaled(u64::from_le_bytes(*bytes)));
                    }
                    put_len(&mut self.arena, field.number, &self.scratch);
                }
                _ => continue,
            }
            own.push((start + field.start, start + field.end), (from, self.arena.len()));
        }
    }
}

/// What to divide by instead, where that is a whole number: 9 / 1000 is the double nearest to 0.009, 9 * 0.001 is not.
pub(super) fn divisor(factor: f64) -> Option<f64> {
    let divisor = (1.0 / factor).round();
    (factor.abs() < 1.0 && divisor.is_finite() && divisor * factor == 1.0).then_some(divisor)
}

/// Changes of one message that are not in another below it.
struct Own {
    patches: Vec<Patch>,
    grown: isize,
}

impl Own {
    fn push(&mut self, (start, end): (usize, usize), (from, to): (usize, usize)) {
        self.patches.push(Patch { start, end, from, to });
        self.grown += (to - from) as isize - (end - start) as isize;
    }
}
