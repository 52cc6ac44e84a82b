//! Views of logs.

use super::Severity;
use crate::value::{AttributeView, Attributes, ResourceView, ScopeView, ValueView};
use crate::view::{Bytes, Fixed32, Fixed64, Int32, Many, One, Repeated, Text, Uint32, view};
use crate::{SpanId, TraceId};

view! {
    /// A whole logs request.
    pub struct LogsView {
        /// One for each resource, in wire order.
        1 => resource_logs: Repeated<'a, ResourceLogsView<'a>> = Many<'a, ResourceLogsView<'a>>,
    }
}

impl<'a> LogsView<'a> {
    /// All log records, in wire order.
    pub fn log_records(&self) -> impl Iterator<Item = LogRecordView<'a>> + use<'a> {
        self.resource_logs().iter().flat_map(|group| group.scope_logs()).flat_map(|group| group.log_records())
    }
}

view! {
    /// Log records of one resource.
    pub struct ResourceLogsView {
        /// The resource; `None` means unknown.
        1 => resource: Option<ResourceView<'a>> = One<'a, ResourceView<'a>>,
        /// One for each scope.
        2 => scope_logs: Repeated<'a, ScopeLogsView<'a>> = Many<'a, ScopeLogsView<'a>>,
        /// Schema of the resource.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// Log records of one scope.
    pub struct ScopeLogsView {
        /// The scope; `None` means unknown.
        1 => scope: Option<ScopeView<'a>> = One<'a, ScopeView<'a>>,
        /// The records.
        2 => log_records: Repeated<'a, LogRecordView<'a>> = Many<'a, LogRecordView<'a>>,
        /// Schema of the records.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// One log record or event (`LogRecord`).
    pub struct LogRecordView {
        /// When it happened, in nanoseconds since the Unix epoch; 0 if unknown.
        1 => time: u64 = Fixed64,
        /// Number of the severity; see [`severity`](Self::severity).
        2 => severity_number: i32 = Int32,
        /// Severity in the source's own words.
        3 => severity_text: &'a str = Text<'a>,
        /// The body, if the field stands there.
        5 => body: Option<ValueView<'a>> = One<'a, ValueView<'a>>,
        /// Attributes.
        6 => attributes: Attributes<'a> = Many<'a, AttributeView<'a>>,
        /// How many attributes the producer left out.
        7 => dropped_attributes_count: u32 = Uint32,
        /// W3C trace flags in the low byte.
        8 => flags: u32 = Fixed32,
        /// The trace id as it stands; empty where the record belongs to no trace.
        9 => trace_id_bytes: &'a [u8] = Bytes<'a>,
        /// The span id as it stands; empty where the record belongs to no span.
        10 => span_id_bytes: &'a [u8] = Bytes<'a>,
        /// When it was seen, in nanoseconds since the Unix epoch.
        11 => observed_time: u64 = Fixed64,
        /// Name of the event; empty in plain log records.
        12 => event_name: &'a str = Text<'a>,
    }
}

impl LogRecordView<'_> {
    /// The severity.
    pub fn severity(&self) -> Severity {
        Severity::from_number(self.severity_number())
    }

    /// The trace id; `None` if it is not 16 bytes.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_slice(self.trace_id_bytes())
    }

    /// The span id; `None` if it is not 8 bytes.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.span_id_bytes())
    }
}
