//! Time that stands still until the test moves it.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use crate::Clock;

/// A clock that the test moves by hand; give [`clock`](Self::clock) to what is tested. Clones are the same clock.
///
/// It works across threads and runtimes, other than tokio's paused time: an exporter's worker, with a thread and runtime of its own,
/// can wait on it while the test looks on.
///
/// ```
/// # use std::time::Duration;
/// use otlp_export::testing::VirtualClock;
///
/// let time = VirtualClock::new();
/// let clock = time.clock();
/// let worker = std::thread::spawn(move || {
///     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
///     runtime.block_on(clock.sleep(Duration::from_secs(3600)));
/// });
/// assert!(time.wait_for_sleepers(1, Duration::from_secs(10)));
/// assert_eq!(time.advance_to_next(), Some(Duration::from_secs(3600)));
/// worker.join().unwrap();
/// ```
#[derive(Clone)]
pub struct VirtualClock {
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    state: Mutex<State>,
    /// Told when someone begins to wait.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    passed: Duration,
    /// Sleepers by deadline (since the start) and number.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl VirtualClock {
    /// A clock that begins now and does not move.
    #[must_use]
    pub fn new() -> Self {
        let shared = Shared { start: Instant::now(), state: Mutex::default(), changed: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// The clock as what is tested takes it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::of(self.clone())
    }

    /// The present moment of this clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.start + self.elapsed()
    }

    /// How far it has been moved.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.state().passed
    }

    /// Moves it, and wakes whoever waits for a moment up to then.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.passed = state.passed.saturating_add(by);
        let passed = state.passed;
        let later = state.sleepers.split_off(&(passed, u64::MAX));
        let woken = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }

    /// Moves it to the earliest moment that anyone waits for, and says by how much; `None` if nobody waits.
    pub fn advance_to_next(&self) -> Option<Duration> {
        let by = self.next_wait()?;
        self.advance(by);
        Some(by)
    }

    /// The time until the earliest moment that anyone waits for.
    #[must_use]
    pub fn next_wait(&self) -> Option<Duration> {
        let state = self.state();
        let ((deadline, _), _) = state.sleepers.first_key_value()?;
        Some(deadline.saturating_sub(state.passed))
    }

    /// How many wait on it.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.state().sleepers.len()
    }

    /// Blocks the calling thread until at least `count` wait on it; `false` if that takes longer than `patience` (real time).
    #[must_use]
    pub fn wait_for_sleepers(&self, count: usize, patience: Duration) -> bool {
        let state = self.state();
        let waited =
            self.shared.changed.wait_timeout_while(state, patience, |state| state.sleepers.len() < count);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Waits until the clock has moved by `time`.
    pub(crate) fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        Sleep { clock: self.clone(), deadline: self.elapsed().saturating_add(time), number: None }
    }

    /// Waits until the clock stands at `deadline` or later.
    pub(crate) fn sleep_until(&self, deadline: Instant) -> impl Future<Output = ()> + Send + use<> {
        let deadline = deadline.saturating_duration_since(self.shared.start);
        Sleep { clock: self.clone(), deadline, number: None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("VirtualClock")
            .field("elapsed", &state.passed)
            .field("sleepers", &state.sleepers.len())
            .finish()
    }
}

struct Sleep {
    clock: VirtualClock,
    deadline: Duration,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.state();
        if state.passed >= self.deadline {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.sleepers.insert((self.deadline, number), cx.waker().clone());
        drop(state);
        clock.shared.changed.notify_all();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.state().sleepers.remove(&(self.deadline, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    /// Real time that no test comes near.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn sleepers_wake_in_order_and_not_before() {
        let time = VirtualClock::new();
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = [3, 1, 2]
            .map(|seconds| {
                let (clock, order) = (time.clock(), Arc::clone(&order));
                tokio::spawn(async move {
                    clock.sleep(seconds * SECOND).await;
                    order.lock().unwrap().push(seconds);
                })
            })
            .into();
        while time.sleepers() < 3 {
            tokio::task::yield_now().await;
        }
        time.advance(SECOND - Duration::from_nanos(1));
        tokio::task::yield_now().await;
        assert_eq!((order.lock().unwrap().len(), time.next_wait()), (0, Some(Duration::from_nanos(1))));
        while time.sleepers() > 0 {
            time.advance_to_next();
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
        assert_eq!(time.elapsed(), 3 * SECOND);
        assert_eq!(time.clock().now(), time.now());
    }

    #[tokio::test]
    async fn a_sleep_that_is_dropped_waits_no_more() {
        let time = VirtualClock::new();
        let clock = time.clock();
        let never = clock.until(time.now() + SECOND, std::future::pending::<()>());
        tokio::select! { biased; _ = never => unreachable!(), () = tokio::task::yield_now() => {} }
        assert_eq!(time.sleepers(), 0);
        assert!(!time.wait_for_sleepers(1, Duration::from_millis(1)));
        assert_eq!(time.advance_to_next(), None);
    }

    #[tokio::test]
    async fn for_ever_is_a_time_too() {
        let time = VirtualClock::new();
        let clock = time.clock();
        let sleeping = tokio::spawn(async move { clock.sleep(Duration::MAX).await });
        while time.sleepers() < 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(time.next_wait(), Some(Duration::MAX));
        sleeping.abort();
    }

    #[test]
    fn another_thread_waits_on_it() {
        let time = VirtualClock::new();
        let clock = time.clock();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(clock.sleep(SECOND));
        });
        assert!(time.wait_for_sleepers(1, PATIENCE));
        time.advance(SECOND);
        thread.join().unwrap();
    }
}
