//! `otlp check`: what it finds, how it says it, how it ends.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{Receive, expect, run, text};

/// Two spans of one service: old attributes, a slip, a wrong type, an end before its start.
const TRACES: &str = r#"{"resourceSpans":[{"schemaUrl":"https://opentelemetry.io/schemas/1.44.0","resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},"scopeSpans":[{"scope":{"name":"http"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"GET /cart","kind":2,"startTimeUnixNano":"5","endTimeUnixNano":"9","attributes":[{"key":"http.method","value":{"stringValue":"GET"}},{"key":"http.request.methd","value":{"stringValue":"GET"}},{"key":"server.port","value":{"stringValue":"80"}}]}]}]}]}
{"resourceSpans":[{"schemaUrl":"https://opentelemetry.io/schemas/1.44.0","resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},"scopeSpans":[{"scope":{"name":"http"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060709","name":"GET /cart","kind":2,"startTimeUnixNano":"5","endTimeUnixNano":"4","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.route","value":{"stringValue":"/basket"}},{"key":"url.scheme","value":{"stringValue":"http"}},{"key":"acme.cart.size","value":{"intValue":"3"}}]}]}]}]}
"#;

const CLEAN: &str = r#"{"resourceSpans":[{"schemaUrl":"https://opentelemetry.io/schemas/1.44.0","scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"work"}]}]}]}
"#;

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    fs::write(&path, content).unwrap();
    (dir, path)
}

#[test]
fn for_people() {
    let (dir, path) = file(TRACES);
    let scratch = dir.path().to_str().unwrap();
    let (out, err) = expect(1, &["check", text(&path)]);
    assert_eq!(err, "");
    insta::assert_snapshot!("check", out.replace(scratch, "[dir]"));
    let (all, _) = expect(1, &["check", text(&path), "--all"]);
    assert!(all.contains("extends_namespace") && all.len() > out.len(), "{all}");
}

#[test]
fn as_json() {
    let (_dir, path) = file(TRACES);
    let (out, _) = expect(1, &["check", text(&path), "--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let slip = findings.iter().find(|finding| finding["id"] == "misspelled_attribute").unwrap();
    assert_eq!(slip["level"], "violation");
    assert_eq!(slip["signal"], "traces");
    assert_eq!(slip["path"], "resourceSpans[0].scopeSpans[0].spans[0].attributes[1]");
    assert_eq!(slip["key"], "http.request.methd");
    assert_eq!(slip["suggestion"], "use `http.request.method`");
    assert_eq!((&slip["entry"], &slip["count"]), (&1.into(), &1.into()));
    let missing = findings.iter().find(|finding| finding["id"] == "required_attribute_not_present").unwrap();
    assert_eq!((&missing["key"], &missing["entry"]), (&"url.path".into(), &2.into()));
    let statistics = &report["statistics"];
    assert_eq!(statistics["items"]["traces"], 2);
    assert_eq!(statistics["namespaces"]["url"]["seen"], 1);
    assert_eq!(statistics["spans"]["http.server"], 1);
}

#[test]
fn as_weavers_json() {
    let (_dir, path) = file(TRACES);
    let (out, _) = expect(1, &["check", text(&path), "--format", "weaver"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let samples = report["samples"].as_array().unwrap();
    let span = samples.iter().find_map(|sample| sample.get("span")).unwrap();
    assert_eq!(span["name"], "GET /cart");
    let attributes = span["attributes"].as_array().unwrap();
    let old = attributes.iter().find(|attribute| attribute["name"] == "http.method").unwrap();
    let advice = &old["live_check_result"]["all_advice"][0];
    assert_eq!((&advice["id"], &advice["level"]), (&"deprecated".into(), &"violation".into()));
    assert_eq!(advice["context"]["attribute_key"], "http.method");
    assert_eq!(advice["signal_type"], "span");
    let statistics = &report["statistics"];
    assert_eq!(statistics["total_entities_by_type"]["span"], 2);
    assert_eq!(statistics["advice_type_counts"]["deprecated"], 1);
    assert_eq!(statistics["seen_non_registry_attributes"]["acme.cart.size"], 1);
}

#[test]
fn as_sarif() {
    let (_dir, path) = file(TRACES);
    let (out, _) = expect(1, &["check", text(&path), "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let physical = &result["locations"][0]["physicalLocation"];
        assert!(physical["artifactLocation"]["uri"].as_str().unwrap().ends_with("/traces.jsonl"));
        assert!((1..=2).contains(&physical["region"]["startLine"].as_u64().unwrap()));
    }
}

#[test]
fn as_annotations() {
    let (_dir, path) = file(TRACES);
    let (out, err) = expect(1, &["check", text(&path), "--format", "github"]);
    assert!(out.lines().all(|line| line.starts_with("::error ")
        || line.starts_with("::warning ")
        || line.starts_with("::notice ")));
    let line =
        format!("::error file={},line=2,title=time_order::The span ends before it starts.", text(&path));
    assert!(out.contains(&line), "{out}");
    assert!(err.contains("violations"), "{err}");
}

#[test]
fn the_level_that_is_denied_decides() {
    let (_dir, path) = file(TRACES);
    expect(0, &["check", text(&path), "--deny", "none"]);
    expect(1, &["check", text(&path), "--deny", "information"]);
    let (_dir, clean) = file(CLEAN);
    let (out, _) = expect(0, &["check", text(&clean), "--deny", "information"]);
    assert!(out.ends_with("0 violations, 0 improvements, 0 findings of information\n"), "{out}");
    let (_, err) = expect(2, &["check"]);
    assert!(err.contains("Usage:"), "{err}");
}

#[test]
fn a_baseline_lets_only_new_findings_through() {
    let (dir, path) = file(TRACES);
    let baseline = dir.path().join("known.json");
    let (_, err) = expect(2, &["check", text(&path), "--baseline", text(&baseline)]);
    assert!(err.contains("--write-baseline"), "{err}");
    let (_, err) = expect(0, &["check", text(&path), "--baseline", text(&baseline), "--write-baseline"]);
    assert!(err.starts_with("wrote "), "{err}");
    let (out, _) = expect(0, &["check", text(&path), "--baseline", text(&baseline), "--deny", "information"]);
    assert!(out.contains("of the baseline left out"), "{out}");
    let newer = TRACES.replace("acme.cart.size", "acme.basket.size");
    fs::write(&path, newer).unwrap();
    let (out, err) = expect(1, &["check", text(&path), "--baseline", text(&baseline)]);
    assert!(out.contains("`acme.basket.size` is not in the registry"), "{out}");
    assert!(!out.contains("http.method"), "{out}");
    assert!(err.contains("1 finding of "), "{err}");
    fs::write(&baseline, "{}").unwrap();
    let (_, err) = expect(2, &["check", text(&path), "--baseline", text(&baseline)]);
    assert!(err.contains("is no baseline"), "{err}");
}

#[test]
fn a_registry_of_ones_own_stands_on_the_built_in_one() {
    let (dir, path) = file(TRACES);
    let own = dir.path().join("registry");
    fs::create_dir(&own).unwrap();
    fs::write(
        own.join("cart.yaml"),
        "groups:\n  - id: registry.acme\n    type: attribute_group\n    brief: Ours.\n    stability: stable\n    attributes:\n      - id: acme.cart.size\n        type: int\n        stability: stable\n        brief: Items in the cart.\n        examples: [3]\n",
    )
    .unwrap();
    let (out, _) = expect(1, &["check", text(&path), "--registry", text(&own)]);
    assert!(!out.contains("acme.cart.size") && out.contains("http.method"), "{out}");
    fs::write(own.join("cart.yaml"), "groups: [").unwrap();
    let (_, err) = expect(2, &["check", text(&path), "--registry", text(&own)]);
    assert!(err.contains("cannot use the registry") && err.contains("cart.yaml"), "{err}");
}

#[test]
fn what_arrives_is_checked_with_a_verdict_at_the_end() {
    let (_dir, path) = file(TRACES);
    let receive = Receive::listen("check", &["--max-items", "2", "--format", "json"]);
    expect(0, &["send", text(&path), "--endpoint", &receive.http]);
    let (code, out, _) = receive.end();
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["statistics"]["items"]["traces"], 2);

    let (_dir, clean) = file(CLEAN);
    let receive = Receive::listen("check", &["--max-items", "2", "--timeout", "2s"]);
    expect(0, &["send", text(&clean), "--endpoint", &receive.http]);
    let (code, _, err) = receive.end();
    assert_eq!((code, err.last().map(String::as_str)), (Some(6), Some("1 of 2 items came")));
}

#[test]
fn names_from_outside_cannot_move_the_cursor() {
    let (_dir, path) = file(&TRACES.replace("acme.cart.size", "acme.\\u001b[2J\\u202e"));
    let output = run(&["--color", "always", "check", text(&path), "--all"]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(!out.contains("\u{1b}[2J") && !out.contains('\u{202e}'), "{out}");
}
