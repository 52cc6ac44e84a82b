//! Writing spans straight into the encoding.

use super::{SpanKind, StatusCode};
use crate::write::{Message, attribute_methods, group_writers};
use crate::{SpanId, TraceId};

group_writers! {
    Traces,
    /// Writes a batch of spans.
    ///
    /// ```
    /// use otlp_core::trace::{SpanKind, StatusCode, TracesWriter};
    /// use otlp_core::{Key, SpanId, TraceId};
    /// const HTTP_ROUTE: Key = Key::new("http.route");
    ///
    /// let mut writer = TracesWriter::new();
    /// let mut shop = writer.resource(|resource| {
    ///     resource.attr("service.name", "shop").attr("service.version", "1.4.2");
    /// });
    /// let mut scope = shop.scope("shop.http", "0.3.0");
    ///
    /// let (trace, span) = (TraceId::from_bytes([7; 16]), SpanId::from_bytes([1; 8]));
    /// let start = 1_767_225_600_000_000_000;
    /// let mut cart = scope.span();
    /// cart.name("GET /cart").kind(SpanKind::Server).ids(trace, span, None).times(start, start + 2_000_000);
    /// cart.attr(HTTP_ROUTE, "/cart").attr("http.response.status_code", 500);
    /// cart.event(start + 1_000_000, "exception").attr("exception.type", "Timeout");
    /// cart.status(StatusCode::Error, "timeout");
    ///
    /// scope.span().name("render").ids(trace, SpanId::from_bytes([2; 8]), span).times(start, start + 500_000);
    ///
    /// let batch = writer.finish();
    /// assert_eq!(batch.items(), 2);
    /// ```
    TracesWriter,
    /// Writes the scopes of one resource (`ResourceSpans`).
    ResourceSpansWriter,
    /// Writes the spans of one scope (`ScopeSpans`).
    ScopeSpansWriter
}

impl ScopeSpansWriter<'_> {
    /// Begins a span; it ends when this writer, or one further out, goes on.
    #[inline]
    pub fn span(&mut self) -> SpanWriter<'_> {
        SpanWriter(self.0.item(2, 10))
    }
}

/// Writes one span.
pub struct SpanWriter<'a>(Message<'a>);

attribute_methods!(SpanWriter, 0, 9);

/// The message that must not stand twice.
const STATUS: usize = 0;

impl SpanWriter<'_> {
    /// Trace, own and parent id; `None` for a root span, which has no parent field.
    #[inline]
    pub fn ids(&mut self, trace: TraceId, span: SpanId, parent: impl Into<Option<SpanId>>) -> &mut Self {
        self.0.bytes(1, trace.as_bytes());
        self.0.bytes(2, span.as_bytes());
        let parent = parent.into();
        self.0.bytes(4, parent.as_ref().map_or(&[], |id| id.as_bytes()));
        self
    }

    /// W3C `tracestate`.
    #[inline]
    pub fn trace_state(&mut self, state: &str) -> &mut Self {
        self.0.string(3, state);
        self
    }

    /// What the operation is, in few distinct words.
    #[inline]
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.0.string(5, name);
        self
    }

    /// What the operation is to its callers and callees.
    #[inline]
    pub fn kind(&mut self, kind: SpanKind) -> &mut Self {
        self.0.varint(6, kind.number() as u64);
        self
    }

    /// Start and end, nanoseconds since the Unix epoch.
    #[inline]
    pub fn times(&mut self, start: u64, end: u64) -> &mut Self {
        self.0.fixed64(7, start);
        self.0.fixed64(8, end);
        self
    }

    /// How many attributes were left out.
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }

    /// Begins an event at `time`, nanoseconds since the Unix epoch.
    #[inline]
    pub fn event(&mut self, time: u64, name: &str) -> EventWriter<'_> {
        let mut event = self.0.child(11, 4);
        event.fixed64(1, time);
        event.string(2, name);
        EventWriter(event)
    }

    /// How many events were left out.
    pub fn dropped_events(&mut self, count: u32) -> &mut Self {
        self.0.varint(12, count.into());
        self
    }

    /// Begins a link to another span.
    #[inline]
    pub fn link(&mut self, trace: TraceId, span: SpanId) -> LinkWriter<'_> {
        let mut link = self.0.child(13, 5);
        link.bytes(1, trace.as_bytes());
        link.bytes(2, span.as_bytes());
        LinkWriter(link)
    }

    /// How many links were left out.
    pub fn dropped_links(&mut self, count: u32) -> &mut Self {
        self.0.varint(14, count.into());
        self
    }

    /// How it went; the message is for errors, empty for none. A second call replaces the first.
    #[inline]
    pub fn status(&mut self, code: StatusCode, message: &str) -> &mut Self {
        self.0.once(STATUS);
        let mut status = self.0.child(15, 0);
        status.string(2, message);
        status.varint(3, code.number() as u64);
        self
    }

    /// W3C trace flags in the low 8 bits; bits 8 and 9 say whether it is known that the parent is remote, and whether it
    /// is (`SpanFlags`).
    #[inline]
    pub fn flags(&mut self, flags: u32) -> &mut Self {
        self.0.fixed32(16, flags);
        self
    }
}

/// Writes the attributes of a span's event.
pub struct EventWriter<'a>(Message<'a>);

attribute_methods!(EventWriter, 0, 3);

impl EventWriter<'_> {
    /// How many attributes were left out.
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }
}

/// Writes the attributes of a span's link.
pub struct LinkWriter<'a>(Message<'a>);

attribute_methods!(LinkWriter, 0, 4);

impl LinkWriter<'_> {
    /// W3C `tracestate` of the linked span.
    pub fn trace_state(&mut self, state: &str) -> &mut Self {
        self.0.string(3, state);
        self
    }

    /// How many attributes were left out.
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }

    /// Flags of the linked span, as in [`SpanWriter::flags`].
    pub fn flags(&mut self, flags: u32) -> &mut Self {
        self.0.fixed32(6, flags);
        self
    }
}
