//! Where waiting takes its time from, so that tests need not wait.

use std::{
    fmt,
    future::Future,
    time::{Duration, Instant},
};

#[cfg(feature = "testing")]
use crate::testing::VirtualClock;

/// The time that batching delays, backoff and deadlines go by: the system's, or in tests a
/// [`VirtualClock`](crate::testing::VirtualClock) (feature `testing`).
///
/// Reads and writes of sockets keep to the system's time in either case.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    #[cfg(feature = "testing")]
    Virtual(VirtualClock),
}

impl Clock {
    /// The system's monotonic clock; sleeping on it needs a tokio runtime with time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    #[cfg(feature = "testing")]
    pub(crate) const fn of(clock: VirtualClock) -> Self {
        Self(Source::Virtual(clock))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => Instant::now(),
            #[cfg(feature = "testing")]
            Source::Virtual(clock) => clock.now(),
        }
    }

    /// Waits for this long.
    pub async fn sleep(&self, time: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(time).await,
            #[cfg(feature = "testing")]
            Source::Virtual(clock) => clock.sleep(time).await,
        }
    }

    /// Waits for that moment; returns at once if it is over.
    pub async fn sleep_until(&self, deadline: Instant) {
        match &self.0 {
            Source::System => tokio::time::sleep_until(deadline.into()).await,
            #[cfg(feature = "testing")]
            Source::Virtual(clock) => clock.sleep_until(deadline).await,
        }
    }

    /// What `future` gives, or `None` once that moment has come.
    pub async fn until<F: Future>(&self, deadline: Instant, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.sleep_until(deadline) => None,
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::System => "Clock(system)",
            #[cfg(feature = "testing")]
            Source::Virtual(_) => "Clock(virtual)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_systems_clock_waits_as_tokio_does() {
        let (clock, start) = (Clock::system(), tokio::time::Instant::now());
        clock.sleep(Duration::from_secs(3)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        let deadline = start.into_std() + Duration::from_secs(5);
        assert_eq!(clock.until(deadline, std::future::pending::<()>()).await, None);
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(
            clock.until(deadline, async { 7 }).await,
            Some(7),
            "what is ready comes before the deadline"
        );
    }
}
