//! Taking batches apart and putting them together as bytes.
//!
//! [`distribute`] hands each item of a batch to one of several new batches and copies it there with its resource and scope
//! around it; [`concat()`] puts batches behind each other. Nothing is decoded, so whatever an item carries, unknown fields
//! included, arrives as it was. The operations people call (split, shard, filter...) are made of these in `otlp-simd`.

use bytes::Bytes;

use crate::profiles::rebase;
use crate::wire::{LEN, Value, fields, put_key, put_varint, put_varint_padded, varint_len};
use crate::{Batch, Signal};

/// One item on its way into a new batch.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its index in the batch, from 0.
    pub index: usize,
    /// Its encoding, without key and length.
    pub encoded: &'a [u8],
}

/// Copies each item into the batch whose number `assign` gives, or into none.
///
/// Items keep their order. A resource, scope or metric stands in each new batch that has items of it, with all its own
/// fields; one without items is left out everywhere. Profiles take the whole dictionary with them.
/// `expected` is how many batches there will be, if known: buffers are sized for it.
///
/// The result has as many batches as the largest number given plus one; those without items are empty.
///
/// ```
/// # use otlp_core::{Batch, Limits, Signal, cut};
/// # let batch = Batch::parse(Signal::Logs, vec![], &Limits::default())?;
/// let halves = cut::distribute(&batch, 2, |item| Some(item.index % 2));
/// assert_eq!(halves.iter().map(Batch::items).sum::<usize>(), batch.items());
/// # Ok::<(), otlp_core::ParseError>(())
/// ```
pub fn distribute<'a>(
    batch: &'a Batch,
    expected: usize,
    assign: impl FnMut(Item<'a>) -> Option<usize>,
) -> Vec<Batch> {
    let source = batch.canonical();
    let mut walk = Walk {
        source,
        levels: levels(batch.signal()),
        capacity: source.len() / expected.max(1) + 256,
        headers: Default::default(),
        groups: Default::default(),
        opened: 0,
        index: 0,
        run: None,
        outputs: Vec::with_capacity(expected),
        assign,
    };
    walk.group(0, Span { start: 0, end: source.len() });
    walk.flush();
    let request = walk.headers[0].clone();
    walk.outputs.into_iter().map(|output| output.finish(batch.signal(), source, &request)).collect()
}

/// Puts batches of one signal into one, items in order; `None` if there is no batch or the signals differ.
///
/// Traces, metrics and logs are put behind each other, which protobuf defines as their merge. Profiles share dictionary
/// tables: each batch's tables are appended to those before, and its indices move with them.
pub fn concat(batches: &[Batch]) -> Option<Batch> {
    let signal = batches.first()?.signal();
    if batches.iter().any(|batch| batch.signal() != signal) {
        return None;
    }
    if let [one] = batches {
        return Some(one.clone());
    }
    let items = batches.iter().map(Batch::items).sum();
    if signal == Signal::Profiles {
        let joined = rebase::join(batches.iter().map(Batch::canonical));
        return Some(Batch::trusted(signal, items, Bytes::from(joined), None));
    }
    let join = |part: fn(&Batch) -> &[u8]| {
        let mut bytes = Vec::with_capacity(batches.iter().map(|batch| part(batch).len()).sum());
        batches.iter().for_each(|batch| bytes.extend_from_slice(part(batch)));
        Bytes::from(bytes)
    };
    let merged = batches.iter().any(Batch::is_merged).then(|| join(Batch::canonical));
    Some(Batch::trusted(signal, items, join(|batch| batch.bytes()), merged))
}

/// For each level of grouping, the fields that lead one level down; the last leads to the items.
const fn levels(signal: Signal) -> &'static [&'static [u32]] {
    match signal {
        Signal::Metrics => &[&[1], &[2], &[2], &[5, 7, 9, 10, 11], &[1]],
        Signal::Traces | Signal::Logs | Signal::Profiles => &[&[1], &[2], &[2]],
    }
}

/// Most levels that any signal has.
const MOST_LEVELS: usize = 5;

/// A range of the source.
#[derive(Clone, Copy, Default)]
struct Span {
    start: usize,
    end: usize,
}

/// A group that the walk is in: a resource, scope, metric or its data.
#[derive(Clone, Copy, Default)]
struct Group {
    /// Different for each group of one walk; 0 for none.
    id: usize,
    /// Field number in the group above.
    number: u32,
    /// Length of its payload, which no copy exceeds.
    length: usize,
}

struct Walk<'a, F> {
    source: &'a [u8],
    levels: &'static [&'static [u32]],
    capacity: usize,
    /// For each level, the fields of the current group that do not lead down.
    headers: [Vec<Span>; MOST_LEVELS],
    groups: [Group; MOST_LEVELS],
    /// How many groups there were so far.
    opened: usize,
    index: usize,
    /// Neighbouring items on their way into one output.
    run: Option<(usize, Span)>,
    outputs: Vec<Output>,
    assign: F,
}

impl<'a, F: FnMut(Item<'a>) -> Option<usize>> Walk<'a, F> {
    fn group(&mut self, level: usize, at: Span) {
        let down = self.levels[level];
        let payload = &self.source[at.start..at.end];
        self.headers[level].clear();
        for field in fields(payload).filter(|field| !down.contains(&field.number)) {
            let (start, end) = (at.start + field.start, at.start + field.end);
            match self.headers[level].last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => self.headers[level].push(Span { start, end }),
            }
        }
        for field in fields(payload) {
            let Value::Len(inner) = field.value else { continue };
            if !down.contains(&field.number) {
                continue;
            }
            let whole = Span { start: at.start + field.start, end: at.start + field.end };
            if level + 1 == self.levels.len() {
                self.item(inner, whole);
            } else {
                self.opened += 1;
                self.groups[level + 1] = Group { id: self.opened, number: field.number, length: inner.len() };
                self.group(level + 1, Span { start: whole.end - inner.len(), end: whole.end });
                self.flush();
            }
        }
    }

    fn item(&mut self, encoded: &'a [u8], whole: Span) {
        let item = Item { index: self.index, encoded };
        self.index += 1;
        let Some(number) = (self.assign)(item) else { return };
        match &mut self.run {
            Some((held, run)) if *held == number && run.end == whole.start => run.end = whole.end,
            _ => {
                self.flush();
                self.run = Some((number, whole));
            }
        }
        if self.outputs.len() <= number {
            self.outputs.resize_with(number + 1, Output::default);
        }
        self.outputs[number].items += 1;
    }

    /// Copies the pending run into its output.
    fn flush(&mut self) {
        let Some((number, run)) = self.run.take() else { return };
        let output = &mut self.outputs[number];
        if output.bytes.capacity() == 0 {
            output.bytes.reserve(self.capacity);
        }
        let depth = self.levels.len();
        let same =
            (1..depth).take_while(|level| output.open[*level].id == self.groups[*level].id).count() + 1;
        output.close(same);
        for level in same..depth {
            output.open(level, self.groups[level], self.source, &self.headers[level]);
        }
        output.bytes.extend_from_slice(&self.source[run.start..run.end]);
    }
}

/// A group that stands open in an output.
#[derive(Clone, Copy, Default)]
struct Open {
    id: usize,
    /// Where the room for its length starts, and how wide it is.
    at: usize,
    width: usize,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    items: usize,
    open: [Open; MOST_LEVELS],
}

impl Output {
    fn open(&mut self, level: usize, group: Group, source: &[u8], header: &[Span]) {
        put_key(&mut self.bytes, group.number, LEN);
        let width = varint_len(group.length as u64);
        self.open[level] = Open { id: group.id, at: self.bytes.len(), width };
        put_varint_padded(&mut self.bytes, 0, width);
        for part in header {
            self.bytes.extend_from_slice(&source[part.start..part.end]);
        }
    }

    /// Closes all groups from this level down: their lengths are known now.
    fn close(&mut self, from: usize) {
        for level in (from..MOST_LEVELS).rev() {
            let open = std::mem::take(&mut self.open[level]);
            if open.id == 0 {
                continue;
            }
            let start = open.at + open.width;
            let mut length = Vec::with_capacity(open.width);
            put_varint(&mut length, (self.bytes.len() - start) as u64);
            // A copy with fewer items may need a shorter length than the whole group did.
            self.bytes.splice(open.at..start, length);
        }
    }

    fn finish(mut self, signal: Signal, source: &[u8], header: &[Span]) -> Batch {
        self.close(1);
        for part in header {
            self.bytes.extend_from_slice(&source[part.start..part.end]);
        }
        Batch::trusted(signal, self.items, Bytes::from(self.bytes), None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oracle::{Random, Tree};
    use crate::{Limits, ProfilesLayout};

    fn parse(signal: Signal, bytes: impl Into<Bytes>) -> Batch {
        Batch::parse(signal, bytes, &Limits::default().with_profiles_layout(ProfilesLayout::Current)).unwrap()
    }

    /// Every item of a batch as text, with everything that stands around it.
    fn rows(batch: &Batch) -> Vec<String> {
        Tree::viewed(batch).rows()
    }

    proptest! {
        #[test]
        fn each_item_arrives_once_and_whole(
            signal in prop::sample::select(&Signal::ALL[..]),
            seed: u64,
            size in 1..400_usize,
            outputs in 1..5_usize,
        ) {
            let batch = parse(signal, Random::new(seed).request(signal, size));
            let parts = distribute(&batch, outputs, |item| match (item.index * 7 + item.encoded.len()) % (outputs + 1) {
                0 => None,
                number => Some(number - 1),
            });
            let all = rows(&batch);
            let mut expected = vec![Vec::new(); parts.len()];
            let mut index = 0;
            let _ = distribute(&batch, 1, |item| {
                let number = (item.index * 7 + item.encoded.len()) % (outputs + 1);
                if number > 0 {
                    expected[number - 1].push(all[index].clone());
                }
                index += 1;
                None
            });
            prop_assert_eq!(index, batch.items());
            for (part, expected) in parts.iter().zip(&expected) {
                let again = parse(signal, part.bytes().clone());
                prop_assert_eq!(again.items(), part.items());
                prop_assert_eq!(&rows(part), expected);
            }
        }

        #[test]
        fn concat_is_one_behind_the_other(
            signal in prop::sample::select(&Signal::ALL[..]),
            seeds in prop::collection::vec(any::<u64>(), 1..4),
        ) {
            let batches: Vec<Batch> =
                seeds.iter().map(|seed| parse(signal, Random::new(*seed).request(signal, 100))).collect();
            let joined = concat(&batches).unwrap();
            if signal != Signal::Profiles {
                prop_assert_eq!(rows(&joined), batches.iter().flat_map(rows).collect::<Vec<_>>());
            }
            let again = parse(signal, joined.bytes().clone());
            prop_assert_eq!(again.items(), joined.items());
            prop_assert_eq!(Tree::viewed(&again).encode(), Tree::viewed(&joined).encode());
        }
    }

    #[test]
    fn mixed_signals_do_not_concatenate() {
        let empty = |signal| parse(signal, Bytes::new());
        assert!(concat(&[]).is_none());
        assert!(concat(&[empty(Signal::Traces), empty(Signal::Logs)]).is_none());
    }
}
