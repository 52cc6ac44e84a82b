//! The JSON that `weaver registry live-check --format json` prints, for scripts that read it: samples with their findings, and
//! statistics. A sample stands for all items of one place; of its attributes only those are there that something was found of.

use std::collections::BTreeMap;

use otlp::{
    Signal,
    check::{Finding, FindingId, Item, Level, Place, Report},
};
use serde_json::{Map, Value, json};

/// `samples` and `statistics`.
pub(super) fn object(report: &Report) -> Value {
    let mut places: Vec<(&Place, Vec<&Finding>)> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for finding in &report.findings {
        let at = *index.entry(&finding.place).or_insert_with(|| {
            places.push((&finding.place, Vec::new()));
            places.len() - 1
        });
        places[at].1.push(finding);
    }
    let samples: Vec<Value> = places.iter().map(|(place, findings)| sample(place, findings)).collect();
    json!({"samples": samples, "statistics": statistics(report)})
}

fn sample(place: &Place, findings: &[&Finding]) -> Value {
    let (of_attributes, own): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| is_of_attribute(finding));
    let mut by_key: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in of_attributes {
        by_key.entry(&finding.key).or_default().push(finding);
    }
    let attributes: Vec<Value> = by_key
        .iter()
        .map(|(key, findings)| json!({"name": key, "value": null, "type": null, "live_check_result": result(findings)}))
        .collect();
    let mut body = Map::new();
    match place.item {
        Item::Resource | Item::SpanLink | Item::Profile => {}
        Item::LogRecord => drop(body.insert("event_name".to_owned(), (*place.name).into())),
        Item::Scope => drop(body.insert("name".to_owned(), (*place.scope).into())),
        _ => drop(body.insert("name".to_owned(), (*place.name).into())),
    }
    body.insert("attributes".to_owned(), attributes.into());
    body.insert("live_check_result".to_owned(), result(&own));
    json!({sample_type(place.item): body})
}

/// Whether it is about one attribute that is there.
fn is_of_attribute(finding: &Finding) -> bool {
    finding.first.path.ends_with(']')
        && finding.first.path.contains("ttributes[")
        && !matches!(finding.place.item, Item::Profile)
}

const fn sample_type(item: Item) -> &'static str {
    match item {
        Item::Resource => "resource",
        Item::Scope => "instrumentation_scope",
        Item::Span => "span",
        Item::SpanEvent => "span_event",
        Item::SpanLink => "span_link",
        Item::Metric => "metric",
        Item::LogRecord => "log",
        _ => "profile",
    }
}

fn result(findings: &[&Finding]) -> Value {
    let advice: Vec<Value> = findings.iter().map(|finding| advice(finding)).collect();
    let highest = findings.iter().map(|finding| finding.level()).max().map(Level::as_str);
    json!({"all_advice": advice, "highest_advice_level": highest})
}

fn advice(finding: &Finding) -> Value {
    let mut context = Map::new();
    if !finding.key.is_empty() {
        let name = match finding.id {
            FindingId::UnitMismatch | FindingId::UnexpectedInstrument | FindingId::MissingMetric => {
                "metric_name"
            }
            FindingId::MissingEvent => "event_name",
            _ => "attribute_key",
        };
        context.insert(name.to_owned(), finding.key.as_str().into());
    }
    if let Some(replacement) = &finding.replacement {
        context.insert("expected".to_owned(), replacement.as_str().into());
    }
    json!({
        "level": finding.level().as_str(),
        "id": finding.id.as_str(),
        "message": finding.message,
        "context": context,
        "signal_name": if finding.place.name.is_empty() { None } else { Some(&*finding.place.name) },
        "signal_type": signal_type(finding),
    })
}

fn signal_type(finding: &Finding) -> &'static str {
    match (finding.place.item, finding.signal) {
        (Item::Resource, _) => "resource",
        (_, Signal::Traces) => "span",
        (_, Signal::Metrics) => "metric",
        (_, Signal::Logs) => "log",
        (_, Signal::Profiles) => "profile",
    }
}

fn statistics(report: &Report) -> Value {
    let statistics = &report.statistics;
    let mut messages: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &report.findings {
        *messages.entry(&finding.message).or_default() += finding.count;
    }
    let levels = |counts: &BTreeMap<Level, u64>| -> Map<String, Value> {
        let counts = counts.iter().rev().filter(|(_, count)| **count > 0);
        counts.map(|(level, count)| (level.to_string(), (*count).into())).collect()
    };
    let ids: Map<String, Value> =
        statistics.by_id.iter().map(|(id, count)| (id.to_string(), (*count).into())).collect();
    let attributes: u64 = statistics.attributes.values().chain(statistics.other_attributes.values()).sum();
    let by_type: Map<String, Value> = [
        ("resource", statistics.resources),
        ("span", statistics.items[Signal::Traces as usize]),
        ("span_event", statistics.span_events),
        ("span_link", statistics.span_links),
        ("metric", statistics.metrics),
        ("data_point", statistics.items[Signal::Metrics as usize]),
        ("log", statistics.items[Signal::Logs as usize]),
        ("profile", statistics.items[Signal::Profiles as usize]),
        ("attribute", attributes),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| (name.to_owned(), count.into()))
    .collect();
    let total: u64 = by_type.values().filter_map(Value::as_u64).sum();
    json!({
        "total_entities": total,
        "total_entities_by_type": by_type,
        "total_advisories": statistics.by_level.values().sum::<u64>(),
        "advice_level_counts": levels(&statistics.by_level),
        "highest_advice_level_counts": levels(&statistics.worst),
        "advice_type_counts": ids,
        "advice_message_counts": messages,
        "no_advice_count": statistics.clean,
        "seen_registry_attributes": statistics.attributes,
        "seen_non_registry_attributes": statistics.other_attributes,
        "seen_registry_metrics": statistics.registry_metrics,
        "seen_non_registry_metrics": statistics.other_metrics,
        "seen_registry_events": statistics.registry_events,
        "seen_non_registry_events": statistics.other_events,
        "registry_coverage": statistics.coverage(),
    })
}
