//! What a run remembers changes nothing but the time it takes.

use proptest::prelude::*;

use super::*;

const KEYS: &[&str] = &[
    "http.request.method",
    "http.route",
    "http.method",
    "url.path",
    "url.scheme",
    "db.system.name",
    "messaging.system",
    "messaging.operation.type",
    "service.name",
    "error.type",
    "server.address",
    "http.request.metod",
    "x",
    "app.key",
    "http.request.header.a-b",
    "",
];
const VALUES: &[&str] = &[
    r#""stringValue":"GET""#,
    r#""stringValue":"/x""#,
    r#""stringValue":"kafka""#,
    r#""stringValue":"_OTHER""#,
    r#""intValue":"3""#,
    r#""arrayValue":{"values":[{"stringValue":"a"}]}"#,
    "",
];

fn attributes() -> impl Strategy<Value = String> {
    proptest::collection::vec((0..KEYS.len(), 0..VALUES.len()), 0..5).prop_map(|pairs| {
        let list: Vec<_> = pairs.iter().map(|(key, value)| attribute(KEYS[*key], VALUES[*value])).collect();
        format!(r#""attributes":[{}]"#, list.join(","))
    })
}

fn spans() -> impl Strategy<Value = String> {
    let one = (attributes(), 0..6, 0..3, 0..2_u8, 0..3_u8, proptest::option::of(attributes()));
    proptest::collection::vec(one, 1..12).prop_map(|spans| {
        let list: Vec<_> = spans
            .into_iter()
            .map(|(attributes, kind, status, zero, end, event)| {
                let id = if zero == 0 { "0102030405060708" } else { "0000000000000000" };
                let event = event.map(|it| format!(r#"{{"name":"exception",{it}}}"#)).unwrap_or_default();
                format!(
                    r#"{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"{id}","name":"GET /x","kind":{kind},"startTimeUnixNano":"1","endTimeUnixNano":"{end}","status":{{"code":{status}}},"events":[{event}],{attributes}}}"#
                )
            })
            .collect();
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, list.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_run_that_remembers_finds_the_same(requests in proptest::collection::vec(spans(), 1..4)) {
        let checker = Checker::new(Registry::builtin());
        let (mut run, mut bare) = (checker.run(), checker.run().without_memory());
        for request in &requests {
            let batch = batch(Signal::Traces, request);
            run.check(&batch);
            bare.check(&batch);
        }
        prop_assert_eq!(run.worst(), bare.worst());
        let (report, plain) = (run.finish(), bare.finish());
        prop_assert_eq!(report.findings, plain.findings);
        prop_assert_eq!(format!("{:?}", report.statistics), format!("{:?}", plain.statistics));
    }
}

#[test]
fn memory_is_bounded_and_nothing_is_lost_uncounted() {
    let registry = Registry::builtin();
    let checker = Checker::new(registry);
    let mut run = checker.run();
    let total = 22_000_u64;
    for start in (0..total).step_by(1000) {
        let list: Vec<_> = (start..start + 1000)
            .map(|at| {
                format!(
                    r#"{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"n{at}","attributes":[{}]}}"#,
                    text(&format!("unknown{at}.key"), "x")
                )
            })
            .collect();
        let request = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, list.join(","));
        run.check(&batch(Signal::Traces, &request));
    }
    let report = run.finish();
    assert_eq!(report.findings.len(), 20_000);
    let kept = report.statistics.by_id[&FindingId::MissingAttribute];
    assert_eq!(kept + report.statistics.suppressed, total);
    assert_eq!(report.statistics.other_attributes.len(), 10_000);
    assert_eq!(report.statistics.items[0], total);
}

#[test]
fn a_finding_in_many_places_is_kept_for_some_of_them() {
    let list: Vec<_> = (0..200)
        .map(|at| {
            format!(
                r#"{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"GET /user/{at}","attributes":[{}]}}"#,
                text("net.peer.name", "x")
            )
        })
        .collect();
    let request = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, list.join(","));
    let report = check(Registry::builtin(), Signal::Traces, &request);
    let found = of(&report, FindingId::Deprecated);
    assert_eq!(found.len(), 51);
    assert_eq!(found.iter().map(|finding| finding.count).sum::<u64>(), 200);
    let elsewhere = found.iter().find(|finding| finding.place.name.is_empty()).unwrap();
    assert_eq!(
        (elsewhere.count, &*elsewhere.first.path),
        (150, "resourceSpans[0].scopeSpans[0].spans[50].attributes[0]")
    );
}
