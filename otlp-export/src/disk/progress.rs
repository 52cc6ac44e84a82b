//! What has become of the items: cut into requests, finished, lost.

use otlp_core::Signal;

use super::format::{Kind, Take};
use super::ordinal::{MOST_BETWEEN, Ordinal, Range};

/// Most requests that may be open at a time, over all signals.
pub(super) const MOST_OPEN: usize = 1024;

/// Most ranges of lost items that are remembered. What is lost beyond them is counted again at the next start.
const MOST_LOST: usize = 4096;

/// What ids that were never given out are ahead of those that were.
const FAR: u64 = 1 << 62;

/// A request that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) id: u64,
    pub(super) signal: Signal,
    pub(super) range: Range,
}

/// How far each signal is. The items before a cursor are finished unless an open request holds them; those from the cursor on are
/// in no request yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progress {
    pub(super) cursor: [Ordinal; 4],
    /// In the order in which they were cut.
    pub(super) open: Vec<Open>,
    /// Items that cannot be read and have been counted as such, so that they are not counted again.
    pub(super) lost: Vec<(Signal, Range)>,
    /// Id of the next request.
    pub(super) next_id: Ordinal,
}

impl Progress {
    /// Opens a request for the items from the cursor up to `to`.
    pub(super) fn cut(&mut self, signal: Signal, to: Ordinal) -> Open {
        let id = self.next_id.0;
        self.next_id += 1;
        self.open(id, signal, to)
    }

    fn open(&mut self, id: u64, signal: Signal, to: Ordinal) -> Open {
        let range = Range { from: self.cursor[signal as usize], to };
        let open = Open { id, signal, range };
        self.cursor[signal as usize] = to;
        self.open.push(open);
        self.forget_passed();
        open
    }

    /// Takes back what is about items that were never taken in, from these numbers on, and what cannot be about this log: then
    /// nothing from `first` on counts as finished.
    pub(super) fn stay_behind(&mut self, items: &[Ordinal; 4], first: &[Ordinal; 4]) {
        for signal in Signal::ALL {
            let (items, cursor) = (items[signal as usize], &mut self.cursor[signal as usize]);
            *cursor =
                if items.apart(*cursor) > MOST_BETWEEN { first[signal as usize] } else { cursor.min(items) };
        }
        self.open.retain(|open| {
            let items = items[open.signal as usize];
            !open.range.to.is_ahead_of(items) && items.apart(open.range.from) <= MOST_BETWEEN
        });
    }

    /// Closes a request; `None` if it is not open.
    pub(super) fn done(&mut self, id: u64) -> Option<Open> {
        let index = self.open.iter().position(|open| open.id == id)?;
        let open = self.open.remove(index);
        self.forget_passed();
        Some(open)
    }

    /// Remembers that items cannot be read.
    pub(super) fn lose(&mut self, signal: Signal, range: Range) {
        if let Some((last, held)) = self.lost.last_mut()
            && (*last, held.to) == (signal, range.from)
        {
            held.to = range.to;
        } else if self.lost.len() < MOST_LOST {
            self.lost.push((signal, range));
        }
    }

    /// How many items of the range are not finished.
    pub(super) fn unfinished(&self, signal: Signal, range: Range) -> u64 {
        let parts = self.unfinished_parts(signal, range).map(Range::len);
        parts.fold(0, u64::saturating_add).min(range.len())
    }

    /// The part of the range that is in no request yet.
    pub(super) fn uncut(&self, signal: Signal, range: Range) -> Range {
        let from = range.from.max(self.cursor[signal as usize]);
        Range { from, to: if from.is_ahead_of(range.to) { from } else { range.to } }
    }

    /// The parts of the range that are not finished.
    pub(super) fn unfinished_parts(&self, signal: Signal, range: Range) -> impl Iterator<Item = Range> + '_ {
        let uncut = self.uncut(signal, range);
        let open = self.open.iter().filter(move |open| open.signal == signal);
        open.map(move |open| open.range.intersection(range)).chain([uncut]).filter(|part| !part.is_empty())
    }

    /// How many items of the range have been counted as lost.
    pub(super) fn known_lost(&self, signal: Signal, range: Range) -> u64 {
        let lost = self.lost.iter().filter(|(of, _)| *of == signal);
        lost.map(|(_, lost)| lost.intersection(range).len()).fold(0, u64::saturating_add)
    }

    /// Lost items that no request will ask for any more need not be remembered.
    fn forget_passed(&mut self) {
        if self.lost.is_empty() {
            return;
        }
        let mut lost = std::mem::take(&mut self.lost);
        lost.retain(|(signal, range)| self.unfinished_parts(*signal, *range).next().is_some());
        self.lost = lost;
    }

    /// Takes in a record of the log.
    pub(super) fn replay(&mut self, kind: Kind, signal: Signal, payload: &[u8]) {
        let mut take = Take { bytes: payload, at: 0 };
        match kind {
            Kind::Data => {}
            Kind::Cut => {
                let id = Ordinal(take.u64());
                let range = Range { from: Ordinal(take.u64()), to: Ordinal(take.u64()) };
                let room = |open: &Vec<Open>| open.len() < MOST_OPEN;
                if range.from.is_ahead_of(self.cursor[signal as usize]) && room(&self.open) {
                    // The record of an earlier cut is missing: whether it was finished is not known, so it is sent again, under
                    // an id that no record names.
                    self.open(id.plus(FAR).0, signal, range.from);
                }
                let known = self.open.iter().any(|open| open.id == id.0);
                if !known && range.to.is_ahead_of(self.cursor[signal as usize]) && room(&self.open) {
                    self.open(id.0, signal, range.to);
                }
                self.next_id = self.next_id.max(id.plus(1));
            }
            Kind::Done => {
                self.done(take.u64());
            }
            Kind::Checkpoint => {
                if let Some(progress) = Self::decode(payload) {
                    *self = progress;
                }
            }
        }
    }

    /// Payload of a cut's record.
    pub(super) fn encode_cut(open: &Open) -> Vec<u8> {
        [open.id, open.range.from.0, open.range.to.0].iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Bytes of a checkpoint's payload.
    pub(super) const fn encoded_len(&self) -> usize {
        56 + 32 * self.open.len() + 24 * self.lost.len()
    }

    /// Payload of a checkpoint's record.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        let mut put = |value: u64| out.extend_from_slice(&value.to_le_bytes());
        put(self.next_id.0);
        self.cursor.iter().for_each(|cursor| put(cursor.0));
        put(self.open.len() as u64);
        put(self.lost.len() as u64);
        for open in &self.open {
            [open.id, open.signal as u64, open.range.from.0, open.range.to.0].into_iter().for_each(&mut put);
        }
        for (signal, range) in &self.lost {
            [*signal as u64, range.from.0, range.to.0].into_iter().for_each(&mut put);
        }
        out
    }

    /// `None` for a payload that is none.
    fn decode(payload: &[u8]) -> Option<Self> {
        let mut take = Take { bytes: payload, at: 0 };
        let next_id = Ordinal(take.u64());
        let cursor = [(); 4].map(|()| Ordinal(take.u64()));
        let [open, lost] = [(); 2].map(|()| take.u64());
        if open > MOST_OPEN as u64 || lost > MOST_LOST as u64 {
            return None;
        }
        let signal = |value: u64| Signal::ALL.get(usize::try_from(value).ok()?).copied();
        let mut progress = Self { cursor, next_id, ..Self::default() };
        for _ in 0..open {
            let [id, of, from, to] = [(); 4].map(|()| take.u64());
            let range = Range { from: Ordinal(from), to: Ordinal(to) };
            progress.open.push(Open { id, signal: signal(of)?, range });
        }
        for _ in 0..lost {
            let [of, from, to] = [(); 3].map(|()| take.u64());
            progress.lost.push((signal(of)?, Range { from: Ordinal(from), to: Ordinal(to) }));
        }
        (take.at == payload.len()).then_some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Progress {
        Progress { cursor: [Ordinal(u64::MAX - 2); 4], next_id: Ordinal(u64::MAX), ..Progress::default() }
    }

    #[test]
    fn a_request_is_closed_once() {
        let mut progress = started();
        let first = progress.cut(Signal::Logs, Ordinal(4));
        let second = progress.cut(Signal::Logs, Ordinal(5));
        assert_eq!((first.id, second.id), (u64::MAX, 0));
        assert_eq!(first.range.len(), 7);
        let all = Range::of(Ordinal(u64::MAX - 2), 10);
        assert_eq!(progress.unfinished(Signal::Logs, all), 10);
        assert_eq!(progress.done(first.id), Some(first));
        assert_eq!(progress.done(first.id), None);
        assert_eq!(progress.unfinished(Signal::Logs, all), 3);
        assert_eq!(progress.unfinished(Signal::Traces, all), 10);
    }

    #[test]
    fn the_log_gives_the_state_again() {
        let mut progress = started();
        let mut replayed = started();
        progress.lose(Signal::Traces, Range::of(Ordinal(0), 3));
        replayed.replay(Kind::Checkpoint, Signal::Traces, &progress.encode());
        for to in [Ordinal(1), Ordinal(9)] {
            let cut = progress.cut(Signal::Metrics, to);
            replayed.replay(Kind::Cut, Signal::Metrics, &Progress::encode_cut(&cut));
        }
        progress.done(u64::MAX);
        replayed.replay(Kind::Done, Signal::Metrics, &u64::MAX.to_le_bytes());
        assert_eq!(progress, replayed);
        assert_eq!(Progress::decode(&progress.encode()), Some(progress.clone()));
        for len in 0..progress.encode().len() {
            assert_eq!(Progress::decode(&progress.encode()[..len]), None);
        }
    }

    #[test]
    fn items_of_a_cut_whose_record_is_missing_are_sent_again() {
        let mut progress = started();
        progress.cut(Signal::Logs, Ordinal(4));
        let second = progress.cut(Signal::Logs, Ordinal(5));
        let mut replayed = started();
        replayed.replay(Kind::Cut, Signal::Logs, &Progress::encode_cut(&second));
        let ranges: Vec<u64> = replayed.open.iter().map(|open| open.range.len()).collect();
        assert_eq!(ranges, [7, 1]);
        assert_eq!(replayed.cursor, progress.cursor);
        assert_eq!(replayed.done(second.id).map(|open| open.range), Some(second.range));
    }

    #[test]
    fn lost_items_are_forgotten_once_passed() {
        let mut progress = started();
        progress.lose(Signal::Logs, Range::of(Ordinal(0), 3));
        progress.lose(Signal::Logs, Range::of(Ordinal(3), 3));
        assert_eq!(progress.lost.len(), 1);
        assert_eq!(progress.known_lost(Signal::Logs, Range::of(Ordinal(5), 9)), 1);
        let cut = progress.cut(Signal::Logs, Ordinal(8));
        assert_eq!(progress.lost.len(), 1);
        progress.done(cut.id);
        assert!(progress.lost.is_empty());
    }
}
