//! Registries on other registries.

use std::fs;
use std::path::Path;

use super::{keys, message};
use crate::registry::{Registry, Requirement};
use crate::resolve::{Error, Resolver};

const BASE: &str = "
file_format: definition/2
attributes:
- {key: a.one, type: string, stability: stable, brief: one}
- {key: a.two, type: int, stability: stable, brief: two}
- {key: a.old, type: int, stability: stable, brief: old, deprecated: {reason: uncategorized, note: moved}}
attribute_groups: [{id: base.group, visibility: public, stability: stable, brief: x, attributes: [{ref: a.one, requirement_level: required}]}]
entities: [{type: box, stability: stable, brief: x, identity: [{ref: a.one}]}, {type: hidden, brief: x, identity: [{ref: a.two}], annotations: {dependency_resolution: {exclude: true}}}]
metrics:
- {name: m.load, instrument: gauge, unit: '1', stability: stable, brief: x, attributes: [{ref: a.two}], entity_associations: [box]}
- {name: m.rest, instrument: gauge, unit: '1', stability: stable, brief: x}
spans: [{type: s.call, kind: client, stability: stable, brief: x, name: {note: '`{a.one}`'}, attributes: [{ref_group: base.group}, {ref: a.two, requirement_level: {conditionally_required: 'If `a.one` is set.'}}]}]
";

fn base() -> Registry {
    Resolver::new().schema_url("https://example.com/base/1.2.0").files([("base.yaml", BASE)]).unwrap()
}

fn on(base: &Registry, text: &str) -> Result<Registry, Error> {
    Resolver::new().schema_url("https://example.com/own/0.1.0").on(base).files([("own.yaml", text)])
}

#[test]
fn a_company_stands_on_the_built_in_registry() {
    let registry = on(
        Registry::builtin(),
        "
file_format: definition/2
attributes: [{key: acme.cart.id, type: string, stability: stable, brief: the cart}]
spans:
- type: acme.checkout
  kind: internal
  stability: stable
  brief: x
  attributes: [{ref: acme.cart.id, requirement_level: required}, {ref: user.id}, {ref: error.type, requirement_level: {conditionally_required: If the operation failed.}}]
span_refinements: [{id: span.acme.http, ref: http.client, attributes: [{ref: acme.cart.id}]}]
",
    )
    .unwrap();
    assert_eq!(registry.version(), "0.1.0");
    assert_eq!(registry.attributes().len(), Registry::builtin().attributes().len() + 1);
    let checkout = registry.span("acme.checkout").unwrap();
    assert_eq!(keys(&registry, &checkout.attributes), ["acme.cart.id", "error.type", "user.id"]);
    let http = registry.span("http.client").unwrap();
    assert_eq!(registry.source(http.origin).unwrap().version(), "1.44.0");
    let refined = &registry.span_refinements()[0].signal;
    assert_eq!(refined.attributes.len(), http.attributes.len() + 1);
    assert_eq!((&refined.names, refined.kind, refined.origin.source), (&http.names, http.kind, 0));
    // Handles have moved on, and lead to the same attributes.
    let pairs =
        Registry::builtin().spans().iter().zip(registry.spans().iter().filter(|span| span.origin.source > 0));
    for (before, after) in pairs {
        assert_eq!(keys(Registry::builtin(), &before.attributes), keys(&registry, &after.attributes));
    }
}

#[test]
fn conditions_and_values_of_a_base_without_prose_are_inherited() {
    let base = Registry::from_compact(base().to_compact().leak()).unwrap();
    let registry = on(&base, "groups: [{id: span.own, type: span, extends: span.s.call, brief: x}]").unwrap();
    let own = registry.span("own").unwrap();
    assert_eq!(own.extends.as_deref(), Some("s.call"));
    assert_eq!(own.names, ["{a.one}"]);
    let condition = own.attributes[1].condition.as_ref().unwrap();
    assert!(condition.when.is_some());
    assert_eq!(own.attributes[0].requirement, Requirement::Required);
}

#[test]
fn of_two_definitions_the_live_one_stands() {
    let live = "groups: [{id: r, type: attribute_group, attributes: [{id: a.old, type: string, brief: x}]}]";
    let registry = on(&base(), live).unwrap();
    let old = registry.attribute("a.old").unwrap();
    assert!(old.deprecated.is_none() && old.origin.moved && old.origin.source == 0);
    let dead = "groups: [{id: r, type: attribute_group, attributes: [{id: a.one, type: string, brief: x, deprecated: no}]}]";
    assert!(on(&base(), dead).unwrap().attribute("a.one").unwrap().deprecated.is_none());
    let twice = "groups: [{id: r, type: attribute_group, attributes: [{id: a.one, type: string, brief: x}]}]";
    assert_eq!(
        message(on(&base(), twice)),
        "own.yaml:1: `a.one`: attribute `a.one` is already defined at a registry below"
    );
}

/// Writes a registry into a folder.
fn write(folder: &Path, manifest: &str, text: &str) {
    fs::create_dir_all(folder.join("model")).unwrap();
    fs::write(folder.join("manifest.yaml"), manifest).unwrap();
    fs::write(folder.join("model/registry.yaml"), text).unwrap();
}

#[test]
fn a_manifest_brings_what_is_imported_and_referred_to() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("base"), "schema_url: https://example.com/base/1.2.0\n", BASE);
    let manifest = "
schema_url: https://example.com/own/0.1.0
dependencies: [{schema_url: https://example.com/base/1.2.0, registry_path: ../base}]
";
    let own = |imports: &str| {
        let text = format!(
            "file_format: definition/2\nimports: {imports}\nspans: [{{type: own, kind: client, brief: x, attributes: [{{ref: a.one}}]}}]\n"
        );
        write(&folder.path().join("own"), manifest, &text);
        Registry::load(folder.path().join("own"))
    };
    let registry = own("{metrics: ['m.l*'], entities: ['*']}").unwrap();
    assert_eq!(registry.version(), "0.1.0");
    let names = |list: Vec<&str>| list.join(" ");
    assert_eq!(names(registry.metrics().iter().map(|metric| &*metric.name).collect()), "m.load");
    // What its authors hide is not there to import.
    assert_eq!(names(registry.entities().iter().map(|entity| &*entity.name).collect()), "box");
    assert_eq!(names(registry.spans().iter().map(|span| &*span.name).collect()), "own");
    assert_eq!(names(registry.attributes().iter().map(|item| &*item.key).collect()), "a.one a.two");
    assert_eq!(registry.source(registry.metrics()[0].origin).unwrap().version(), "1.2.0");
    assert_eq!(keys(&registry, &registry.metrics()[0].attributes), ["a.two"]);
    assert_eq!(
        message(own("{events: [no.such]}")),
        "model/registry.yaml:2: event `no.such` is not defined in the registry or in what it stands on"
    );
}

#[test]
fn the_opentelemetry_registry_is_at_hand_and_others_need_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let otel = "schema_url: https://example.com/own/0.1.0\ndependencies: [{schema_url: https://opentelemetry.io/schemas/1.43.0}]\n";
    write(
        folder.path(),
        otel,
        "file_format: definition/2\nimports: {metrics: [http.server.request.duration]}\n",
    );
    let registry = Registry::load(folder.path()).unwrap();
    assert_eq!(registry.metrics().len(), 1);
    let other = "schema_url: https://example.com/own/0.1.0\ndependencies:\n- {schema_url: https://example.com/far/1.0.0}\n";
    write(folder.path(), other, "groups: []\n");
    assert_eq!(
        message(Registry::load(folder.path())),
        "manifest.yaml:3: the registry (nothing is fetched; give its path) `https://example.com/far/1.0.0` is not defined \
         in the registry or in what it stands on"
    );
}

#[test]
fn registries_in_a_circle_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for (own, other) in [("a", "b"), ("b", "a")] {
        let manifest = format!(
            "schema_url: https://example.com/{own}/1.0.0\ndependencies: [{{name: {other}, registry_path: ../{other}}}]\n"
        );
        write(&folder.path().join(own), &manifest, "groups: []\n");
    }
    let message = message(Registry::load(folder.path().join("a")));
    assert!(message.contains("refers to itself: ") && message.matches(" > ").count() == 2, "{message}");
}

#[test]
fn of_two_versions_of_a_registry_the_later_stands_and_majors_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let c = |version: &str, brief: &str| {
        let text = format!(
            "file_format: definition/2\nattributes: [{{key: c.x, type: int, stability: stable, brief: {brief}}}]\n"
        );
        write(
            &folder.path().join(format!("c{version}")),
            &format!("schema_url: https://example.com/c/{version}\n"),
            &text,
        );
    };
    c("1.1.0", "first");
    c("1.2.0", "second");
    c("2.0.0", "third");
    for (name, below) in [("a", "1.1.0"), ("b", "1.2.0"), ("d", "2.0.0")] {
        let manifest = format!(
            "schema_url: https://example.com/{name}/1.0.0\ndependencies: [{{name: c, registry_path: ../c{below}}}]\n"
        );
        let text = format!(
            "file_format: definition/2\nspans: [{{type: {name}, kind: client, brief: x, attributes: [{{ref: c.x}}]}}]\n"
        );
        write(&folder.path().join(name), &manifest, &text);
    }
    let main = |first: &str, second: &str| {
        let manifest = format!(
            "schema_url: https://example.com/main/1.0.0\ndependencies: [{{name: x, registry_path: ../{first}}}, {{name: y, registry_path: ../{second}}}]\n"
        );
        write(&folder.path().join("main"), &manifest, "file_format: definition/2\nimports: {spans: ['*']}\n");
        Registry::load(folder.path().join("main"))
    };
    for registry in [main("a", "b").unwrap(), main("b", "a").unwrap()] {
        assert_eq!(registry.attribute("c.x").unwrap().details.as_ref().unwrap().brief, "second");
        assert_eq!(registry.spans().len(), 2);
    }
    assert!(message(main("a", "d")).ends_with(
        "needs both `https://example.com/c/1.1.0` and `https://example.com/c/2.0.0`, which differ in their major version"
    ));
}

#[test]
fn a_published_registry_is_its_manifest_and_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "file_format: manifest/2.0\nschema_url: https://example.com/base/1.2.0\nresolved_registry_uri: https://example.com/base/resolved-1.2.0.yaml\n";
    fs::write(folder.path().join("manifest.yaml"), manifest).unwrap();
    fs::write(folder.path().join("resolved-1.2.0.yaml"), base().to_resolved_yaml()).unwrap();
    fs::write(folder.path().join("unrelated.yaml"), "anything: else\n").unwrap();
    let registry = Registry::load(folder.path()).unwrap();
    assert_eq!(registry.version(), "1.2.0");
    assert_eq!(registry.to_compact().lines().count(), base().to_compact().lines().count());
    // The file alone, and on top of another registry.
    let alone = Registry::load(folder.path().join("resolved-1.2.0.yaml")).unwrap();
    assert_eq!(alone, registry);
    let stacked = Registry::load_on(folder.path(), Registry::builtin()).unwrap();
    assert!(stacked.span("s.call").is_some() && stacked.span("http.server").is_some());
}
