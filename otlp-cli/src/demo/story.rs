//! What happens in the shop: requests as planned spans and log records, before anything is encoded.

use otlp::logs::Severity;
use otlp::trace::SpanKind;
use otlp::{SpanId, TraceId};

use super::random::Random;
use super::service::Service;

/// Milliseconds in nanoseconds.
pub(super) const MS: u64 = 1_000_000;
/// Seconds in nanoseconds.
pub(super) const SECOND: u64 = 1_000_000_000;

/// An attribute's value.
#[derive(Debug, Clone)]
pub(super) enum Attr {
    Text(String),
    Int(i64),
}

impl From<&str> for Attr {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Attr {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Attr {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// Attributes of a span, an event or a log record.
pub(super) type Attrs = Vec<(&'static str, Attr)>;

/// A list of attributes.
macro_rules! attrs {
    ($($key:literal = $value:expr),* $(,)?) => { vec![$(($key, $crate::demo::story::Attr::from($value))),*] };
}
pub(super) use attrs;

/// A span as it will be.
#[derive(Debug)]
pub(super) struct PlannedSpan {
    pub(super) service: Service,
    pub(super) trace: TraceId,
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) attributes: Attrs,
    pub(super) events: Vec<(u64, &'static str, Attrs)>,
    pub(super) links: Vec<(TraceId, SpanId)>,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// A log record as it will be.
#[derive(Debug)]
pub(super) struct PlannedLog {
    pub(super) service: Service,
    pub(super) time: u64,
    pub(super) severity: Severity,
    pub(super) body: String,
    pub(super) attributes: Attrs,
    /// The span in which it is written.
    pub(super) context: Option<(TraceId, SpanId)>,
}

/// What happened in one stretch of time.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) spans: Vec<PlannedSpan>,
    pub(super) logs: Vec<PlannedLog>,
    /// Orders placed.
    pub(super) orders: Vec<(TraceId, SpanId)>,
}

impl Story {
    /// Begins a span; its end is set by [`Story::end`]. Gives its place.
    pub(super) fn begin(
        &mut self,
        random: &Random,
        parent: Option<usize>,
        (service, kind): (Service, SpanKind),
        name: impl Into<String>,
        start: u64,
        attributes: Attrs,
    ) -> usize {
        let trace = match parent {
            Some(parent) => self.spans[parent].trace,
            None => TraceId::from_bytes(random.id()),
        };
        self.spans.push(PlannedSpan {
            service,
            trace,
            id: SpanId::from_bytes(random.id()),
            parent: parent.map(|parent| self.spans[parent].id),
            name: name.into(),
            kind,
            start,
            end: start,
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            error: None,
        });
        self.spans.len() - 1
    }

    /// Ends a span; gives the time back.
    pub(super) fn end(&mut self, span: usize, end: u64) -> u64 {
        self.spans[span].end = end;
        end
    }

    /// Adds an attribute.
    pub(super) fn attr(&mut self, span: usize, key: &'static str, value: impl Into<Attr>) {
        self.spans[span].attributes.push((key, value.into()));
    }

    /// Adds an event.
    pub(super) fn event(&mut self, span: usize, time: u64, name: &'static str, attributes: Attrs) {
        self.spans[span].events.push((time, name, attributes));
    }

    /// Marks a span as failed: `kind` for `error.type`, `why` for people.
    pub(super) fn fail(&mut self, span: usize, kind: &str, why: &str) {
        self.attr(span, "error.type", kind);
        self.spans[span].error = Some(why.to_owned());
    }

    /// Marks a span as failed by an exception at `time`.
    pub(super) fn throw(&mut self, span: usize, time: u64, kind: &str, why: &str, stack: &str) {
        self.fail(span, kind, why);
        let attributes = attrs! {
            "exception.type" = kind,
            "exception.message" = why,
            "exception.stacktrace" = format!("{kind}: {why}\n{stack}"),
        };
        self.event(span, time, "exception", attributes);
    }

    /// Writes a log record inside a span.
    pub(super) fn log(
        &mut self,
        span: usize,
        time: u64,
        severity: Severity,
        body: impl Into<String>,
        attributes: Attrs,
    ) {
        let PlannedSpan { service, trace, id, .. } = self.spans[span];
        self.logs.push(PlannedLog {
            service,
            time,
            severity,
            body: body.into(),
            attributes,
            context: Some((trace, id)),
        });
    }
}
