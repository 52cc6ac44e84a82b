//! Copying items into several batches in one walk.

use bytes::Bytes;

use super::group::Group;
use super::item::Item;
use super::walk::{MOST_LEVELS, Open, Place, Span, Visit};
use super::{Look, Sorter};
use crate::profiles::rebase::Pruner;
use crate::wire::{LEN, fields, put_key, put_varint, put_varint_padded, varint_len};
use crate::{Batch, Signal};

/// A walk that copies each item where a sorter says.
pub(super) struct Distribute<'s, S> {
    sorter: &'s mut S,
    /// First capacity of each output.
    capacity: usize,
    /// Level of the group all of whose items go one way, and that way.
    forced: Option<(usize, Option<usize>)>,
    /// Neighbouring items on their way into one output.
    run: Option<(usize, Span)>,
    outputs: Vec<Output>,
}

impl<'s, S> Distribute<'s, S> {
    pub(super) fn new(sorter: &'s mut S, capacity: usize, expected: usize) -> Self {
        Self { sorter, capacity, forced: None, run: None, outputs: Vec::with_capacity(expected) }
    }

    /// The batches; `header` are the request's own fields.
    ///
    /// Each batch of profiles gets a dictionary of its own.
    pub(super) fn finish(self, signal: Signal, source: &[u8], header: &[Span]) -> Vec<Batch> {
        let own: Vec<&[u8]> = header.iter().map(|part| &source[part.start..part.end]).collect();
        let outputs = self.outputs.into_iter();
        if signal != Signal::Profiles {
            return outputs.map(|output| output.finish(signal, &own)).collect();
        }
        let mut pruner = Pruner::new(source);
        let own = without_dictionary(&own);
        outputs
            .map(|output| {
                let part = output.finish(signal, &own);
                Batch::trusted(signal, part.items(), Bytes::from(pruner.prune(part.bytes())), None)
            })
            .collect()
    }

    /// Copies the pending run into its output.
    fn flush(&mut self, place: &Place<'_>) {
        let Some((number, run)) = self.run.take() else { return };
        let output = &mut self.outputs[number];
        if output.bytes.capacity() == 0 {
            output.bytes.reserve(self.capacity);
        }
        let same =
            (1..place.depth).take_while(|level| output.open[*level].id == place.groups[*level].id).count()
                + 1;
        output.close(same);
        for level in same..place.depth {
            output.open(level, place.groups[level], place.source, &place.headers[level]);
        }
        output.bytes.extend_from_slice(&place.source[run.start..run.end]);
    }
}

impl<'a, S: Sorter<'a>> Visit<'a> for Distribute<'_, S> {
    fn enter(&mut self, place: &Place<'a>, level: usize) -> bool {
        if self.forced.is_none() {
            match self.sorter.group(&Group { place, level }) {
                Look::Inside => {}
                Look::All(None) => return false,
                Look::All(number) => self.forced = Some((level, number)),
            }
        }
        true
    }

    fn leave(&mut self, place: &Place<'a>, level: usize) {
        self.flush(place);
        self.forced = self.forced.filter(|(forced, _)| *forced != level);
    }

    #[inline]
    fn item(&mut self, place: &Place<'a>, encoded: &'a [u8], whole: Span) {
        let number = match self.forced {
            Some((_, number)) => number,
            None => self.sorter.item(Item::at(place, encoded, whole)),
        };
        let Some(number) = number else { return };
        match &mut self.run {
            Some((held, run)) if *held == number && run.end == whole.start => run.end = whole.end,
            _ => {
                self.flush(place);
                self.run = Some((number, whole));
            }
        }
        if self.outputs.len() <= number {
            self.outputs.resize_with(number + 1, Output::default);
        }
        self.outputs[number].items += 1;
    }
}

/// A group that stands open in an output.
#[derive(Clone, Copy, Default)]
struct Room {
    id: usize,
    /// Where the room for its length starts, and how wide it is.
    at: usize,
    width: usize,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    items: usize,
    open: [Room; MOST_LEVELS],
}

impl Output {
    fn open(&mut self, level: usize, group: Open, source: &[u8], header: &[Span]) {
        put_key(&mut self.bytes, group.number, LEN);
        let width = varint_len((group.payload.end - group.payload.start) as u64);
        self.open[level] = Room { id: group.id, at: self.bytes.len(), width };
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
            if length.len() == open.width {
                self.bytes[open.at..start].copy_from_slice(&length);
            } else {
                self.bytes.splice(open.at..start, length);
            }
        }
    }

    fn finish(mut self, signal: Signal, own: &[&[u8]]) -> Batch {
        self.close(1);
        own.iter().for_each(|part| self.bytes.extend_from_slice(part));
        Batch::trusted(signal, self.items, Bytes::from(self.bytes), None)
    }
}

/// The request's own fields but for the dictionary.
fn without_dictionary<'a>(own: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let all =
        own.iter().flat_map(|part| fields(part).map(|field| (field.number, &part[field.start..field.end])));
    all.filter(|(number, _)| *number != 2).map(|(_, whole)| whole).collect()
}
