//! Requests: cut from the log, given out, finished.

use std::io;

use bytes::Bytes;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};

use super::assemble::{fitting, join, slice};
use super::engine::Engine;
use super::error::ReadError;
use super::format::{Kind, checksum, segment_name};
use super::ordinal::{Ordinal, Range};
use super::progress::{MOST_OPEN, Progress};
use super::segment::Entry;
use super::vfs::{Vfs, read_up_to};

/// A record that cannot be read so often in a row counts as corrupt.
const MOST_FAILURES: u32 = 8;

/// Which request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u64);

/// How large a request may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSize {
    /// Most items; at least 1.
    pub items: usize,
    /// Most encoded bytes. A soft target: a single item may be larger.
    pub bytes: usize,
}

/// What to send next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What [`DiskQueue::done`](super::DiskQueue::done) wants to hear.
    pub id: RequestId,
    /// What to send.
    pub batch: Batch,
    /// It was given out before a restart and may have arrived: it has the same bytes as then, unless a record of it turned
    /// corrupt or the version of this library changed.
    pub resent: bool,
}

/// Why a record gives no batch.
enum Unreadable {
    /// It may another time.
    Now(ReadError),
    /// It never will.
    Corrupt,
}

/// Batches for a request, and the item behind the last.
struct Gathered {
    pieces: Vec<Batch>,
    to: Ordinal,
}

impl<V: Vfs> Engine<V> {
    /// The signal's next request: first those of before the restart, then a new one of what waits.
    pub(super) fn next_request(
        &mut self,
        signal: Signal,
        size: RequestSize,
    ) -> Result<Option<Request>, ReadError> {
        while let Some(id) = self.replay[signal as usize].front().copied() {
            let range = self.progress.open.iter().find(|open| open.id == id).map(|open| open.range);
            let batch = match range {
                Some(range) => self.collect(signal, range)?,
                None => None,
            };
            self.replay[signal as usize].pop_front();
            match batch {
                Some(batch) => return Ok(Some(Request { id: RequestId(id), batch, resent: true })),
                None => drop(self.done(id)),
            }
        }
        if self.progress.open.len() >= MOST_OPEN {
            return Ok(None);
        }
        let Gathered { pieces, to } = self.gather(signal, size)?;
        match join(pieces) {
            Some(batch) => {
                self.pass(signal, to);
                let open = self.progress.cut(signal, to);
                self.log(Kind::Cut, signal, &Progress::encode_cut(&open));
                Ok(Some(Request { id: RequestId(open.id), batch, resent: false }))
            }
            None => {
                // Nothing waits but what cannot be read.
                self.skip_to(signal, to);
                Ok(None)
            }
        }
    }

    /// Finishes a request, once; false if it is not open.
    pub(super) fn done(&mut self, id: u64) -> bool {
        let Some(open) = self.progress.done(id) else { return false };
        self.free(open.signal, open.range);
        self.log(Kind::Done, open.signal, &id.to_le_bytes());
        true
    }

    /// Gives up what stands before `to` and is in no request; gives how many readable items that were.
    pub(super) fn skip_to(&mut self, signal: Signal, to: Ordinal) -> u64 {
        let cursor = self.progress.cursor[signal as usize];
        if !to.is_ahead_of(cursor) {
            return 0;
        }
        let range = Range { from: cursor, to };
        let items = self.segments.iter().map(|segment| segment.readable(signal, range)).sum();
        self.pass(signal, to);
        self.free(signal, range);
        let open = self.progress.cut(signal, to);
        self.progress.done(open.id);
        self.behind = true;
        items
    }

    /// Takes what stands before `to` out of the backlog.
    fn pass(&mut self, signal: Signal, to: Ordinal) {
        let range = Range { from: self.progress.cursor[signal as usize], to };
        let (mut items, mut bytes) = (0, 0);
        for segment in &self.segments {
            items += segment.readable(signal, range);
            let entries = &segment.entries[signal as usize][segment.first_behind(signal, range.from)..];
            let ended = entries.iter().take_while(|entry| !entry.range().to.is_ahead_of(to));
            bytes += ended.filter(|entry| !entry.bad).map(|entry| u64::from(entry.length)).sum::<u64>();
        }
        let backlog = &mut self.backlog[signal as usize];
        backlog.items = backlog.items.saturating_sub(items);
        backlog.bytes = backlog.bytes.saturating_sub(bytes);
    }

    /// Batches from the cursor on, up to a size. A batch is cut only if it alone is too large.
    fn gather(&mut self, signal: Signal, size: RequestSize) -> Result<Gathered, ReadError> {
        let cursor = self.progress.cursor[signal as usize];
        let mut gathered = Gathered { pieces: Vec::new(), to: cursor };
        let (mut items, mut bytes) = (0_usize, 0_usize);
        while let Some((at, index)) = self.entry_behind(signal, gathered.to) {
            let entry = self.segments[at].entries[signal as usize][index];
            let first = gathered.pieces.is_empty();
            let fits = items.saturating_add(entry.items as usize) <= size.items
                && bytes.saturating_add(entry.length as usize) <= size.bytes;
            if !entry.bad && !first && !fits {
                break;
            }
            let held =
                self.cut[signal as usize].take().filter(|(start, _)| *start == entry.start && !entry.bad);
            let read = held.map_or_else(|| self.read(at, signal, &entry), |(_, batch)| Ok(batch));
            let batch = match read {
                Ok(batch) => batch,
                Err(Unreadable::Corrupt) => {
                    self.lose(at, signal, index);
                    gathered.to = entry.range().to;
                    continue;
                }
                Err(Unreadable::Now(error)) if first => return Err(error),
                Err(Unreadable::Now(_)) => break,
            };
            // The cursor may stand inside the first.
            let skip = cursor.since(entry.start) as usize;
            let end =
                skip + if first { fitting(&batch, skip, size.items, size.bytes) } else { batch.items() };
            let Some(piece) = slice(&batch, skip, end) else { break };
            items += piece.items();
            bytes += piece.bytes().len();
            gathered.pieces.push(piece);
            gathered.to = entry.start.plus(end as u64);
            if end < batch.items() {
                // The next request goes on here.
                self.cut[signal as usize] = Some((entry.start, batch));
                break;
            }
        }
        Ok(gathered)
    }

    /// The items of a range as one batch; `None` if none of them can be read.
    fn collect(&mut self, signal: Signal, range: Range) -> Result<Option<Batch>, ReadError> {
        let mut pieces = Vec::new();
        let mut position = range.from;
        while let Some((at, index)) = self.entry_behind(signal, position) {
            let entry = self.segments[at].entries[signal as usize][index];
            let wanted = entry.range().intersection(range);
            if wanted.is_empty() {
                break;
            }
            match self.read(at, signal, &entry) {
                Ok(batch) => {
                    let skip = wanted.from.since(entry.start) as usize;
                    pieces.extend(slice(&batch, skip, skip.saturating_add(wanted.len() as usize)));
                }
                Err(Unreadable::Corrupt) => self.lose(at, signal, index),
                Err(Unreadable::Now(error)) => return Err(error),
            }
            position = entry.range().to;
        }
        Ok(join(pieces))
    }

    /// Segment and index of the first batch that reaches behind `position`.
    fn entry_behind(&self, signal: Signal, position: Ordinal) -> Option<(usize, usize)> {
        self.segments.iter().enumerate().find_map(|(at, segment)| {
            let index = segment.first_behind(signal, position);
            (index < segment.entries[signal as usize].len()).then_some((at, index))
        })
    }

    /// Reads a batch.
    fn read(&mut self, at: usize, signal: Signal, entry: &Entry) -> Result<Batch, Unreadable> {
        if entry.bad {
            return Err(Unreadable::Corrupt);
        }
        let (id, salt) = (self.segments[at].id, self.segments[at].salt);
        match self.read_payload(id, entry) {
            Ok(payload) => {
                self.failing = None;
                if payload.len() != entry.length as usize || checksum(salt, &payload) != entry.sum {
                    return Err(Unreadable::Corrupt);
                }
                // What was taken in once is taken again.
                let limits = Limits::default()
                    .with_max_bytes(usize::MAX)
                    .with_profiles_layout(ProfilesLayout::Current);
                let batch =
                    Batch::parse(signal, Bytes::from(payload), &limits).map_err(|_| Unreadable::Corrupt)?;
                if batch.items() == entry.items as usize { Ok(batch) } else { Err(Unreadable::Corrupt) }
            }
            Err(source) => {
                let failures = match self.failing {
                    Some((segment, offset, failures)) if (segment, offset) == (id, entry.offset) => {
                        failures + 1
                    }
                    _ => 1,
                };
                self.failing = Some((id, entry.offset, failures));
                if failures >= MOST_FAILURES {
                    self.failing = None;
                    return Err(Unreadable::Corrupt);
                }
                Err(Unreadable::Now(ReadError { file: segment_name(id), offset: entry.offset, source }))
            }
        }
    }

    fn read_payload(&mut self, id: Ordinal, entry: &Entry) -> io::Result<Vec<u8>> {
        let file = self.handle(id)?;
        let mut payload = vec![0; entry.length as usize];
        let filled = read_up_to(&*file, &mut payload, entry.payload_offset())?;
        payload.truncate(filled);
        Ok(payload)
    }

    /// A batch cannot be read: counts what was still to come out of it, copies its bytes aside, and goes on without it.
    fn lose(&mut self, at: usize, signal: Signal, index: usize) {
        let Some(entry) =
            self.segments[at].entries[signal as usize].get_mut(index).filter(|entry| !entry.bad)
        else {
            return;
        };
        entry.bad = true;
        let entry = *entry;
        // Requests that have been given out have their copy.
        let given_out: u64 = self
            .progress
            .open
            .iter()
            .filter(|open| open.signal == signal && !self.replay[signal as usize].contains(&open.id))
            .map(|open| open.range.intersection(entry.range()).len())
            .sum();
        let unfinished = self.progress.unfinished(signal, entry.range());
        let uncut = self.progress.uncut(signal, entry.range());
        let backlog = &mut self.backlog[signal as usize];
        backlog.items = backlog.items.saturating_sub(uncut.len());
        backlog.bytes =
            backlog.bytes.saturating_sub(if uncut.is_empty() { 0 } else { u64::from(entry.length) });
        self.losses.corrupt[signal as usize] += unfinished - given_out.min(unfinished);
        self.progress.lose(signal, entry.range());
        self.behind = true;
        let segment = &mut self.segments[at];
        segment.live = segment.live.saturating_sub(unfinished);
        let id = segment.id;
        if let Ok(file) = self.handle(id) {
            self.quarantine(&*file, id, entry.offset, entry.record_len());
        }
    }
}
