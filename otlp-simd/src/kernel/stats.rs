//! Sum, smallest and largest of a column.

/// What a column of numbers comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// The sum, added in sixteen lanes; 0 for no values, NaN if one is NaN.
    pub sum: f64,
    /// The smallest value that is not NaN; infinity for none. Of zeros of both signs either.
    pub min: f64,
    /// The largest value that is not NaN; minus infinity for none. Of zeros of both signs either.
    pub max: f64,
}

const LANES: usize = 16;

/// Sum, smallest and largest of a column.
///
/// Value `i` is added to lane `i % 16`, in order; then lanes 8 apart are added, 4 apart, 2, 1. So the result has the same
/// bits on every machine, whatever its registers hold, but not those of a sum from left to right.
pub fn stats(values: &[f64]) -> Stats {
    let mut sums = [0.0; LANES];
    let mut mins = [f64::INFINITY; LANES];
    let mut maxs = [f64::NEG_INFINITY; LANES];
    let (rows, rest) = values.as_chunks::<LANES>();
    for row in rows {
        for lane in 0..LANES {
            add(row[lane], &mut sums[lane], &mut mins[lane], &mut maxs[lane]);
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        add(*value, &mut sums[lane], &mut mins[lane], &mut maxs[lane]);
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
            mins[lane] = smaller(mins[lane + half], mins[lane]);
            maxs[lane] = larger(maxs[lane + half], maxs[lane]);
        }
    }
    Stats { sum: sums[0], min: mins[0], max: maxs[0] }
}

#[inline(always)]
fn add(value: f64, sum: &mut f64, min: &mut f64, max: &mut f64) {
    *sum += value;
    *min = smaller(value, *min);
    *max = larger(value, *max);
}

/// The comparison that a processor's own minimum makes, unlike `f64::min`.
#[inline(always)]
fn smaller(value: f64, than: f64) -> f64 {
    if value < than { value } else { than }
}

#[inline(always)]
fn larger(value: f64, than: f64) -> f64 {
    if value > than { value } else { than }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The documented order, written out.
    fn lanes(values: &[f64]) -> f64 {
        let mut sums = [0.0; 16];
        values.iter().enumerate().for_each(|(at, value)| sums[at % 16] += value);
        for half in [8, 4, 2, 1] {
            (0..half).for_each(|lane| sums[lane] += sums[lane + half]);
        }
        sums[0]
    }

    proptest! {
        #[test]
        fn order_is_as_documented(values in prop::collection::vec(-1e9..1e9_f64, 0..300)) {
            let stats = stats(&values);
            prop_assert_eq!(stats.sum.to_bits(), lanes(&values).to_bits());
            prop_assert_eq!(stats.min, values.iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(stats.max, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            // Sixteen partial sums err no more than one long one: n times half a unit of the sum of magnitudes.
            let bound = values.iter().map(|value| value.abs()).sum::<f64>() * values.len() as f64 * f64::EPSILON;
            prop_assert!((stats.sum - values.iter().sum::<f64>()).abs() <= bound);
        }
    }

    #[test]
    fn not_a_number_shows_in_the_sum_alone() {
        let Stats { sum, min, max } = stats(&[1.0, f64::NAN, -2.0]);
        assert!(sum.is_nan());
        assert_eq!((min, max), (-2.0, 1.0));
    }
}
