//! The report as one JSON object.

use otlp::{
    Signal,
    check::{Finding, Report, Statistics},
};
use serde_json::{Map, Value, json};

/// `findings` and `statistics`.
pub(super) fn object(report: &Report) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({"findings": findings, "statistics": statistics(&report.statistics)})
}

fn finding(finding: &Finding) -> Value {
    let place = &finding.place;
    json!({
        "id": finding.id.as_str(),
        "level": finding.level().as_str(),
        "signal": finding.signal.as_str(),
        "path": finding.first.path,
        "key": finding.key,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "replacement": finding.replacement,
        "count": finding.count,
        "place": {
            "service": &*place.service,
            "scope": &*place.scope,
            "item": place.item.as_str(),
            "name": &*place.name,
        },
        "input": &*finding.first.input,
        "entry": finding.first.message,
    })
}

fn statistics(statistics: &Statistics) -> Value {
    let items: Map<String, Value> = Signal::ALL
        .into_iter()
        .map(|signal| (signal.to_string(), statistics.items[signal as usize].into()))
        .collect();
    let matches = &statistics.matches;
    let levels: Map<String, Value> =
        statistics.by_level.iter().rev().map(|(level, count)| (level.to_string(), (*count).into())).collect();
    let ids: Map<String, Value> =
        statistics.by_id.iter().map(|(id, count)| (id.to_string(), (*count).into())).collect();
    let namespaces: Map<String, Value> = statistics
        .namespaces
        .iter()
        .map(|(name, coverage)| (name.clone(), json!({"seen": coverage.seen, "known": coverage.known})))
        .collect();
    json!({
        "items": items,
        "resources": statistics.resources,
        "scopes": statistics.scopes,
        "metrics": statistics.metrics,
        "span_events": statistics.span_events,
        "span_links": statistics.span_links,
        "levels": levels,
        "ids": ids,
        "clean": statistics.clean,
        "suppressed": statistics.suppressed,
        "span_matches": {
            "certain": matches.certain,
            "likely": matches.likely,
            "ambiguous": matches.ambiguous,
            "other_kind": matches.other_kind,
            "none": matches.none,
        },
        "spans": statistics.registry_spans,
        "attributes": statistics.attributes,
        "other_attributes": statistics.other_attributes,
        "registry_metrics": statistics.registry_metrics,
        "other_metrics": statistics.other_metrics,
        "registry_events": statistics.registry_events,
        "other_events": statistics.other_events,
        "namespaces": namespaces,
        "coverage": statistics.coverage(),
    })
}
