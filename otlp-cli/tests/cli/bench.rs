//! `otlp bench` against our own server, which takes everything, and against servers that do not.

use std::time::Duration;

use otlp::testing::{Reply, ScriptedServer};
use serde_json::Value;

use crate::support::{Receive, expect};

/// Runs it for a short time and gives its figures; 3,000 items in 30 requests.
fn bench(code: i32, endpoint: &str, more: &[&str]) -> (Value, String) {
    let base = ["bench", endpoint, "--rate", "6000", "--seconds", "0.5", "--json"];
    let (out, err) = expect(code, &[&base[..], more].concat());
    let figures: Value = serde_json::from_str(&out).unwrap();
    let number = |key: &str| figures[key].as_u64().unwrap();
    assert_eq!(number("submitted"), number("accepted") + number("rejected") + number("lost"), "{out}");
    (figures, err)
}

#[test]
fn over_every_protocol_all_items_are_accounted_for() {
    for (protocol, signal) in [("grpc", "logs"), ("http/protobuf", "metrics"), ("http/json", "profiles")] {
        let receive = Receive::start(&["--json"]);
        let more =
            ["--protocol", protocol, "--signal", signal, "--connections", "2", "--compression", "gzip"];
        let (figures, err) = bench(0, receive.endpoint(protocol), &more);
        assert_eq!(err, "");
        assert_eq!(figures["submitted"], figures["accepted"], "{figures}");
        // On a machine that is busy, something may have been due and not sent; nothing else may be missing.
        let sent = figures["submitted"].as_u64().unwrap();
        assert_eq!(sent + figures["unsent"].as_u64().unwrap(), 3000, "{figures}");
        let latency = |name: &str| figures["latency_ms"][name].as_f64().unwrap();
        assert!(0.0 < latency("p50") && latency("p50") <= latency("p90"), "{figures}");
        assert!(latency("p99") <= latency("p99.9") && latency("p99.9") <= latency("max"), "{figures}");
        receive.signal("TERM");
        let (code, summary, _) = receive.end();
        assert_eq!(code, Some(0));
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary[signal]["items"], sent);
    }
}

#[test]
fn items_without_an_answer_are_lost_and_named() {
    let server = ScriptedServer::start([Reply::accepted(), Reply::reset(), Reply::accepted()]).unwrap();
    let (figures, err) = bench(1, &server.url(), &["--connections", "1"]);
    assert!(err.contains("without an answer"), "{err}");
    assert_eq!((&figures["lost"], &figures["rejected"]), (&Value::from(100), &Value::from(0)));
    assert_eq!(figures["lost_sequences"], serde_json::json!([[100, 199]]));
    assert_eq!(figures["rejected_sequences"], serde_json::json!([]));
}

#[test]
fn refusals_are_told_apart() {
    let server = ScriptedServer::start([Reply::accepted(), Reply::invalid("no name")]).unwrap();
    let (figures, err) = bench(4, &server.url(), &["--connections", "1"]);
    assert!(err.contains("no name"), "{err}");
    assert_eq!(figures["rejected_sequences"], serde_json::json!([[100, 199]]));

    let server = ScriptedServer::start([Reply::partial(7, "seven")]).unwrap();
    let (figures, err) = bench(5, &server.url(), &["--connections", "1"]);
    assert!(err.contains("seven"), "{err}");
    assert_eq!(figures["rejected"], 7);

    let server = ScriptedServer::start([Reply::retry_later(Some(Duration::from_secs(1)))]).unwrap();
    let (figures, err) = bench(0, &server.url(), &["--connections", "1"]);
    assert_eq!((err.as_str(), &figures["retries"]), ("", &Value::from(1)));
    assert_eq!(figures["submitted"], figures["accepted"]);
}

#[test]
fn a_stall_shows_in_the_latencies_of_all_that_was_due_meanwhile() {
    let stall = Duration::from_millis(300);
    let server = ScriptedServer::start([Reply::accepted().delayed(stall)]).unwrap();
    let (figures, _) = bench(0, &server.url(), &["--connections", "1"]);
    // 18 of 30 requests were due during the stall, the half of them in its first half: measured from when each was sent,
    // only one would show it.
    assert!(figures["latency_ms"]["p90"].as_f64() > Some(150.0), "{figures}");
    assert!(figures["latency_ms"]["max"].as_f64() >= Some(300.0), "{figures}");
}

#[test]
fn as_fast_as_answers_come() {
    let server = ScriptedServer::start([]).unwrap();
    let max = ["--rate", "max", "--seconds", "0.2", "--connections", "2", "--batch-items", "5"];
    let (out, _) = expect(0, &[&["bench", &server.url(), "--json"][..], &max].concat());
    let figures: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&figures["rate_asked"], &figures["unsent"]), (&Value::Null, &Value::from(0)));
    assert_eq!(figures["submitted"], 5 * server.received().len());
}

#[test]
fn the_table_is_for_people() {
    let server = ScriptedServer::start([]).unwrap();
    let (out, err) = expect(0, &["bench", &server.url(), "--rate", "1000", "--seconds", "0.1"]);
    assert_eq!(err, "");
    let names: Vec<&str> = out.lines().filter_map(|line| line.split("  ").next()).collect();
    let figures =
        ["submitted", "accepted", "rejected", "lost", "unsent", "requests", "retries", "on the wire", "rate"];
    assert_eq!(names, [&figures[..], &["p50", "p90", "p99", "p99.9", "max", "time"]].concat(), "{out}");
}

#[test]
fn nobody_there_another_host_and_wrong_usage_are_told() {
    let server = ScriptedServer::closing().unwrap();
    let (_, err) = expect(3, &["bench", &server.url(), "--seconds", "5"]);
    assert!(err.contains("otlp receive"), "{err}");
    let (_, err) = expect(2, &["bench", "http://collector.example:4318"]);
    assert!(err.contains("--allow-remote"), "{err}");
    // Allowed, it is tried: there is no such host.
    let remote = ["bench", "http://collector.invalid:4318", "--allow-remote", "--seconds", "0.1"];
    expect(3, &remote);
    let (_, err) = expect(2, &["bench", &server.url(), "--header", "hunter2"]);
    assert!(!err.contains("hunter2"), "{err}");
    for wrong in [
        &["localhost:4318"][..],
        &["http://localhost", "--rate", "0"],
        &["http://localhost", "--seconds", "0"],
    ] {
        expect(2, &[&["bench"][..], wrong].concat());
    }
}
