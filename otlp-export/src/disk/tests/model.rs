//! Random operations against a simple model, over a file system that forgets and fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use otlp_core::Signal;
use proptest::prelude::*;

use super::{ALL, append, batch, numbers, open_at, sum, tidy};
use crate::disk::engine::Engine;
use crate::disk::ordinal::{Ordinal, Range};
use crate::disk::vfs::model::ModelFs;
use crate::disk::{AppendRefusal, DiskQueueOptions, OnDiskFull, RequestSize};

/// Signals that take part, as two are enough to get in each other's way.
const SIGNALS: [Signal; 2] = [Signal::Traces, Signal::Logs];

#[derive(Debug, Clone)]
enum Op {
    /// A group of batches: signal, items, bytes beside each item.
    Append(Vec<(usize, u64, usize)>),
    /// A group that a crash meets between its write and its sync; of the power, or of the process.
    Cut(Vec<(usize, u64, usize)>, bool),
    Next(usize, usize, usize),
    Done(usize),
    Tidy,
    Close,
    Kill,
    LosePower,
    /// A byte turns bad while the queue is closed.
    Flip(f64, u8),
    /// Writes fail after so many, until healed.
    FailWrites(u32, bool),
    FailSyncs(u32),
    /// The disk has so many bytes more.
    Fill(u64),
    ShortWrites,
    Heal,
}

fn group() -> impl Strategy<Value = Vec<(usize, u64, usize)>> {
    prop::collection::vec((0..2_usize, 1..6_u64, prop_oneof![0..200_usize, 0..3000_usize]), 1..4)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => group().prop_map(Op::Append),
        1 => (group(), any::<bool>()).prop_map(|(group, power)| Op::Cut(group, power)),
        6 => (0..2_usize, 1..20_usize, prop_oneof![Just(usize::MAX), 1..2000_usize])
            .prop_map(|(signal, items, bytes)| Op::Next(signal, items, bytes)),
        6 => (0..8_usize).prop_map(Op::Done),
        2 => Just(Op::Tidy),
        1 => Just(Op::Close),
        1 => Just(Op::Kill),
        1 => Just(Op::LosePower),
        1 => (0.0..1.0, 1..=255_u8).prop_map(|(place, bits)| Op::Flip(place, bits)),
        1 => (0..6_u32, any::<bool>()).prop_map(|(after, truncate)| Op::FailWrites(after, truncate)),
        1 => (0..2_u32).prop_map(Op::FailSyncs),
        1 => (0..4000_u64).prop_map(Op::Fill),
        1 => Just(Op::ShortWrites),
        2 => Just(Op::Heal),
    ]
}

/// A request that is out.
struct Given {
    id: u64,
    signal: Signal,
    bytes: bytes::Bytes,
    items: Vec<u64>,
}

struct Model {
    fs: ModelFs,
    options: DiskQueueOptions,
    start: u64,
    engine: Option<Engine<ModelFs>>,
    next_item: u64,
    /// Acknowledged and not finished.
    live: BTreeMap<u64, Signal>,
    /// Written and not acknowledged: may be there.
    maybe: BTreeMap<u64, Signal>,
    /// Finished.
    finished: BTreeSet<u64>,
    /// Given out since the last start.
    out: BTreeSet<u64>,
    given: Vec<Given>,
    /// Requests that have to come again, in order, unless the log of them may be damaged.
    again: Vec<Given>,
    /// Items that the queue says it gave up.
    corrupt: u64,
    dropped: u64,
    /// Something happened that may bring finished items back.
    forgot: bool,
    /// A fault was injected.
    fault: bool,
    damaged: bool,
}

impl Model {
    fn new(seed: u64, on_full: OnDiskFull, start: u64) -> Self {
        let options = DiskQueueOptions::default()
            .with_max_bytes(64 << 10)
            .with_segment_bytes(4 << 10)
            .with_on_full(on_full);
        let fs = ModelFs::new(seed);
        let (engine, _) = open_at(&fs, &options, start);
        Self {
            fs,
            options,
            start,
            engine: Some(engine),
            next_item: 0,
            live: BTreeMap::new(),
            maybe: BTreeMap::new(),
            finished: BTreeSet::new(),
            out: BTreeSet::new(),
            given: Vec::new(),
            again: Vec::new(),
            corrupt: 0,
            dropped: 0,
            forgot: false,
            fault: false,
            damaged: false,
        }
    }

    fn engine(&mut self) -> &mut Engine<ModelFs> {
        self.engine.as_mut().unwrap()
    }

    fn group(&mut self, group: &[(usize, u64, usize)]) -> Vec<(otlp_core::Batch, Signal, Range)> {
        let make = |&(signal, count, beside): &(usize, u64, usize)| {
            let first = self.next_item;
            self.next_item += count;
            let signal = SIGNALS[signal];
            (batch(signal, first..first + count, beside), signal, Range::of(Ordinal(first), count))
        };
        group.iter().map(make).collect()
    }

    fn append(&mut self, group: &[(usize, u64, usize)]) {
        let group = self.group(group);
        let batches: Vec<_> = group.iter().map(|(batch, ..)| batch.clone()).collect();
        let refused = append(self.engine(), &batches);
        for ((_, signal, range), refused) in group.into_iter().zip(refused) {
            let into = match refused {
                None => &mut self.live,
                // What was cut off again may stay if even that fails.
                Some(AppendRefusal::Io { .. } | AppendRefusal::DiskFull { .. }) => &mut self.maybe,
                Some(_) => continue,
            };
            into.extend((range.from.0..range.to.0).map(|item| (item, signal)));
        }
        self.count_losses();
    }

    fn count_losses(&mut self) {
        let losses = std::mem::take(&mut self.engine().losses);
        self.corrupt += sum(&losses.corrupt);
        self.dropped += sum(&losses.dropped);
    }

    fn next(&mut self, signal: Signal, size: RequestSize) -> bool {
        let request = self.engine().next_request(signal, size).unwrap();
        self.count_losses();
        let Some(request) = request else { return false };
        let items = numbers(&request.batch);
        for item in &items {
            let known = [self.live.get(item), self.maybe.get(item)].contains(&Some(&signal))
                || (self.forgot && self.finished.contains(item));
            assert!(known, "item {item} was appended to {signal} and is not finished");
            assert!(self.out.insert(*item), "item {item} comes once");
        }
        assert!(items.is_sorted());
        if let Some(at) = self.again.iter().position(|given| given.id == request.id.0) {
            let before = self.again.remove(at);
            assert!(request.resent);
            assert!(
                request.batch.bytes() == &before.bytes,
                "the same bytes as before: {items:?}, {:?}",
                before.items
            );
        }
        if !request.resent {
            assert!(!self.again.iter().any(|given| given.signal == signal), "those of before come first");
        }
        let bytes = request.batch.bytes().clone();
        self.given.push(Given { id: request.id.0, signal, bytes, items });
        true
    }

    fn done(&mut self, at: usize) {
        if self.given.is_empty() {
            return;
        }
        let given = self.given.remove(at % self.given.len());
        assert!(self.engine().done(given.id));
        assert!(!self.engine().done(given.id), "a request is finished once");
        for item in given.items {
            self.live.remove(&item);
            self.maybe.remove(&item);
            self.finished.insert(item);
        }
    }

    /// The queue starts again on what the last one left.
    /// The log of its progress is whole if `exact`.
    fn reopen(&mut self, exact: bool) {
        self.engine = None;
        let (engine, recovery) = open_at(&self.fs, &self.options, self.start);

        self.engine = Some(engine);
        self.corrupt += sum(&recovery.corrupt);
        if !self.damaged && !self.fault {
            assert_eq!(recovery.corrupt, [0; 4], "{recovery:?}");
        }
        if !self.damaged && !self.fault && !self.forgot {
            assert!(recovery.is_clean(), "{recovery:?}");
        }
        assert!(recovery.total() <= (self.live.len() + self.maybe.len() + self.finished.len()) as u64);
        let lost = self.corrupt + self.dropped;
        assert!(recovery.total() + lost >= self.live.len() as u64, "{recovery:?}");
        self.out.clear();
        let given = std::mem::take(&mut self.given);
        if exact {
            self.again.extend(given);
        } else {
            self.again.clear();
        }
    }

    fn heal(&mut self) {
        let mut disk = self.fs.disk();
        (disk.write_fault, disk.sync_fault, disk.capacity) = (None, None, None);
        (disk.truncate_fault, disk.short_writes) = (false, false);
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Append(group) => self.append(group),
            Op::Cut(group, power) => {
                let group = self.group(group);
                let written = self.engine().write_group(group.iter().map(|(batch, ..)| batch));
                self.count_losses();
                drop(written);
                for (_, signal, range) in group {
                    self.maybe.extend((range.from.0..range.to.0).map(|item| (item, signal)));
                }
                self.step(if *power { &Op::LosePower } else { &Op::Kill });
            }
            Op::Next(signal, items, bytes) => {
                self.next(SIGNALS[*signal], RequestSize { items: *items, bytes: *bytes });
            }
            Op::Done(at) => self.done(*at),
            Op::Tidy => tidy(self.engine()),
            Op::Close => {
                // What progress a failing disk did not take is made again.
                let exact = self.engine().close().is_ok() && !self.engine().behind;
                self.forgot |= !exact;
                self.heal();
                self.reopen(exact);
            }
            Op::Kill => {
                self.heal();
                let exact = !self.engine().behind;
                self.forgot |= !exact;
                self.reopen(exact);
            }
            Op::LosePower => {
                self.heal();
                self.engine = None;
                self.fs.lose_power();
                self.forgot = true;
                self.reopen(false);
            }
            Op::Flip(place, bits) => {
                self.heal();
                if self.engine().close().is_ok() {
                    self.engine = None;
                    self.fs.flip(*place, *bits);
                    self.damaged = true;
                    self.forgot = true;
                    self.reopen(false);
                }
            }
            Op::FailWrites(after, truncate) => {
                let mut disk = self.fs.disk();
                disk.write_fault = Some((*after, ErrorKind::Other));
                disk.truncate_fault = *truncate;
                drop(disk);
                self.fault = true;
            }
            Op::FailSyncs(after) => {
                self.fs.disk().sync_fault = Some((*after, ErrorKind::Other));
                self.fault = true;
            }
            Op::Fill(more) => {
                let used: usize = self.fs.snapshot().values().map(Vec::len).sum();
                self.fs.disk().capacity = Some(used as u64 + more);
                self.fault = true;
            }
            Op::ShortWrites => self.fs.disk().short_writes = true,
            Op::Heal => self.heal(),
        }
        self.check();
    }

    /// Every figure that the engine keeps is the one that counting gives.
    fn check(&mut self) {
        let engine = self.engine.as_ref().unwrap();
        let mut waiting = [0; 4];
        for segment in &engine.segments {
            let mut live = segment.pending;
            for signal in Signal::ALL {
                for entry in segment.entries[signal as usize].iter().filter(|entry| !entry.bad) {
                    live += engine.progress.unfinished(signal, entry.range());
                    waiting[signal as usize] +=
                        entry.range().to.since(engine.progress.cursor[signal as usize].max(entry.start));
                }
            }
            assert_eq!(segment.live, live, "segment {}", segment.id.0);
        }
        assert_eq!(engine.bytes, engine.segments.iter().map(|segment| segment.len).sum::<u64>());
        assert_eq!(engine.records, engine.segments.iter().map(|segment| segment.records()).sum::<usize>());
        for signal in Signal::ALL {
            assert_eq!(engine.backlog(signal).items, waiting[signal as usize]);
        }
    }

    /// All that was acknowledged comes out, or the queue has said that it does not.
    fn finish(&mut self) {
        self.heal();
        for signal in SIGNALS {
            while self.next(signal, ALL) {}
        }
        while !self.given.is_empty() {
            self.done(0);
        }
        self.check();
        let missing = self.live.len() as u64;
        let lost = self.corrupt + self.dropped;
        assert!(missing <= lost, "{missing} missing, {lost} told of: {:?}", self.live);
        if !self.forgot && !self.fault && self.maybe.is_empty() {
            assert_eq!(missing, lost);
        }
        tidy(self.engine());
        let engine = self.engine();
        assert!(engine.segments.len() <= 2, "what is finished is gone");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_comes_out_or_is_told_lost(
        seed in any::<u64>(),
        drops in any::<bool>(),
        start in prop_oneof![Just(0), (0..40_u64).prop_map(|back| u64::MAX - back)],
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let on_full = if drops { OnDiskFull::DropOldest } else { OnDiskFull::Refuse };
        let mut model = Model::new(seed, on_full, start);
        for op in &ops {
            model.step(op);
        }
        model.finish();
    }
}
