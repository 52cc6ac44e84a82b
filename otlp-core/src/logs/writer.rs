//! Writing log records straight into the encoding.

use super::Severity;
use crate::write::{ArrayWriter, MapWriter, Message, ValueRef, attribute_methods, group_writers};
use crate::{SpanId, TraceId};

group_writers! {
    Logs,
    /// Writes a batch of log records.
    ///
    /// ```
    /// use otlp_core::logs::{LogsWriter, Severity};
    /// let mut writer = LogsWriter::new();
    /// let mut shop = writer.resource(|resource| {
    ///     resource.attr("service.name", "shop");
    /// });
    /// let mut scope = shop.scope("shop.cart", "");
    /// let now = 1_767_225_600_000_000_000;
    /// scope.record().times(now, now).severity(Severity::Warn, "WARN").body("stock is low").attr("sku", 4711);
    /// let mut structured = scope.record();
    /// structured.times(now, now).event_name("cart.emptied");
    /// structured.body_map().attr("user", "u-17").attr("items", 3);
    /// assert_eq!(writer.finish().items(), 2);
    /// ```
    LogsWriter,
    /// Writes the scopes of one resource (`ResourceLogs`).
    ResourceLogsWriter,
    /// Writes the records of one scope (`ScopeLogs`).
    ScopeLogsWriter
}

impl ScopeLogsWriter<'_> {
    /// Begins a log record; it ends when this writer, or one further out, goes on.
    #[inline]
    pub fn record(&mut self) -> LogRecordWriter<'_> {
        LogRecordWriter(self.0.item(2, 7))
    }
}

/// Writes one log record.
pub struct LogRecordWriter<'a>(Message<'a>);

attribute_methods!(LogRecordWriter, 0, 6);

/// The message that must not stand twice.
const BODY: usize = 0;

impl LogRecordWriter<'_> {
    /// When it happened and when it was seen by the collecting side, nanoseconds since the Unix epoch; 0 for unknown.
    #[inline]
    pub fn times(&mut self, time: u64, observed: u64) -> &mut Self {
        self.0.fixed64(1, time);
        self.0.fixed64(11, observed);
        self
    }

    /// Severity, and its name as the source writes it; empty for none.
    #[inline]
    pub fn severity(&mut self, severity: Severity, text: &str) -> &mut Self {
        self.0.varint(2, severity.number() as u64);
        self.0.string(3, text);
        self
    }

    /// The body. A second body of any kind replaces the first.
    #[inline]
    pub fn body<'v>(&mut self, value: impl Into<ValueRef<'v>>) -> &mut Self {
        self.0.once(BODY);
        self.0.any_value(5, value.into());
        self
    }

    /// A body that is an array, written element by element.
    pub fn body_array(&mut self) -> ArrayWriter<'_> {
        self.0.once(BODY);
        ArrayWriter::begin(self.0.child(5, 0))
    }

    /// A body that is a map, written entry by entry.
    pub fn body_map(&mut self) -> MapWriter<'_> {
        self.0.once(BODY);
        MapWriter::begin(self.0.child(5, 0))
    }

    /// How many attributes were left out.
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }

    /// W3C trace flags in the low 8 bits (`LogRecordFlags`).
    #[inline]
    pub fn flags(&mut self, flags: u32) -> &mut Self {
        self.0.fixed32(8, flags);
        self
    }

    /// The span in which it happened; `None` when only the trace is known.
    #[inline]
    pub fn ids(&mut self, trace: TraceId, span: impl Into<Option<SpanId>>) -> &mut Self {
        self.0.bytes(9, trace.as_bytes());
        let span = span.into();
        self.0.bytes(10, span.as_ref().map_or(&[], |id| id.as_bytes()));
        self
    }

    /// Name of the event that the record is, which fixes the shape of its body and attributes.
    #[inline]
    pub fn event_name(&mut self, name: &str) -> &mut Self {
        self.0.string(12, name);
        self
    }
}
