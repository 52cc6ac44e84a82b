//! Distributions: what both kinds of histogram are read into.

/// How often values fell where.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    pub(crate) count: u64,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// Ascending; the first may start at minus infinity, the last end at infinity.
    pub(crate) buckets: Vec<Bucket>,
}

/// Values above `low`, up to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: u64,
}

/// Buckets above which no others are put in: points that disagree on bounds this often have no common picture.
const MOST: usize = 2_000;

impl Distribution {
    /// Adds the values of another: buckets with the same bounds are joined, others stand side by side.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.zip(other.sum).map(|(a, b)| a + b);
        self.min = self.min.into_iter().chain(other.min).reduce(f64::min);
        self.max = self.max.into_iter().chain(other.max).reduce(f64::max);
        let same_bounds = self.buckets.len() == other.buckets.len()
            && self.buckets.iter().zip(&other.buckets).all(|(a, b)| a.low == b.low && a.high == b.high);
        if same_bounds {
            for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
                mine.count = mine.count.saturating_add(theirs.count);
            }
            return;
        }
        if self.buckets.len() > MOST {
            return;
        }
        self.buckets.extend_from_slice(&other.buckets);
        self.buckets.sort_by(|a, b| a.low.total_cmp(&b.low).then(a.high.total_cmp(&b.high)));
        self.buckets.dedup_by(|next, kept| {
            // Bounds of exponential buckets are computed, so equal ones may differ in the last bits.
            let same = (next.high - kept.high).abs() <= 1e-9 * kept.high.abs() && close(next.low, kept.low);
            if same {
                kept.count = kept.count.saturating_add(next.count);
            }
            same
        });
    }

    /// The value below which `share` of all lie, straight lines drawn inside buckets; `None` where nothing is known.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let total: u128 = self.buckets.iter().map(|bucket| u128::from(bucket.count)).sum();
        if total == 0 {
            return None;
        }
        let rank = share * total as f64;
        let mut below = 0.0;
        for bucket in self.buckets.iter().filter(|bucket| bucket.count > 0) {
            let count = bucket.count as f64;
            if below + count >= rank {
                let low = if bucket.low.is_finite() {
                    bucket.low
                } else {
                    self.min.unwrap_or(bucket.high).min(bucket.high)
                };
                let high = if bucket.high.is_finite() {
                    bucket.high
                } else {
                    self.max.unwrap_or(bucket.low).max(bucket.low)
                };
                let (low, high) =
                    (low.max(self.min.unwrap_or(low)).min(high), high.min(self.max.unwrap_or(high)).max(low));
                return Some(low + (high - low) * ((rank - below) / count).clamp(0.0, 1.0));
            }
            below += count;
        }
        self.max
    }

    /// The counts, without the empty buckets at both ends.
    pub(crate) fn trimmed(&self) -> &[Bucket] {
        let used = |bucket: &Bucket| bucket.count > 0;
        match (self.buckets.iter().position(used), self.buckets.iter().rposition(used)) {
            (Some(first), Some(last)) => &self.buckets[first..=last],
            _ => &[],
        }
    }
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(buckets: &[(f64, f64, u64)]) -> Distribution {
        Distribution {
            count: buckets.iter().map(|bucket| bucket.2).sum(),
            sum: None,
            min: None,
            max: None,
            buckets: buckets.iter().map(|&(low, high, count)| Bucket { low, high, count }).collect(),
        }
    }

    #[test]
    fn quantiles_lie_where_the_values_are() {
        let even = distribution(&[(0.0, 1.0, 50), (1.0, 2.0, 50)]);
        assert_eq!(even.quantile(0.5), Some(1.0));
        assert_eq!(even.quantile(0.75), Some(1.5));
        assert_eq!(even.quantile(1.0), Some(2.0));
        assert_eq!(distribution(&[(0.0, 1.0, 0)]).quantile(0.5), None);
        let mut open = distribution(&[(f64::NEG_INFINITY, 1.0, 1), (1.0, f64::INFINITY, 1)]);
        assert_eq!(open.quantile(0.99), Some(1.0));
        open.max = Some(3.0);
        assert!((open.quantile(1.0).unwrap() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn adding_joins_equal_buckets() {
        let mut sum = distribution(&[(1.0, 2.0, 3), (2.0, 4.0, 1)]);
        sum.add(&distribution(&[(2.0, 4.0, 5), (4.0, 8.0, 2)]));
        let counts: Vec<(f64, u64)> = sum.buckets.iter().map(|bucket| (bucket.high, bucket.count)).collect();
        assert_eq!(counts, [(2.0, 3), (4.0, 6), (8.0, 2)]);
        assert_eq!(sum.count, 11);
    }

    #[test]
    fn empty_ends_are_left_out() {
        let sparse =
            distribution(&[(0.0, 1.0, 0), (1.0, 2.0, 3), (2.0, 3.0, 0), (3.0, 4.0, 1), (4.0, 5.0, 0)]);
        assert_eq!(sparse.trimmed().len(), 3);
        assert!(distribution(&[]).trimmed().is_empty());
    }
}
