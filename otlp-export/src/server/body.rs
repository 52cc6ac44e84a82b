//! Reading a request's body within size, time and budget, and getting rid of what is not wanted.

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{ServerLimits, activity::Busy, budget::Reservation, fault::Fault};

/// Most that is allocated for a body before its bytes arrive; what was announced and not sent costs address space only.
const FIRST_ALLOCATION: u64 = 4 << 20;

/// What is thrown away of an unwanted body at least, before its connection is cut.
const DISCARDED: usize = 64 << 20;

/// A request's body while it is read.
#[derive(Debug)]
pub(super) struct RequestBody {
    inner: Incoming,
    begun: bool,
    ended: bool,
}

impl RequestBody {
    pub(super) fn new(inner: Incoming) -> Self {
        let ended = inner.is_end_stream();
        Self { inner, begun: false, ended }
    }

    /// The length that the head announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.inner.size_hint().exact()
    }

    /// The next chunk, `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        self.begun = true;
        while !self.ended {
            match self.inner.frame().await {
                None => self.ended = true,
                Some(Err(error)) => {
                    self.ended = true;
                    return Err(Fault::Truncated(error.to_string()));
                }
                Some(Ok(frame)) => {
                    self.ended = self.inner.is_end_stream();
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The whole body. A body that arrives in one chunk is not copied.
    pub(super) async fn collect(&mut self, limit: usize, held: &mut Reservation) -> Result<Bytes, Fault> {
        if let Some(size) = self.announced().filter(|&size| size > limit as u64) {
            return Err(Fault::TooLargeOnTheWire { size, at_least: false, limit });
        }
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let mut size = 0;
        take(&first, &mut size, limit, held)?;
        if self.ended {
            return Ok(first);
        }
        let announced = self.announced().map_or(0, |rest| rest.saturating_add(size as u64));
        let capacity = usize::try_from(announced.min(FIRST_ALLOCATION)).unwrap_or_default();
        let mut gathered = BytesMut::with_capacity(capacity.max(first.len()));
        gathered.extend_from_slice(&first);
        drop(first);
        while let Some(chunk) = self.chunk().await? {
            take(&chunk, &mut size, limit, held)?;
            gathered.extend_from_slice(&chunk);
        }
        Ok(gathered.freeze())
    }

    /// Throws the rest away in the background, so that a client that writes before it reads gets to the answer instead of a
    /// broken pipe. Bounded in bytes (generously: a client that is far over the limit shall still learn of it) and time; a client over that is cut off. One that `waits` for leave to send
    /// (`Expect: 100-continue`) has sent nothing: reading would invite it to.
    pub(super) fn discard_rest(self, limits: &ServerLimits, waits: bool, busy: Busy) {
        if self.ended || (waits && !self.begun) {
            return;
        }
        let mut body = self;
        let (mut left, time) =
            (limits.max_wire_bytes().saturating_mul(4).max(DISCARDED), limits.body_timeout());
        tokio::spawn(async move {
            let discard = async {
                while let Ok(Some(chunk)) = body.chunk().await {
                    match left.checked_sub(chunk.len()) {
                        Some(rest) => left = rest,
                        None => break,
                    }
                }
            };
            // Over the time, the rest of the client's words goes unread: nothing is left to tell it.
            let _ = tokio::time::timeout(time, discard).await;
            drop(busy);
        });
    }
}

/// Counts a chunk against the limit on one message and the budget of all.
pub(super) fn take(
    chunk: &Bytes,
    size: &mut usize,
    limit: usize,
    held: &mut Reservation,
) -> Result<(), Fault> {
    *size += chunk.len();
    if *size > limit {
        return Err(Fault::TooLargeOnTheWire { size: *size as u64, at_least: true, limit });
    }
    held.grow(chunk.len()).map_err(|over| Fault::Overloaded { limit: over.ceiling })
}
