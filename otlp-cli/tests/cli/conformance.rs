//! `otlp conformance` against our own server, which passes, and against one that does not.

use otlp::testing::{Reply, ScriptedServer};
use serde_json::Value;

use crate::support::{Authority, Receive, expect};

/// The findings, by rule and level.
fn findings(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn our_server_passes_every_must_and_should() {
    let receive = Receive::start(&[]);
    let (out, err) = expect(0, &["conformance", &receive.http, "--grpc", &receive.grpc, "--json"]);
    assert_eq!(err, "");
    let findings = findings(&out);
    assert!(findings.len() >= 26, "{out}");
    for finding in &findings {
        assert_ne!(finding["verdict"], "fail", "{finding}");
        let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["rule", "level", "verdict", "evidence", "spec"]);
    }
    // What cannot be seen from outside, and nothing else: the size of answers, overload; and, since the server is strict, that
    // it takes a batch in part.
    let unseen: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["verdict"] == "not observable")
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert!(unseen.iter().all(|rule| ["G5", "G10", "H7", "H12"].contains(rule)), "{unseen:?}");
}

#[test]
fn the_rules_hold_over_tls_too() {
    let authority = Authority::new();
    let (ca, server) = (authority.ca(), authority.issue("server", (2020, 1, 1), 36_500));
    let receive = Receive::start(&["--tls-cert", &server.cert, "--tls-key", &server.key]);
    let [http, grpc] = [&receive.http, &receive.grpc].map(|url| url.replace("http:", "https:"));
    let (out, _) = expect(0, &["conformance", &http, "--grpc", &grpc, "--ca", &ca, "--json"]);
    let judged = |verdict: &str| findings(&out).iter().filter(|one| one["verdict"] == verdict).count();
    assert_eq!(judged("fail"), 0, "{out}");
    assert!(judged("pass") >= 20, "{out}");
    // Without the authority it is not trusted.
    let (_, err) = expect(3, &["conformance", &http]);
    assert!(err.contains("certificate") || err.contains("does not answer"), "{err}");
}

#[test]
fn one_protocol_leaves_the_other_rules_unseen() {
    let receive = Receive::start(&[]);
    let (out, _) = expect(0, &["conformance", &receive.grpc, "--protocol", "grpc", "--json"]);
    let judged = |id: &str| {
        findings(&out).into_iter().find(|finding| finding["rule"] == id).unwrap()["verdict"].clone()
    };
    assert_eq!((judged("G16"), judged("G2")), ("pass".into(), "pass".into()));
    assert_eq!((judged("H1"), judged("J2")), ("not observable".into(), "not observable".into()));
}

#[test]
fn a_broken_must_is_exit_1_and_stands_in_the_table() {
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::status(202));
    let (out, err) = expect(1, &["conformance", &server.url(), "--protocol", "http/protobuf"]);
    assert_eq!(err, "");
    assert!(!out.contains('\x1b'));
    assert!(out.contains("FAIL  H8   MUST   success and partial success are 200, nothing else\n"), "{out}");
    assert!(out.contains("http/protobuf traces: 202"), "{out}");
    assert!(out.lines().last().unwrap().contains("of them a MUST"), "{out}");
    assert!(server.received().iter().all(|request| request.path.starts_with("/v1")));
}

#[test]
fn nobody_there_a_missing_token_and_wrong_urls_are_told() {
    let server = ScriptedServer::closing().unwrap();
    let (_, err) = expect(3, &["conformance", &server.url()]);
    assert!(err.contains("does not answer as http/protobuf, http/json, grpc"), "{err}");
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::status(401));
    let (_, err) = expect(4, &["conformance", &server.url(), "--header", "authorization=Bearer hunter2"]);
    assert!(err.contains("--header") && !err.contains("hunter2"), "{err}");
    expect(2, &["conformance", "localhost:4318"]);
}
