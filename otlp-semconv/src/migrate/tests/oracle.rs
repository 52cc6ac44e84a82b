//! The schema files' rules on decoded messages, as the format states them, against the spliced bytes.
//!
//! It knows nothing of lines, steps and indices: it walks versions, sections and changes, and renames in vectors. What goes
//! beyond the files is kept out of the batches: only names of the files stand in them, and of those none that was reviewed.

use std::collections::HashSet;

use otlp_core::Signal;
use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{InstrumentationScope, KeyValue};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::metrics::v1::{
    Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::span::{Event, Link};
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::prelude::*;

use super::kit::*;
use crate::generated::schemas::{FACTS, RELEASES};
use crate::migrate::reviewed::{CHOICES, FIXES, IN_USE};
use crate::migrate::schema::{Only, Section, What};
use crate::migrate::{Collision, Mode, Plan, Version};

/// The versions on the way, with whether it goes up.
fn versions(from: Version, to: Version) -> (bool, Vec<&'static crate::migrate::schema::Release>) {
    let between =
        |low: Version, high: Version| RELEASES[low.index() + 1..=high.index()].iter().collect::<Vec<_>>();
    if from <= to {
        (true, between(from, to))
    } else {
        let mut way = between(to, from);
        way.reverse();
        (false, way)
    }
}

/// Renames a metric and one list of its, or a list that belongs to no metric, along the way.
fn follow(from: Version, to: Version, section: Section, metric: &mut String, list: &mut [KeyValue]) {
    let (up, releases) = versions(from, to);
    for release in releases {
        let mut changes: Vec<_> = release
            .changes
            .iter()
            .filter(|change| [Section::All, section].contains(&change.section))
            .collect();
        if !up {
            changes.reverse();
        }
        for change in changes {
            match change.what {
                What::Metrics(pairs) => {
                    let found = pairs.iter().find(|(old, new)| metric == if up { old } else { new });
                    if let Some((old, new)) = found {
                        *metric = (if up { *new } else { *old }).to_owned();
                    }
                }
                What::Attributes(pairs) => {
                    if let Only::Metrics(names) = change.only
                        && !names.contains(&metric.as_str())
                    {
                        continue;
                    }
                    for pair in list.iter_mut() {
                        let found = pairs.iter().find(|(old, new)| pair.key == if up { *old } else { *new });
                        if let Some((old, new)) = found {
                            pair.key = (if up { *new } else { *old }).to_owned();
                        }
                    }
                }
                _ => panic!("no published file has this"),
            }
        }
    }
}

/// Keys of the files that neither review nor registry says more about, and that have one old name each.
fn plain() -> (Vec<&'static str>, Vec<&'static str>) {
    let mut keys: Vec<&str> = Vec::new();
    let mut metrics: Vec<&str> = Vec::new();
    let mut known: HashSet<&str> = IN_USE.iter().map(|(_, name)| name.split('=').next().unwrap()).collect();
    known.extend(FACTS.templates);
    known.extend(CHOICES.iter().map(|choice| choice.to));
    known.extend(FACTS.values.iter().map(|value| value.key));
    known.extend(FACTS.types.iter().flat_map(|types| [types.from, types.to]));
    known.extend(FACTS.attributes.iter().chain(FACTS.metrics).flat_map(|(from, to)| [*from, *to]));
    known.extend(FACTS.metric_changes.iter().flat_map(|change| [change.from, change.to]));
    for fix in FIXES {
        if let Only::Metrics(names) = fix.change.only {
            known.extend(names);
        }
        match fix.change.what {
            What::Attributes(pairs) => known.extend(pairs.iter().flat_map(|(from, to)| [*from, *to])),
            What::Values { key, .. } | What::Dropped { key, .. } => drop(known.insert(key)),
            What::Unit { from, to, .. } => known.extend([from, to]),
            _ => {}
        }
    }
    let mut targets: Vec<(Section, Only, &str)> = Vec::new();
    for change in RELEASES.iter().flat_map(|release| release.changes) {
        let (What::Attributes(pairs) | What::Metrics(pairs)) = change.what else { panic!() };
        for (from, to) in pairs {
            // Several old names of one, in the same place or in several versions: the review decides.
            let again = targets.iter().any(|(section, only, name)| {
                name == to && !(*section == change.section && *only != change.only && *only != Only::Any)
            });
            if again {
                known.insert(to);
            }
            targets.push((change.section, change.only, to));
            let names = if matches!(change.what, What::Metrics(_)) { &mut metrics } else { &mut keys };
            names.extend([*from, *to]);
            if let Only::Metrics(names) = change.only {
                metrics.extend(names);
            }
        }
    }
    // What leads to such a name is decided by the review too.
    loop {
        let before = known.len();
        for change in RELEASES.iter().flat_map(|release| release.changes) {
            let (What::Attributes(pairs) | What::Metrics(pairs)) = change.what else { panic!() };
            for (from, to) in pairs {
                if known.contains(from) || known.contains(to) {
                    known.extend([*from, *to]);
                }
            }
        }
        if known.len() == before {
            break;
        }
    }
    // These have different names in each metric, which is what is to be tested.
    let scoped = ["state", "type", "direction", "pool", "device", "name", "daemon", "status", "cpu", "mode"];
    for list in [&mut keys, &mut metrics] {
        list.retain(|name| !known.contains(name) || scoped.contains(name));
        list.sort_unstable();
        list.dedup();
    }
    (keys, metrics)
}

/// One item of each kind with these attributes: `Resource` for the first list, the item's own for the second.
fn check(from: Version, to: Version, metric: &str, lists: [Vec<KeyValue>; 2]) -> Result<(), TestCaseError> {
    let plan = Plan::between(from.as_str(), to.as_str()).unwrap();
    let expected = |section, mut list: Vec<KeyValue>| {
        let mut name = metric.to_owned();
        follow(from, to, section, &mut name, &mut list);
        (name, list)
    };
    let url = |version: Version| version.url();
    let [around, own] = lists;
    // Collisions are the policy's; the files leave them open.
    for section in [Section::Resources, Section::Spans, Section::SpanEvents, Section::Metrics, Section::Logs]
    {
        for list in [&around, &own] {
            let keys: Vec<String> =
                expected(section, list.clone()).1.into_iter().map(|pair| pair.key).collect();
            if keys.iter().collect::<HashSet<_>>().len() < keys.len() {
                return Err(TestCaseError::reject("two get the same key"));
            }
        }
    }
    let resource = |list| Some(Resource { attributes: list, ..Default::default() });
    let scope = |list| Some(InstrumentationScope { attributes: list, ..Default::default() });
    let traces = |migrated: bool, version: Version| {
        let of = |section, list: &Vec<KeyValue>| {
            if migrated { expected(section, list.clone()).1 } else { list.clone() }
        };
        let span = Span {
            kind: 1,
            attributes: of(Section::Spans, &own),
            events: vec![Event { attributes: of(Section::SpanEvents, &own), ..Default::default() }],
            links: vec![Link { attributes: of(Section::Spans, &own), ..Default::default() }],
            ..Default::default()
        };
        let scope_spans = vec![ScopeSpans {
            scope: scope(of(Section::All, &around)),
            spans: vec![span],
            schema_url: url(version),
        }];
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: resource(of(Section::Resources, &around)),
                scope_spans,
                schema_url: url(version),
            }],
        }
    };
    let apply = |batch| plan.apply(&batch, Mode::Rename, Collision::default()).0;
    let batch_of = |tree: &ExportTraceServiceRequest| batch(Signal::Traces, tree);
    prop_assert_eq!(apply(batch_of(&traces(false, from))), batch_of(&traces(true, to)));

    let logs = |migrated: bool| {
        let list = if migrated { expected(Section::Logs, own.clone()).1 } else { own.clone() };
        let log_records = vec![LogRecord { attributes: list, ..Default::default() }];
        let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
        let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
        batch(Signal::Logs, &ExportLogsServiceRequest { resource_logs })
    };
    prop_assert_eq!(apply(logs(false)), logs(true));

    let metrics = |migrated: bool| {
        let (name, list) =
            if migrated { expected(Section::Metrics, own.clone()) } else { (metric.to_owned(), own.clone()) };
        let exemplar = Exemplar { filtered_attributes: list.clone(), ..Default::default() };
        let point = NumberDataPoint { attributes: list, exemplars: vec![exemplar], ..Default::default() };
        let data = Some(Data::Gauge(Gauge { data_points: vec![point] }));
        let metrics = vec![Metric { name, data, ..Default::default() }];
        let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
        let resource_metrics = vec![ResourceMetrics { scope_metrics, ..Default::default() }];
        batch(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics })
    };
    prop_assert_eq!(apply(metrics(false)), metrics(true));
    Ok(())
}

pub(super) fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(Version::all().collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_files_rules_hold(
        from in version(),
        to in version(),
        metric in prop::sample::select(plain().1),
        around in prop::collection::vec((prop::sample::select(plain().0), "[a-z]{0,3}"), 0..3),
        own in prop::collection::vec((prop::sample::select(plain().0), "[a-z]{0,3}"), 0..6),
    ) {
        let list = |pairs_of: Vec<(&'static str, String)>| {
            let list: Vec<(&str, &str)> = pairs_of.iter().map(|(key, value)| (*key, value.as_str())).collect();
            pairs(&list)
        };
        check(from, to, metric, [list(around), list(own)])?;
    }
}

#[test]
fn most_names_of_the_files_are_compared() {
    let (keys, metrics) = plain();
    assert!(keys.len() > 170 && metrics.len() > 150, "{} keys, {} metrics", keys.len(), metrics.len());
}
