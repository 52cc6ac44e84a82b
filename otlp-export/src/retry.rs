//! When to send again: exponential backoff with full jitter, as plain arithmetic. Clock, sleep and randomness come from outside.
//!
//! Rules: `protocol/exporter.md` (transient errors MUST be retried, with jitter), G14 and H12 (the server's wait comes first, and
//! growth starts from it).

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How often and how long to try. The default: first wait up to 1 s, doubling, at most 30 s, given up after 300 s in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    initial: Duration,
    factor: u32,
    cap: Duration,
    total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            factor: 2,
            cap: Duration::from_secs(30),
            total: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// The upper end of the first wait; default 1 s.
    #[must_use]
    pub const fn with_initial(mut self, initial: Duration) -> Self {
        self.initial = initial;
        self
    }

    /// By how much the upper end grows with each attempt; default 2, 0 counts as 1.
    #[must_use]
    pub const fn with_factor(mut self, factor: u32) -> Self {
        self.factor = if factor == 0 { 1 } else { factor };
        self
    }

    /// What a wait never exceeds, unless the server asks for more; default 30 s.
    #[must_use]
    pub const fn with_cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Time from the first attempt after which no further one starts; default 300 s, zero means no retry at all.
    #[must_use]
    pub const fn with_total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// The state for one batch, to be made at its first attempt.
    #[must_use]
    pub fn start(&self) -> Backoff {
        Backoff { policy: *self, floor: Duration::ZERO, ceiling: self.initial.min(self.cap) }
    }
}

/// The waits of one batch.
///
/// ```
/// # use std::time::Duration;
/// use otlp_export::RetryPolicy;
///
/// let mut backoff = RetryPolicy::default().start();
/// let half = || 0.5;
/// assert_eq!(backoff.next_wait(Duration::ZERO, None, half), Some(Duration::from_millis(500)));
/// assert_eq!(backoff.next_wait(Duration::from_secs(1), None, half), Some(Duration::from_secs(1)));
/// // The server asks for 10 s: waited exactly, and the growth goes on from there.
/// assert_eq!(backoff.next_wait(Duration::from_secs(2), Some(Duration::from_secs(10)), half), Some(Duration::from_secs(10)));
/// assert_eq!(backoff.next_wait(Duration::from_secs(12), None, half), Some(Duration::from_secs(15)));
/// // 300 s are over.
/// assert_eq!(backoff.next_wait(Duration::from_secs(300), None, half), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    policy: RetryPolicy,
    floor: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// How long to wait before the next attempt, or `None` if it would start after the policy's total.
    ///
    /// `elapsed` is the time since the first attempt began, `after` what the server asked for (a zero wait is no wish), `random`
    /// gives a number from 0 to 1: see [`Jitter`].
    pub fn next_wait(
        &mut self,
        elapsed: Duration,
        after: Option<Duration>,
        random: impl FnOnce() -> f64,
    ) -> Option<Duration> {
        let wait = match after {
            Some(asked) if !asked.is_zero() => {
                self.floor = asked;
                self.ceiling = asked;
                asked
            }
            _ => {
                let span = self.ceiling.saturating_sub(self.floor);
                let part = span.as_secs_f64() * random().clamp(0.0, 1.0);
                self.floor.saturating_add(Duration::try_from_secs_f64(part).unwrap_or(span).min(span))
            }
        };
        self.ceiling = self.ceiling.saturating_mul(self.policy.factor).min(self.policy.cap.max(self.floor));
        (elapsed.saturating_add(wait) < self.policy.total).then_some(wait)
    }
}

/// A small source of randomness for [`Backoff::next_wait`] (SplitMix64, Steele, Lea, Flood 2014). Not for secrets.
#[derive(Debug, Clone)]
pub struct Jitter(u64);

impl Jitter {
    /// The same seed gives the same numbers.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Seeded from the process's own randomness, so that clients that fail together do not return together.
    #[must_use]
    pub fn from_entropy() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }

    /// The next number, from 0 (included) to 1 (excluded).
    pub fn next_f64(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // 53 bits fill a double's mantissa.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn h13_ceilings_double_up_to_the_cap() {
        let mut backoff = RetryPolicy::default().start();
        let waits: Vec<u64> =
            (0..8).map(|_| backoff.next_wait(Duration::ZERO, None, || 1.0).unwrap().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn h13_jitter_is_full() {
        let mut backoff = RetryPolicy::default().start();
        assert_eq!(backoff.next_wait(Duration::ZERO, None, || 0.0), Some(Duration::ZERO));
        assert_eq!(backoff.next_wait(Duration::ZERO, None, || 0.25), Some(SECOND / 2));
    }

    #[test]
    fn g14_the_servers_wait_is_kept_and_growth_starts_from_it() {
        let mut backoff = RetryPolicy::default().start();
        assert_eq!(backoff.next_wait(Duration::ZERO, Some(5 * SECOND), || 0.0), Some(5 * SECOND));
        assert_eq!(backoff.next_wait(5 * SECOND, None, || 0.0), Some(5 * SECOND));
        assert_eq!(backoff.next_wait(10 * SECOND, None, || 1.0), Some(20 * SECOND));
        assert_eq!(backoff.next_wait(30 * SECOND, None, || 1.0), Some(30 * SECOND));
    }

    #[test]
    fn g14_a_wait_above_the_cap_is_still_the_servers() {
        let mut backoff = RetryPolicy::default().start();
        assert_eq!(backoff.next_wait(Duration::ZERO, Some(60 * SECOND), || 0.5), Some(60 * SECOND));
        assert_eq!(backoff.next_wait(60 * SECOND, None, || 0.5), Some(60 * SECOND));
        assert_eq!(backoff.next_wait(120 * SECOND, Some(2 * SECOND), || 0.5), Some(2 * SECOND));
        assert_eq!(backoff.next_wait(122 * SECOND, None, || 1.0), Some(4 * SECOND));
    }

    #[test]
    fn a_wait_of_zero_from_the_server_is_no_wish() {
        let mut backoff = RetryPolicy::default().start();
        assert_eq!(backoff.next_wait(Duration::ZERO, Some(Duration::ZERO), || 1.0), Some(SECOND));
    }

    #[test]
    fn nothing_starts_after_the_total() {
        let policy = RetryPolicy::default().with_total(10 * SECOND);
        assert_eq!(policy.start().next_wait(9 * SECOND, None, || 1.0), None);
        assert_eq!(policy.start().next_wait(Duration::ZERO, Some(11 * SECOND), || 0.0), None);
        assert_eq!(policy.with_total(Duration::ZERO).start().next_wait(Duration::ZERO, None, || 0.0), None);
    }

    proptest! {
        #[test]
        fn any_history_stays_within_bounds(
            steps in prop::collection::vec((any::<Option<u32>>(), 0.0..=1.0_f64), 1..40),
            initial in 0_u64..100, factor in 0_u32..5, cap in 0_u64..1000,
        ) {
            let policy = RetryPolicy::default()
                .with_initial(Duration::from_secs(initial)).with_factor(factor)
                .with_cap(Duration::from_secs(cap)).with_total(Duration::MAX);
            let mut backoff = policy.start();
            let mut asked = Duration::ZERO;
            for (after, random) in steps {
                let after = after.map(|ms| Duration::from_millis(ms.into()));
                let wait = backoff.next_wait(Duration::ZERO, after, || random).unwrap();
                match after.filter(|after| !after.is_zero()) {
                    Some(after) => { asked = after; prop_assert_eq!(wait, after); }
                    None => {
                        prop_assert!(wait >= asked);
                        prop_assert!(wait <= Duration::from_secs(cap).max(asked));
                    }
                }
            }
        }

        #[test]
        fn jitter_stays_in_range(seed: u64) {
            let mut jitter = Jitter::from_seed(seed);
            for _ in 0..100 {
                let value = jitter.next_f64();
                prop_assert!((0.0..1.0).contains(&value));
            }
        }
    }
}
