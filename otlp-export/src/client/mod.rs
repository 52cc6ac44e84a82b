//! One batch, one request, one [`Outcome`].

mod answer;
mod body;
mod builder;
mod connect_error;
mod connection;
mod error;
mod fleet;
#[cfg(feature = "grpc")]
mod grpc;
mod headers;
mod host;
mod http;
mod prepare;
mod proxy;
mod race;
mod read;
mod resolve;
mod retry_after;
mod stream;
#[cfg(feature = "tracezip")]
mod tracezip;
mod transport;

use std::{fmt, sync::Arc, time::Duration};

pub use builder::ClientBuilder;
pub use error::ClientError;
pub use fleet::Balance;
pub use headers::Headers;
use otlp_compress::Codec;
use otlp_core::Batch;
pub use prepare::Prepared;
pub use proxy::Proxy;

use self::{
    body::Sent,
    headers::Provider,
    prepare::{Encoder, Limits},
    transport::Transport,
};
use crate::{Delivery, Failure, FailureKind, Outcome, Protocol, Warning};

/// Sends batches, one request each, and says what became of them. It neither queues nor retries: see [`crate::RetryPolicy`].
///
/// Cheap to clone; clones share connections. Sending needs a tokio runtime with IO and time, building does not.
///
/// ```no_run
/// # async fn f(batch: otlp_core::Batch) -> Result<(), otlp_export::ClientError> {
/// use otlp_export::{Client, Codec, Outcome, Protocol};
///
/// let client = Client::builder()
///     .protocol(Protocol::HttpProtobuf)
///     .endpoint("http://localhost:4318")
///     .compression(Codec::Gzip)
///     .build()?;
/// match client.send(&batch).await.outcome {
///     Outcome::Accepted => println!("all {} items arrived", batch.items()),
///     Outcome::Partial { rejected, message } => println!("{rejected} items refused: {message}"),
///     Outcome::RetryLater { after, cause } => println!("again after {after:?}: {cause}"),
///     outcome => println!("{outcome}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    protocol: Protocol,
    codec: Codec,
    #[cfg(feature = "tracezip")]
    tracezip: crate::Tracezip,
    /// What every request carries, the transport's own headers included.
    headers: ::http::HeaderMap,
    provider: Option<Provider>,
    warnings: Vec<Warning>,
    timeout: Duration,
    limits: Limits,
    encoder: Encoder,
    transport: Transport,
}

impl Inner {
    /// The headers of the next request.
    fn request_headers(&self) -> Result<::http::HeaderMap, Outcome> {
        let mut headers = self.headers.clone();
        if let Some(provider) = &self.provider {
            provider.apply(&mut headers)?;
        }
        Ok(headers)
    }
}

impl Client {
    /// The settings of a new client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The protocol it was built for.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.inner.protocol
    }

    /// Settings that work and are dangerous: credentials in plaintext to another host.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.inner.warnings
    }

    /// Encodes, compresses and sends a batch.
    pub async fn send(&self, batch: &Batch) -> Delivery {
        match self.prepare(batch).await {
            Ok(prepared) => self.send_prepared(&prepared).await,
            Err(cause) => Delivery { outcome: Outcome::Rejected { cause }, wire_bytes: 0 },
        }
    }

    /// Encodes and compresses a batch once, for as many [`Client::send_prepared`] as its retries take. Large batches are worked on
    /// off the caller's thread.
    ///
    /// # Errors
    /// [`FailureKind::TooLarge`] if the batch is over the limit before or after compression (rules G3, H6): it must not be sent.
    pub async fn prepare(&self, batch: &Batch) -> Result<Prepared, Failure> {
        #[cfg(feature = "tracezip")]
        if self.inner.tracezip != crate::Tracezip::Off {
            return tracezip::prepare(&self.inner, batch).await;
        }
        self.inner.encoder.prepare(batch).await
    }

    /// Sends what [`Client::prepare`] made: one request, or two where the first was tracezip and refused. `prepared` must come from a client with the same protocol and compression.
    pub async fn send_prepared(&self, prepared: &Prepared) -> Delivery {
        let sent = Sent::default();
        let exchange = self.inner.transport.exchange(&self.inner, prepared, sent.clone());
        let outcome = if self.inner.timeout.is_zero() {
            exchange.await
        } else {
            match tokio::time::timeout(self.inner.timeout, exchange).await {
                Ok(outcome) => outcome,
                Err(_) => timed_out(self.inner.timeout),
            }
        };
        Delivery { outcome, wire_bytes: sent.bytes() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("protocol", &self.inner.protocol)
            .field("compression", &self.inner.codec)
            .field("timeout", &self.inner.timeout)
            .field("transport", &self.inner.transport)
            .finish_non_exhaustive()
    }
}

/// The server may or may not have taken the batch; what is certain is that it did not say so in time (rule H13).
fn timed_out(timeout: Duration) -> Outcome {
    let message = format!("no complete answer within {} ms (setting: timeout)", timeout.as_millis());
    Outcome::RetryLater { after: None, cause: Failure::new(FailureKind::TimedOut, message) }
}

/// No connection, or one that broke before the answer was complete (rule H13).
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Outcome {
    Outcome::RetryLater { after: None, cause: Failure::new(FailureKind::Unreachable, chain(error)) }
}

/// An error with its causes on one line, each said once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
