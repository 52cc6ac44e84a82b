//! What every request goes through, whatever carried it: decoding, the receiver, the counters.

use std::{
    future::{Future, poll_fn},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::HeaderMap;
use otlp_core::{Batch, Salvaged, Signal};

use tokio::sync::Semaphore;

use super::{
    Peer, Receiver, ServerLimits, Strictness, Verdict,
    auth::Bearer,
    budget::{Budget, Reservation},
    cors::Cors,
    decode::{Rules, Wire},
    fault::Fault,
    stats::{Counters, SignalStats},
};

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Core<R> {
    pub(super) receiver: R,
    pub(super) limits: ServerLimits,
    pub(super) strictness: Strictness,
    /// Whether tracezip is taken, and told in answers.
    pub(super) tracezip: bool,
    pub(super) cors: Option<Cors>,
    pub(super) bearer: Option<Bearer>,
    pub(super) counters: Arc<Counters>,
    pub(super) budget: Arc<Budget>,
    /// Leave to decode what takes long: more at a time than there are processors help nobody and hold memory in as many threads.
    pub(super) decoding: Semaphore,
    /// Where gRPC and HTTP listen, once they do.
    pub(super) grpc: OnceLock<SocketAddr>,
    pub(super) http: OnceLock<SocketAddr>,
    #[cfg(feature = "grpc")]
    pub(super) companions: super::companion::Companions,
    /// Leave to keep a stream's state, and the word that the server stops, for streams that would go on for ever.
    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    pub(super) streams: Arc<Semaphore>,
    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    pub(super) stopping: tokio::sync::watch::Receiver<bool>,
}

/// A batch that was taken, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Success {
    pub(super) signal: Signal,
    /// Rejected items and a message; `None` leaves `partial_success` unset (G9).
    pub(super) partial: Option<(u64, String)>,
}

impl<R: Receiver> Core<R> {
    /// Refuses whoever does not bring the token, if there is one.
    pub(super) fn authenticate(&self, headers: &HeaderMap) -> Result<(), Fault> {
        match &self.bearer {
            Some(bearer) if !bearer.allows(headers) => Err(Fault::Unauthenticated),
            _ => Ok(()),
        }
    }

    /// A share of the budget for a request, which holds its headers already.
    pub(super) fn reserve(&self, headers: &HeaderMap) -> Result<Reservation, Fault> {
        /// Bytes that a table takes for each header besides its name and value.
        const ENTRY: usize = 128;
        let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ENTRY).sum();
        let mut held = self.budget.reservation();
        held.grow_fixed(bytes).map_err(|over| Fault::Overloaded { limit: over.ceiling })?;
        Ok(held)
    }

    /// Decodes a message and hands it to the receiver.
    pub(super) async fn deliver(
        &self,
        wire: Wire,
        held: Reservation,
        mut peer: Peer,
        time: Option<Duration>,
    ) -> Result<Success, Fault> {
        let signal = wire.signal;
        let wire_bytes = wire.bytes.len() as u64;
        peer.set_body(wire_bytes, wire.coding.name());
        let (decoded, _held) = self.decode(wire, held).await?;
        self.judge(signal, decoded, &peer, time).await
    }

    /// Hands what was decoded to the receiver.
    pub(super) async fn judge(
        &self,
        signal: Signal,
        decoded: Salvaged,
        peer: &Peer,
        time: Option<Duration>,
    ) -> Result<Success, Fault> {
        let wire_bytes = peer.wire_bytes();
        let removed = removal(&decoded);
        let (batch, removed_items) = (decoded.batch, decoded.removed_items as u64);
        let mut counts = SignalStats {
            requests: 1,
            items: batch.items() as u64 + removed_items,
            rejected_items: removed_items,
            wire_bytes,
            message_bytes: batch.bytes().len() as u64,
        };
        let verdict =
            if batch.bytes().is_empty() { Verdict::Accepted } else { self.ask(batch, peer, time).await? };
        let partial = match verdict {
            Verdict::Accepted => removed.map(|removed| (removed_items, removed)),
            Verdict::Partial { rejected, message } => {
                counts.rejected_items = removed_items.saturating_add(rejected);
                let message = match removed {
                    Some(removed) if message.is_empty() => removed,
                    Some(removed) => format!("{removed}; {message}"),
                    None => message,
                };
                // The protocol reads nothing rejected without a message as unset (G11).
                (counts.rejected_items > 0 || !message.is_empty()).then_some((counts.rejected_items, message))
            }
            Verdict::RetryLater { after } => return Err(Fault::RetryLater { after }),
            Verdict::Invalid { what } => return Err(Fault::Invalid { what }),
        };
        self.counters.succeeded(signal, counts);
        Ok(Success { signal, partial })
    }

    /// Decodes here if it is quick, else on a thread where nobody waits.
    async fn decode(&self, wire: Wire, mut held: Reservation) -> Result<(Salvaged, Reservation), Fault> {
        let rules = Rules { limits: *self.limits.message(), strictness: self.strictness };
        if !wire.is_slow()
            && let Some(decoded) = wire.decode(&rules, &mut held, true)?
        {
            return Ok((decoded, held));
        }
        // Nobody closes it.
        let _leave = self.decoding.acquire().await;
        let decoding = tokio::task::spawn_blocking(move || {
            let decoded = wire.decode(&rules, &mut held, false)?;
            Ok((decoded.ok_or(Fault::Internal)?, held))
        });
        decoding.await.map_err(|_| Fault::Internal)?
    }

    /// The receiver's verdict, within the time, whatever the receiver does.
    async fn ask(&self, batch: Batch, peer: &Peer, time: Option<Duration>) -> Result<Verdict, Fault> {
        let limit = self.limits.receive_timeout().min(time.unwrap_or(Duration::MAX));
        // Inside an async block, so that a panic before the first await is caught as well.
        let verdict = caught(async { self.receiver.receive(batch, peer).await });
        match tokio::time::timeout(limit, verdict).await {
            Ok(verdict) => verdict.ok_or(Fault::Internal),
            Err(_) => Err(Fault::ReceiveTimeout { limit }),
        }
    }
}

/// What a client is told about the items that were cut out.
fn removal(decoded: &Salvaged) -> Option<String> {
    let first = decoded.removed.first()?;
    let more = match decoded.removed.len() {
        1 => String::new(),
        Salvaged::MOST_REMOVED => ", the first of many faults".to_owned(),
        faults => format!(", the first of {faults} faults"),
    };
    Some(format!("{} items cannot be read and were left out: {}{more}", decoded.removed_items, first.error))
}

/// The output of a future, `None` if it panics.
///
/// Unwind safety: the future is dropped after a panic and the receiver, like any shared value with locks, has to cope with its
/// own panics as in a thread.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => std::task::Poll::Ready(None),
    })
    .await
}
