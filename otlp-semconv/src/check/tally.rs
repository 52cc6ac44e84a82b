//! What was looked at, while it is being counted.

use std::collections::BTreeMap;

use super::{
    Level,
    look::Memory,
    matching::Definition,
    report::{Coverage, Matches, Statistics},
    store::Store,
    table::Table,
    unknown::{Kind, Unknown},
};

/// Something that a look found to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// The attribute of the registry with this index.
    Attribute(u32),
    /// The unknown name with this number.
    Unknown(u32),
    /// The metric with this index.
    Metric(u32),
    /// The event with this index.
    Event(u32),
    /// A span of the definition with this index; whether that is certain.
    Span(u32, bool),
    /// A span of a definition that cannot be told.
    SpanOfSeveral,
    /// A span of no definition.
    SpanOfNone,
    /// A span that is of a definition but for its kind.
    SpanOfOtherKind,
}

/// Counters of a run.
#[derive(Debug)]
pub(super) struct Tally {
    attributes: Vec<u64>,
    metrics: Vec<u64>,
    events: Vec<u64>,
    spans: Vec<u64>,
    matches: Matches,
    /// Looks by the worst of what they found.
    worst: [u64; 4],
    pub(super) items: [u64; 4],
    pub(super) resources: u64,
    pub(super) scopes: u64,
    pub(super) metrics_seen: u64,
    pub(super) span_events: u64,
    pub(super) span_links: u64,
}

impl Tally {
    pub(super) fn new(table: &Table<'_>, definitions: usize) -> Self {
        let registry = table.registry;
        Self {
            attributes: vec![0; registry.attributes().len()],
            metrics: vec![0; registry.metrics().len()],
            events: vec![0; registry.events().len()],
            spans: vec![0; definitions],
            matches: Matches::default(),
            worst: [0; 4],
            items: [0; 4],
            resources: 0,
            scopes: 0,
            metrics_seen: 0,
            span_events: 0,
            span_links: 0,
        }
    }

    /// Takes in what is remembered of items that were alike.
    pub(super) fn add(&mut self, memory: &Memory, store: &mut Store, unknown: &mut Unknown) {
        let hits = memory.hits;
        self.worst[memory.worst(&store.findings).map_or(3, |level| 2 - level as usize)] += hits;
        for index in &memory.found {
            if let Some(finding) = store.findings.get_mut(*index as usize) {
                finding.count += hits;
            }
        }
        for counted in &memory.counted {
            match *counted {
                Counted::Attribute(index) => self.attributes[index as usize] += hits,
                Counted::Unknown(index) => unknown.count(index, hits),
                Counted::Metric(index) => self.metrics[index as usize] += hits,
                Counted::Event(index) => self.events[index as usize] += hits,
                Counted::Span(index, certain) => {
                    self.spans[index as usize] += hits;
                    *(if certain { &mut self.matches.certain } else { &mut self.matches.likely }) += hits;
                }
                Counted::SpanOfSeveral => self.matches.ambiguous += hits,
                Counted::SpanOfNone => self.matches.none += hits,
                Counted::SpanOfOtherKind => self.matches.other_kind += hits,
            }
        }
    }

    /// The counters under names.
    pub(super) fn finish(
        self,
        table: &Table<'_>,
        definitions: &[Definition<'_>],
        store: &Store,
        unknown: Unknown,
    ) -> Statistics {
        let registry = table.registry;
        let mut statistics = Statistics {
            items: self.items,
            resources: self.resources,
            scopes: self.scopes,
            metrics: self.metrics_seen,
            span_events: self.span_events,
            span_links: self.span_links,
            matches: self.matches,
            suppressed: store.suppressed,
            clean: self.worst[3],
            ..Statistics::default()
        };
        for (at, level) in Level::ALL.into_iter().enumerate() {
            statistics.worst.insert(level, self.worst[at]);
            statistics.by_level.insert(level, 0);
        }
        for finding in &store.findings {
            *statistics.by_level.entry(finding.level()).or_default() += finding.count;
            *statistics.by_id.entry(finding.id).or_default() += finding.count;
        }
        let mut coverage: BTreeMap<String, Coverage> = table
            .sizes()
            .into_iter()
            .map(|(name, known)| (name.to_owned(), Coverage { known, seen: 0 }))
            .collect();
        for (attribute, count) in
            registry.attributes().iter().zip(self.attributes).filter(|(_, count)| *count > 0)
        {
            statistics.attributes.insert(attribute.key.to_string(), count);
            if attribute.deprecated.is_none()
                && let Some(coverage) = coverage.get_mut(attribute.namespace())
            {
                coverage.seen += 1;
            }
        }
        statistics.known_attributes = coverage.values().map(|coverage| coverage.known).sum();
        coverage.retain(|_, coverage| coverage.seen > 0);
        statistics.namespaces = coverage;
        let seen = |name: &str, count: u64, into: &mut BTreeMap<String, u64>| {
            if count > 0 {
                into.insert(name.to_owned(), count);
            }
        };
        for (metric, count) in registry.metrics().iter().zip(self.metrics) {
            seen(&metric.name, count, &mut statistics.registry_metrics);
        }
        for (event, count) in registry.events().iter().zip(self.events) {
            seen(&event.name, count, &mut statistics.registry_events);
        }
        for (definition, count) in definitions.iter().zip(self.spans) {
            seen(definition.id, count, &mut statistics.registry_spans);
        }
        statistics.live_metrics =
            registry.metrics().iter().filter(|metric| metric.deprecated.is_none()).count() as u64;
        statistics.live_events =
            registry.events().iter().filter(|event| event.deprecated.is_none()).count() as u64;
        for name in unknown.into_names() {
            let into = match name.kind {
                Kind::Attribute => &mut statistics.other_attributes,
                Kind::Metric => &mut statistics.other_metrics,
                Kind::Event => &mut statistics.other_events,
            };
            seen(&name.name, name.count, into);
        }
        statistics
    }
}
