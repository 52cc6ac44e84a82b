//! What became of every item: submitted = accepted + rejected + lost, with the sequence numbers of what was not taken.

use std::{collections::BTreeMap, time::Duration};

use otlp::Outcome;

use super::histogram::Histogram;

/// The ledger of one connection, and of all of them once merged. Counters are items where nothing else is said.
#[derive(Debug, Default, Clone)]
pub(super) struct Ledger {
    pub(super) requests: u64,
    pub(super) submitted: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// Without an answer: they may have arrived, nobody said so.
    pub(super) lost: u64,
    /// Requests sent again because the server asked for it.
    pub(super) retries: u64,
    /// Bytes of request bodies.
    pub(super) bytes_wire: u64,
    /// Nanoseconds from the moment a request was due to its final answer.
    pub(super) latency: Histogram,
    pub(super) lost_ranges: Ranges,
    pub(super) rejected_ranges: Ranges,
    /// What went wrong, each with its number of requests.
    pub(super) troubles: BTreeMap<Trouble, (String, u64)>,
}

/// What can go wrong, the worst first: the first of these that happened decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Nobody has ever answered.
    Unreachable,
    /// The server refused a request for good.
    Rejected,
    /// No answer.
    Lost,
    /// The server kept asking for later until patience ended.
    Deferred,
    /// The server took a request but for some items.
    Partial,
}

impl Ledger {
    /// Books a request of `count` items from sequence number `first` with its last outcome.
    pub(super) fn settle(&mut self, first: u64, count: u64, since_due: Duration, outcome: Outcome) {
        self.requests += 1;
        self.submitted += count;
        let (accepted, trouble) = match outcome {
            Outcome::Accepted | Outcome::Partial { rejected: 0, .. } => (count, None),
            Outcome::Partial { rejected, message } => {
                let what = format!("the server refused {rejected} items of a request: {message}");
                (count.saturating_sub(rejected), Some((Trouble::Partial, what)))
            }
            Outcome::RetryLater { cause, .. } if !cause.kind().is_answer() => {
                self.lose(first, count);
                return self.note(Trouble::Lost, cause.to_string());
            }
            Outcome::RetryLater { cause, .. } => (0, Some((Trouble::Deferred, cause.to_string()))),
            Outcome::Rejected { cause } if !cause.kind().is_answer() => {
                self.lose(first, count);
                return self.note(Trouble::Lost, cause.to_string());
            }
            outcome => (0, Some((Trouble::Rejected, outcome.to_string()))),
        };
        self.accepted += accepted;
        self.rejected += count - accepted;
        self.latency.record(u64::try_from(since_due.as_nanos()).unwrap_or(u64::MAX));
        if let Some((trouble, what)) = trouble {
            self.rejected_ranges.add(first, first + count - 1);
            self.note(trouble, what);
        }
    }

    /// Books a request that was cut off before its answer.
    pub(super) fn interrupted(&mut self, first: u64, count: u64) {
        self.requests += 1;
        self.submitted += count;
        self.lose(first, count);
        self.note(Trouble::Lost, "interrupted before the answer".to_owned());
    }

    /// Remembers the first of a kind of trouble, and counts it.
    pub(super) fn note(&mut self, trouble: Trouble, what: String) {
        self.troubles.entry(trouble).or_insert((what, 0)).1 += 1;
    }

    fn lose(&mut self, first: u64, count: u64) {
        self.lost += count;
        self.lost_ranges.add(first, first + count - 1);
    }

    /// Adds another connection's.
    pub(super) fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.submitted += other.submitted;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.lost += other.lost;
        self.retries += other.retries;
        self.bytes_wire += other.bytes_wire;
        self.latency.merge(&other.latency);
        self.lost_ranges.merge(other.lost_ranges);
        self.rejected_ranges.merge(other.rejected_ranges);
        for (trouble, (what, times)) in other.troubles {
            self.troubles.entry(trouble).or_insert((what, 0)).1 += times;
        }
    }
}

/// Ranges of sequence numbers, both ends included; neighbours are joined when the ranges are read.
#[derive(Debug, Default, Clone)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add(&mut self, first: u64, last: u64) {
        match self.0.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => self.0.push((first, last)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// In order, as few as possible.
    pub(super) fn joined(&self) -> Vec<(u64, u64)> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let mut joined = Self::default();
        sorted.into_iter().for_each(|(first, last)| joined.add(first, last));
        joined.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_on_one_side() {
        let mut ledger = Ledger::default();
        let mut other = Ledger::default();
        let millisecond = Duration::from_millis(1);
        ledger.settle(0, 10, millisecond, Outcome::Accepted);
        other.settle(10, 10, millisecond, Outcome::Partial { rejected: 3, message: "no".into() });
        ledger.interrupted(30, 10);
        other.interrupted(20, 10);
        ledger.merge(other);
        assert_eq!((ledger.requests, ledger.submitted), (4, 40));
        assert_eq!((ledger.accepted, ledger.rejected, ledger.lost), (17, 3, 20));
        assert_eq!(ledger.lost_ranges.joined(), [(20, 39)]);
        assert_eq!(ledger.rejected_ranges.joined(), [(10, 19)]);
        assert_eq!(ledger.latency.max(), Some(1_000_000));
        let troubles: Vec<_> =
            ledger.troubles.iter().map(|(trouble, (_, times))| (*trouble, *times)).collect();
        assert_eq!(troubles, [(Trouble::Lost, 2), (Trouble::Partial, 1)]);
    }
}
