//! A batch as columns, for frames that stand alone and for streams.

use otlp_core::Signal;

use super::coder::{Coder, ColumnReader, ColumnWriter};
use super::groups::Groups;
use super::logs::{LogWriter, Logs};
use super::metrics::Metrics;
use super::shape::{Messages, Scanner};
use super::traces::{SpanWriter, Traces};

/// Bytes that a log record has at least, on average, in a batch that is written as columns: what a reader may take for
/// granted when it bounds its memory by the bytes that will come out.
const RECORD_BYTES: u64 = 24;
/// The same for a span, of which more is remembered: its ids and its parent's.
const SPAN_BYTES: u64 = 48;
/// A batch of more bytes is not written as columns: positions have 32 bits.
const MAX_BYTES: u64 = 1 << 30;
/// Contexts of a stream, and the most of a frame that stands alone.
const MAX_CELLS: usize = 1 << 15;

/// Whether a batch may be written as columns.
pub(crate) fn takes(signal: Signal, items: u64, bytes: u64) -> bool {
    let item_bytes = match signal {
        Signal::Traces => SPAN_BYTES,
        Signal::Logs => RECORD_BYTES,
        // Bounded by the bytes that come out alone.
        Signal::Metrics => 1,
        Signal::Profiles => return false,
    };
    items > 0 && bytes <= MAX_BYTES && items.saturating_mul(item_bytes) <= bytes
}

/// What either side knows of the batches before: nothing, for a frame that stands alone.
struct State {
    messages: Messages,
    groups: Groups,
    traces: Traces,
    logs: Logs,
    /// Made when a frame of metrics first asks for it.
    metrics: Option<Box<Metrics>>,
}

impl State {
    fn new() -> Self {
        Self {
            messages: Messages::new(),
            groups: Groups::new(),
            traces: Traces::new(),
            logs: Logs::new(),
            metrics: None,
        }
    }

    /// Forgets everything. `bytes` of batches are to come, as far as known.
    fn clear(&mut self, bytes: usize) {
        self.messages.clear((bytes / 64).clamp(1 << 8, MAX_CELLS));
        self.groups.clear(&mut self.messages);
        self.traces.clear();
        self.logs.clear();
        if let Some(metrics) = &mut self.metrics {
            metrics.clear();
        }
    }

    fn metrics(&mut self) -> &mut Metrics {
        self.metrics.get_or_insert_with(|| Box::new(Metrics::new()))
    }

    fn memory(&self) -> usize {
        self.messages.memory()
            + self.traces.memory()
            + self.logs.memory()
            + self.metrics.as_ref().map_or(0, |metrics| metrics.memory())
    }
}

/// Writes batches as columns.
pub(crate) struct ColumnEncoder {
    state: State,
    scanner: Scanner,
    coder: ColumnWriter,
}

impl ColumnEncoder {
    pub(crate) fn new() -> Self {
        Self { state: State::new(), scanner: Scanner::new(), coder: ColumnWriter::new() }
    }

    /// Forgets everything: the next batch stands alone, or opens an epoch.
    pub(crate) fn clear(&mut self, bytes: usize) {
        self.state.clear(bytes);
        self.scanner.clear();
    }

    /// Bytes that a decoder of the same frames keeps.
    pub(crate) fn memory(&self) -> usize {
        self.state.memory()
    }

    /// The columns of a batch: models, bits, text. `None` for one that does not fit them; the state is then of no use.
    pub(crate) fn encode(&mut self, signal: Signal, bytes: &[u8]) -> Option<[&[u8]; 3]> {
        let Self { state, scanner, coder } = self;
        coder.clear();
        let State { messages, groups, traces, logs, .. } = state;
        match signal {
            Signal::Traces => groups.encode(messages, coder, &mut SpanWriter { traces, scanner }, bytes),
            Signal::Logs => groups.encode(messages, coder, &mut LogWriter { logs, scanner }, bytes),
            // Profiles are none of it.
            _ => state.metrics().encode(coder, bytes),
        }
        coder.finish();
        coder.failed().is_none().then_some([&coder.models[..], &coder.bits, &coder.text])
    }
}

/// Reads batches from columns.
pub(crate) struct ColumnDecoder {
    state: State,
}

impl ColumnDecoder {
    /// A decoder as at the start of an epoch, whose first frames may have had no columns.
    pub(crate) fn new() -> Self {
        let mut new = Self { state: State::new() };
        new.clear(usize::MAX);
        new
    }

    /// Forgets everything, as the encoder did; `bytes` as it gave them.
    pub(crate) fn clear(&mut self, bytes: usize) {
        self.state.clear(bytes);
    }

    /// Bytes of state.
    pub(crate) fn memory(&self) -> usize {
        self.state.memory()
    }

    /// Appends the batch of these columns, of `length` bytes. After an error the state is of no use.
    pub(crate) fn decode(
        &mut self,
        signal: Signal,
        columns: [&[u8]; 3],
        length: usize,
        items: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), &'static str> {
        let mut coder = ColumnReader::new(columns[0], columns[1], columns[2]);
        out.reserve(length.min((columns[0].len() + columns[1].len() + columns[2].len()).saturating_mul(64)));
        let State { messages, groups, traces, logs, .. } = &mut self.state;
        match signal {
            Signal::Traces => {
                traces.begin(items);
                groups.decode(messages, &mut coder, traces, out, length);
            }
            Signal::Logs => {
                logs.begin(items);
                groups.decode(messages, &mut coder, logs, out, length);
            }
            _ => self.state.metrics().decode(&mut coder, out, length),
        }
        if out.len() != length {
            coder.fail("not as many bytes as stated");
        }
        coder.finish();
        coder.failed().map_or(Ok(()), Err)
    }
}
