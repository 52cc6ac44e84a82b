//! Opening a queue: what does the directory hold?

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use otlp_core::Signal;

use super::engine::Engine;
use super::error::is_disk_full;
use super::format::{ALIGN, BadHeader, Kind, Place, RecordHeader, SegmentHeader, segment_id, segment_name};
use super::option::{DiskQueueOptions, Fsync};
use super::ordinal::{MOST_BETWEEN, Ordinal, Range};
use super::recovery::Recovery;
use super::scan::{Found, read_header, scan};
use super::segment::{Entry, Segment};
use super::vfs::{Vfs, VfsFile};

/// Why a directory cannot be opened.
#[derive(Debug)]
pub(super) enum OpenFault {
    Io { what: &'static str, source: io::Error },
    Version { file: String, found: u16 },
}

/// Turns an error into a fault, naming what was being done.
fn doing(what: &'static str) -> impl Fn(io::Error) -> OpenFault {
    move |source| OpenFault::Io { what, source }
}

/// Items without a readable record.
struct Gap {
    signal: Signal,
    range: Range,
    /// First data record that is missing.
    sequence: Ordinal,
}

/// Bytes that are no intact record.
struct BadBytes {
    segment: Ordinal,
    offset: u64,
    len: u64,
    /// Data record that stood there, or the next one.
    sequence: Ordinal,
    /// Whether they reach to the segment's end.
    at_end: bool,
}

/// What reading the segments brings to light.
#[derive(Default)]
struct Survey {
    /// Where the log stands behind what has been read; `None` before the first header.
    place: Option<Place>,
    /// Where the first segment begins.
    first: Option<Place>,
    /// Data records before this one were on the disk.
    durable: Ordinal,
    gaps: Vec<Gap>,
    bad: Vec<BadBytes>,
    /// Segments whose end does not count, and from where on.
    void: BTreeMap<u64, u64>,
}

impl<V: Vfs> Engine<V> {
    /// Reads what is there, and begins a new segment behind it. A new queue begins at `start`.
    pub(super) fn open(
        vfs: Arc<V>,
        options: DiskQueueOptions,
        salt: u32,
        start: Ordinal,
    ) -> Result<(Self, Recovery), OpenFault> {
        let mut engine = Self::new(vfs, options, salt);
        let mut recovery = Recovery::default();
        let names = engine.vfs.list().map_err(doing("listing the directory"))?;
        engine.count_quarantine(&names);
        let ids = in_order(names.iter().filter_map(|name| segment_id(name)).collect());
        recovery.segments = ids.len();

        // All headers first: nothing is touched in a directory of another version.
        let mut headers = Vec::with_capacity(ids.len());
        for id in &ids {
            let name = segment_name(*id);
            let file = engine.vfs.open(&name).map_err(doing("opening a segment"))?;
            let header = read_header(&file).map_err(doing("reading a segment's header"))?;
            if let Err(BadHeader::Version(found)) = header {
                return Err(OpenFault::Version { file: name, found });
            }
            headers.push(header.ok().filter(|header| header.id == *id));
        }

        engine.next_segment = ids.last().map_or(start, |id| id.plus(1));
        engine.place = Place { sequence: start, items: [start; 4] };
        engine.progress.cursor = [start; 4];
        engine.progress.next_id = start;
        let mut survey = Survey { durable: start, ..Survey::default() };
        for (id, header) in ids.iter().zip(headers) {
            match header {
                Some(header) if survey.leads_to(&header.place) => {
                    engine.read_segment(&header, &mut survey)?
                }
                _ => engine.step_over(*id, ids.last() == Some(id), &mut recovery)?,
            }
        }
        if let Some(place) = survey.place {
            engine.place = place;
        }
        let first = survey.first.unwrap_or(engine.place);
        engine.progress.stay_behind(&engine.place.items, &first.items);
        engine.close_gaps(&mut survey, &mut recovery);
        engine.set_aside(&survey, &mut recovery);
        engine.count(&mut recovery);
        engine.begin(&survey)?;
        Ok((engine, recovery))
    }

    /// Takes in a segment's records.
    fn read_segment(&mut self, header: &SegmentHeader, survey: &mut Survey) -> Result<(), OpenFault> {
        let file = self.vfs.open(&segment_name(header.id)).map_err(doing("opening a segment"))?;
        let len = file.len().map_err(doing("asking for a segment's size"))?;
        survey.begin(header, self);
        let mut segment = Segment::new(header.id, header.salt);
        segment.len = len;
        segment.has_data = true;
        self.bytes += len;
        self.segments.push_back(segment);
        scan(&file, len, header.salt, |found| survey.take(found, self, header.id, len))
            .map_err(doing("reading a segment"))
    }

    /// A segment both copies of whose header are bad cannot be read, and one of another log does not belong here. The last one was
    /// most likely never finished.
    fn step_over(&mut self, id: Ordinal, last: bool, recovery: &mut Recovery) -> Result<(), OpenFault> {
        let name = segment_name(id);
        let file = self.vfs.open(&name).map_err(doing("opening a segment"))?;
        let len = file.len().map_err(doing("asking for a segment's size"))?;
        *(if last { &mut recovery.torn_bytes } else { &mut recovery.corrupt_bytes }) += len;
        drop(file);
        self.quarantine_segment(&name, len);
        Ok(())
    }

    /// Tells finished, lost and torn items apart among those without a record.
    fn close_gaps(&mut self, survey: &mut Survey, recovery: &mut Recovery) {
        if let Some(first) = survey.first {
            // Requests and cursors that point before the first segment.
            for signal in Signal::ALL {
                let open = self.progress.open.iter().filter(|open| open.signal == signal);
                let from =
                    open.fold(self.progress.cursor[signal as usize], |from, open| from.min(open.range.from));
                let range = Range { from, to: first.items[signal as usize] };
                if !range.is_empty() {
                    survey.gaps.push(Gap { signal, range, sequence: first.sequence.minus(1) });
                }
            }
        }
        for gap in &survey.gaps {
            let missing: Vec<Range> = self.progress.unfinished_parts(gap.signal, gap.range).collect();
            for range in missing {
                let known = self.progress.known_lost(gap.signal, range);
                let items = range.len() - known.min(range.len());
                if survey.durable.is_ahead_of(gap.sequence) {
                    let corrupt = &mut recovery.corrupt[gap.signal as usize];
                    *corrupt = corrupt.saturating_add(items);
                } else {
                    let torn = &mut recovery.torn[gap.signal as usize];
                    *torn = torn.saturating_add(items);
                }
                if items > 0 {
                    self.progress.lose(gap.signal, range);
                }
            }
        }
    }

    /// Copies bad bytes aside, and cuts torn tails off; and what does not count, as the segment that says so may go first.
    fn set_aside(&mut self, survey: &Survey, recovery: &mut Recovery) {
        for (segment, from) in &survey.void {
            self.cut_off(Ordinal(*segment), *from);
        }
        for bad in &survey.bad {
            let corrupt = survey.durable.is_ahead_of(bad.sequence);
            let Ok(file) = self.vfs.open(&segment_name(bad.segment)) else { continue };
            if corrupt || !bad.at_end {
                // They stay where they are until the segment goes: the copy tells the next start that they have been counted.
                if self.quarantine(&file, bad.segment, bad.offset, bad.len) {
                    *(if corrupt { &mut recovery.corrupt_bytes } else { &mut recovery.torn_bytes }) +=
                        bad.len;
                }
            } else {
                recovery.torn_bytes += bad.len;
                self.cut_off(bad.segment, bad.offset);
            }
        }
    }

    /// Counts what is to come out, and which requests come again.
    fn count(&mut self, recovery: &mut Recovery) {
        let begin = Signal::ALL.map(|signal| {
            let open = self.progress.open.iter().filter(|open| open.signal == signal);
            open.fold(self.progress.cursor[signal as usize], |from, open| from.min(open.range.from))
        });
        for segment in &mut self.segments {
            self.records += segment.records();
            for signal in Signal::ALL {
                let cursor = self.progress.cursor[signal as usize];
                let first = segment.first_behind(signal, begin[signal as usize]);
                for entry in &segment.entries[signal as usize][first..] {
                    let uncut = !cursor.is_ahead_of(entry.start);
                    let items = if uncut {
                        entry.range().len()
                    } else {
                        self.progress.unfinished(signal, entry.range())
                    };
                    segment.live += items;
                    recovery.items[signal as usize] += items;
                    let waiting = self.progress.uncut(signal, entry.range()).len();
                    if waiting > 0 {
                        let backlog = &mut self.backlog[signal as usize];
                        backlog.items += waiting;
                        backlog.bytes += u64::from(entry.length);
                    }
                }
            }
        }
        for open in &self.progress.open {
            let readable = self.segments.iter().map(|segment| segment.readable(open.signal, open.range));
            recovery.resent[open.signal as usize] += readable.sum::<u64>();
            self.replay[open.signal as usize].push_back(open.id);
        }
    }

    /// Begins to write. The new segment does not yet claim that what is before it is on the disk: that is so only once its own
    /// word of what was lost is.
    fn begin(&mut self, survey: &Survey) -> Result<(), OpenFault> {
        self.durable = survey.durable;
        let unsynced = self.place.sequence.is_ahead_of(self.durable);
        match self.roll() {
            Ok(()) => {}
            // What is there can be sent all the same, which makes room.
            Err(error) if is_disk_full(&error) => self.behind = true,
            Err(error) => return Err(doing("making a segment")(error)),
        }
        if self.options.fsync() != Fsync::Never
            && self.active.is_some()
            && (unsynced || self.has_finished_segments())
        {
            // What the last run had not synced becomes as safe as what this one takes.
            let before = self.segments.len() - 1;
            let old = self.segments.iter().take(before);
            let old = old.map(|segment| self.vfs.open(&segment.name()).and_then(|file| file.sync()));
            let old = old.collect::<io::Result<()>>();
            let job = self.sync_job();
            let result = old.and_then(|()| job.run());
            self.synced(&job, &result);
        }
        self.remove_finished();
        Ok(())
    }
}

impl Survey {
    /// Whether a segment of the same log may begin at `place`.
    fn leads_to(&self, place: &Place) -> bool {
        let Some(here) = self.place else { return true };
        here.items.iter().zip(&place.items).all(|(here, there)| here.apart(*there) <= MOST_BETWEEN)
    }

    /// Goes on to the next segment.
    fn begin<V: Vfs>(&mut self, header: &SegmentHeader, engine: &mut Engine<V>) {
        if self.first.is_none() {
            self.first = Some(header.place);
            self.durable = header.durable;
            // Until a checkpoint says more, nothing from here on is finished.
            engine.progress.cursor = header.place.items;
        }
        self.durable = self.durable.max(header.durable);
        // What earlier segments hold from here on was refused when it was written.
        for signal in Signal::ALL {
            let start = header.place.items[signal as usize];
            for segment in engine.segments.iter_mut().rev() {
                let entries = &mut segment.entries[signal as usize];
                while let Some(entry) = entries.pop_if(|entry| entry.range().to.is_ahead_of(start)) {
                    let from = self.void.entry(segment.id.0).or_insert(entry.offset);
                    *from = entry.offset.min(*from);
                }
                if !entries.is_empty() {
                    break;
                }
            }
            self.gaps.retain_mut(|gap| {
                if gap.signal == signal {
                    gap.range.to = gap.range.to.min(start);
                }
                !gap.range.is_empty()
            });
        }
        for place in [&mut self.place, &mut self.first].into_iter().flatten() {
            for signal in Signal::ALL {
                let items = &mut place.items[signal as usize];
                *items = items.min(header.place.items[signal as usize]);
            }
        }
        let first = self.first.unwrap_or(header.place);
        engine.progress.stay_behind(&header.place.items, &first.items);
        self.bad.retain(|bad| header.place.sequence.is_ahead_of(bad.sequence));
        self.reach(&header.place);
        self.place = Some(header.place);
    }

    /// Notes what is missing between here and `place`; false if `place` lies behind.
    fn reach(&mut self, place: &Place) -> bool {
        let Some(here) = self.place else { return true };
        let impossible = |signal: &Signal| {
            let (here, there) = (here.items[*signal as usize], place.items[*signal as usize]);
            here != there && !(1..=MOST_BETWEEN).contains(&there.since(here))
        };
        if Signal::ALL.iter().any(impossible) {
            return false;
        }
        for signal in Signal::ALL {
            let range = Range { from: here.items[signal as usize], to: place.items[signal as usize] };
            if !range.is_empty() {
                self.gaps.push(Gap { signal, range, sequence: here.sequence });
            }
        }
        true
    }

    fn take<V: Vfs>(&mut self, found: Found<'_>, engine: &mut Engine<V>, segment: Ordinal, len: u64) {
        match found {
            Found::Record { header, offset, payload } => self.record(&header, offset, payload, engine),
            Found::Bad { offset, len: bad, header } => {
                let sequence = self.place.unwrap_or_default().sequence;
                let at_end = offset + bad.next_multiple_of(ALIGN) >= len;
                self.bad.push(BadBytes { segment, offset, len: bad, sequence, at_end });
                if let Some(header) = header.filter(|header| header.kind == Kind::Data)
                    && self.reach(&header.place)
                {
                    self.durable = self.durable.max(header.durable);
                    let range =
                        Range::of(header.place.items[header.signal as usize], u64::from(header.items));
                    self.gaps.push(Gap { signal: header.signal, range, sequence: header.place.sequence });
                    self.place = Some(after(&header));
                }
            }
        }
    }

    fn record<V: Vfs>(&mut self, header: &RecordHeader, offset: u64, payload: &[u8], engine: &mut Engine<V>) {
        // A record that claims items which stand in an earlier one is a copy that something other than the queue made.
        if !self.reach(&header.place) {
            return;
        }
        self.durable = self.durable.max(header.durable);
        if header.kind != Kind::Data {
            self.place = Some(header.place);
            engine.progress.replay(header.kind, header.signal, payload);
            return;
        }
        self.place = Some(after(header));
        if let Some(segment) = engine.segments.back_mut() {
            segment.entries[header.signal as usize].push(Entry {
                start: header.place.items[header.signal as usize],
                offset,
                length: header.length,
                items: header.items,
                sum: header.payload,
                bad: false,
            });
        }
    }
}

/// Where the log stands behind a batch.
fn after(header: &RecordHeader) -> Place {
    let mut place = header.place;
    place.sequence += 1;
    place.items[header.signal as usize] += u64::from(header.items);
    place
}

/// Ids in the order in which they were given: they lie close together on a circle, so the order begins behind the largest gap.
fn in_order(mut ids: Vec<Ordinal>) -> Vec<Ordinal> {
    ids.sort_unstable_by_key(|id| id.0);
    let gap_before = |at: usize| {
        let before = if at == 0 { ids[ids.len() - 1] } else { ids[at - 1] };
        ids[at].0.wrapping_sub(before.0)
    };
    if let Some(first) = (0..ids.len()).max_by_key(|at| gap_before(*at)) {
        ids.rotate_left(first);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_in_order_across_the_wrap() {
        let order = |ids: &[u64]| {
            in_order(ids.iter().copied().map(Ordinal).collect()).iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&[3, 1, 2]), [1, 2, 3]);
        assert_eq!(order(&[0, u64::MAX, 1, u64::MAX - 1]), [u64::MAX - 1, u64::MAX, 0, 1]);
        assert_eq!(order(&[7]), [7]);
        assert!(order(&[]).is_empty());
    }
}
