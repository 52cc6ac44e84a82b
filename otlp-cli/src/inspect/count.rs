//! Counting by name, in bounded memory.

use std::collections::{HashMap, HashSet, hash_map::RandomState};
use std::hash::BuildHasher as _;

/// How often each of many names occurs. Names that come after the first 65,536 distinct ones are counted together.
#[derive(Debug, Default)]
pub(super) struct Counter {
    counts: HashMap<String, u64>,
    beyond: u64,
}

const MOST: usize = 1 << 16;

impl Counter {
    /// One more (or several) of a name.
    pub(super) fn add(&mut self, name: &str, times: u64) {
        if let Some(count) = self.counts.get_mut(name) {
            *count += times;
        } else if self.counts.len() < MOST {
            self.counts.insert(name.to_owned(), times);
        } else {
            self.beyond += times;
        }
    }

    /// How many distinct names there are, up to the bound.
    pub(super) fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// Occurrences of names beyond the bound.
    pub(super) const fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Names with their counts, the most frequent first, equal ones by name.
    pub(super) fn sorted(&self) -> Vec<(&str, u64)> {
        let mut sorted: Vec<_> = self.counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        sorted.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
        sorted
    }
}

/// How many distinct things there are, told apart by a 64-bit hash; exact up to the bound, which is then the answer.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Distinct {
    /// One more, by its bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if self.seen.len() < 64 * MOST {
            self.seen.insert(self.hasher.hash_one(bytes));
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let mut counter = Counter::default();
        for name in ["b", "a", "c", "c"] {
            counter.add(name, 1);
        }
        assert_eq!(counter.sorted(), [("c", 2), ("a", 1), ("b", 1)]);
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let mut counter = Counter::default();
        for number in 0..MOST + 10 {
            counter.add(&number.to_string(), 1);
        }
        counter.add("0", 1);
        assert_eq!((counter.distinct(), counter.beyond()), (MOST, 10));
        assert_eq!(counter.sorted()[0], ("0", 2));
    }

    #[test]
    fn distinct_things_are_counted_once() {
        let mut distinct = Distinct::default();
        for bytes in [&b"a"[..], b"b", b"a"] {
            distinct.add(bytes);
        }
        assert_eq!(distinct.len(), 2);
    }
}
