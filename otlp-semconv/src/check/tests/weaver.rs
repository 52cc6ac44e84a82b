//! What `weaver registry live-check` gives for the samples that its repository publishes: the same registries and samples, built
//! anew here, and the same ids and levels. Each difference is meant, and named where it is asserted.

use super::*;

const ATTRIBUTES: &str = "\
registry\t1
source\thttps://example.com/schemas/1.2.3
a\ttest.deprecated\tstring\tdevelopment\txu
a\ttest.enum\tenum:string\tstable
m\ttest_enum_member\tsexample_variant1\tstable
m\ttest_enum_member2\tsexample_variant2\tstable
a\ttest.string\tstring\tstable
a\ttest.template\ttemplate:string\tstable
";

const MEMORY: &str = "\
registry\t1
source\thttps://example.com/schemas/1.2.3
a\tsystem.memory.state\tenum:string\tdevelopment
m\tused\tsused\tdevelopment
m\tfree\tsfree\tdevelopment
m\tinactive\tsinactive\tdevelopment
metric\tsystem.memory.usage\tupdowncounter\tBy\t-\trecommended\tdevelopment
u\tsystem.memory.state\trecommended
metric\tsystem.uptime\tgauge\ts\t-\trecommended\tdevelopment
";

const EVENTS: &str = "\
registry\t1
source\thttps://example.com/schemas/1.2.3
a\tsession.id\tstring\tdevelopment
a\tsession.previous_id\tstring\tdevelopment
event\texample.event\trecommended\tstable
event\tsession.start\trecommended\tdevelopment\txu
u\tsession.id\trequired
u\tsession.previous_id\trecommended
";

const DEPLOYMENT: &str = "\
registry\t1
source\thttps://example.com/schemas/1.0.0
a\tdeployment.environment\tstring\tstable
a\tdeployment.name\tstring\tstable
a\tdeployment.region\tstring\tstable
a\tdeployment.tier\tstring\tstable
event\tdeployment.started\trecommended\tstable\t@deployment
entity\tdeployment\tstable
u\tdeployment.environment\trecommended\tD
u\tdeployment.name\trequired\tI
u\tdeployment.region\tconditionally_required\tD\t?
u\tdeployment.tier\topt_in\tD
";

const THING: &str = "\
registry\t1
source\thttps://example.com/schemas/1.0.0
a\tcontainer.id\tstring\tstable
a\tcontainer.name\tstring\tstable
a\thost.name\tstring\tstable
a\tservice.name\tstring\tstable
a\ttenant.id\tstring\tstable
event\tthing.happened\trecommended\tstable\t&2\t@tenant\t|2\t@host\t@container
entity\tcontainer\tstable
u\tcontainer.id\trequired
u\tcontainer.name\trecommended
entity\thost\tstable
u\thost.name\trequired
entity\ttenant\tstable
u\ttenant.id\trequired
";

#[test]
fn samples_of_attributes() {
    let registry = registry(ATTRIBUTES);
    for (key, value, weaver, why) in [
        ("test.string", r#""stringValue":"value""#, &[][..], ""),
        ("testString2", "", &["invalid_format", "missing_attribute", "missing_namespace"], ""),
        ("test.deprecated", r#""intValue":"42""#, &["deprecated", "not_stable", "type_mismatch"], ""),
        ("aws.s3.bucket.name", "", &["missing_attribute"], ""),
        ("test.enum", r#""stringValue":"foo""#, &["undefined_enum_variant"], ""),
        ("test.enum", r#""stringValue":"example_variant1""#, &[], ""),
        ("test.enum", r#""doubleValue":42.42"#, &["type_mismatch"], ""),
        (
            "test.string.not.allowed",
            r#""stringValue":"example_value""#,
            &["extends_namespace", "illegal_namespace", "missing_attribute"],
            "",
        ),
        ("test.extends", r#""stringValue":"new_value""#, &["extends_namespace", "missing_attribute"], ""),
        ("test.template.my.key", r#""intValue":"42""#, &["template_attribute", "type_mismatch"], ""),
        ("test.deprecated.allowed", r#""intValue":"42""#, &["extends_namespace", "missing_attribute"], ""),
        // The members are texts: weaver calls an int an undefined variant.
        ("test.enum", r#""intValue":"17""#, &["type_mismatch"], "undefined_enum_variant"),
        // A template needs its dot, as in weaver after 0.25.
        (
            "test.templates.my.key",
            r#""stringValue":"x""#,
            &["extends_namespace", "missing_attribute", "misspelled_attribute"],
            "template_attribute",
        ),
    ] {
        let report = check(
            &registry,
            Signal::Traces,
            &span(&format!(r#""name":"x","attributes":[{}]"#, attribute(key, value))),
        );
        assert_eq!(about(&report, key), weaver, "{key}; weaver: {why}");
    }
}

#[test]
fn a_span_of_unknown_attributes() {
    let keys = [
        "http.response.status_code",
        "aws.s3.bucket",
        "aws.s3.bucket.name",
        "task.id",
        "TaskId",
        "aws.s3.extension.name",
        "http.request.method",
    ];
    let attributes: Vec<_> = keys.iter().map(|key| (*key, "value")).collect();
    let text = span(&format!(r#""name":"test","kind":3,{}"#, texts(&attributes)));
    let report = check(&registry(ATTRIBUTES), Signal::Traces, &text);
    let expected = [("invalid_format", 1), ("missing_attribute", 7), ("missing_namespace", 1)];
    assert_eq!(counts(&report), BTreeMap::from(expected));
}

#[test]
fn samples_of_metrics() {
    let point = |key: &str, value: &str| format!(r#"{{"asInt":"1","attributes":[{}]}}"#, text(key, value));
    let points =
        [point("state", "used"), point("state", "free"), point("system.memory.state", "inactive")].join(",");
    let metrics = [
        format!(r#""name":"system.memory.usage","unit":"By","sum":{{"dataPoints":[{points}]}}"#),
        r#""name":"rpc.client.duration","unit":"ms","histogram":{"dataPoints":[{"count":"1","sum":7}]}"#.to_owned(),
        r#""name":"otelcol_process_memory_rss","unit":"By","gauge":{"dataPoints":[{"asInt":"1"}]}"#.to_owned(),
        r#""name":"otelcol_process_runtime_total_alloc_bytes","unit":"By","sum":{"isMonotonic":true,"dataPoints":[{"asInt":"1"}]}"#
            .to_owned(),
    ];
    let registry = registry(MEMORY);
    let checker = Checker::new(&registry);
    let mut run = checker.run();
    for fields in metrics {
        run.check(&batch(Signal::Metrics, &metric(&fields)));
    }
    let report = run.finish();
    let expected = [
        ("missing_attribute", 2),
        ("missing_metric", 3),
        ("missing_namespace", 2),
        ("not_stable", 2),
        ("recommended_attribute_not_present", 2),
    ];
    assert_eq!(counts(&report), BTreeMap::from(expected));
    let statistics = &report.statistics;
    assert_eq!((statistics.metrics, statistics.items[Signal::Metrics as usize]), (4, 6));
    assert_eq!(statistics.registry_metrics, BTreeMap::from([("system.memory.usage".to_owned(), 1)]));
    assert_eq!(statistics.other_metrics.len(), 3);
}

#[test]
fn other_instruments() {
    let registry = registry(MEMORY);
    for (data, message) in [
        (
            r#""exponentialHistogram":{"dataPoints":[{"scale":1}]}"#,
            "The metric `system.memory.usage` is of the instrument `histogram`, not `updowncounter`.",
        ),
        (
            r#""summary":{"dataPoints":[]}"#,
            "The metric `system.memory.usage` is of the instrument `summary`, not `updowncounter`.",
        ),
        (
            r#""description":"x""#,
            "The metric `system.memory.usage` is of the instrument `none`, not `updowncounter`.",
        ),
    ] {
        let text = metric(&format!(r#""name":"system.memory.usage","unit":"By",{data}"#));
        let report = check(&registry, Signal::Metrics, &text);
        let found = of(&report, FindingId::UnexpectedInstrument);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, message);
        // Weaver has no requirements for points of exponential histograms.
        let required = of(&report, FindingId::RecommendedAttributeNotPresent).len();
        assert_eq!(required, usize::from(data.contains("scale")));
    }
}

#[test]
fn samples_of_logs() {
    let id = "00112233-4455-6677-8899-aabbccddeeff";
    let records = [
        format!(
            r#"{{"eventName":"session.start",{}}}"#,
            texts(&[("session.idd", id), ("session.previous_id", id)])
        ),
        format!(r#"{{"eventName":"session.test",{}}}"#, texts(&[("session.id", id)])),
        r#"{"eventName":"example.event","body":{"stringValue":"hello world"}}"#.to_owned(),
        format!("{{{}}}", texts(&[("session.id", id)])),
    ];
    let report = check(&registry(EVENTS), Signal::Logs, &logs("", &records.join(",")));
    let expected = [
        ("deprecated", 1),
        // By the default policy, which weaver's own test leaves uncounted.
        ("extends_namespace", 1),
        ("missing_attribute", 1),
        ("missing_event", 1),
        // Ours, beside weaver's.
        ("misspelled_attribute", 1),
        ("not_stable", 4),
        ("required_attribute_not_present", 1),
    ];
    assert_eq!(counts(&report), BTreeMap::from(expected));
    assert_eq!(of(&report, FindingId::MisspelledAttribute)[0].replacement.as_deref(), Some("session.id"));
}

#[test]
fn entities_of_a_resource() {
    let registry = registry(DEPLOYMENT);
    let entity = |resource: &str| {
        let report = check(&registry, Signal::Logs, &logs(resource, r#"{"eventName":"deployment.started"}"#));
        counts(&report)
            .into_iter()
            .filter(|(id, _)| id.starts_with("entity_"))
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    };
    let all = [
        "entity_required_attribute_not_present",
        "entity_recommended_attribute_not_present",
        "entity_opt_in_attribute_not_present",
        "entity_conditionally_required_attribute_not_present",
    ];
    let mut found = entity("");
    found.sort_by_key(|id| all.iter().position(|known| known == id));
    assert_eq!(found, all);
    assert_eq!(entity(&text("deployment.name", "my-app")).len(), 3);
    let keys = ["deployment.name", "deployment.environment", "deployment.tier", "deployment.region"];
    assert_eq!(entity(&keys.map(|key| text(key, "x")).join(",")), [""; 0]);
}

#[test]
fn nested_associations_of_entities() {
    let registry = registry(THING);
    let found = |resource: &[&str]| {
        let resource: Vec<_> = resource.iter().map(|key| text(key, "x")).collect();
        let report =
            check(&registry, Signal::Logs, &logs(&resource.join(","), r#"{"eventName":"thing.happened"}"#));
        report.findings.iter().map(|finding| (finding.id.as_str(), finding.key.clone())).collect::<Vec<_>>()
    };
    let required = ("entity_required_attribute_not_present", "tenant.id".to_owned());
    assert_eq!(
        found(&["service.name"]),
        [required.clone(), ("entity_association_not_satisfied", "`host`, `container`".to_owned())]
    );
    assert_eq!(found(&["host.name"]), [required]);
    assert_eq!(
        found(&["tenant.id", "container.id"]),
        [("entity_recommended_attribute_not_present", "container.name".to_owned())]
    );
}
