//! Where an exporter sends to.

#[cfg(feature = "disk-queue")]
use std::path::{Path, PathBuf};

use otlp_core::Signal;

use super::{BatchOptions, ExporterError, OnFull, settings::Settings};
#[cfg(feature = "disk-queue")]
use crate::disk::DiskQueueOptions;
use crate::{Client, ClientBuilder, Config, RetryPolicy};

/// One receiver of everything an exporter is given, with queues, batches and retries of its own. What is not set here is as
/// the [`crate::ExporterBuilder`] says.
///
/// Each signal has its own queue and its own requests under way: logs get through while the receiver of traces is down.
#[derive(Debug, Clone)]
#[must_use = "a destination does nothing until an exporter has it"]
pub struct Destination {
    pub(super) name: String,
    clients: Clients,
    pub(super) settings: Settings,
    #[cfg(feature = "disk-queue")]
    pub(super) disk: Option<(PathBuf, DiskQueueOptions)>,
}

#[derive(Debug, Clone)]
enum Clients {
    One(Box<ClientBuilder>),
    /// In the order of `Signal::ALL`.
    Each(Box<[ClientBuilder; 4]>),
}

impl Destination {
    /// `name` stands in reports, events and metrics. The client's settings are protocol, endpoint, compression, headers, TLS and the
    /// timeout of each attempt.
    pub fn new(name: &str, client: ClientBuilder) -> Self {
        Self::with_clients(name, Clients::One(Box::new(client)))
    }

    /// The destination that the `OTEL_EXPORTER_OTLP_*` variables name, each signal with its own settings.
    pub fn from_config(name: &str, config: &Config) -> Self {
        Self::with_clients(name, Clients::Each(Box::new(Signal::ALL.map(|signal| config.client(signal)))))
    }

    fn with_clients(name: &str, clients: Clients) -> Self {
        Self {
            name: name.to_owned(),
            clients,
            settings: Settings::default(),
            #[cfg(feature = "disk-queue")]
            disk: None,
        }
    }

    /// Keeps the queue in a directory of its own on a disk, so that what was queued survives the process: what is not delivered at a
    /// shutdown stays there, and is the first to be sent after the next start. The bounds are those of `options`;
    /// [`Destination::queue_items`], [`Destination::queue_bytes`] and [`Destination::on_full`] have no effect. Without a retry policy of
    /// its own, retries go on without end.
    #[cfg(feature = "disk-queue")]
    pub fn durable(mut self, dir: impl AsRef<Path>, options: DiskQueueOptions) -> Self {
        self.disk = Some((dir.as_ref().to_owned(), options));
        self.settings.durable = true;
        self
    }

    /// The settings of a relay: [`BatchOptions::gateway`], 8 requests of each signal under way, 2^20 items and 64 MiB a queue.
    pub fn gateway(mut self) -> Self {
        self.settings.batch = [Some(BatchOptions::gateway()); 4];
        self.settings.concurrency = Some(8);
        self.settings.queue_items = Some(1 << 20);
        self
    }

    /// How batches of every signal are joined; default [`BatchOptions::sdk`].
    pub const fn batch(mut self, options: BatchOptions) -> Self {
        self.settings.batch = [Some(options); 4];
        self
    }

    /// How batches of one signal are joined.
    pub const fn batch_of(mut self, signal: Signal, options: BatchOptions) -> Self {
        self.settings.batch[signal as usize] = Some(options);
        self
    }

    /// What a full queue does; default [`OnFull::DropNew`].
    pub const fn on_full(mut self, on_full: OnFull) -> Self {
        self.settings.on_full = Some(on_full);
        self
    }

    /// Most items of a signal that are queued or under way; default 2048.
    pub const fn queue_items(mut self, items: usize) -> Self {
        self.settings.queue_items = Some(items);
        self
    }

    /// Most bytes of a signal that are queued or under way; default 64 MiB. While a request is joined, its bytes exist twice.
    pub const fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue_bytes = Some(bytes);
        self
    }

    /// Most requests of a signal under way at once (rule G6); default 1, with which a signal's batches arrive in order.
    pub const fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = Some(requests);
        self
    }

    /// How often and how long a request is tried again.
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = Some(policy);
        self
    }

    /// Size in bytes, uncompressed, at which a request is split; default 3.5 MiB, since many servers stop at 4 MiB. A single item
    /// that is larger is sent alone: what the client must not send is `ClientBuilder::max_request_bytes`.
    pub const fn request_bytes(mut self, bytes: usize) -> Self {
        self.settings.request_bytes = Some(bytes);
        self
    }

    /// Whether a request that the server found too large (HTTP 413, `RESOURCE_EXHAUSTED` about a size and without `RetryInfo`) is
    /// halved and sent again, down to single items; default no. The halves are new requests, so that this is no forbidden retry of
    /// the same data, but that is our reading of the specification.
    pub const fn split_on_too_large(mut self, split: bool) -> Self {
        self.settings.split_on_too_large = Some(split);
        self
    }

    /// A client for each signal; the same one where the settings are.
    pub(super) fn build_clients(&self) -> Result<[Client; 4], ExporterError> {
        let build = |builder: &ClientBuilder| {
            let built = builder.clone().build();
            built.map_err(|source| ExporterError::Client { destination: self.name.clone(), source })
        };
        match &self.clients {
            Clients::One(builder) => {
                let client = build(builder)?;
                Ok([client.clone(), client.clone(), client.clone(), client])
            }
            Clients::Each(builders) => {
                let [traces, metrics, logs, profiles] = &**builders;
                Ok([build(traces)?, build(metrics)?, build(logs)?, build(profiles)?])
            }
        }
    }
}
