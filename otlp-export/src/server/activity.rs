//! Whether a connection is at work, waiting for a head, or idle.
//!
//! hyper closes an HTTP/1 connection that is idle for as long as a head may take, and does nothing about one that never says which version
//! it speaks. So the two times are kept here: the stream notes when a head begins, each request notes when it is in work.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::Instant,
};

/// Requests that a connection may reset before they are answered, over those that were answered, until it is cut off: far more
/// than clients with deadlines ever reset, far fewer than a flood needs (CVE-2023-44487).
const ABANDONED: u64 = 256;

/// The state of one connection, shared by its stream, its requests and its watchdog.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// Told when requests are reset in a flood.
    flood: Notify,
}

#[derive(Debug)]
struct State {
    /// Requests and answers in work.
    busy: usize,
    /// When the last of them ended, or the connection began.
    idle_since: Instant,
    /// When the first byte came that no request has claimed yet (HTTP/1 only).
    head_since: Option<Instant>,
    opening: Opening,
    /// Since when each answer waits for the client to take it, by a running number.
    answers: BTreeMap<u64, Instant>,
    next_answer: u64,
    /// Requests that came to an answer, and those that their client gave up before.
    answered: u64,
    abandoned: u64,
}

/// The first three bytes of a connection tell HTTP/2 ("PRI") from HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Unknown(usize),
    Http1,
    Http2,
}

/// What the watchdog of a connection finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing to do before this moment.
    Fine(Instant),
    /// No request for too long.
    Idle,
    /// A head has begun and does not end.
    SlowHead,
    /// An answer waits for too long: the client opens no window for it.
    SlowReader,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let state = State {
            busy: 0,
            idle_since: Instant::now(),
            head_since: None,
            opening: Opening::Unknown(0),
            answers: BTreeMap::new(),
            next_answer: 0,
            answered: 0,
            abandoned: 0,
        };
        Arc::new(Self { state: Mutex::new(state), flood: Notify::new() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when this connection's client has reset more requests than any client has reason to.
    pub(super) async fn flooded(&self) {
        self.flood.notified().await;
    }

    /// A request has begun; it lasts until the returned value and its clones are dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        let mut state = self.lock();
        state.busy += 1;
        state.head_since = None;
        Busy { activity: Arc::clone(self), answer: None }
    }

    /// A request that counts as given up by its client until it is answered.
    pub(super) fn awaited(self: &Arc<Self>) -> Awaited {
        Awaited { activity: Arc::clone(self), answered: false }
    }

    fn received(&self, bytes: &[u8]) {
        let mut state = self.lock();
        for &byte in bytes {
            let Opening::Unknown(seen) = state.opening else { break };
            state.opening = match (b"PRI".get(seen) == Some(&byte), seen) {
                (false, _) => Opening::Http1,
                (true, 2) => Opening::Http2,
                (true, _) => Opening::Unknown(seen + 1),
            };
        }
        if state.busy == 0 && state.head_since.is_none() && state.opening != Opening::Http2 {
            state.head_since = Some(Instant::now());
        }
    }

    /// Looks at the clock. Called at the latest after each `head` time, so a finding is late by at most that.
    pub(super) fn check(&self, head: Duration, idle: Duration, response: Duration) -> Finding {
        let state = self.lock();
        let now = Instant::now();
        if state.busy > 0 {
            let oldest = state.answers.values().next().map(|since| *since + response);
            return match oldest {
                Some(end) if now >= end => Finding::SlowReader,
                Some(end) => Finding::Fine(end.min(now + head.min(idle))),
                None => Finding::Fine(now + head.min(idle)),
            };
        }
        let head_opens = state.head_since.filter(|_| state.opening != Opening::Http2);
        if head_opens.is_some_and(|since| now >= since + head) {
            return Finding::SlowHead;
        }
        if now >= state.idle_since + idle {
            return Finding::Idle;
        }
        let next = (state.idle_since + idle).min(now + head);
        Finding::Fine(head_opens.map_or(next, |since| next.min(since + head)))
    }
}

/// Keeps a connection from counting as idle.
#[derive(Debug)]
pub(super) struct Busy {
    activity: Arc<Activity>,
    /// Number of the answer that waits for the client to take it.
    answer: Option<u64>,
}

impl Busy {
    /// From now on this is an answer, which the client has to take within its time.
    pub(super) fn answering(mut self) -> Self {
        let mut state = self.activity.lock();
        let number = state.next_answer;
        state.next_answer += 1;
        state.answers.insert(number, Instant::now());
        drop(state);
        self.answer = Some(number);
        self
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        self.activity.begin()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.activity.lock();
        if let Some(number) = self.answer {
            state.answers.remove(&number);
        }
        state.busy -= 1;
        state.idle_since = Instant::now();
    }
}

/// A request whose answer is awaited; dropped without one if the client resets it.
#[derive(Debug)]
pub(super) struct Awaited {
    activity: Arc<Activity>,
    answered: bool,
}

impl Awaited {
    /// There is an answer.
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut state = self.activity.lock();
        if self.answered {
            state.answered += 1;
            return;
        }
        state.abandoned += 1;
        if state.abandoned > state.answered.saturating_add(ABANDONED) {
            // Kept for whoever waits next, so that no flood goes unnoticed.
            self.activity.flood.notify_one();
        }
    }
}

/// A stream that tells its connection's [`Activity`] about arriving bytes.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if let Some(fresh) = buf.filled().get(before..).filter(|fresh| !fresh.is_empty()) {
            this.activity.received(fresh);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(60);
    const RESPONSE: Duration = Duration::from_secs(30);

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_idle_after_the_idle_time() {
        let activity = Activity::new();
        pass(59).await;
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        pass(1).await;
        assert_eq!(activity.check(HEAD, IDLE, RESPONSE), Finding::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_is_found_after_the_head_time() {
        let activity = Activity::new();
        pass(30).await;
        activity.received(b"POST /v1/tr");
        pass(9).await;
        activity.received(b"a");
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        pass(1).await;
        assert_eq!(activity.check(HEAD, IDLE, RESPONSE), Finding::SlowHead);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_work_is_neither_slow_nor_idle() {
        let activity = Activity::new();
        activity.received(b"POST /v1/traces HTTP/1.1");
        let busy = activity.begin();
        let second = busy.clone();
        drop(busy);
        pass(600).await;
        activity.received(b"body");
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        drop(second);
        pass(59).await;
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        pass(1).await;
        assert_eq!(activity.check(HEAD, IDLE, RESPONSE), Finding::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn http2_frames_between_requests_are_no_head() {
        let activity = Activity::new();
        activity.received(b"P");
        activity.received(b"RI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        pass(11).await;
        activity.received(b"ping");
        pass(30).await;
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        pass(20).await;
        assert_eq!(activity.check(HEAD, IDLE, RESPONSE), Finding::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_found_after_its_time() {
        let activity = Activity::new();
        let watched = activity.begin();
        pass(1000).await;
        let (first, second) = (activity.begin().answering(), activity.begin());
        pass(20).await;
        let second = second.answering();
        drop(first);
        pass(29).await;
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        pass(1).await;
        assert_eq!(activity.check(HEAD, IDLE, RESPONSE), Finding::SlowReader);
        drop(second);
        assert!(matches!(activity.check(HEAD, IDLE, RESPONSE), Finding::Fine(_)));
        drop(watched);
    }

    #[tokio::test(start_paused = true)]
    async fn more_resets_than_answers_are_a_flood() {
        let activity = Activity::new();
        let flooded = |activity: Arc<Activity>| async move {
            tokio::time::timeout(Duration::from_millis(1), activity.flooded()).await.is_ok()
        };
        for _ in 0..1000 {
            activity.awaited().answered();
        }
        for _ in 0..1000 + ABANDONED {
            drop(activity.awaited());
        }
        assert!(!flooded(Arc::clone(&activity)).await);
        drop(activity.awaited());
        assert!(flooded(activity).await);
    }
}
