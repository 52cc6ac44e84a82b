//! The trait that users implement.

use std::{future::Future, sync::Arc};

use otlp_core::Batch;

use super::{Peer, Verdict};

/// Takes the batches that a [`Server`](crate::Server) receives.
///
/// A closure `Fn(Batch, &Peer) -> Verdict` is a receiver; what has to wait implements the trait:
///
/// ```
/// use otlp_core::Batch;
/// use otlp_export::{Peer, Receiver, Verdict};
///
/// struct Forward(tokio::sync::mpsc::Sender<Batch>);
///
/// impl Receiver for Forward {
///     async fn receive(&self, batch: Batch, _peer: &Peer) -> Verdict {
///         match self.0.send(batch).await {
///             Ok(()) => Verdict::Accepted,
///             Err(_) => Verdict::RetryLater { after: None },
///         }
///     }
/// }
/// ```
///
/// The future runs inside the request: it is dropped if the client resets its request or the receive timeout passes, so a
/// receiver that must not stop half-way hands the batch to a task of its own. A panic answers that one request with
/// `INTERNAL` or 500 and harms no other.
pub trait Receiver: Send + Sync + 'static {
    /// Decides about one batch. Called for many requests at a time; an empty message never gets here, because the server
    /// accepts it itself (rule G8). One with resources or metrics but without items does: it says something, if little.
    fn receive(&self, batch: Batch, peer: &Peer) -> impl Future<Output = Verdict> + Send;
}

impl<F> Receiver for F
where
    F: Fn(Batch, &Peer) -> Verdict + Send + Sync + 'static,
{
    async fn receive(&self, batch: Batch, peer: &Peer) -> Verdict {
        self(batch, peer)
    }
}

impl<R: Receiver> Receiver for Arc<R> {
    fn receive(&self, batch: Batch, peer: &Peer) -> impl Future<Output = Verdict> + Send {
        R::receive(self, batch, peer)
    }
}
