//! Why an exporter cannot start.

use std::io;

use crate::ClientError;

/// A setting that cannot be used, or no thread to run on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// Nowhere to send to.
    #[error("an exporter needs a destination: ExporterBuilder::destination")]
    NoDestination,
    /// Two destinations of one name: the report could not tell them apart.
    #[error("two destinations are named {name:?}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A number out of its range.
    #[error("destination {destination:?}: {setting} must be at least {least}")]
    Setting {
        /// The destination's name.
        destination: String,
        /// The setting.
        setting: &'static str,
        /// Its least value.
        least: usize,
    },
    /// The client of a destination cannot be built.
    #[error("destination {destination:?}: {source}")]
    Client {
        /// The destination's name.
        destination: String,
        /// What is wrong.
        source: ClientError,
    },
    /// The durable queue of a destination cannot be opened.
    #[cfg(feature = "disk-queue")]
    #[error("destination {destination:?}: {source}")]
    Disk {
        /// The destination's name.
        destination: String,
        /// What is wrong.
        source: crate::disk::DiskQueueError,
    },
    /// The worker's thread or runtime could not be made.
    #[error("the exporter's thread could not be started: {0}")]
    Thread(#[source] io::Error),
}
