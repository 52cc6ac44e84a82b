//! Our own rules, one after the other.

use super::*;

fn ids_of(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.id.as_str()).collect()
}

const RULES: &str = "\
registry\t1
source\thttps://example.com/schemas/1.0.0
a\tacme.any\tany\tstable
a\tacme.color\tenum:string\tstable
m\told_red\tscrimson\tstable\txrred
m\tred\tsRED\tstable
a\tacme.count\tdouble\tstable
a\tacme.item\tstring\tstable
a\tacme.list\tstring[]\tstable
a\tacme.new\tstring\tstable
a\tacme.newer\tstring\tstable
a\tacme.old\tstring\tstable\txracme.new
a\tacme.older\tstring\tstable\txracme.newer
a\tbox.id\tstring\tstable
a\terror.type\tenum:string\tstable
m\tother\ts_OTHER\tstable
metric\tacme.load\tgauge\t1\tint\trecommended\tstable
u\tacme.item\trecommended
event\tacme.boom\trecommended\tstable
u\tacme.item\trequired
u\terror.type\tconditionally_required\t?\tpacme.item
u\tacme.color\tconditionally_required\t?\tqacme.item
u\tacme.list\tconditionally_required\t?\teacme.color\t=sRED
u\tacme.newer\trecommended\t?\tpacme.any
entity\tbox\tstable
u\tbox.id\trequired\tI
";

#[test]
fn types_are_looked_at_down_to_the_elements() {
    let registry = registry(RULES);
    let list = |inner: &str| format!(r#""arrayValue":{{"values":[{inner}]}}"#);
    for (key, value, wrong) in [
        ("acme.item", r#""stringValue":"x""#.to_owned(), None),
        ("acme.item", r#""boolValue":true"#.to_owned(), Some("boolean")),
        ("acme.item", r#""bytesValue":"AA==""#.to_owned(), Some("bytes")),
        ("acme.item", r#""kvlistValue":{}"#.to_owned(), Some("map")),
        ("acme.item", list(""), Some("array")),
        ("acme.item", String::new(), None),
        ("acme.count", r#""intValue":"1""#.to_owned(), None),
        ("acme.count", r#""stringValue":"1""#.to_owned(), Some("string")),
        ("acme.list", list(""), None),
        ("acme.list", list(r#"{"stringValue":"a"},{"stringValue":"b"}"#), None),
        ("acme.list", list(r#"{"stringValue":"a"},{"intValue":"1"}"#), Some("array of several types")),
        ("acme.list", r#""stringValue":"a""#.to_owned(), Some("string")),
        ("acme.any", r#""kvlistValue":{}"#.to_owned(), None),
    ] {
        let report = check(
            &registry,
            Signal::Traces,
            &span(&format!(r#""name":"x","attributes":[{}]"#, attribute(key, &value))),
        );
        let found = of(&report, FindingId::TypeMismatch);
        assert_eq!(
            found
                .first()
                .map(|finding| finding.message.contains(&format!("of type `{}`", wrong.unwrap_or("?")))),
            wrong.map(|_| true),
            "{key} {value} {found:?}"
        );
    }
}

#[test]
fn values_of_enums() {
    let registry = registry(RULES);
    let report = |value| {
        check(&registry, Signal::Traces, &span(&format!(r#""name":"x",{}"#, texts(&[("acme.color", value)]))))
    };
    assert_eq!(ids_of(&report("RED")), [""; 0]);
    let near = report("red");
    assert_eq!(ids_of(&near), ["undefined_enum_variant"]);
    assert_eq!(near.findings[0].replacement.as_deref(), Some("RED"));
    assert_eq!(report("blue").findings[0].replacement, None);
    let old = report("crimson");
    assert_eq!(ids_of(&old), ["deprecated_value"]);
    assert_eq!(old.findings[0].replacement.as_deref(), Some("RED"));
    // Whose only member stands for all others is open: any value is right.
    let open = check(
        &registry,
        Signal::Traces,
        &span(&format!(r#""name":"x",{}"#, texts(&[("error.type", "timeout")]))),
    );
    assert_eq!(ids_of(&open), [""; 0]);
}

#[test]
fn names_and_ids_and_times() {
    let registry = registry(RULES);
    let report = check(
        &registry,
        Signal::Traces,
        r#"{"resourceSpans":[{"schemaUrl":"https://example.com/schemas/1.0.0","scopeSpans":[{"spans":[
            {"traceId":"00000000000000000000000000000000","spanId":"","parentSpanId":"0000000000000000","startTimeUnixNano":"5","endTimeUnixNano":"4",
             "attributes":[{"value":{"stringValue":"x"}}],"events":[{}],"links":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0000000000000000"}]}]}]}]}"#,
    );
    let expected = [("empty_name", 3), ("time_order", 1), ("zero_id", 4)];
    assert_eq!(counts(&report), BTreeMap::from(expected));
    let keys: Vec<_> = of(&report, FindingId::ZeroId)
        .iter()
        .map(|finding| (&*finding.key, finding.place.item.as_str()))
        .collect();
    assert_eq!(
        keys,
        [("parentSpanId", "span"), ("spanId", "span"), ("spanId", "span link"), ("traceId", "span")]
    );
    assert_eq!(report.findings[0].first.path, "resourceSpans[0].scopeSpans[0].spans[0].parentSpanId");
}

#[test]
fn what_belongs_elsewhere() {
    let registry = registry(RULES);
    let item = check(&registry, Signal::Logs, &logs("", &format!("{{{}}}", texts(&[("box.id", "1")]))));
    assert_eq!(ids_of(&item), ["wrong_signal"]);
    let resource = check(&registry, Signal::Logs, &logs(&text("acme.item", "1"), "{}"));
    assert_eq!(ids_of(&resource), ["wrong_signal"]);
    assert_eq!(resource.findings[0].place.item.as_str(), "resource");
    assert_eq!(ids_of(&check(&registry, Signal::Logs, &logs(&text("box.id", "1"), "{}"))), [""; 0]);
}

#[test]
fn versions_side_by_side() {
    let registry = registry(RULES);
    let both = check(
        &registry,
        Signal::Logs,
        &logs("", &format!("{{{}}}", texts(&[("acme.old", "1"), ("acme.new", "1")]))),
    );
    assert_eq!(ids_of(&both), ["deprecated", "mixed_versions"]);
    let mixed = check(
        &registry,
        Signal::Logs,
        &logs("", &format!("{{{}}}", texts(&[("acme.old", "1"), ("acme.newer", "1")]))),
    );
    assert_eq!(ids_of(&mixed), ["deprecated", "mixed_versions"]);
    let old = check(
        &registry,
        Signal::Logs,
        &logs("", &format!("{{{}}}", texts(&[("acme.old", "1"), ("acme.item", "1")]))),
    );
    assert_eq!(ids_of(&old), ["deprecated"]);
    assert_eq!(old.findings[0].replacement.as_deref(), Some("acme.new"));
}

#[test]
fn conditions_are_looked_at() {
    let registry = registry(RULES);
    let found = |pairs: &[(&str, &str)]| {
        let report = check(
            &registry,
            Signal::Logs,
            &logs("", &format!(r#"{{"eventName":"acme.boom",{}}}"#, texts(pairs))),
        );
        report.findings.iter().map(|finding| format!("{} {}", finding.id, finding.key)).collect::<Vec<_>>()
    };
    assert_eq!(
        found(&[]),
        ["required_attribute_not_present acme.item", "conditional_requirement acme.color"]
    );
    assert_eq!(found(&[("acme.item", "1")]), ["conditional_requirement error.type"]);
    assert_eq!(
        found(&[("acme.item", "1"), ("error.type", "x"), ("acme.color", "RED")]),
        ["conditional_requirement acme.list"]
    );
    assert_eq!(
        found(&[("acme.item", "1"), ("error.type", "x"), ("acme.any", "x")]),
        ["recommended_attribute_not_present acme.newer"]
    );
}

#[test]
fn schema_urls() {
    let registry = registry("registry\t1\nsource\thttps://opentelemetry.io/schemas/1.44.0\n");
    let found = |resource: &str, scope: &str| {
        let text = format!(
            r#"{{"resourceSpans":[{{"schemaUrl":"{resource}","scopeSpans":[{{"schemaUrl":"{scope}"}}]}}]}}"#
        );
        check(&registry, Signal::Traces, &text)
            .findings
            .iter()
            .map(|finding| finding.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("https://opentelemetry.io/schemas/1.26.0", ""), [""; 0]);
    assert_eq!(found("", "https://opentelemetry.io/schemas/1.26.0"), [""; 0]);
    assert!(found("", "")[0].contains("Neither scope nor resource"));
    assert!(found("", "https://opentelemetry.io/schemas/1.99.0")[0].contains("after 1.44.0"));
    assert!(found("https://opentelemetry.io/schemas/1.3.0", "")[0].contains("never published"));
    assert!(found("latest", "")[0].contains("does not end in a version"));
}

#[test]
fn metrics_of_another_type_unit_and_time() {
    let registry = registry(RULES);
    let text = metric(
        r#""name":"acme.load","unit":"s","gauge":{"dataPoints":[{"asDouble":1,"startTimeUnixNano":"5","timeUnixNano":"4","attributes":[]},{"asInt":"1","timeUnixNano":"4","attributes":[]}]}"#,
    );
    let report = check(&registry, Signal::Metrics, &text);
    let expected = [
        ("metric_value_type", 1),
        ("recommended_attribute_not_present", 2),
        ("time_order", 1),
        ("unit_mismatch", 1),
    ];
    assert_eq!(counts(&report), BTreeMap::from(expected));
    assert_eq!(of(&report, FindingId::UnitMismatch)[0].replacement.as_deref(), Some("1"));
    let empty = check(&registry, Signal::Metrics, &metric(r#""gauge":{}"#));
    assert_eq!(ids_of(&empty), ["empty_name"]);
    let near = check(&registry, Signal::Metrics, &metric(r#""name":"acme.loda","gauge":{}"#));
    assert_eq!(
        (ids_of(&near), near.findings[0].replacement.as_deref()),
        (vec!["missing_metric"], Some("acme.load"))
    );
}

#[test]
fn attributes_of_profiles_and_their_ids() {
    let registry = registry(RULES);
    let report = check(
        &registry,
        Signal::Profiles,
        r#"{"resourceProfiles":[{"schemaUrl":"https://example.com/schemas/1.0.0","scopeProfiles":[{"profiles":[{"profileId":"00000000000000000000000000000000"}]}]}],
            "dictionary":{"stringTable":["","acme.colour","acme.count"],"attributeTable":[{},{"keyStrindex":1,"value":{"stringValue":"x"}},{"keyStrindex":2,"value":{"stringValue":"x"}}]}}"#,
    );
    let expected = [
        ("extends_namespace", 1),
        ("misspelled_attribute", 1),
        ("missing_attribute", 1),
        ("type_mismatch", 1),
        ("zero_id", 1),
    ];
    assert_eq!(counts(&report), BTreeMap::from(expected));
    assert_eq!(of(&report, FindingId::TypeMismatch)[0].first.path, "dictionary.attributeTable[2]");
}

#[test]
fn what_moved_to_a_registry_of_its_own_is_reported_on_request() {
    let registry = registry(
        "registry\t1\nsource\thttps://a/1.0.0\nsource\thttps://b/1.0.0\na\tgen_ai.x\tstring\tstable\to1!\n",
    );
    let batch = batch(Signal::Logs, &logs("", &format!("{{{}}}", texts(&[("gen_ai.x", "1")]))));
    assert_eq!(ids_of(&Checker::new(&registry).check(&batch)), [""; 0]);
    assert_eq!(ids_of(&Checker::new(&registry).moved(true).check(&batch)), ["deprecated"]);
}

#[test]
fn a_place_says_service_scope_and_item() {
    let text = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[
        {"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"GET /cart","attributes":[{"key":"X","value":{"stringValue":"x"}}]}]}]}]}"#;
    let report = check(&registry(RULES), Signal::Traces, text);
    let places: Vec<_> =
        report.findings.iter().map(|finding| format!("{} {}", finding.id, finding.place)).collect();
    assert!(
        places.contains(&r#"invalid_format service "cart", scope "lib", span "GET /cart""#.to_owned()),
        "{places:?}"
    );
    assert!(places.contains(&r#"schema_url service "cart", scope "lib""#.to_owned()), "{places:?}");
    assert!(places.contains(&r#"missing_attribute service "cart", resource"#.to_owned()), "{places:?}");
}
