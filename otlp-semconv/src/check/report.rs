//! What a run found, and what it saw.

use std::cmp::Reverse;
use std::collections::BTreeMap;

#[cfg(doc)]
use otlp_core::Signal;

use super::{Finding, FindingId, Level};

/// The result of a [`Run`](super::Run).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// The findings, the worst first, then by id, key and place.
    pub findings: Vec<Finding>,
    /// Counts.
    pub statistics: Statistics,
}

impl Report {
    pub(super) fn new(mut findings: Vec<Finding>, statistics: Statistics) -> Self {
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        Self { findings, statistics }
    }

    /// The worst level there is; `None` without findings.
    pub fn worst(&self) -> Option<Level> {
        self.findings.first().map(Finding::level)
    }

    /// How many findings there are at this level or a worse one.
    pub fn at_least(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level() >= level).count()
    }
}

type Order<'a> = (Reverse<Level>, FindingId, &'a str, (&'a str, &'a str, &'static str, &'a str), &'a str);

fn order(finding: &Finding) -> Order<'_> {
    let place = &finding.place;
    let place = (&*place.service, &*place.scope, place.item.as_str(), &*place.name);
    (Reverse(finding.level()), finding.id, &finding.key, place, &finding.message)
}

/// What a run saw.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// How many items of each signal there were, in the order of [`Signal::ALL`]: spans, data points, log records, profiles.
    pub items: [u64; 4],
    /// How many groups of items with a resource of their own.
    pub resources: u64,
    /// How many groups of items with a scope of their own.
    pub scopes: u64,
    /// How many metrics.
    pub metrics: u64,
    /// How many events of spans.
    pub span_events: u64,
    /// How many links of spans.
    pub span_links: u64,
    /// Occurrences of findings by level.
    pub by_level: BTreeMap<Level, u64>,
    /// Occurrences of findings by id.
    pub by_id: BTreeMap<FindingId, u64>,
    /// Things that were looked at (resources, scopes, spans, span events and links, metrics, points, log records, profiles),
    /// by the worst that was found of them.
    pub worst: BTreeMap<Level, u64>,
    /// Things of which nothing was found.
    pub clean: u64,
    /// Findings that were not kept: there were too many different ones.
    pub suppressed: u64,
    /// Attributes of the registry, with how often they occurred.
    pub attributes: BTreeMap<String, u64>,
    /// Other attributes, with how often they occurred; at most 10,000 names of all kinds are kept.
    pub other_attributes: BTreeMap<String, u64>,
    /// Metrics of the registry, with how often they occurred.
    pub registry_metrics: BTreeMap<String, u64>,
    /// Other metrics.
    pub other_metrics: BTreeMap<String, u64>,
    /// Events of the registry, with how often they occurred.
    pub registry_events: BTreeMap<String, u64>,
    /// Other events.
    pub other_events: BTreeMap<String, u64>,
    /// Span definitions that spans were matched with.
    pub registry_spans: BTreeMap<String, u64>,
    /// How surely spans were matched.
    pub matches: Matches,
    /// By the first segment of the key: how many attributes of the registry occurred, where any did. Deprecated ones do not
    /// count.
    pub namespaces: BTreeMap<String, Coverage>,
    /// How many attributes of the registry are in use.
    pub known_attributes: u64,
    /// How many metrics of the registry are in use.
    pub live_metrics: u64,
    /// How many events of the registry are in use.
    pub live_events: u64,
}

impl Statistics {
    /// The share of what the registry has in use (attributes, metrics, events) that occurred, from 0 to 1.
    pub fn coverage(&self) -> f64 {
        let known = self.known_attributes + self.live_metrics + self.live_events;
        let attributes: u64 = self.namespaces.values().map(|coverage| coverage.seen).sum();
        let seen = attributes + (self.registry_metrics.len() + self.registry_events.len()) as u64;
        if known == 0 { 0.0 } else { (seen as f64 / known as f64).min(1.0) }
    }
}

/// How many of a namespace's attributes occurred.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// How many attributes the registry has there.
    pub known: u64,
    /// How many of them occurred.
    pub seen: u64,
}

/// How surely spans were matched with definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matches {
    /// By an attribute or a value that only spans of the definition have; all rules for it apply.
    pub certain: u64,
    /// By weaker evidence; nothing is required of them.
    pub likely: u64,
    /// Several definitions fit equally well; nothing is required of them.
    pub ambiguous: u64,
    /// All but the kind fits a definition.
    pub other_kind: u64,
    /// No definition is near.
    pub none: u64,
}
