//! `Ratio`: which share of traces sampling keeps.

use std::fmt;

/// A sampling probability, kept as the 56-bit rejection threshold of consistent probability sampling
/// (OpenTelemetry specification, "TraceState: Probability Sampling"; OTEP 235).
///
/// ```
/// use otlp_simd::Ratio;
/// assert_eq!(Ratio::new(0.25)?.threshold(), 0xc0_0000_0000_0000);
/// assert_eq!(Ratio::new(0.25)?.to_string(), "c");
/// # Ok::<(), otlp_simd::RatioError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    threshold: u64,
}

/// A number that is no sampling probability.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a sampling ratio is between 0 and 1, not {0}")]
pub struct RatioError(f64);

/// Where rejection thresholds end: one more than the largest random number.
const END: u64 = 1 << 56;

impl Ratio {
    /// Keeps everything.
    pub const EVERYTHING: Self = Self { threshold: 0 };

    /// Keeps nothing at all.
    pub const NOTHING: Self = Self { threshold: END };

    /// The ratio `probability`, 0 to 1, to the nearest multiple of 2^-56; 0 keeps nothing, anything above it at least 2^-56.
    ///
    /// # Errors
    ///
    /// [`RatioError`] for a number below 0, above 1, or not a number.
    pub fn new(probability: f64) -> Result<Self, RatioError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(RatioError(probability));
        }
        if probability == 0.0 {
            return Ok(Self::NOTHING);
        }
        // Scaling by a power of two is exact, so nothing is lost but what the number itself has lost.
        let kept = ((probability * END as f64).round() as u64).max(1);
        Ok(Self { threshold: END - kept })
    }

    /// One of so many.
    pub const fn one_in(count: std::num::NonZeroU64) -> Self {
        // To nearest; a half goes up.
        let kept = (END as u128 * 2 / count.get() as u128).div_ceil(2) as u64;
        Self { threshold: END - if kept == 0 { 1 } else { kept } }
    }

    /// The rejection threshold: random numbers below it are rejected. 0 keeps everything, 2^56 nothing.
    pub const fn threshold(self) -> u64 {
        self.threshold
    }

    /// The ratio with this rejection threshold; everything above 2^56 keeps nothing either.
    pub(crate) const fn of_threshold(threshold: u64) -> Self {
        Self { threshold: if threshold < END { threshold } else { END } }
    }

    /// Whether a trace with so much randomness is kept, 0 to 2^56 - 1.
    pub const fn keeps(self, randomness: u64) -> bool {
        randomness >= self.threshold
    }

    /// The probability that a trace is kept, 0 to 1.
    pub const fn probability(self) -> f64 {
        (END - self.threshold) as f64 / END as f64
    }
}

impl fmt::Display for Ratio {
    /// The threshold as `tracestate` carries it behind `th:`: 14 hexadecimal digits without the zeros at their end, `0` for
    /// all; nothing at all has no such form and reads `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NOTHING => f.pad("none"),
            Self::EVERYTHING => f.pad("0"),
            Self { threshold } => f.pad(format!("{threshold:014x}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    #[test]
    fn thresholds() {
        let threshold = |probability| Ratio::new(probability).unwrap().threshold();
        assert_eq!(threshold(1.0), 0);
        assert_eq!(threshold(0.5), 0x80_0000_0000_0000);
        // The double next to a third is a little less than a third, so its threshold is one above.
        assert_eq!(threshold(1.0 / 3.0), 0xaa_aaaa_aaaa_aaac);
        assert_eq!(Ratio::one_in(NonZeroU64::new(3).unwrap()).threshold(), 0xaa_aaaa_aaaa_aaab);
        assert_eq!(threshold((-56_f64).exp2()), 0xff_ffff_ffff_ffff);
        assert_eq!(threshold(f64::MIN_POSITIVE), 0xff_ffff_ffff_ffff);
        assert_eq!(threshold(0.0), 1 << 56);
        assert_eq!(threshold(-0.0), 1 << 56);
        assert_eq!(Ratio::one_in(NonZeroU64::MIN), Ratio::EVERYTHING);
        assert_eq!(Ratio::one_in(NonZeroU64::MAX).threshold(), 0xff_ffff_ffff_ffff);
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Ratio::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn thresholds_as_tracestate_writes_them() {
        let text = |probability| Ratio::new(probability).unwrap().to_string();
        assert_eq!(text(1.0), "0");
        assert_eq!(text(0.5), "8");
        assert_eq!(text(0.01), "fd70a3d70a3d71");
        assert_eq!(text((-56_f64).exp2()), "ffffffffffffff");
        assert_eq!(text(0.0), "none");
        assert_eq!(Ratio::new(0.25).unwrap().probability(), 0.25);
    }
}
