//! One batch into several.

use std::num::NonZeroUsize;

use otlp_core::cut::{Group, Item, Level, Look, Reach, Sorter};
use otlp_core::{Batch, cut};

/// Cuts a batch into batches of at most `items` items, in order; all but the last hold exactly that many.
///
/// A batch that is small enough comes back as it is, sharing its bytes. Otherwise each part repeats the resource, scope
/// and metric around its items, and profiles the entries of the dictionary that they refer to. Resources, scopes and metrics without any item are
/// left out, as the specification asks of senders (rule H16).
pub fn split_items(batch: &Batch, items: NonZeroUsize) -> Vec<Batch> {
    if batch.items() <= items.get() {
        return vec![batch.clone()];
    }
    let (mut part, mut end) = (0, items.get());
    cut::distribute(batch, batch.items().div_ceil(items.get()), |item| {
        // Indices go up one by one, so nothing needs to be divided.
        if item.index == end {
            (part, end) = (part + 1, end + items.get());
        }
        Some(part)
    })
}

/// What [`split_bytes`] makes of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Batches of at most the size asked for, in order.
    pub parts: Vec<Batch>,
    /// Items that are too large by themselves, with what must stand around them; each a batch of one item, in order.
    pub oversized: Vec<Batch>,
}

/// Cuts a batch into batches of at most `max_bytes` encoded bytes, in order, each as full as its next item allows.
///
/// A batch that is small enough comes back as it is, sharing its bytes. Otherwise each part repeats the resource, scope
/// and metric around its items, which its size includes; profiles the entries of the dictionary that they refer to. An item
/// that does not fit even alone is never lost: it comes back in [`Split::oversized`], and its neighbours stay together. A
/// batch without items is one part, whatever its size.
///
/// The dictionary of a part is reckoned with the entries as they are encoded in the batch. Where some are equal or indices
/// get shorter, the part is a little smaller; an item that fits only because of that is a part of its own, and may stand
/// between its neighbours' parts out of order.
///
/// All parts together are as large as the batch plus what they repeat. Where resources are nearly as large as `max_bytes`,
/// that is nearly `max_bytes` for each item: choose it well above the resources' size.
pub fn split_bytes(batch: &Batch, max_bytes: usize) -> Split {
    if batch.bytes().len() <= max_bytes || batch.is_empty() {
        return Split { parts: vec![batch.clone()], oversized: Vec::new() };
    }
    let mut packer = Packer {
        max: max_bytes,
        depth: 0,
        frames: [Frame::default(); LEVELS],
        dictionary: Reach::of(batch).zip(Reach::of(batch)).map(|(part, alone)| Dictionary {
            part,
            alone,
            own: Default::default(),
        }),
        part: None,
        oversized: Vec::new(),
    };
    let expected = batch.bytes().len() / max_bytes.max(1) + 1;
    let batches = cut::sort(batch, expected.min(batch.items()), &mut packer);
    let mut split = Split::default();
    for (batch, oversized) in batches.into_iter().zip(packer.oversized) {
        let oversized = oversized && batch.bytes().len() > max_bytes;
        if oversized { &mut split.oversized } else { &mut split.parts }.push(batch);
    }
    split
}

/// Levels of groups, the request's included, that a signal has at most.
const LEVELS: usize = 5;

/// One level of the groups that the next item stands in.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// Bytes of the group's own fields.
    header: usize,
    /// Bytes of its key.
    key: usize,
    /// Bytes of its payload in the part at work, without the group below that is still open; 0 until it has an item there.
    payload: usize,
    /// Whether it stands in the part at work.
    open: bool,
}

/// What parts need of the dictionary that profiles share.
struct Dictionary<'a> {
    /// The part at work.
    part: Reach<'a>,
    /// The next item without any other.
    alone: Reach<'a>,
    /// Own fields of the group on each level.
    own: [Vec<&'a [u8]>; LEVELS],
}

/// Levels of groups by number.
const LEVEL: [Level; LEVELS] = [Level::Request, Level::Resource, Level::Scope, Level::Metric, Level::Data];

impl<'a> Dictionary<'a> {
    /// Adds an item to a part in which the groups stand for which `open` says so; gives the bytes of its dictionary.
    fn add(
        reach: &mut Reach<'a>,
        own: &[Vec<&'a [u8]>],
        item: &Item<'a>,
        open: impl Fn(usize) -> bool,
    ) -> usize {
        for (level, own) in own.iter().enumerate().filter(|(level, _)| !open(*level)) {
            own.iter().for_each(|own| reach.add_group(LEVEL[level], own));
        }
        reach.add_item(item);
        reach.field_len()
    }
}

/// Fills parts one after the other.
struct Packer<'a> {
    max: usize,
    /// Level of the innermost group that was entered.
    depth: usize,
    frames: [Frame; LEVELS],
    /// Of profiles.
    dictionary: Option<Dictionary<'a>>,
    /// Number of the part at work.
    part: Option<usize>,
    /// For each batch, whether it is an oversized item rather than a part.
    oversized: Vec<bool>,
}

/// Bytes of a varint.
const fn varint_len(value: usize) -> usize {
    ((value | 1).ilog2() as usize * 9 + 73) / 64
}

impl Frame {
    /// Bytes that the group takes in the one above with so much payload.
    const fn field_len(&self, payload: usize) -> usize {
        self.key + varint_len(payload) + payload
    }
}

impl<'a> Packer<'a> {
    /// Bytes of the whole part when `item` more bytes come to the innermost group.
    fn size_with(&self, item: usize, fresh: bool) -> usize {
        let mut inner = item;
        for level in (0..=self.depth).rev() {
            let frame = &self.frames[level];
            let payload = inner + if frame.open && !fresh { frame.payload } else { frame.header };
            inner = if level == 0 { payload } else { frame.field_len(payload) };
        }
        inner
    }

    /// Whether the part at work has room for an item; if so, it counts as added.
    fn fits(&mut self, item: &Item<'a>) -> bool {
        let size = self.size_with(item.field_len(), false);
        let Some(dictionary) = &mut self.dictionary else { return size <= self.max };
        let (frames, own) = (&self.frames, &dictionary.own[..=self.depth]);
        let before = dictionary.part.checkpoint();
        let fits =
            size + Dictionary::add(&mut dictionary.part, own, item, |level| frames[level].open) <= self.max;
        if !fits {
            dictionary.part.undo(before);
        }
        fits
    }

    /// Whether an empty part has room for an item; if so, its dictionary is that of the part at work.
    fn fits_alone(&mut self, item: &Item<'a>) -> bool {
        let size = self.size_with(item.field_len(), true);
        let Some(dictionary) = &mut self.dictionary else { return size <= self.max };
        dictionary.alone.restart();
        let own = &dictionary.own[..=self.depth];
        let fits = size + Dictionary::add(&mut dictionary.alone, own, item, |_| false) <= self.max;
        if fits {
            std::mem::swap(&mut dictionary.alone, &mut dictionary.part);
        }
        fits
    }

    /// Closes the groups from this level down: what they hold becomes payload of the group above.
    fn close(&mut self, from: usize) {
        for level in (from..=self.depth).rev() {
            let frame = self.frames[level];
            if frame.open && level > 0 {
                self.frames[level - 1].payload += frame.field_len(frame.payload);
            }
            self.frames[level].open = false;
        }
    }
}

impl<'a> Sorter<'a> for Packer<'a> {
    fn group(&mut self, group: &Group<'a, '_>) -> Look {
        let level = group.level() as usize;
        if level <= self.depth {
            self.close(level);
        }
        self.depth = level;
        // A field's length less its payload and the one byte that an empty payload's length takes.
        let key = group.field_len(0).saturating_sub(1);
        let mut header = group.header_len();
        if let Some(dictionary) = &mut self.dictionary {
            dictionary.own[level].clear();
            if level == 0 {
                header -= dictionary.part.whole_len();
            } else {
                dictionary.own[level].extend(group.own_fields());
            }
        }
        self.frames[level] = Frame { header, key, payload: 0, open: false };
        Look::Inside
    }

    fn item(&mut self, item: Item<'a>) -> Option<usize> {
        let bytes = item.field_len();
        if self.part.is_none() || !self.fits(&item) {
            if !self.fits_alone(&item) {
                self.oversized.push(true);
                return Some(self.oversized.len() - 1);
            }
            for frame in &mut self.frames[..=self.depth] {
                frame.open = false;
            }
            self.oversized.push(false);
            self.part = Some(self.oversized.len() - 1);
        }
        for frame in &mut self.frames[..=self.depth] {
            if !frame.open {
                (frame.open, frame.payload) = (true, frame.header);
            }
        }
        self.frames[self.depth].payload += bytes;
        self.part
    }
}
