//! Where attributes stand, and which changes are for them.

use otlp_core::trace::SpanKind;

use super::metric::Names;
use super::schema::{Only, Section};
use super::table::Step;

/// Where attributes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Resource,
    Scope,
    Span,
    Event,
    Log,
    Metric,
}

/// What steps may ask about an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'i> {
    pub(super) place: Place,
    /// Of the span that it is or belongs to.
    pub(super) span: &'i str,
    pub(super) kind: SpanKind,
    pub(super) event: &'i str,
    /// Of the metric that it belongs to.
    pub(super) metric: &'i Names,
}

impl Item<'_> {
    pub(super) fn admits(&self, step: &Step) -> bool {
        let section = match step.section {
            Section::All => true,
            Section::Resources => self.place == Place::Resource,
            Section::Spans => self.place == Place::Span,
            Section::SpanEvents => self.place == Place::Event,
            Section::Metrics => self.place == Place::Metric,
            Section::Logs => self.place == Place::Log,
        };
        section
            && match step.only {
                Only::Any => true,
                Only::Metrics(names) => {
                    self.place == Place::Metric && names.contains(&self.metric.at(step.at))
                }
                Only::Named { spans, events } => {
                    (spans.is_empty() || spans.contains(&self.span))
                        && (events.is_empty() || events.contains(&self.event))
                }
                Only::Clients => client(self.kind),
                Only::NotClients => !client(self.kind),
                Only::Servers => server(self.kind),
                Only::Neither => !client(self.kind) && !server(self.kind),
            }
    }

    /// As [`admits`](Self::admits), but for a step on the way back from here.
    pub(super) fn takes_back(&self, step: &Step) -> bool {
        let Only::Metrics(names) = step.only else { return self.admits(step) };
        self.place == Place::Metric && self.metric.any(|name| names.contains(&name))
    }
}

fn client(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Client | SpanKind::Producer)
}

fn server(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}
