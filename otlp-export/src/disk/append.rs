//! Appending batches.

use otlp_core::{Batch, Signal};

use super::engine::Engine;
use super::error::{AppendRefusal, is_disk_full};
use super::format::{Kind, Place, RecordHeader, checksum, padding, record_len};
use super::option::{Fsync, OnDiskFull};
use super::ordinal::Ordinal;
use super::segment::Entry;
use super::vfs::Vfs;

/// Records are collected up to so many bytes before they are written.
const STAGE: usize = 1 << 20;

/// Payloads from this size on are written from where they are.
const LARGE: usize = 256 << 10;

/// Batches that were written together and wait for their sync.
pub(super) struct Group {
    /// Where the log stood before them.
    before: Place,
    /// Index of the batch, segment, and where it stands there.
    written: Vec<(usize, Ordinal, Signal, Entry)>,
    /// What became of each batch, in order; `None` if it was written.
    pub(super) refused: Vec<Option<AppendRefusal>>,
}

impl Group {
    /// Whether anything of it was written.
    pub(super) const fn wrote(&self) -> bool {
        !self.written.is_empty()
    }

    /// What was written does not count.
    pub(super) fn refuse_written(&mut self, refusal: &AppendRefusal) {
        for (index, ..) in &self.written {
            self.refused[*index] = Some(refusal.clone());
        }
    }
}

/// Records that are encoded and not yet written.
struct Stage {
    /// Where the log stood before them.
    before: Place,
    /// The index of each batch in the group, and where it will stand.
    entries: Vec<(usize, Signal, Entry)>,
}

impl<V: Vfs> Engine<V> {
    /// Writes batches behind each other. They are in the queue once [`commit`](Self::commit) says so.
    pub(super) fn write_group<'a>(&mut self, batches: impl IntoIterator<Item = &'a Batch>) -> Group {
        self.catch_up();
        let mut group = Group { before: self.place, written: Vec::new(), refused: Vec::new() };
        let mut stage = Stage { before: self.place, entries: Vec::new() };
        for batch in batches {
            group.refused.push(None);
            let index = group.refused.len() - 1;
            if batch.is_empty() {
                continue;
            }
            if let Err(refusal) = self.make_way(batch, &mut group, &mut stage) {
                group.refused[index] = Some(refusal);
                continue;
            }
            if stage.entries.is_empty() {
                stage.before = self.place;
            }
            self.stage(index, batch, &mut group, &mut stage);
        }
        self.flush(&mut group, &mut stage, &[]);
        if self.buffer.capacity() > 2 * STAGE {
            self.buffer = Vec::new();
        }
        group
    }

    /// Sees to a segment and the room in it that a batch needs.
    fn make_way(&mut self, batch: &Batch, group: &mut Group, stage: &mut Stage) -> Result<(), AppendRefusal> {
        let (max_bytes, max_records) = (self.options.max_bytes(), self.options.max_records());
        let size_bound = AppendRefusal::SizeBound { limit: max_bytes };
        let length = batch.bytes().len();
        if u32::try_from(length).is_err() || u32::try_from(batch.items()).is_err() {
            return Err(size_bound);
        }
        let size = record_len(length as u64);
        if self.new_segment_len() + size > max_bytes {
            // It would not fit if everything else went.
            return Err(size_bound);
        }
        let mut tries = self.most_tries();
        loop {
            let records = self.records + group.written.len() + stage.entries.len();
            let wanted = self.buffer.len() as u64 + size;
            let header = if self.needs_roll(wanted) { self.new_segment_len() } else { 0 };
            let refusal = if self.bytes + wanted + header > max_bytes {
                size_bound.clone()
            } else if records >= max_records {
                AppendRefusal::RecordBound { limit: max_records }
            } else {
                break;
            };
            self.flush(group, stage, &[]);
            tries -= 1;
            if tries == 0 || !self.make_room() {
                return Err(refusal);
            }
        }
        let wanted = self.buffer.len() as u64 + size;
        let full = !stage.entries.is_empty() && self.active_len() + wanted > self.options.segment_bytes();
        if full || self.needs_roll(wanted) {
            self.flush(group, stage, &[]);
            while self.needs_roll(size) {
                if let Err(error) = self.roll() {
                    tries -= 1;
                    if tries == 0 || !is_disk_full(&error) || !self.make_room() {
                        return Err(AppendRefusal::of(&error));
                    }
                }
            }
        }
        Ok(())
    }

    /// How often to make room for one write: once for each segment that could go. A disk on which syncs fail while it is full
    /// would otherwise have segments begun and removed for ever.
    fn most_tries(&self) -> usize {
        self.segments.len() + 2
    }

    /// Encodes a batch's record.
    fn stage(&mut self, index: usize, batch: &Batch, group: &mut Group, stage: &mut Stage) {
        let (signal, payload) = (batch.signal(), batch.bytes());
        let header = RecordHeader {
            kind: Kind::Data,
            signal,
            length: payload.len() as u32,
            items: batch.items() as u32,
            place: self.place,
            durable: self.durable,
            payload: checksum(self.salt, payload),
        };
        let entry = Entry {
            start: self.place.items[signal as usize],
            offset: self.active_len() + self.buffer.len() as u64,
            length: header.length,
            items: header.items,
            sum: header.payload,
            bad: false,
        };
        self.place.sequence += 1;
        self.place.items[signal as usize] += u64::from(header.items);
        stage.entries.push((index, signal, entry));
        self.buffer.extend_from_slice(&header.encode(self.salt));
        let pad = &[0; 8][..padding(payload.len())];
        if payload.len() >= LARGE {
            self.flush(group, stage, &[payload, pad]);
        } else {
            self.buffer.extend_from_slice(payload);
            self.buffer.extend_from_slice(pad);
            if self.buffer.len() >= STAGE {
                self.flush(group, stage, &[]);
            }
        }
    }

    /// Writes what is staged, and `more` behind it.
    fn flush(&mut self, group: &mut Group, stage: &mut Stage, more: &[&[u8]]) {
        if stage.entries.is_empty() {
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        let parts: Vec<&[u8]> = [buffer.as_slice()].into_iter().chain(more.iter().copied()).collect();
        let mut offset = self.active_len();
        let mut tries = self.most_tries();
        let result = loop {
            tries -= 1;
            match self.write(&parts) {
                Err(error) if tries > 0 && is_disk_full(&error) && self.make_room_for_stage(stage) => {
                    offset = self.active_len();
                }
                result => break result,
            }
        };
        self.buffer = buffer;
        self.buffer.clear();
        let staged = std::mem::take(&mut stage.entries);
        match (result, self.segments.back_mut()) {
            (Ok(()), Some(segment)) => {
                // Making room may have moved them to another segment.
                let moved = staged.first().map_or(0, |(_, _, entry)| entry.offset);
                segment.has_data = true;
                for (index, signal, mut entry) in staged {
                    entry.offset = entry.offset - moved + offset;
                    segment.live += u64::from(entry.items);
                    segment.pending += u64::from(entry.items);
                    group.written.push((index, segment.id, signal, entry));
                }
            }
            (result, _) => {
                let error = result.err().unwrap_or_else(|| std::io::ErrorKind::NotFound.into());
                self.place = stage.before;
                for (index, _, _) in staged {
                    group.refused[index] = Some(AppendRefusal::of(&error));
                }
            }
        }
    }

    /// Room for records that are encoded already: those of the place they stand at.
    fn make_room_for_stage(&mut self, stage: &Stage) -> bool {
        let after = std::mem::replace(&mut self.place, stage.before);
        let made = self.make_room() && (!self.needs_roll(0) || self.roll().is_ok());
        self.place = after;
        made
    }

    /// The group is as durable as the queue's options ask: its batches are in the queue.
    pub(super) fn commit(&mut self, group: &Group) {
        for (_, id, signal, entry) in &group.written {
            if let Some(segment) = self.segments.iter_mut().rev().find(|segment| segment.id == *id) {
                segment.entries[*signal as usize].push(*entry);
                segment.pending -= u64::from(entry.items);
                self.records += 1;
                let backlog = &mut self.backlog[*signal as usize];
                backlog.items += u64::from(entry.items);
                backlog.bytes += u64::from(entry.length);
            }
        }
    }

    /// The group's sync failed: its batches do not count, whatever stands in the file. The next segment begins where the log
    /// stood before them, which tells the next start so.
    pub(super) fn abandon(&mut self, group: &Group) {
        for (_, id, _, entry) in &group.written {
            if let Some(segment) = self.segments.iter_mut().rev().find(|segment| segment.id == *id) {
                segment.pending -= u64::from(entry.items);
                segment.live -= u64::from(entry.items);
            }
        }
        self.place = group.before;
        if let Some(active) = &mut self.active {
            active.broken = true;
        }
        self.behind = self.roll().is_err();
        let mut last = None;
        for (_, id, _, entry) in &group.written {
            if last.replace(*id) != Some(*id) {
                self.cut_off(*id, entry.offset);
            }
        }
    }

    /// Frees at least a segment's space; false if nothing can go.
    pub(super) fn make_room(&mut self) -> bool {
        if self.remove_logged() {
            return true;
        }
        let Some(last) = self.segments.back() else { return false };
        if self.active.is_some() && last.has_data && last.live == 0 {
            if self.roll().is_err() {
                if self.segments.len() > 1 {
                    return false;
                }
                // A full disk has no place for the next segment until this one is gone, and nothing else needs what it says.
                self.active = None;
            }
            return self.remove_logged();
        }
        self.options.on_full() == OnDiskFull::DropOldest && self.drop_oldest()
    }

    /// Drops the oldest segment that no open request needs, and what stands before it in no request.
    fn drop_oldest(&mut self) -> bool {
        let Some(victim) = (0..self.segments.len()).find(|at| self.may_drop(*at)) else { return false };
        if self.active.is_some() && victim + 1 == self.segments.len() && self.roll().is_err() {
            return false;
        }
        for signal in Signal::ALL {
            let ends = self.segments.iter().take(victim + 1);
            let end = ends.filter_map(|segment| segment.entries[signal as usize].last()).next_back();
            if let Some(end) = end.map(|entry| entry.range().to) {
                self.losses.dropped[signal as usize] += self.skip_to(signal, end);
            }
        }
        self.behind = true;
        let removed = self.remove_logged();
        self.catch_up();
        removed
    }

    /// Removes finished segments, once the log of it is on the disk, if the disk has room for that.
    fn remove_logged(&mut self) -> bool {
        let ids = self.finished_ids();
        if ids.is_empty() {
            return false;
        }
        self.catch_up();
        if self.options.fsync() != Fsync::Never {
            let job = self.sync_job();
            let result = job.run();
            // A group may be half written: that it is on the disk too is for its own sync to say.
            if result.is_err() {
                self.synced(&job, &result);
            }
        }
        self.remove_segments(&ids)
    }

    /// Whether a segment has data, all of it committed and none of it in an open request.
    fn may_drop(&self, at: usize) -> bool {
        let segment = &self.segments[at];
        segment.has_data
            && segment.pending == 0
            && self.progress.open.iter().all(|open| segment.readable(open.signal, open.range) == 0)
    }
}
