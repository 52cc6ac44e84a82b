//! `Item`: one span, log record, data point or profile on its way.

use std::fmt;

use super::walk::{Place, Span};
use crate::logs::LogRecordView;
use crate::metrics::{ExponentialHistogramPointView, HistogramPointView, NumberPointView, SummaryPointView};
use crate::profiles::ProfileView;
use crate::trace::SpanView;
use crate::value::Attributes;
use crate::view::{Repeated, View as _};
use crate::wire::{Value, fields};
use crate::{Signal, TraceId};

/// One item on its way into a new batch.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// Its index, from 0, among the items of the batch that were looked at.
    pub index: usize,
    /// Its encoding, without key and length.
    pub encoded: &'a [u8],
    signal: Signal,
    /// Field number of the metric's data; 0 for other signals.
    data: u32,
    /// Bytes of key, length and encoding.
    field_len: usize,
}

/// An item, read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ItemView<'a> {
    /// A span.
    Span(SpanView<'a>),
    /// A log record.
    LogRecord(LogRecordView<'a>),
    /// A point of a gauge or sum.
    Number(NumberPointView<'a>),
    /// A point of a histogram.
    Histogram(HistogramPointView<'a>),
    /// A point of an exponential histogram.
    ExponentialHistogram(ExponentialHistogramPointView<'a>),
    /// A point of a summary.
    Summary(SummaryPointView<'a>),
    /// A profile.
    Profile(ProfileView<'a>),
}

impl<'a> Item<'a> {
    pub(super) fn at(place: &Place<'a>, encoded: &'a [u8], whole: Span) -> Self {
        Self {
            index: place.index,
            encoded,
            signal: place.signal,
            data: if place.depth == 5 { place.groups[4].number } else { 0 },
            field_len: whole.end - whole.start,
        }
    }

    /// Bytes that it takes in a batch, its key and length included.
    pub const fn field_len(&self) -> usize {
        self.field_len
    }

    /// Reads it.
    pub fn view(&self) -> ItemView<'a> {
        match (self.signal, self.data) {
            (Signal::Traces, _) => ItemView::Span(SpanView::scan(self.encoded)),
            (Signal::Logs, _) => ItemView::LogRecord(LogRecordView::scan(self.encoded)),
            (Signal::Profiles, _) => ItemView::Profile(ProfileView::scan(self.encoded)),
            (Signal::Metrics, 9) => ItemView::Histogram(HistogramPointView::scan(self.encoded)),
            (Signal::Metrics, 10) => {
                ItemView::ExponentialHistogram(ExponentialHistogramPointView::scan(self.encoded))
            }
            (Signal::Metrics, 11) => ItemView::Summary(SummaryPointView::scan(self.encoded)),
            (Signal::Metrics, _) => ItemView::Number(NumberPointView::scan(self.encoded)),
        }
    }

    /// Its attributes, found without reading the fields around them; nothing for profiles, whose attributes stand in the
    /// dictionary.
    #[inline]
    pub const fn attributes(&self) -> Attributes<'a> {
        let number = match self.attributes_number() {
            0 => return Repeated::of(&[], 1),
            number => number,
        };
        Repeated::of(self.encoded, number)
    }

    /// Number of the field that holds its attributes; 0 for none.
    const fn attributes_number(&self) -> u32 {
        match (self.signal, self.data) {
            (Signal::Traces, _) => 9,
            (Signal::Logs, _) => 6,
            (Signal::Metrics, 9) => 9,
            (Signal::Metrics, 10) => 1,
            (Signal::Metrics, _) => 7,
            (Signal::Profiles, _) => 0,
        }
    }

    /// The trace that a span or log record belongs to; `None` without one, for an id that is not 16 bytes or all zero, and
    /// for other signals.
    pub fn trace_id(&self) -> Option<TraceId> {
        let number = match self.signal {
            Signal::Traces => 1,
            Signal::Logs => 9,
            Signal::Metrics | Signal::Profiles => return None,
        };
        // The last one counts, so all fields are stepped over.
        let mut found: &[u8] = &[];
        for field in fields(self.encoded) {
            if let Value::Len(bytes) = field.value
                && field.number == number
            {
                found = bytes;
            }
        }
        TraceId::from_slice(found).filter(|id| !id.is_zero())
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("index", &self.index)
            .field("bytes", &self.encoded.len())
            .finish_non_exhaustive()
    }
}
