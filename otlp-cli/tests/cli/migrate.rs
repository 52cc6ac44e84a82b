//! `otlp migrate`: files in, files out, and what the report says.

use std::fs;

use crate::support::{expect, run, text, texts};

/// Spans of a scope in 1.20.0, and one without a version.
const OLD: &str = concat!(
    r#"{"resourceSpans":[{"schemaUrl":"https://opentelemetry.io/schemas/1.20.0","resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"schemaUrl":"https://opentelemetry.io/schemas/1.20.0","spans":[{"name":"GET /cart","kind":2,"attributes":[{"key":"http.method","value":{"stringValue":"GET"}},{"key":"http.target","value":{"stringValue":"/cart?x=1"}},{"key":"http.status_code","value":{"intValue":"200"}},{"key":"net.host.name","value":{"stringValue":"shop"}}]},{"name":"SELECT","kind":3,"attributes":[{"key":"db.system","value":{"stringValue":"mssql"}},{"key":"db.sql.table","value":{"stringValue":"cart"}}]}]},{"spans":[{"name":"old?","attributes":[{"key":"http.method","value":{"stringValue":"GET"}}]}]}]}]}"#,
    "\n"
);

#[test]
fn spans_go_up_and_say_what_was_lost() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("old-traces.jsonl"), OLD).unwrap();
    let (out, err) = expect(
        0,
        &["migrate", text(&at("old-traces.jsonl")), text(&at("new-traces.jsonl")), "--to", "1.44.0"],
    );
    assert_eq!(err, "");
    insta::assert_snapshot!("migrate", out);
    insta::assert_snapshot!("migrate_traces", fs::read_to_string(at("new-traces.jsonl")).unwrap());
    let json = ["--to", "1.44.0", "--keep-both", "--json"];
    let (out, _) = expect(0, &[&["migrate", text(&at("old-traces.jsonl")), "-"], &json[..]].concat());
    assert!(
        out.contains(r#""key":"http.method""#) && out.contains(r#""key":"http.request.method""#),
        "{out}"
    );
    let (_, err) = texts(&run(&[&["migrate", text(&at("old-traces.jsonl")), "-"], &json[..]].concat()));
    let report: serde_json::Value = serde_json::from_str(&err).unwrap();
    insta::assert_snapshot!("migrate_json", format!("{report:#}"));
}

#[test]
fn a_version_can_be_given_and_is_missed_where_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("logs.jsonl"), r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"code.lineno","value":{"intValue":"7"}}]}]}]}]}"#).unwrap();
    let paths = [text(&at("logs.jsonl")).to_owned(), text(&at("out.frames")).to_owned()];
    let with = |more: &[&'static str]| [&["migrate", &*paths[0], &*paths[1]], more].concat();
    let (out, err) = expect(2, &with(&["--to", "1.44.0"]));
    assert!(out.contains("left alone: 2 resources and scopes that have no schema_url"), "{out}");
    assert!(err.contains("nothing was migrated") && err.contains("--from VERSION"), "{err}");
    let (out, _) = expect(0, &with(&["--to", "1.44.0", "--from", "1.29.0"]));
    assert!(out.contains("code.lineno -> code.line.number"), "{out}");
    // And back again, byte by byte.
    let (back, middle) = (at("back-logs.frames"), at("middle-logs.frames"));
    expect(0, &["convert", &paths[0], text(&middle)]);
    expect(0, &["migrate", &paths[1], text(&back), "--from", "1.44.0", "--to", "1.29.0", "--signal", "logs"]);
    assert_eq!(fs::read(back).unwrap(), fs::read(middle).unwrap());
    for bad in [&["--to", "1.6.0"][..], &["--to", "latest"], &["--to", "1.44.0", "--from", "2"], &[]] {
        let (_, err) = expect(2, &with(bad));
        assert!(err.contains("1.4.0 to 1.44.0") || err.contains("--to <VERSION>"), "{err}");
    }
    let (_, err) = expect(2, &["migrate", &paths[0], &paths[0], "--to", "1.44.0"]);
    assert!(err.contains("same file"), "{err}");
}
