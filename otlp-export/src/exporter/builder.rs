//! Building an exporter: every setting checked before a thread is started.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use otlp_core::Signal;
use tokio::sync::mpsc;

use super::{
    Availability, BatchOptions, Destination, Dropped, Exporter, ExporterError, Handle, OnFull,
    PartialSuccess, event::Hooks, outlet::Outlet, settings::Settings, shared::Shared, telemetry::SelfMetrics,
    worker,
};
use crate::{Clock, RetryPolicy};

/// Settings of an [`Exporter`]. Those of queues, batches and retries hold for each destination that does not set its own.
#[derive(Debug)]
#[must_use = "a builder does nothing before `start`"]
pub struct ExporterBuilder {
    destinations: Vec<Destination>,
    settings: Settings,
    hooks: Hooks,
    self_metrics: Option<Duration>,
    resource: Vec<(String, String)>,
    on_last_drop: Duration,
}

impl Default for ExporterBuilder {
    fn default() -> Self {
        Self {
            destinations: Vec::new(),
            settings: Settings::default(),
            hooks: Hooks::default(),
            self_metrics: None,
            resource: Vec::new(),
            on_last_drop: Duration::from_secs(5),
        }
    }
}

impl ExporterBuilder {
    /// Adds a receiver of everything that is sent. At least one is needed; their names must differ.
    pub fn destination(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
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

    /// Most items that are queued or under way, of each signal and for each destination; default 2048.
    pub const fn queue_items(mut self, items: usize) -> Self {
        self.settings.queue_items = Some(items);
        self
    }

    /// Most bytes that are queued or under way, of each signal and for each destination; default 64 MiB.
    pub const fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue_bytes = Some(bytes);
        self
    }

    /// How often and how long a request is tried again; default [`RetryPolicy::default`].
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = Some(policy);
        self
    }

    /// Where the waits between attempts take their time from; default the system. Deadlines, batching delays and the client's timeout stay
    /// with the system's clock, because somebody waits for them.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.hooks.clock = clock;
        self
    }

    /// Called once for each group of items that is dropped, after it was counted: on the exporter's thread, or, where `send` refuses
    /// or evicts, on the sender's. It must not block: it holds up the exporter.
    pub fn on_drop(mut self, hook: impl Fn(&Dropped) + Send + Sync + 'static) -> Self {
        self.hooks.dropped = Some(Arc::new(hook));
        self
    }

    /// Called for each partial success (rules G10, G11): items refused by a server, or its warnings. It must not block.
    pub fn on_partial(mut self, hook: impl Fn(&PartialSuccess) + Send + Sync + 'static) -> Self {
        self.hooks.partial = Some(Arc::new(hook));
        self
    }

    /// Called when a destination stops answering, by its second attempt in a row after which the request is to be sent again,
    /// and when it takes or refuses a request after that. It must not block.
    pub fn on_availability(mut self, hook: impl Fn(&Availability) + Send + Sync + 'static) -> Self {
        self.hooks.availability = Some(Arc::new(hook));
        self
    }

    /// Sends the ledger as metrics, `otel.sdk.exporter.*` and `otel.sdk.processor.*` of the semantic conventions, through the
    /// exporter itself: so often, at least every second, and once at shutdown.
    pub fn self_metrics(mut self, interval: Duration) -> Self {
        self.self_metrics = Some(interval.max(Duration::from_secs(1)));
        self
    }

    /// Adds an attribute to the resource of the exporter's own metrics. Default: `service.name` as `OTEL_SERVICE_NAME` says, or
    /// `unknown_service`.
    pub fn self_metrics_resource(mut self, key: &str, value: &str) -> Self {
        self.resource.push((key.to_owned(), value.to_owned()));
        self
    }

    /// How long dropping the last handle may take to deliver what is left, if nobody has called `shutdown`; default 5 s.
    pub const fn shutdown_on_drop(mut self, deadline: Duration) -> Self {
        self.on_last_drop = deadline;
        self
    }

    /// Starts the exporter's thread. Reads certificate files, connects to nothing; needs no runtime and may be called in one.
    ///
    /// # Errors
    /// If a setting cannot be used or there is no thread to be had.
    pub fn start(self) -> Result<Exporter, ExporterError> {
        if self.destinations.is_empty() {
            return Err(ExporterError::NoDestination);
        }
        let mut names = HashSet::new();
        if let Some(twice) = self.destinations.iter().find(|destination| !names.insert(&destination.name)) {
            return Err(ExporterError::DuplicateName { name: twice.name.clone() });
        }
        let outlets = self
            .destinations
            .iter()
            .map(|destination| Outlet::new(destination, &self.settings, self.hooks.clone()).map(Arc::new));
        let outlets = outlets.collect::<Result<Vec<_>, _>>()?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(outlets, commands));
        let metrics = self.self_metrics.map(|interval| SelfMetrics::new(interval, self.resource));
        let thread = worker::start(Arc::clone(&shared), receiver, metrics).map_err(ExporterError::Thread)?;
        let thread = Mutex::new(Some(thread));
        Ok(Exporter { handle: Arc::new(Handle { shared, thread, on_last_drop: self.on_last_drop }) })
    }
}
