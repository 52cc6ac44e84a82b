//! Views of traces.

use super::{SpanKind, StatusCode};
use crate::value::{AttributeView, Attributes, ResourceView, ScopeView};
use crate::view::{Bytes, Fixed32, Fixed64, Int32, Many, One, Repeated, Text, Uint32, view};
use crate::{SpanId, TraceId};

view! {
    /// A whole trace request.
    pub struct TracesView {
        /// One for each resource, in wire order.
        1 => resource_spans: Repeated<'a, ResourceSpansView<'a>> = Many<'a, ResourceSpansView<'a>>,
    }
}

impl<'a> TracesView<'a> {
    /// All spans, in wire order.
    pub fn spans(&self) -> impl Iterator<Item = SpanView<'a>> + use<'a> {
        self.resource_spans().iter().flat_map(|group| group.scope_spans()).flat_map(|group| group.spans())
    }
}

view! {
    /// Spans of one resource.
    pub struct ResourceSpansView {
        /// The resource; `None` means unknown.
        1 => resource: Option<ResourceView<'a>> = One<'a, ResourceView<'a>>,
        /// One for each scope.
        2 => scope_spans: Repeated<'a, ScopeSpansView<'a>> = Many<'a, ScopeSpansView<'a>>,
        /// Schema of the resource.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// Spans of one scope.
    pub struct ScopeSpansView {
        /// The scope; `None` means unknown.
        1 => scope: Option<ScopeView<'a>> = One<'a, ScopeView<'a>>,
        /// The spans.
        2 => spans: Repeated<'a, SpanView<'a>> = Many<'a, SpanView<'a>>,
        /// Schema of the spans and their events.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// One operation within a trace (`Span`).
    pub struct SpanView {
        /// The trace id as it stands: 16 bytes in a valid span.
        1 => trace_id_bytes: &'a [u8] = Bytes<'a>,
        /// The span id as it stands: 8 bytes in a valid span.
        2 => span_id_bytes: &'a [u8] = Bytes<'a>,
        /// W3C `tracestate`.
        3 => trace_state: &'a str = Text<'a>,
        /// The parent's span id as it stands; empty in root spans.
        4 => parent_span_id_bytes: &'a [u8] = Bytes<'a>,
        /// Name of the operation.
        5 => name: &'a str = Text<'a>,
        /// Number of the span kind; see [`kind`](Self::kind).
        6 => kind_number: i32 = Int32,
        /// Start, in nanoseconds since the Unix epoch.
        7 => start_time: u64 = Fixed64,
        /// End, in nanoseconds since the Unix epoch.
        8 => end_time: u64 = Fixed64,
        /// Attributes.
        9 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        10 => dropped_attributes_count: u32 = Uint32,
        /// What happened at points of time.
        11 => events: Repeated<'a, EventView<'a>> = Many<'a, EventView<'a>>,
        /// How many events the producer left out.
        12 => dropped_events_count: u32 = Uint32,
        /// Links to other spans.
        13 => links: Repeated<'a, LinkView<'a>> = Many<'a, LinkView<'a>>,
        /// How many links the producer left out.
        14 => dropped_links_count: u32 = Uint32,
        /// How it ended; `None` is the same as unset.
        15 => status: Option<StatusView<'a>> = One<'a, StatusView<'a>>,
        /// W3C trace flags in the low byte; bits 8 and 9 tell whether the parent is remote.
        16 => flags: u32 = Fixed32,
    }
}

impl SpanView<'_> {
    /// The trace id; `None` if it is not 16 bytes.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_slice(self.trace_id_bytes())
    }

    /// The span id; `None` if it is not 8 bytes.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.span_id_bytes())
    }

    /// The parent's span id; `None` if it is not 8 bytes, as in root spans.
    pub fn parent_span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.parent_span_id_bytes())
    }

    /// The span kind.
    pub fn kind(&self) -> SpanKind {
        SpanKind::from_number(self.kind_number())
    }

    /// The status code; unset where there is no status.
    pub fn status_code(&self) -> StatusCode {
        self.status().map_or(StatusCode::Unset, |status| status.code())
    }

    /// End minus start in nanoseconds; 0 if the end is earlier.
    pub fn duration(&self) -> u64 {
        self.end_time().saturating_sub(self.start_time())
    }
}

view! {
    /// Something that happened during a span (`Span.Event`).
    pub struct EventView {
        /// When, in nanoseconds since the Unix epoch.
        1 => time: u64 = Fixed64,
        /// Its name.
        2 => name: &'a str = Text<'a>,
        /// Attributes.
        3 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        4 => dropped_attributes_count: u32 = Uint32,
    }
}

view! {
    /// A reference to another span (`Span.Link`).
    pub struct LinkView {
        /// The trace id as it stands.
        1 => trace_id_bytes: &'a [u8] = Bytes<'a>,
        /// The span id as it stands.
        2 => span_id_bytes: &'a [u8] = Bytes<'a>,
        /// W3C `tracestate`.
        3 => trace_state: &'a str = Text<'a>,
        /// Attributes.
        4 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        5 => dropped_attributes_count: u32 = Uint32,
        /// W3C trace flags, as in [`SpanView::flags`].
        6 => flags: u32 = Fixed32,
    }
}

impl LinkView<'_> {
    /// The trace id; `None` if it is not 16 bytes.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_slice(self.trace_id_bytes())
    }

    /// The span id; `None` if it is not 8 bytes.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.span_id_bytes())
    }
}

view! {
    /// How a span ended (`Status`).
    pub struct StatusView {
        /// Developer-facing text.
        2 => message: &'a str = Text<'a>,
        /// Number of the code; see [`code`](Self::code).
        3 => code_number: i32 = Int32,
    }
}

impl StatusView<'_> {
    /// The code.
    pub fn code(&self) -> StatusCode {
        StatusCode::from_number(self.code_number())
    }
}
