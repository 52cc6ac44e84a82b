//! Rules and probes fit each other.

use std::collections::BTreeSet;

use super::{Judgement, Level, ProbeError, RULES, Rule, Target, Who};
use crate::{Protocol, testing::ScriptedServer};

#[test]
fn ids_are_distinct_and_in_order_and_every_rule_says_where_it_stands() {
    let ids: Vec<(char, u32)> =
        RULES.iter().map(|rule| (rule.id.chars().next().unwrap(), rule.id[1..].parse().unwrap())).collect();
    for letter in ['G', 'H', 'J', 'C'] {
        let numbers: Vec<u32> =
            ids.iter().filter(|(of, _)| *of == letter).map(|(_, number)| *number).collect();
        assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>(), "{letter}");
    }
    for rule in RULES {
        assert!(rule.url().starts_with("https://github.com/open-telemetry/opentelemetry-"), "{}", rule.id);
        assert!(rule.spec.contains('#') && !rule.text.is_empty(), "{}", rule.id);
        assert_eq!(Rule::find(&rule.id.to_lowercase()), Some(rule));
    }
    assert_eq!(Rule::find("G0"), None);
}

#[tokio::test]
async fn every_server_rule_has_its_probe() {
    let server = ScriptedServer::start([]).unwrap();
    let findings = Target::new(&server.url()).run(|_| ()).await.unwrap();
    let probed: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.id).collect();
    // What a sender writes cannot be seen at a receiver.
    let bound: BTreeSet<&str> =
        RULES.iter().filter(|rule| rule.who != Who::Client && rule.id != "J8").map(|rule| rule.id).collect();
    assert_eq!(probed, bound);
    let order: Vec<usize> =
        findings.iter().map(|finding| RULES.iter().position(|rule| rule == finding.rule).unwrap()).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(findings.iter().all(|finding| !finding.evidence.is_empty()));
}

#[tokio::test]
async fn a_server_that_takes_everything_fails_where_it_should_refuse() {
    let server = ScriptedServer::start([]).unwrap();
    let findings = Target::new(&server.url()).run(|_| ()).await.unwrap();
    let judged = |id: &str, level| {
        findings.iter().find(|finding| finding.rule.id == id && finding.level == level).unwrap().judgement
    };
    for (id, level, expected) in [
        ("G1", Level::Must, Judgement::Pass),
        ("G2", Level::Must, Judgement::NotObservable),
        ("G9", Level::Must, Judgement::Pass),
        ("G10", Level::Must, Judgement::NotObservable),
        ("G15", Level::Should, Judgement::Fail),
        ("H5", Level::Must, Judgement::NotObservable),
        ("H8", Level::Must, Judgement::Pass),
        ("H9", Level::Must, Judgement::NotObservable),
        ("H10", Level::Must, Judgement::Fail),
        ("H15", Level::May, Judgement::Pass),
    ] {
        assert_eq!(judged(id, level), expected, "{id} {level}");
    }
}

#[tokio::test]
async fn only_what_was_asked_for_is_sent() {
    for (protocol, path) in [(Protocol::HttpJson, "/v1/logs"), (Protocol::HttpProtobuf, "/v1/metrics")] {
        let server = ScriptedServer::start([]).unwrap();
        let target = Target::new(&format!("{}/base{path}", server.url())).protocols(&[protocol]);
        let _ = target.header("Authorization", "Bearer hunter2").run(|_| ()).await.unwrap();
        for received in server.received() {
            assert_eq!(received.path, format!("/base{path}"));
            assert_ne!(received.protocol, Protocol::Grpc);
            assert_eq!(received.header("authorization"), Some("Bearer hunter2"));
        }
        assert!(!format!("{target:?}", target = Target::new("x").header("a", "hunter2")).contains("hunter2"));
    }
}

#[tokio::test]
async fn nobody_there_and_wrong_settings_are_errors() {
    let server = ScriptedServer::closing().unwrap();
    let error = Target::new(&server.url()).run(|_| ()).await.unwrap_err();
    assert!(matches!(error, ProbeError::Unreachable { .. }), "{error}");
    for target in [
        Target::new("localhost:4318"),
        Target::new("http://h").header("content-type", "x"),
        Target::new("http://h").grpc("h"),
    ] {
        let error = target.run(|_| ()).await.unwrap_err();
        assert!(matches!(error, ProbeError::Setting { .. }), "{error}");
    }
}

#[tokio::test]
async fn servers_that_want_a_token_say_so() {
    use crate::testing::Reply;
    use otlp_core::rpc::Status;
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::refused(401, Status::new(16, "who are you")));
    let error = Target::new(&server.url()).run(|_| ()).await.unwrap_err();
    assert!(matches!(error, ProbeError::Unauthorized { .. }), "{error}");
}
