//! The dialect of `groups`.

use super::{keys, message, older, used};
use crate::registry::{AttributeType, Deprecation, Requirement, Role, SpanKind, Stability, Value, ValueType};

const NETWORK: &str = "
- id: registry.network
  type: attribute_group
  brief: x
  attributes:
  - {id: net.name, type: string, stability: stable, brief: the name, note: of the net, examples: [a]}
  - {id: net.port, type: int, stability: experimental, brief: the port}
";

#[test]
fn a_reference_takes_over_the_definition_and_overrides_field_by_field() {
    let registry = older(&format!(
        "{NETWORK}
- id: span.x.client
  type: span
  span_kind: client
  stability: development
  brief: x
  attributes:
  - ref: net.name
    note: of this net
    requirement_level: required
    sampling_relevant: true
  - ref: net.port
"
    ))
    .unwrap();
    let span = registry.span("x.client").unwrap();
    assert_eq!(span.kind, SpanKind::Client);
    let name = used(&registry, &span.attributes, "net.name");
    assert_eq!((name.requirement, name.sampling_relevant), (Requirement::Required, true));
    let details = name.details.as_ref().unwrap();
    assert_eq!((&*details.brief, &*details.note, details.examples.len()), ("the name", "of this net", 1));
    let port = used(&registry, &span.attributes, "net.port");
    assert_eq!((port.requirement, port.details.is_none()), (Requirement::Recommended, true));
    assert_eq!(registry.attribute("net.port").unwrap().stability, Stability::Development);
}

#[test]
fn extends_is_followed_through_a_chain_and_the_nearest_wins() {
    let registry = older(&format!(
        "{NETWORK}
- {{id: metric.m, type: metric, metric_name: m, instrument: counter, unit: '1', stability: stable, brief: x, extends: c}}
- id: c
  type: attribute_group
  brief: x
  extends: b
  attributes: [{{ref: net.name, brief: from c}}]
- id: b
  type: attribute_group
  brief: x
  extends: a
  attributes: [{{ref: net.name, brief: from b, note: from b, requirement_level: opt_in}}, {{ref: net.port, requirement_level: required}}]
- id: a
  type: attribute_group
  brief: x
  attributes: [{{ref: net.name, brief: from a, note: from a, requirement_level: required, examples: [from a]}}]
"
    ))
    .unwrap();
    let metric = registry.metric("m").unwrap();
    assert_eq!(keys(&registry, &metric.attributes), ["net.name", "net.port"]);
    let name = &metric.attributes[0];
    let details = name.details.as_ref().unwrap();
    assert_eq!((&*details.brief, &*details.note), ("from c", "from b"));
    assert_eq!(details.examples, [Value::Text("from a".into())]);
    assert_eq!(name.requirement, Requirement::OptIn);
    assert_eq!(metric.attributes[1].requirement, Requirement::Required);
}

#[test]
fn a_span_specialises_another_and_may_leave_its_kind_to_it() {
    let registry = older(&format!(
        "{NETWORK}
- id: span.db.client
  type: span
  span_kind: client
  stability: stable
  brief: x
  attributes: [{{ref: net.name, requirement_level: required}}]
- id: span.db.redis.client
  type: span
  stability: development
  brief: x
  extends: span.db.client
  attributes: [{{ref: net.port}}]
"
    ))
    .unwrap();
    let redis = registry.span("db.redis.client").unwrap();
    assert_eq!(redis.extends.as_deref(), Some("db.client"));
    assert_eq!(redis.kind, SpanKind::Client);
    assert_eq!(redis.stability, Stability::Development);
    assert_eq!(keys(&registry, &redis.attributes), ["net.name", "net.port"]);
}

#[test]
fn entities_of_every_age_are_entities() {
    let registry = older(&format!(
        "{NETWORK}
- id: entity.service
  type: entity
  name: service
  stability: stable
  brief: x
  attributes: [{{ref: net.name, role: identifying}}, {{ref: net.port}}]
- id: browser
  type: resource
  brief: x
  attributes: [{{ref: net.name}}]
- {{id: resource.host, type: resource, brief: x}}
- {{id: entity.k8s.pod, type: resource, brief: x, name: k8s.pod}}
"
    ))
    .unwrap();
    let names: Vec<_> = registry.entities().iter().map(|entity| &*entity.name).collect();
    assert_eq!(names, ["browser", "host", "k8s.pod", "service"]);
    let service = registry.entity("service").unwrap();
    let roles: Vec<_> = service.attributes.iter().map(|used| used.role).collect();
    assert_eq!(roles, [Some(Role::Identifying), Some(Role::Descriptive)]);
}

#[test]
fn deprecation_is_a_map_or_a_sentence_or_a_stability() {
    let registry = older(
        "
- id: registry.x
  type: attribute_group
  brief: x
  attributes:
  - {id: a.new, type: int, stability: stable, brief: x}
  - {id: a.renamed, type: int, brief: x, deprecated: {reason: renamed, renamed_to: a.new}}
  - {id: a.gone, type: int, brief: x, deprecated: {reason: obsoleted, note: no more}}
  - {id: a.split, type: int, brief: x, deprecated: {reason: uncategorized, note: see there}}
  - {id: a.old, type: int, brief: x, deprecated: 'use `a.new`'}
  - {id: a.older, type: int, brief: x, stability: deprecated}
  - id: a.kind
    stability: stable
    brief: x
    type: {members: [{id: one, brief: x, deprecated: 'use two'}, {id: two, stability: experimental}]}
",
    )
    .unwrap();
    let deprecated = |key: &str| registry.attribute(key).unwrap().deprecated.clone();
    assert_eq!(deprecated("a.new"), None);
    assert_eq!(deprecated("a.renamed"), Some(Deprecation::Renamed { to: "a.new".into() }));
    assert_eq!(deprecated("a.gone"), Some(Deprecation::Obsoleted));
    assert_eq!(deprecated("a.split"), Some(Deprecation::Uncategorized));
    assert_eq!(deprecated("a.old"), Some(Deprecation::Unspecified));
    assert_eq!(deprecated("a.older"), Some(Deprecation::Unspecified));
    let details = registry.attribute("a.old").unwrap().details.clone().unwrap();
    assert_eq!(details.deprecated, "use `a.new`");
    let kind = registry.attribute("a.kind").unwrap();
    assert_eq!(kind.members()[0].deprecated, Some(Deprecation::Unspecified));
    assert_eq!(kind.members()[1].stability, Stability::Development);
}

#[test]
fn a_members_value_is_its_id_unless_it_says_another() {
    let registry = older(
        "
- id: registry.x
  type: attribute_group
  brief: x
  attributes:
  - id: a.word
    stability: stable
    brief: x
    type: {allow_custom_values: true, members: [{id: get, value: GET}, {id: put}, {id: two, value: 2.5}]}
  - {id: a.code, stability: stable, brief: x, type: {members: [{id: ok, value: 0}, {id: bad, value: 1}]}}
",
    )
    .unwrap();
    let word = registry.attribute("a.word").unwrap();
    let values: Vec<_> = word.members().iter().map(|member| member.value.as_str().unwrap()).collect();
    assert_eq!(values, ["GET", "put", "2.5"]);
    let code = registry.attribute("a.code").unwrap();
    assert!(matches!(code.value_type, AttributeType::Enum { of: ValueType::Int, .. }));
}

#[test]
fn a_prefix_is_part_of_the_keys_that_are_defined() {
    let registry = older(
        "
- {id: http, prefix: http, type: attribute_group, brief: x, attributes: [{id: method, type: string, brief: x}]}
- {id: span.h, type: span, span_kind: server, brief: x, attributes: [{ref: http.method}]}
",
    )
    .unwrap();
    assert_eq!(keys(&registry, &registry.span("h").unwrap().attributes), ["http.method"]);
}

#[test]
fn what_is_missing_wrong_or_twice_is_named() {
    let duplicate = format!(
        "{NETWORK}\n- {{id: r, type: attribute_group, brief: x, attributes: [{{id: net.port, type: int, brief: x}}]}}"
    );
    for (text, expected) in [
        ("- {type: span, brief: x}", "old.yaml:2: `id` is missing"),
        ("- {id: span., type: span}", "old.yaml:2: `span.`: `name` is missing"),
        (
            "- {id: a, type: thing}",
            "old.yaml:2: `a`: `type` should be `attribute_group`, `metric`, `span`, `event` or `entity`, not `thing`",
        ),
        (
            "- {id: m, type: metric, instrument: counter, unit: s}",
            "old.yaml:2: `m`: `metric_name` is missing",
        ),
        ("- {id: m, type: metric, metric_name: m, unit: s}", "old.yaml:2: `m`: `instrument` is missing"),
        (
            "- {id: m, type: metric, metric_name: m, instrument: meter, unit: s}",
            "old.yaml:2: `m`: `instrument` should be `counter`, `updowncounter`, `gauge` or `histogram`, not `meter`",
        ),
        (
            "- {id: s, type: span, extends: nothing}",
            "old.yaml:2: `s`: group `nothing` is not defined in the registry or in what it stands on",
        ),
        (
            "- {id: s, type: span, attributes: [{ref: no.such}]}",
            "old.yaml:2: `s`: attribute `no.such` is not defined in the registry or in what it stands on",
        ),
        (
            "- {id: s, type: span}\n- {id: s, type: span}",
            "old.yaml:3: `s`: span `s` is already defined at old.yaml:2: `s`",
        ),
        (
            "- {id: a, type: metric, metric_name: m, instrument: gauge, unit: s}\n- {id: b, type: metric, metric_name: m, instrument: gauge, unit: s}",
            "old.yaml:3: `b`: metric `m` is already defined at old.yaml:2: `a`",
        ),
        (
            &*duplicate,
            "old.yaml:10: `net.port`: attribute `net.port` is already defined at old.yaml:8: `net.port`",
        ),
        (
            "- {id: a, type: attribute_group, extends: b}\n- {id: b, type: attribute_group, extends: a}",
            "old.yaml:2: `a`: refers to itself: a > b > a",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: int, requirement_levl: required}]}",
            "old.yaml:2: `x`: unknown field `requirement_levl`; did you mean `requirement_level`?",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: int, deprecated: {reason: renamed, renamed_to: y}}]}",
            "old.yaml:2: `x`: attribute `y` is not defined in the registry or in what it stands on",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: {members: []}}]}",
            "old.yaml:2: `x`: `members` is missing",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: {members: [{id: a}, {id: b, value: 1}]}}]}",
            "old.yaml:2: `x`: `members` should be values of one type, not a map",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: {members: [{id: a}, {id: a}]}}]}",
            "old.yaml:2: `x`: member `a` is already defined at old.yaml:2",
        ),
        (
            "- {id: s, type: span, entity_associations: [host]}",
            "old.yaml:2: `s`: entity `host` is not defined in the registry or in what it stands on",
        ),
        (
            "- {id: a, type: attribute_group, attributes: [{id: x, type: int}, {ref: x}]}",
            "old.yaml:2: `a`: attribute `x` is already defined at old.yaml:2",
        ),
    ] {
        assert_eq!(message(older(text)), expected);
    }
}
