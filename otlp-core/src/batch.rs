//! `Batch`: one validated, encoded export request.

use std::fmt;

use bytes::Bytes;

use crate::Signal;
use crate::logs::LogsView;
use crate::metrics::MetricsView;
use crate::profiles::ProfilesView;
use crate::trace::TracesView;
use crate::view::View as _;

/// One validated `Export*ServiceRequest`, still encoded.
///
/// The only ways to a batch are [`Batch::parse`], the JSON reader, the writers, and whole fields of other batches; so
/// whoever holds one reads it without a `Result`. Cloning shares the bytes.
#[derive(Clone)]
pub struct Batch {
    signal: Signal,
    items: usize,
    bytes: Bytes,
    /// The same message with split singular messages joined, where `bytes` has such; what views read.
    merged: Option<Bytes>,
}

impl Batch {
    /// A batch of bytes that are valid by construction.
    pub(crate) fn trusted(signal: Signal, items: usize, bytes: Bytes, merged: Option<Bytes>) -> Self {
        Self { signal, items, bytes, merged }
    }

    /// A batch without anything in it.
    pub const fn empty(signal: Signal) -> Self {
        Self { signal, items: 0, bytes: Bytes::new(), merged: None }
    }

    /// The signal that the items belong to.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The encoded request, byte for byte as it came.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Takes the encoded request out.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// How many items it holds: spans, data points, log records or profiles, as partial success counts them.
    pub const fn items(&self) -> usize {
        self.items
    }

    /// Whether it holds no item; resources and scopes may still stand in it.
    pub const fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Reads traces; `None` for another signal.
    pub fn traces(&self) -> Option<TracesView<'_>> {
        (self.signal == Signal::Traces).then(|| TracesView::scan(self.canonical()))
    }

    /// Reads metrics; `None` for another signal.
    pub fn metrics(&self) -> Option<MetricsView<'_>> {
        (self.signal == Signal::Metrics).then(|| MetricsView::scan(self.canonical()))
    }

    /// Reads logs; `None` for another signal.
    pub fn logs(&self) -> Option<LogsView<'_>> {
        (self.signal == Signal::Logs).then(|| LogsView::scan(self.canonical()))
    }

    /// Reads profiles; `None` for another signal.
    pub fn profiles(&self) -> Option<ProfilesView<'_>> {
        (self.signal == Signal::Profiles).then(|| ProfilesView::scan(self.canonical()))
    }

    /// Whether views read a merged copy: some singular message or oneof stands more than once in the bytes.
    pub const fn is_merged(&self) -> bool {
        self.merged.is_some()
    }

    /// The bytes that views read: every singular message and every oneof stands at most once in its message.
    pub(crate) fn canonical(&self) -> &[u8] {
        self.merged.as_ref().unwrap_or(&self.bytes)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("signal", &self.signal)
            .field("items", &self.items)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Batch {
    /// Equal signal and equal bytes.
    fn eq(&self, other: &Self) -> bool {
        self.signal == other.signal && self.bytes == other.bytes
    }
}

impl Eq for Batch {}
