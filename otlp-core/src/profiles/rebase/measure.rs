//! `Reach`: how large the dictionary of a part gets, before the part is there.

use std::fmt;

use super::reference::{TABLES, TOP_DOWN};
use super::source::{Mark, Source};
use crate::cut::{Item, Level, levels};
use crate::schema::{Kind, Message, request};
use crate::wire::{fields, varint_len};
use crate::{Batch, Signal};

/// Which entries of a batch's dictionary a part of it refers to, and how many bytes they take.
///
/// ```
/// # use otlp_core::{Batch, Signal, cut};
/// # let batch = Batch::empty(Signal::Profiles);
/// let mut reach = cut::Reach::of(&batch).ok_or("profiles")?;
/// let _ = cut::distribute(&batch, 0, |item| {
///     reach.add_item(&item);
///     None
/// });
/// println!("all items together need {} bytes of dictionary", reach.field_len());
/// # Ok::<(), &str>(())
/// ```
pub struct Reach<'a> {
    source: Source<'a>,
    whole: usize,
    /// What every part needs: entries 0, what these refer to, and unknown fields.
    least: Checkpoint,
    /// Bytes that all needed entries take as fields, in the encoding that they have in the batch.
    bytes: usize,
}

/// A state of a [`Reach`] to come back to.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint {
    mark: Mark,
    bytes: usize,
}

impl<'a> Reach<'a> {
    /// What a part without items needs; `None` if these are no profiles.
    pub fn of(batch: &'a Batch) -> Option<Self> {
        (batch.signal() == Signal::Profiles).then(|| Self::new(batch.canonical()))
    }

    fn new(request: &'a [u8]) -> Self {
        let mut source = Source::new(request, &[0; TABLES]);
        let mut bytes = source.unknown().map(<[u8]>::len).sum::<usize>();
        for table in TOP_DOWN {
            source.want_zero(table);
            if source.wants_zero(table) {
                bytes += source.entry(table, 0).1;
            }
        }
        bytes += source.close(Mark::default());
        let least = Checkpoint { mark: source.mark(), bytes };
        let whole =
            fields(request).filter(|field| field.number == 2).map(|field| field.end - field.start).sum();
        Self { source, whole, least, bytes }
    }

    /// Bytes that the batch's own dictionary takes in it, key and length included.
    pub const fn whole_len(&self) -> usize {
        self.whole
    }

    /// Begins another part.
    pub fn restart(&mut self) {
        self.undo(self.least);
    }

    /// Adds what own fields of a group on this level refer to.
    pub fn add_group(&mut self, level: Level, own: &[u8]) {
        self.add(level as usize, own);
    }

    /// Adds what an item refers to.
    pub fn add_item(&mut self, item: &Item<'_>) {
        self.add(levels(Signal::Profiles).len(), item.encoded);
    }

    fn add(&mut self, level: usize, bytes: &[u8]) {
        let mark = self.source.mark();
        self.source.want(message_on(level), bytes);
        self.bytes += self.source.close(mark);
    }

    /// Bytes that the dictionary takes in the part, key and length included; fewer where entries are equal or indices get
    /// shorter.
    pub const fn field_len(&self) -> usize {
        match self.bytes {
            0 => 0,
            bytes => 1 + varint_len(bytes as u64) + bytes,
        }
    }

    /// The state now.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { mark: self.source.mark(), bytes: self.bytes }
    }

    /// Forgets what was added since.
    pub fn undo(&mut self, to: Checkpoint) {
        self.source.undo(to.mark);
        self.bytes = to.bytes;
    }
}

impl fmt::Debug for Reach<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("bytes", &self.bytes)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

/// The message on a level of groups: the request on level 0, a profile on level 3.
fn message_on(level: usize) -> &'static Message {
    levels(Signal::Profiles)[..level].iter().fold(request(Signal::Profiles), |message, numbers| match message
        .field(numbers[0])
        .map(|field| field.kind)
    {
        Some(Kind::Message(inner)) => inner,
        _ => message,
    })
}
