//! Everything the registry defines is there as a type, and nothing else.

use std::collections::BTreeSet;
use std::string::{String, ToString as _};
use std::vec::Vec;

use crate::namespace::index;
use crate::registry::{self, Registry};
use crate::{Instrument, Number, Value};

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(str::to_string).collect();
    names.sort();
    names
}

fn is_unique(names: &[String]) -> bool {
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

/// What 1.44.0 has, counted in its model by another program. Another release is compared with the registry alone.
fn assert_count(generated: usize, in_1_44_0: usize) {
    if Registry::builtin().version() == "1.44.0" {
        assert_eq!(generated, in_1_44_0);
    }
}

#[test]
fn every_attribute_is_a_key() {
    let generated = sorted(index::ATTRIBUTES.iter().map(|key| key.trim_end_matches('.')));
    let known = sorted(Registry::builtin().attributes().iter().map(|attribute| &*attribute.key));
    assert!(is_unique(&generated));
    assert_eq!(generated, known);
    assert_count(generated.len(), 940);
}

#[test]
fn every_member_is_a_variant() {
    let text = |key: &str, value: String| [key, value.as_str()].join("=");
    let generated: Vec<String> = index::MEMBERS
        .iter()
        .map(|(key, value)| match value {
            Value::Str(value) => text(key, value.to_string()),
            Value::Int(value) => text(key, value.to_string()),
            other => text(key, std::format!("{other:?}")),
        })
        .collect();
    let members = |attribute: &registry::Attribute| -> Vec<String> {
        let value = |member: &registry::Member| match &member.value {
            registry::Value::Text(value) => value.to_string(),
            registry::Value::Int(value) => value.to_string(),
            other => std::format!("{other:?}"),
        };
        attribute.members().iter().map(|member| text(&attribute.key, value(member))).collect()
    };
    let known: Vec<String> = Registry::builtin().attributes().iter().flat_map(members).collect();
    assert_eq!(sorted(generated.iter().map(String::as_str)), sorted(known.iter().map(String::as_str)));
    assert_count(generated.len(), 989);
}

#[test]
fn every_metric_is_a_constant() {
    let mut generated = index::METRICS.to_vec();
    generated.sort_by_key(|metric| metric.0);
    let known: Vec<(&str, &str, Instrument, Option<Number>)> = Registry::builtin()
        .metrics()
        .iter()
        .map(|metric| (&*metric.name, &*metric.unit, metric.instrument, metric.number))
        .collect();
    assert_eq!(generated, known);
    assert_count(generated.len(), 541);
    let filled = sorted(index::METRIC_ATTRIBUTES.iter().copied());
    let metrics = Registry::builtin().metrics().iter().filter(|metric| !metric.attributes.is_empty());
    assert_eq!(filled, sorted(metrics.map(|metric| &*metric.name)));
}

#[test]
fn every_span_type_is_a_builder() {
    let generated = sorted(index::SPANS.iter().copied());
    let registry = Registry::builtin();
    let refined =
        registry.span_refinements().iter().map(|span| span.id.strip_prefix("span.").unwrap_or(&span.id));
    let known = sorted(registry.spans().iter().map(|span| &*span.name).chain(refined));
    assert!(is_unique(&generated));
    assert_eq!(generated, known);
    assert_count(generated.len(), 78 + 35);
}

#[test]
fn every_event_and_entity_is_a_builder() {
    let registry = Registry::builtin();
    let events = sorted(index::EVENTS.iter().copied());
    assert_eq!(events, sorted(registry.events().iter().map(|event| &*event.name)));
    assert_count(events.len(), 32);
    let entities = sorted(index::ENTITIES.iter().copied());
    assert_eq!(entities, sorted(registry.entities().iter().map(|entity| &*entity.name)));
    assert_count(entities.len(), 64);
}
