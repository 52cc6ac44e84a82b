//! The dialect of `definition/2`.

use super::{keys, message, newer, used};
use crate::registry::{Association, Deprecation, Instrument, Number, Requirement, Role, SpanKind, Stability};

const ATTRIBUTES: &str = "
attributes:
- {key: a.one, type: string, stability: stable, brief: one}
- {key: a.two, type: int, stability: stable, brief: two}
- {key: a.three, type: 'template[string[]]', stability: development, brief: three}
";

fn with(text: &str) -> Result<crate::registry::Registry, super::Error> {
    newer(&format!("{ATTRIBUTES}{text}"))
}

#[test]
fn every_section_is_read() {
    let registry = with("
attribute_groups:
- {id: g, visibility: internal, attributes: [{ref: a.one, requirement_level: required}]}
- {id: public, visibility: public, stability: stable, brief: x, attributes: [{ref: a.two}]}
metrics:
- name: m.load
  instrument: gauge
  unit: '1'
  stability: stable
  brief: x
  requirement_level: opt_in
  annotations: {code_generation: {metric_value_type: double}}
  attributes: [{ref_group: g}]
  entity_associations: [host, {one_of: [host, {all_of: [host]}]}]
spans:
- {type: s.call, kind: client, stability: stable, brief: x, name: {note: '`{a.one} {a.two}`'}, attributes: [{ref_group: g}, {ref: a.two}]}
events:
- {name: e.boom, stability: stable, brief: x, deprecated: {reason: obsoleted, note: gone}}
entities:
- {type: host, stability: stable, brief: x, identity: [{ref: a.one}], description: [{ref: a.two}]}
")
    .unwrap();
    let metric = registry.metric("m.load").unwrap();
    assert_eq!((metric.instrument, metric.number), (Instrument::Gauge, Some(Number::Double)));
    assert_eq!(metric.requirement, Requirement::OptIn);
    assert_eq!(keys(&registry, &metric.attributes), ["a.one"]);
    let host = || Association::Entity("host".into());
    assert_eq!(metric.entities, [host(), Association::OneOf(vec![host(), Association::AllOf(vec![host()])])]);
    let span = registry.span("s.call").unwrap();
    assert_eq!(span.names, ["{a.one} {a.two}"]);
    assert_eq!(registry.event("e.boom").unwrap().deprecated, Some(Deprecation::Obsoleted));
    let roles: Vec<_> = registry.entity("host").unwrap().attributes.iter().map(|used| used.role).collect();
    assert_eq!(roles, [Some(Role::Identifying), Some(Role::Descriptive)]);
    assert!(registry.group("public").unwrap().public && !registry.group("g").unwrap().public);
    assert!(registry.attribute("a.three").unwrap().is_template());
}

#[test]
fn a_refinement_has_everything_of_what_it_refines() {
    let registry = with("
metrics:
- {name: base.metric, instrument: histogram, unit: s, brief: Base metric, stability: stable, attributes: [{ref: a.one, requirement_level: required}]}
metric_refinements:
- {id: metric.refined.metric, ref: base.metric, brief: Refined metric, attributes: [{ref: a.two}]}
spans:
- {type: base.span, kind: client, brief: Base span, stability: stable, name: {note: '`{a.one}`'}, attributes: [{ref: a.one}]}
span_refinements:
- {id: span.refined.span, ref: base.span, kind: server, brief: Refined span, stability: development}
events: [{name: base.event, brief: Base event, stability: stable}]
event_refinements: [{id: event.refined.event, ref: base.event, brief: Refined event}]
entities: [{type: base.entity, identity: [{ref: a.one}], brief: Base entity, stability: stable}]
entity_refinements: [{id: entity.refined.entity, ref: base.entity, brief: Refined entity}]
")
    .unwrap();
    let [refined] = registry.metric_refinements() else { panic!() };
    assert_eq!((&*refined.id, &*refined.signal.name), ("metric.refined.metric", "base.metric"));
    assert_eq!((refined.signal.instrument, &*refined.signal.unit), (Instrument::Histogram, "s"));
    assert_eq!(refined.signal.stability, Stability::Stable);
    assert_eq!(refined.signal.details.as_ref().unwrap().brief, "Refined metric");
    assert_eq!(keys(&registry, &refined.signal.attributes), ["a.one", "a.two"]);
    assert_eq!(refined.signal.attributes[0].requirement, Requirement::Required);
    let [refined] = registry.span_refinements() else { panic!() };
    assert_eq!((refined.signal.kind, refined.signal.stability), (SpanKind::Server, Stability::Development));
    assert_eq!(refined.signal.names, ["{a.one}"]);
    assert_eq!(registry.event_refinements()[0].signal.name, "base.event");
    let entity = registry.entity("entity.refined.entity").unwrap();
    assert_eq!(entity.attributes[0].role, Some(Role::Identifying));
    assert_eq!((registry.metrics().len(), registry.spans().len()), (1, 1));
}

#[test]
fn inline_wins_over_group_wins_over_what_is_refined_in_any_order() {
    let groups = "
attribute_groups:
- {id: g, visibility: internal, attributes: [{ref: a.one, brief: group, note: group, requirement_level: opt_in}]}
spans:
- {type: base, kind: client, brief: x, attributes: [{ref: a.one, brief: base, note: base, examples: [base], requirement_level: required, sampling_relevant: true}]}
span_refinements:
";
    let orders =
        ["[{ref_group: g}, {ref: a.one, brief: inline}]", "[{ref: a.one, brief: inline}, {ref_group: g}]"];
    for order in orders {
        let registry = with(&format!("{groups}- {{id: r, ref: base, attributes: {order}}}")).unwrap();
        let used = &registry.span_refinements()[0].signal.attributes[0];
        let details = used.details.as_ref().unwrap();
        assert_eq!((&*details.brief, &*details.note), ("inline", "group"), "{order}");
        assert_eq!(details.examples[0].as_str(), Some("base"));
        assert_eq!((used.requirement, used.sampling_relevant), (Requirement::OptIn, true));
    }
}

#[test]
fn two_groups_with_one_attribute_collide_but_not_with_an_inline_reference() {
    let groups = "
attribute_groups:
- {id: test.one, visibility: internal, attributes: [{ref: a.one}]}
- id: test.both
  visibility: internal
  attributes:
  - ref: a.one
  - ref_group: test.one
spans:
- type: test.span
  kind: client
  brief: x
  attributes:
  - ref: a.one
  - ref_group: test.one
";
    with(groups).unwrap();
    assert_eq!(
        message(with(&format!("{groups}  - ref_group: test.both\n"))),
        "new.yaml:22: `test.span`: attribute `a.one` comes from both `test.one` and `test.both`; \
         only one group may give it"
    );
}

#[test]
fn a_use_may_be_less_stable_or_deprecated_though_the_attribute_is_not() {
    let registry = with(
        "
spans:
- type: s
  kind: client
  brief: x
  attributes:
  - {ref: a.one, stability: development}
  - {ref: a.two, stability: stable, deprecated: {reason: uncategorized, note: not here}}
",
    )
    .unwrap();
    let span = registry.span("s").unwrap();
    assert_eq!(used(&registry, &span.attributes, "a.one").stability, Some(Stability::Development));
    let two = used(&registry, &span.attributes, "a.two");
    assert_eq!((two.stability, &two.deprecated), (None, &Some(Deprecation::Uncategorized)));
}

#[test]
fn anchors_carry_over_and_later_fields_are_let_pass() {
    let registry = with(
        "
spans:
- {type: s.one, kind: client, brief: &words some words, some_later_field: {anything: [1]}, attributes: []}
- {type: s.two, kind: client, brief: *words}
a_later_section: [1, 2]
",
    )
    .unwrap();
    assert_eq!(registry.span("s.two").unwrap().details.as_ref().unwrap().brief, "some words");
}

#[test]
fn what_identifies_an_entity_stays_so_in_its_refinements() {
    let base = "
entities: [{type: base, brief: x, identity: [{ref: a.one}], description: [{ref: a.two}]}]
entity_refinements:
";
    for (change, key) in [
        ("description: [{ref: a.one}]", "a.one"),
        ("identity: [{ref: a.two}]", "a.two"),
        ("identity: [{ref: a.three}]", "a.three"),
    ] {
        let result = with(&format!("{base}- {{id: refined, ref: base, {change}}}"));
        let expected = format!(
            "new.yaml:10: `refined`: a refinement cannot change whether `{key}` identifies the entity"
        );
        assert_eq!(message(result), expected);
    }
    with(&format!("{base}- {{id: refined, ref: base, description: [{{ref: a.three}}]}}")).unwrap();
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (text, expected) in [
        ("spans: [{kind: client}]", "new.yaml:7: `id` is missing"),
        ("span_refinements: [{id: r}]", "new.yaml:7: `ref` is missing"),
        (
            "span_refinements: [{id: r, ref: none}]",
            "new.yaml:7: `r`: span `none` is not defined in the registry or in what it stands on",
        ),
        (
            "spans: [{type: s, kind: sideways}]",
            "new.yaml:7: `s`: `kind` should be `internal`, `server`, `client`, `producer` or `consumer`, not `sideways`",
        ),
        (
            "spans: [{type: s, kind: client, attributes: [{ref_group: none}]}]",
            "new.yaml:7: `s`: group `none` is not defined in the registry or in what it stands on",
        ),
        (
            "spans: [{type: s, kind: client, attributes: [{ref: a.one, requirement_level: must}]}]",
            "new.yaml:7: `a.one`: `requirement_level` should be `required`, `conditionally_required`, `recommended` or `opt_in`, not `must`",
        ),
        ("metrics: {name: m}", "new.yaml:7: `metrics` should be a list, not a map"),
        ("metrics: [{name: m, unit: s}]", "new.yaml:7: `m`: `instrument` is missing"),
        (
            "attribute_groups: [{id: g, attributes: [{ref_group: g}]}]",
            "new.yaml:7: `g`: refers to itself: g > g",
        ),
    ] {
        assert_eq!(message(with(text)), expected);
    }
    assert_eq!(
        message(newer("attributes: [{key: a, type: strings}]")),
        "new.yaml:2: `a`: `type` should be a type such as `string`, `int[]`, `template[string]`, or a map with `members`, \
         not `strings`"
    );
}
