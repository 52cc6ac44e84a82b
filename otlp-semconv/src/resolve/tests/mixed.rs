//! Both dialects in one registry, with links across.

use super::{keys, used};
use crate::registry::Requirement;
use crate::resolve::Resolver;

#[test]
fn each_dialect_stands_on_groups_and_signals_of_the_other() {
    let old = "
groups:
- {id: registry.a, type: attribute_group, brief: x, attributes: [{id: a.one, type: string, stability: stable, brief: x}]}
- {id: old.group, type: attribute_group, brief: x, attributes: [{ref: a.one, requirement_level: required}]}
- {id: metric.old, type: metric, metric_name: old, instrument: counter, unit: '1', brief: x, extends: new.group}
- {id: span.old.call, type: span, span_kind: client, brief: x, extends: span.new.call}
";
    let new = "
file_format: definition/2
attributes: [{key: b.two, type: int, stability: stable, brief: x}]
attribute_groups: [{id: new.group, visibility: internal, attributes: [{ref: b.two}, {ref_group: old.group}]}]
spans: [{type: new.call, kind: client, brief: x, attributes: [{ref_group: old.group}]}]
span_refinements: [{id: span.refined, ref: old.call, attributes: [{ref: b.two}]}]
metric_refinements: [{id: metric.refined, ref: old}]
";
    // The order of files says nothing.
    for files in [[("1-old.yaml", old), ("2-new.yaml", new)], [("1-new.yaml", new), ("2-old.yaml", old)]] {
        let registry = Resolver::new().files(files).unwrap();
        let metric = registry.metric("old").unwrap();
        assert_eq!(keys(&registry, &metric.attributes), ["a.one", "b.two"]);
        assert_eq!(used(&registry, &metric.attributes, "a.one").requirement, Requirement::Required);
        let call = registry.span("old.call").unwrap();
        assert_eq!((call.extends.as_deref(), call.attributes.len()), (Some("new.call"), 1));
        let refined = &registry.span_refinements()[0].signal;
        assert_eq!(keys(&registry, &refined.attributes), ["a.one", "b.two"]);
        assert_eq!((&*refined.name, refined.extends.as_deref()), ("old.call", Some("new.call")));
        assert_eq!(registry.metric_refinements()[0].signal.attributes.len(), 2);
    }
}
