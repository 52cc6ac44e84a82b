//! Latencies in buckets whose width grows with the value: every quantile is right to 1 %, in memory that does not grow.

/// Buckets in each power of two.
const FINE: u32 = 7;
const BUCKETS: usize = ((65 - FINE) << FINE) as usize;

/// Counts of values; after HdrHistogram's idea.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    /// Adds a value.
    pub(super) fn record(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// Adds all of another's values.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// The largest value, exact.
    pub(super) const fn max(&self) -> Option<u64> {
        if self.total == 0 { None } else { Some(self.max) }
    }

    /// The value which this share of all values (0 to 1) does not exceed; up to 1 % too large. `None` without values.
    pub(super) fn quantile(&self, share: f64) -> Option<u64> {
        if self.total == 0 {
            return None;
        }
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(largest(index).min(self.max));
            }
        }
        Some(self.max)
    }
}

/// The bucket of a value: below 2^FINE each value has its own.
const fn bucket(value: u64) -> usize {
    let bits = u64::BITS - value.leading_zeros();
    if bits <= FINE {
        return value as usize;
    }
    let shift = bits - FINE - 1;
    ((shift as usize) << FINE) + (value >> shift) as usize
}

/// The largest value of a bucket.
const fn largest(bucket: usize) -> u64 {
    if bucket < 2 << FINE {
        return bucket as u64;
    }
    let shift = (bucket >> FINE) as u32 - 1;
    let top = (bucket - ((shift as usize) << FINE)) as u64;
    (top << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_one_percent_of_its_buckets_end() {
        let powers = (0..64).map(|bit| 1_u64 << bit);
        for value in powers.flat_map(|power| [power - 1, power, power + power / 3]).chain([u64::MAX]) {
            let end = largest(bucket(value));
            assert!(end >= value && (end - value) as f64 <= value as f64 * 0.01, "{value} {end}");
        }
        assert!((0..BUCKETS - 1).all(|index| largest(index) < largest(index + 1)));
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut first = Histogram::default();
        let mut second = Histogram::default();
        (1..=500).for_each(|value| first.record(value * 1000));
        (501..=1000).for_each(|value| second.record(value * 1000));
        first.merge(&second);
        for (share, exact) in [(0.0, 1000.0), (0.5, 500_000.0), (0.99, 990_000.0), (0.999, 999_000.0)] {
            let found = first.quantile(share).unwrap() as f64;
            assert!((exact..=exact * 1.01).contains(&found), "{share}: {found}");
        }
        assert_eq!((first.quantile(1.0), first.max()), (Some(1_000_000), Some(1_000_000)));
        assert_eq!((Histogram::default().quantile(0.5), Histogram::default().max()), (None, None));
    }
}
