//! The queue's state and what every operation on it shares. No threads, no clock: [`DiskQueue`](super::DiskQueue) brings those.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use otlp_core::{Batch, Signal};

use super::format::{
    FIRST_RECORD, Kind, Place, RECORD_HEADER, RecordHeader, SegmentHeader, checksum, padding, record_len,
    segment_name,
};
use super::option::{DiskQueueOptions, Fsync};
use super::ordinal::{Ordinal, Range};
use super::progress::Progress;
use super::recovery::Losses;
use super::segment::Segment;
use super::vfs::{Vfs, VfsFile, write_all_at};

/// Most segments that are kept open for reading.
const MOST_HANDLES: usize = 8;

/// How often a new segment tries another id when a file of that name is there.
const NAME_TRIES: usize = 16;

/// The queue on one directory.
pub(super) struct Engine<V: Vfs> {
    pub(super) vfs: Arc<V>,
    pub(super) options: DiskQueueOptions,
    /// Oldest first. The last is the one that is written, if `active` is there.
    pub(super) segments: VecDeque<Segment>,
    pub(super) active: Option<Active<V::File>>,
    pub(super) next_segment: Ordinal,
    /// Salt of the segments that this process writes.
    pub(super) salt: u32,
    /// Where the log stands; appends under way included.
    pub(super) place: Place,
    /// Data records before this one are on the disk.
    pub(super) durable: Ordinal,
    pub(super) progress: Progress,
    /// The log does not know all of `progress`: writing it failed.
    pub(super) behind: bool,
    /// Requests that were open when the queue was opened and have not been given out since.
    pub(super) replay: [VecDeque<u64>; 4],
    pub(super) backlog: [Backlog; 4],
    pub(super) losses: Losses,
    /// Closed segments that were written since the last sync.
    pub(super) unsynced: Vec<Arc<V::File>>,
    /// Files came or went since the last sync of the directory.
    pub(super) dir_changed: bool,
    /// Bytes of all segments.
    pub(super) bytes: u64,
    /// Batches in all segments.
    pub(super) records: usize,
    /// Bytes in quarantine.
    pub(super) quarantined: u64,
    /// Segments open for reading, the one used last at the end.
    pub(super) handles: Vec<(Ordinal, Arc<V::File>)>,
    /// Segment and offset of a record that could not be read, and how often in a row.
    pub(super) failing: Option<(Ordinal, u64, u32)>,
    /// The batch of each signal that only part of is cut, and its first item.
    pub(super) cut: [Option<(Ordinal, Batch)>; 4],
    /// Bytes of records that are about to be written.
    pub(super) buffer: Vec<u8>,
}

/// The segment that is written.
pub(super) struct Active<F> {
    pub(super) file: Arc<F>,
    /// A write or sync failed such that nothing more may be written here.
    pub(super) broken: bool,
}

/// What waits of one signal, in no request yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Backlog {
    /// Items.
    pub items: u64,
    /// Encoded bytes of the batches that hold them, each counted in full until its last item is in a request.
    pub bytes: u64,
    /// Requests from before a restart that have not been given out again.
    pub resend: usize,
}

impl<V: Vfs> Engine<V> {
    /// An engine of nothing.
    pub(super) fn new(vfs: Arc<V>, options: DiskQueueOptions, salt: u32) -> Self {
        Self {
            vfs,
            options,
            segments: VecDeque::new(),
            active: None,
            next_segment: Ordinal::default(),
            salt,
            place: Place::default(),
            durable: Ordinal::default(),
            progress: Progress::default(),
            behind: false,
            replay: Default::default(),
            backlog: Default::default(),
            losses: Losses::default(),
            unsynced: Vec::new(),
            dir_changed: false,
            bytes: 0,
            records: 0,
            quarantined: 0,
            handles: Vec::new(),
            failing: None,
            cut: Default::default(),
            buffer: Vec::new(),
        }
    }

    /// Size of the segment that is written; 0 if none is.
    pub(super) fn active_len(&self) -> u64 {
        if self.active.is_some() { self.segments.back().map_or(0, |segment| segment.len) } else { 0 }
    }

    /// Whether so many more bytes belong into a new segment.
    pub(super) fn needs_roll(&self, bytes: u64) -> bool {
        let full = self.segments.back().is_some_and(|segment| segment.has_data)
            && self.active_len() + bytes > self.options.segment_bytes();
        full || self.active.as_ref().is_none_or(|active| active.broken)
    }

    /// Bytes that a new segment begins with.
    pub(super) fn new_segment_len(&self) -> u64 {
        FIRST_RECORD + record_len(self.progress.encoded_len() as u64)
    }

    /// Begins a new segment, which says where the log and the progress stand.
    pub(super) fn roll(&mut self) -> io::Result<()> {
        let header = SegmentHeader {
            id: self.next_segment,
            salt: self.salt,
            place: self.place,
            durable: self.durable,
        };
        let mut tries = 0;
        let (id, file) = loop {
            let id = self.next_segment;
            self.next_segment += 1;
            match self.vfs.create(&segment_name(id)) {
                Ok(file) => break (id, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < NAME_TRIES => {
                    tries += 1
                }
                Err(error) => {
                    self.next_segment = id;
                    return Err(error);
                }
            }
        };
        let header = SegmentHeader { id, ..header }.encode();
        let mut bytes = [header, header].concat();
        self.encode_record(Kind::Checkpoint, Signal::Traces, &self.progress.encode(), &mut bytes);
        if let Err(error) = write_all_at(&file, &bytes, 0) {
            drop(file);
            // Should it come back, it would say that what is written from now on to the segment before it does not count.
            let gone = self.vfs.remove(&segment_name(id)).is_ok()
                && (self.options.fsync() == Fsync::Never || self.vfs.sync_dir().is_ok());
            if let Some(active) = &mut self.active {
                active.broken |= !gone;
            }
            return Err(error);
        }
        if let Some(old) = self.active.take()
            && self.options.fsync() != Fsync::Never
        {
            self.unsynced.push(old.file);
        }
        let mut segment = Segment::new(id, self.salt);
        segment.len = bytes.len() as u64;
        self.bytes += segment.len;
        self.segments.push_back(segment);
        self.active = Some(Active { file: Arc::new(file), broken: false });
        self.dir_changed = true;
        self.behind = false;
        Ok(())
    }

    /// Appends a record of progress to `out`.
    pub(super) fn encode_record(&self, kind: Kind, signal: Signal, payload: &[u8], out: &mut Vec<u8>) {
        let header = RecordHeader {
            kind,
            signal,
            length: payload.len() as u32,
            items: 0,
            place: self.place,
            durable: self.durable,
            payload: checksum(self.salt, payload),
        };
        out.extend_from_slice(&header.encode(self.salt));
        out.extend_from_slice(payload);
        out.resize(out.len() + padding(payload.len()), 0);
    }

    /// Logs a step of progress, which has been taken already. If that fails, the whole progress is logged with what is written
    /// next: what has been sent stays sent, whatever the disk says.
    pub(super) fn log(&mut self, kind: Kind, signal: Signal, payload: &[u8]) {
        if self.needs_roll((RECORD_HEADER + payload.len()) as u64) {
            self.behind = self.roll().is_err();
            return;
        }
        let mut bytes = Vec::with_capacity(RECORD_HEADER + payload.len());
        if self.behind {
            self.encode_record(Kind::Checkpoint, signal, &self.progress.encode(), &mut bytes);
        } else {
            self.encode_record(kind, signal, payload, &mut bytes);
        }
        self.behind = self.write(&[&bytes]).is_err();
    }

    /// Logs all progress if the log is behind.
    pub(super) fn catch_up(&mut self) {
        if self.behind {
            self.log(Kind::Checkpoint, Signal::Traces, &[]);
        }
    }

    /// Writes behind what the segment has. After an error the segment is as it was, or is given up.
    pub(super) fn write(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let (Some(active), Some(segment)) = (&mut self.active, self.segments.back_mut()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut end = segment.len;
        for part in parts {
            if let Err(error) = write_all_at(&*active.file, part, end) {
                active.broken = active.file.truncate(segment.len).is_err();
                return Err(error);
            }
            end += part.len() as u64;
        }
        self.bytes += end - segment.len;
        segment.len = end;
        Ok(())
    }

    /// Cuts a segment off. If that fails its end stays: the next segment says that it does not count.
    pub(super) fn cut_off(&mut self, id: Ordinal, offset: u64) {
        let cut = self.handle(id).and_then(|file| file.truncate(offset)).is_ok();
        if let Some(segment) =
            self.segments.iter_mut().find(|segment| segment.id == id && segment.len > offset)
            && cut
        {
            self.bytes -= segment.len - offset;
            segment.len = offset;
        }
    }

    /// The segment's file, for reading.
    pub(super) fn handle(&mut self, id: Ordinal) -> io::Result<Arc<V::File>> {
        if let Some(active) = &self.active
            && self.segments.back().is_some_and(|segment| segment.id == id)
        {
            return Ok(Arc::clone(&active.file));
        }
        if let Some(at) = self.handles.iter().position(|(of, _)| *of == id) {
            self.handles[at..].rotate_left(1);
        } else {
            let file = Arc::new(self.vfs.open(&segment_name(id))?);
            if self.handles.len() == MOST_HANDLES {
                self.handles.remove(0);
            }
            self.handles.push((id, file));
        }
        let last = self.handles.last().map(|(_, file)| Arc::clone(file));
        last.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Marks items as finished: each segment learns how many fewer it has to keep.
    pub(super) fn free(&mut self, signal: Signal, range: Range) {
        for segment in &mut self.segments {
            segment.live = segment.live.saturating_sub(segment.readable(signal, range));
        }
    }

    /// What waits of the signal.
    pub(super) fn backlog(&self, signal: Signal) -> Backlog {
        Backlog { resend: self.replay[signal as usize].len(), ..self.backlog[signal as usize] }
    }

    /// Whether a segment could be removed.
    pub(super) fn has_finished_segments(&self) -> bool {
        self.finished().next().is_some()
    }

    /// The segments without anything to keep.
    fn finished(&self) -> impl Iterator<Item = Ordinal> + '_ {
        let closed = self.segments.len() - usize::from(self.active.is_some()).min(self.segments.len());
        self.segments.iter().take(closed).filter(|segment| segment.live == 0).map(|segment| segment.id)
    }

    /// As [`finished`](Self::finished), to be removed after a sync.
    pub(super) fn finished_ids(&self) -> Vec<Ordinal> {
        self.finished().collect()
    }

    /// Removes the segments without anything to keep; true if there was one.
    pub(super) fn remove_finished(&mut self) -> bool {
        self.remove_segments(&self.finished_ids())
    }

    /// Removes segments without anything to keep; true if one is gone. What the log says of their items should be on the disk
    /// by now, or the next start after a power loss takes them for lost.
    pub(super) fn remove_segments(&mut self, ids: &[Ordinal]) -> bool {
        let mut removed = false;
        for id in ids {
            if let Some(at) = self.segments.iter().position(|segment| segment.id == *id) {
                removed |= self.remove_segment(at);
            }
        }
        removed
    }

    /// Removes a segment's file; false if that fails, when it stays and is tried again.
    fn remove_segment(&mut self, at: usize) -> bool {
        let id = self.segments[at].id;
        match self.vfs.remove(&segment_name(id)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return false,
        }
        self.handles.retain(|(of, _)| *of != id);
        self.dir_changed = true;
        if let Some(segment) = self.segments.remove(at) {
            self.bytes -= segment.len;
            self.records -= segment.records();
        }
        true
    }

    /// What has to be synced for all that was written to be on the disk.
    pub(super) fn sync_job(&mut self) -> SyncJob<V> {
        let mut files = std::mem::take(&mut self.unsynced);
        files.extend(self.active.as_ref().map(|active| Arc::clone(&active.file)));
        SyncJob {
            vfs: Arc::clone(&self.vfs),
            files,
            dir: std::mem::take(&mut self.dir_changed),
            sequence: self.place.sequence,
        }
    }

    /// Takes in how a sync went. What a failed sync was about may or may not be on the disk, and asking again gives no
    /// answer: nothing more is written to that segment.
    pub(super) fn synced(&mut self, job: &SyncJob<V>, result: &io::Result<()>) {
        match result {
            Ok(()) => self.durable = self.durable.max(job.sequence),
            Err(_) => {
                self.dir_changed |= job.dir;
                if let Some(active) = &mut self.active {
                    active.broken = true;
                }
            }
        }
    }

    /// Writes down where everything stands, and syncs: the next start finds nothing torn.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if self.options.fsync() == Fsync::Never {
            self.behind = true;
            self.catch_up();
            return Ok(());
        }
        // The first sync lets the checkpoint say that all before it is on the disk.
        let job = self.sync_job();
        let result = job.run();
        self.synced(&job, &result);
        result?;
        self.remove_finished();
        self.behind = true;
        self.catch_up();
        self.sync_job().run()
    }
}

/// Files to sync, which takes long: to be run without holding the engine.
pub(super) struct SyncJob<V: Vfs> {
    vfs: Arc<V>,
    files: Vec<Arc<V::File>>,
    dir: bool,
    /// Data records before this one are on the disk afterwards.
    sequence: Ordinal,
}

impl<V: Vfs> SyncJob<V> {
    /// Syncs each file, then the directory that names them.
    pub(super) fn run(&self) -> io::Result<()> {
        self.files.iter().try_for_each(|file| file.sync())?;
        if self.dir { self.vfs.sync_dir() } else { Ok(()) }
    }
}
