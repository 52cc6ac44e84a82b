//! Log records, by time.

use otlp::Batch;
use otlp::logs::Severity;

use super::trace::service_name;
use crate::render::value::{hex, pairs, text};

/// One log record.
#[derive(Debug)]
pub(crate) struct Log {
    /// Nanoseconds since the epoch: when it happened, or else when it was seen.
    pub(crate) time: u64,
    pub(crate) severity: Severity,
    pub(crate) severity_text: String,
    pub(crate) service: String,
    /// The body, or the event's name where there is none.
    pub(crate) body: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// In hex; empty where the record belongs to no trace.
    pub(crate) trace: String,
    pub(crate) span: String,
}

/// How grave a record is, in the six ranges of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gravity {
    Unknown,
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Log {
    /// Its range of severity.
    pub(crate) fn gravity(&self) -> Gravity {
        match self.severity.number() {
            1..=4 => Gravity::Trace,
            5..=8 => Gravity::Debug,
            9..=12 => Gravity::Info,
            13..=16 => Gravity::Warn,
            17..=20 => Gravity::Error,
            21..=24 => Gravity::Fatal,
            _ => Gravity::Unknown,
        }
    }

    /// What to call the severity: the protocol's name, else the source's.
    pub(crate) fn severity_name(&self) -> String {
        match self.gravity() {
            Gravity::Unknown if self.severity_text.is_empty() => "-".to_owned(),
            Gravity::Unknown => self.severity_text.clone(),
            _ => self.severity.to_string(),
        }
    }
}

/// The records that `wanted` takes, by trace id in hex, the first `limit` of them by time; and how many more there are.
pub(crate) fn collect(batches: &[Batch], limit: usize, wanted: impl Fn(&str) -> bool) -> (Vec<Log>, usize) {
    let mut logs = Vec::new();
    for view in batches.iter().filter_map(Batch::logs) {
        for group in view.resource_logs() {
            let service = service_name(group.resource());
            for record in group.scope_logs().iter().flat_map(|scope| scope.log_records()) {
                let trace = hex(record.trace_id_bytes());
                if !wanted(&trace) {
                    continue;
                }
                let time = if record.time() == 0 { record.observed_time() } else { record.time() };
                logs.push((time, service, trace, record));
            }
        }
    }
    logs.sort_by_key(|(time, ..)| *time);
    let left_out = logs.len().saturating_sub(limit);
    let read = |(time, service, trace, record): (u64, &str, String, otlp::logs::LogRecordView<'_>)| Log {
        time,
        severity: record.severity(),
        severity_text: record.severity_text().to_owned(),
        service: service.to_owned(),
        body: record.body().map_or_else(|| record.event_name().to_owned(), text),
        attributes: pairs(record.attributes()),
        trace,
        span: hex(record.span_id_bytes()),
    };
    (logs.into_iter().take(limit).map(read).collect(), left_out)
}
