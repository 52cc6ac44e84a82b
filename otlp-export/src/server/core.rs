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
use otlp_core::{Batch, Signal};

use super::{
    Peer, Receiver, ServerLimits, Verdict,
    auth::Bearer,
    budget::{Budget, Reservation},
    decode::Wire,
    fault::Fault,
    stats::{Counters, SignalStats},
};

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Core<R> {
    pub(super) receiver: R,
    pub(super) limits: ServerLimits,
    pub(super) bearer: Option<Bearer>,
    pub(super) counters: Arc<Counters>,
    pub(super) budget: Arc<Budget>,
    /// Where gRPC and HTTP listen, once they do.
    pub(super) grpc: OnceLock<SocketAddr>,
    pub(super) http: OnceLock<SocketAddr>,
    #[cfg(feature = "grpc")]
    pub(super) companions: super::companion::Companions,
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

    /// Decodes a message and hands it to the receiver.
    pub(super) async fn deliver(
        &self,
        wire: Wire,
        mut held: Reservation,
        mut peer: Peer,
        time: Option<Duration>,
    ) -> Result<Success, Fault> {
        let signal = wire.signal;
        let wire_bytes = wire.bytes.len() as u64;
        peer.set_body(wire_bytes, wire.codec.content_coding());
        let limits = *self.limits.message();
        held.grow(wire.expected_growth(&limits)).map_err(|over| Fault::Overloaded { limit: over.ceiling })?;
        let batch = if wire.is_slow() {
            let decoding = tokio::task::spawn_blocking(move || wire.decode(&limits));
            decoding.await.map_err(|_| Fault::Internal)??
        } else {
            wire.decode(&limits)?
        };
        held.settle(batch.bytes().len());
        let mut counts = SignalStats {
            requests: 1,
            items: batch.items() as u64,
            rejected_items: 0,
            wire_bytes,
            message_bytes: batch.bytes().len() as u64,
        };
        let verdict =
            if batch.bytes().is_empty() { Verdict::Accepted } else { self.ask(batch, &peer, time).await? };
        let partial = match verdict {
            Verdict::Accepted => None,
            // The protocol reads this as unset (G11).
            Verdict::Partial { rejected: 0, message } if message.is_empty() => None,
            Verdict::Partial { rejected, message } => {
                counts.rejected_items = rejected;
                Some((rejected, message))
            }
            Verdict::RetryLater { after } => return Err(Fault::RetryLater { after }),
            Verdict::Invalid { what } => return Err(Fault::Invalid { what }),
        };
        self.counters.succeeded(signal, counts);
        Ok(Success { signal, partial })
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
