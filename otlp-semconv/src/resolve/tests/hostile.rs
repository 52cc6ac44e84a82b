//! Broken and hostile registries: a clear error, soon, in bounded memory.

use std::fmt::Write as _;

use super::{Problem, message, newer, older};
use crate::resolve::{Limits, Resolver};

#[test]
fn what_is_not_yaml_or_not_a_registry_is_said_with_its_line() {
    let read = |text: &str| message(Resolver::new().files([("x.yaml", text)]));
    assert_eq!(read("groups:\n- [a\n"), "x.yaml:2: not YAML: unclosed bracket '['");
    assert!(read("groups: {\n").contains("not YAML: unclosed bracket"));
    assert_eq!(read("a: 1\na: 2\n"), "x.yaml:2: not YAML: key `a` stands twice in one map");
    assert_eq!(read("groups: *x\n"), "x.yaml:1: not YAML: while parsing node, found unknown anchor");
    assert_eq!(read("groups: []\n---\ngroups: []\n"), "x.yaml:2: not YAML: more than one document");
    assert_eq!(read("[a]\n"), "x.yaml:1: `the file` should be a map, not a list");
    assert_eq!(read("{[a]: b}\n"), "x.yaml:1: not YAML: a key that is not text");
    assert_eq!(read("some: thing\n"), "x.yaml:1: not a registry's file: neither `groups` nor `file_format`");
    assert_eq!(read("file_format: definition/7\n"), "x.yaml:1: not a registry's file: definition/7");
    assert_eq!(Resolver::new().files([("x.yaml", "# nothing\n")]).unwrap().attributes(), []);
}

#[test]
fn an_alias_within_its_own_anchor_is_an_error() {
    let text = "groups: &a\n- *a\n";
    assert!(message(Resolver::new().files([("x.yaml", text)])).contains("not YAML"), "{text}");
}

#[test]
fn a_million_keys_are_too_many() {
    let mut text = String::from("groups:\n- id: a\n  type: attribute_group\n");
    for key in 0..1_000_000 {
        let _ = writeln!(text, "  key{key}: {key}");
    }
    // The default is a million nodes, each key being two; a smaller limit keeps the unoptimised test short.
    assert_eq!(Limits::default().nodes, 1_000_000);
    let limits = Limits { nodes: 20_000, ..Limits::default() };
    let error = Resolver::new().limits(limits).files([("x.yaml", &*text)]).unwrap_err();
    assert_eq!(error.to_string(), "x.yaml:10000: more than 20000 YAML nodes (`Limits::nodes`)");
}

#[test]
fn nesting_stops_early() {
    for text in [format!("groups: {}{}", "[".repeat(10_000), "]".repeat(10_000)), {
        let mut text = String::from("groups:\n");
        (1..2_000).for_each(|level| text.push_str(&format!("{}a:\n", " ".repeat(level))));
        text
    }] {
        let error = Resolver::new().files([("x.yaml", &*text)]).unwrap_err();
        assert!(
            matches!(error.problem(), Problem::Limit { setting: "depth", .. } | Problem::Yaml(_)),
            "{error}"
        );
    }
}

#[test]
fn aliases_are_paid_for_each_time() {
    // Nine lists of nine aliases each of the one before: 9^9 nodes.
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    let error = Resolver::new().files([("x.yaml", &*text)]).unwrap_err();
    assert!(matches!(error.problem(), Problem::Limit { setting: "nodes", .. }), "{error}");
}

#[test]
fn chains_and_wide_inheritance_end() {
    let mut chain = String::new();
    (0..2_000).for_each(|at| {
        let _ = writeln!(chain, "- {{id: g{at}, type: attribute_group, extends: g{}}}", at + 1);
    });
    let error = older(&chain).unwrap_err();
    assert!(matches!(error.problem(), Problem::Limit { setting: "chain", .. }), "{error}");
    // Two hundred attributes, inherited a thousand times.
    let mut wide = String::from("attributes:\n");
    (0..200).for_each(|at| {
        let _ = writeln!(wide, "- {{key: a.k{at}, type: int}}");
    });
    wide.push_str("attribute_groups:\n- id: all\n  attributes:\n");
    (0..200).for_each(|at| {
        let _ = writeln!(wide, "  - ref: a.k{at}");
    });
    (0..1_000).for_each(|at| {
        let _ = writeln!(wide, "- {{id: g{at}, attributes: [{{ref_group: all}}]}}");
    });
    let limits = Limits { uses: 20_000, ..Limits::default() };
    let text = format!("file_format: definition/2\n{wide}");
    let error = Resolver::new().limits(limits).files([("x.yaml", &*text)]).unwrap_err();
    assert_eq!(error.problem().to_string(), "more than 20000 uses of attributes (`Limits::uses`)");
}

#[test]
fn a_long_circle_is_still_a_circle() {
    let mut text = String::new();
    (0..20).for_each(|at| {
        let _ = writeln!(text, "- {{id: g{at}, type: attribute_group, extends: g{}}}", (at + 1) % 20);
    });
    let message = message(older(&text));
    assert!(message.starts_with("old.yaml:2: `g0`: refers to itself: g0 > g1 > "), "{message}");
    assert!(message.ends_with(" > g19 > g0"), "{message}");
}

#[test]
fn deep_associations_end_with_the_yaml() {
    let nested = format!("{}host{}", "{one_of: [".repeat(200), "]}".repeat(200));
    let error = newer(&format!(
        "metrics: [{{name: m, instrument: gauge, unit: s, entity_associations: [{nested}]}}]"
    ));
    assert!(matches!(
        error.unwrap_err().problem(),
        Problem::Limit { setting: "depth", .. } | Problem::Yaml(_)
    ));
}

#[test]
fn files_that_cannot_be_read_say_why() {
    assert!(
        message(crate::registry::Registry::load("/no/such/folder"))
            .contains("/no/such/folder: cannot be read: ")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(
        message(crate::registry::Registry::load(folder.path()))
            .starts_with("a.yaml: not YAML: invalid utf-8")
    );
    let large = Limits { bytes: 2, ..Limits::default() };
    let error = Resolver::new().limits(large).load(folder.path()).unwrap_err();
    assert!(matches!(error.problem(), Problem::Limit { setting: "bytes", .. }), "{error}");
}
