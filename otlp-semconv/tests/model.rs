//! The published models, where this machine has them: resolved to the numbers counted by an independent script.
#![cfg(feature = "resolve")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use otlp_semconv::registry::{
    AttributeType, Deprecation, Instrument, Registry, Role, SpanKind, Stability, ValueType,
};
use otlp_semconv::resolve::Resolver;

/// A release of the model, or `None` with a note on a machine without it.
fn model(version: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/upstream"))
        .join(format!("semantic-conventions-{version}/model"));
    if path.exists() {
        return Some(path);
    }
    println!("no {}: not tested", path.display());
    None
}

/// How often each answer comes.
fn count<T, K: Ord>(items: &[T], of: impl Fn(&T) -> K) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    items.iter().for_each(|item| *counts.entry(of(item)).or_default() += 1);
    counts
}

/// Live ones by stability, and deprecated ones by reason.
fn lifecycle<T>(
    items: &[T],
    of: impl Fn(&T) -> (Stability, Option<&Deprecation>),
) -> BTreeMap<&'static str, usize> {
    count(items, |item| match of(item) {
        (stability, None) => stability.as_str(),
        (_, Some(deprecated)) => deprecated.reason(),
    })
}

#[test]
fn release_1_44_has_every_item() {
    let Some(model) = model("1.44.0") else { return };
    let registry = Registry::load(model).unwrap();
    assert_eq!(registry.version(), "1.44.0");
    assert_eq!(registry.attributes().len(), 940);
    assert_eq!(registry.metrics().len(), 541);
    assert_eq!(registry.spans().len(), 78);
    assert_eq!(registry.events().len(), 32);
    assert_eq!(registry.entities().len(), 64);
    assert_eq!(registry.span_refinements().len(), 35);
    assert_eq!(registry.metric_refinements().len(), 21);
    assert_eq!(registry.namespaces().count(), 90);
    let members: Vec<_> = registry.attributes().iter().flat_map(|item| item.members()).collect();
    assert_eq!(members.len(), 989);
    let deprecated: Vec<_> = members.iter().filter_map(|member| member.deprecated.as_ref()).collect();
    assert_eq!(deprecated.len(), 24);
    assert_eq!(deprecated.iter().filter(|deprecated| deprecated.renamed_to().is_some()).count(), 21);
}

#[test]
fn release_1_44_has_the_counted_lifecycles() {
    let Some(model) = model("1.44.0") else { return };
    let registry = Registry::load(model).unwrap();
    let attributes = lifecycle(registry.attributes(), |item| (item.stability, item.deprecated.as_ref()));
    assert_eq!(
        attributes,
        BTreeMap::from([
            ("stable", 121),
            ("release_candidate", 89),
            ("alpha", 1),
            ("development", 523),
            ("renamed", 97),
            ("uncategorized", 87),
            ("obsoleted", 22),
        ])
    );
    let metrics = lifecycle(registry.metrics(), |item| (item.stability, item.deprecated.as_ref()));
    assert_eq!(
        metrics,
        BTreeMap::from([
            ("stable", 51),
            ("release_candidate", 42),
            ("development", 351),
            ("renamed", 71),
            ("uncategorized", 16),
            ("obsoleted", 10),
        ])
    );
    let stability = |counts: [(Stability, usize); 3]| BTreeMap::from(counts);
    assert_eq!(
        count(registry.spans(), |span| span.stability),
        stability([(Stability::Stable, 8), (Stability::ReleaseCandidate, 9), (Stability::Development, 61)])
    );
    assert_eq!(
        count(registry.events(), |event| event.stability),
        stability([(Stability::Stable, 1), (Stability::ReleaseCandidate, 1), (Stability::Development, 30)])
    );
    assert_eq!(
        count(registry.entities(), |entity| entity.stability),
        stability([(Stability::Stable, 5), (Stability::ReleaseCandidate, 5), (Stability::Development, 54)])
    );
    let reasons = |list: Vec<Option<&Deprecation>>| {
        count(&list, |deprecated| deprecated.map_or("live", Deprecation::reason))
    };
    let spans = reasons(registry.spans().iter().map(|span| span.deprecated.as_ref()).collect());
    assert_eq!(spans, BTreeMap::from([("live", 64), ("uncategorized", 14)]));
    let events = reasons(registry.events().iter().map(|event| event.deprecated.as_ref()).collect());
    assert_eq!(
        events,
        BTreeMap::from([("live", 22), ("renamed", 1), ("uncategorized", 8), ("obsoleted", 1)])
    );
    let entities = reasons(registry.entities().iter().map(|entity| entity.deprecated.as_ref()).collect());
    assert_eq!(entities, BTreeMap::from([("live", 63), ("obsoleted", 1)]));
}

#[test]
fn release_1_44_has_the_counted_kinds() {
    let Some(model) = model("1.44.0") else { return };
    let registry = Registry::load(model).unwrap();
    let kinds = count(registry.attributes(), |item| match &item.value_type {
        AttributeType::Plain(value) => value.as_str(),
        AttributeType::Enum { of: ValueType::Int, .. } => "enum of int",
        AttributeType::Enum { .. } => "enum of string",
        AttributeType::Template(ValueType::Strings) => "template of string[]",
        _ => "template of string",
    });
    assert_eq!(
        kinds,
        BTreeMap::from([
            ("string", 543),
            ("int", 101),
            ("string[]", 32),
            ("boolean", 26),
            ("double", 17),
            ("any", 8),
            ("int[]", 1),
            ("enum of string", 169),
            ("enum of int", 2),
            ("template of string", 33),
            ("template of string[]", 8),
        ])
    );
    let instruments = count(registry.metrics(), |metric| metric.instrument.as_str());
    assert_eq!(
        instruments,
        BTreeMap::from([("updowncounter", 277), ("counter", 126), ("gauge", 71), ("histogram", 67)])
    );
    assert_eq!(Instrument::parse("gauge"), Some(Instrument::Gauge));
    assert_eq!(registry.metrics().iter().filter(|metric| metric.number.is_some()).count(), 515);
    assert_eq!(registry.metrics().iter().filter(|metric| !metric.entities.is_empty()).count(), 275);
    let units = count(registry.metrics(), |metric| metric.unit.clone());
    assert_eq!(units.len(), 88);
    let kinds = count(registry.spans(), |span| span.kind.as_str());
    assert_eq!(
        kinds,
        BTreeMap::from([("client", 52), ("server", 13), ("internal", 10), ("producer", 2), ("consumer", 1)])
    );
    assert_eq!(SpanKind::parse("client"), Some(SpanKind::Client));
    let roles: Vec<_> = registry.entities().iter().flat_map(|entity| &entity.attributes).collect();
    let identifying = roles.iter().filter(|used| used.role == Some(Role::Identifying)).count();
    // 42 + 82 + 100 that say nothing.
    assert_eq!((identifying, roles.len()), (42, 224));
}

#[test]
fn release_1_41_1_resolves_too() {
    let Some(model) = model("1.41.1") else { return };
    let registry = Registry::load(model).unwrap();
    assert_eq!(registry.attributes().len(), 925);
    assert_eq!(registry.metrics().len(), 529);
    assert_eq!(registry.spans().len(), 70);
    assert_eq!(registry.events().len(), 31);
    assert_eq!(registry.entities().len(), 63);
}

#[test]
fn every_rename_leads_to_something_live() {
    let Some(model) = model("1.44.0") else { return };
    let registry = Registry::load(model).unwrap();
    for attribute in registry.attributes() {
        let Some(to) = attribute.deprecated.as_ref().and_then(Deprecation::renamed_to) else { continue };
        let target = registry.attribute(to).unwrap_or_else(|| panic!("{} is renamed to {to}", attribute.key));
        assert!(target.deprecated.is_none(), "{} is renamed to {to}", attribute.key);
    }
    for metric in registry.metrics() {
        let Some(to) = metric.deprecated.as_ref().and_then(Deprecation::renamed_to) else { continue };
        assert!(registry.metric(to).is_some(), "{} is renamed to {to}", metric.name);
    }
}

#[test]
fn release_1_44_comes_back_from_a_resolved_file_with_its_prose() {
    let Some(model) = model("1.44.0") else { return };
    let registry = Registry::load(model).unwrap();
    let text = registry.to_resolved_yaml();
    let back = Resolver::new().files([("resolved.yaml", &*text)]).unwrap();
    for (back, attribute) in back.attributes().iter().zip(registry.attributes()) {
        assert_eq!(back, attribute);
    }
    assert_eq!(back.events(), registry.events());
    assert_eq!(back.entities(), registry.entities());
    assert_eq!(back.metric_refinements().len(), registry.metric_refinements().len());
    for (back, metric) in back.metrics().iter().zip(registry.metrics()) {
        assert_eq!(back, metric);
    }
    for (back, span) in back.spans().iter().zip(registry.spans()) {
        assert_eq!((&back.name, &back.names, &back.extends), (&span.name, &span.names, &span.extends));
        assert_eq!(back.attributes.len(), span.attributes.len());
    }
    // What is pinned outside of a list of attributes is written into it; everything else is the same.
    let again = back.to_resolved_yaml();
    assert_eq!(Resolver::new().files([("resolved.yaml", &*again)]).unwrap(), back);
}
