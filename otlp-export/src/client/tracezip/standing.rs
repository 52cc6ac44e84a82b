//! What an endpoint is known to take.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long an endpoint that refused is not asked again.
pub(super) const REFUSED: Duration = Duration::from_secs(600);

/// One endpoint's word about tracezip.
#[derive(Debug, Default)]
pub(in crate::client) struct Standing(Mutex<Word>);

#[derive(Debug, Clone, Copy, Default)]
enum Word {
    #[default]
    Unknown,
    /// Its last answer said that it does.
    Takes,
    RefusesUntil(Instant),
}

impl Standing {
    /// Whether a request may be tracezip: it takes it, or, `unasked`, has not refused it.
    pub(super) fn allows(&self, unasked: bool, now: Instant) -> bool {
        match *self.word() {
            Word::Takes => true,
            Word::Unknown => unasked,
            Word::RefusesUntil(until) => unasked && until <= now,
        }
    }

    /// An answer said that it takes it, or did not. While a refusal lasts, it counts more.
    pub(super) fn hear(&self, advertised: bool, now: Instant) {
        let mut word = self.word();
        if matches!(*word, Word::RefusesUntil(until) if until > now) {
            return;
        }
        *word = if advertised { Word::Takes } else { Word::Unknown };
    }

    /// It was sent tracezip and did not take it.
    pub(super) fn refuse(&self, now: Instant, time: Duration) {
        *self.word() = Word::RefusesUntil(now + time);
    }

    fn word(&self) -> MutexGuard<'_, Word> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_http_nothing_is_sent_before_the_server_said_so() {
        let (standing, now) = (Standing::default(), Instant::now());
        assert!(!standing.allows(false, now) && standing.allows(true, now));
        standing.hear(true, now);
        assert!(standing.allows(false, now));
        standing.hear(false, now);
        assert!(!standing.allows(false, now), "another server may stand there now");
    }

    #[test]
    fn a_refusal_counts_more_than_an_advertisement_for_ten_minutes() {
        let (standing, now) = (Standing::default(), Instant::now());
        standing.hear(true, now);
        standing.refuse(now, REFUSED);
        standing.hear(true, now);
        let almost = now + REFUSED - Duration::from_millis(1);
        assert!(!standing.allows(false, almost) && !standing.allows(true, almost));
        let after = now + REFUSED;
        assert!(standing.allows(true, after) && !standing.allows(false, after));
        standing.hear(true, after);
        assert!(standing.allows(false, after));
    }
}
