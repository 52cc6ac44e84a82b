//! `otlp view` by the real binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a panic or a line is the report of a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use otlp::trace::{StatusCode, TracesWriter};
use otlp::{SpanId, TraceId};

const NOON: u64 = 1_767_268_800_000_000_000;
const MS: u64 = 1_000_000;

fn view(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_otlp"))
        .arg("view")
        .args(arguments)
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file with three traces, of which the second has an error; span names end with `suffix`.
fn traces(folder: &Path, suffix: &str) -> String {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "shop");
    });
    let mut scope = resource.scope("", "");
    for number in 1..=3_u8 {
        let trace = TraceId::from_bytes([number; 16]);
        let mut root = scope.span();
        root.ids(trace, SpanId::from_bytes([1; 8]), None).name(&format!("root {number}{suffix}"));
        root.times(NOON, NOON + 20 * MS);
        let mut child = scope.span();
        child.ids(trace, SpanId::from_bytes([2; 8]), SpanId::from_bytes([1; 8]));
        child.name(&format!("child {number}{suffix}")).times(NOON + 5 * MS, NOON + 9 * MS);
        if number == 2 {
            child.status(StatusCode::Error, "went wrong");
        }
    }
    let path = folder.join("traces.pb");
    std::fs::write(&path, writer.finish().bytes()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn draws_the_trace_that_failed_and_lists_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let output = view(&[&traces(folder.path(), "")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn draws_the_trace_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = traces(folder.path(), "");
    let output = view(&[&file, "--trace", "0303"]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && shown.contains("root 3") && !shown.contains("root 2"), "{shown}");

    let output = view(&[&file, "--trace", "ff"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no trace begins with ff"));
    let output = view(&[&file, "--trace", "0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("3 traces begin with 0"));
    assert_eq!(view(&[&file, "--trace", "x"]).status.code(), Some(2));
    assert_eq!(view(&[]).status.code(), Some(2));
    assert_eq!(view(&["/nonexistent.pb"]).status.code(), Some(1));
}

#[test]
fn hostile_names_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = traces(folder.path(), "\x1b]0;title\x07\u{9b}2J\u{202e}</script><script>alert(1)</script>");
    let output = view(&[&file, "--color", "always"]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && shown.contains("\x1b[1m"));
    // Only our own colours are left: they begin with `[` and end with `m`.
    for sequence in shown.split('\x1b').skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        assert!(sequence.starts_with('[') && &sequence[end..=end] == "m", "{sequence:?}");
    }
    assert!(!shown.chars().any(|c| matches!(c, '\x07' | '\u{80}'..='\u{9f}' | '\u{202e}')));

    let page = folder.path().join("page.html");
    let output = view(&[&file, "--html", page.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let page = std::fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<script>alert"));
}

#[test]
fn many_spans_of_one_trace_fit_into_a_page() {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    for number in 1..=100_010_u64 {
        let parent = (number > 1).then(|| SpanId::from_bytes((number / 2).to_be_bytes()));
        let mut span = scope.span();
        span.ids(TraceId::from_bytes([1; 16]), SpanId::from_bytes(number.to_be_bytes()), parent);
        span.name("step").times(NOON, NOON + number);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traces.pb");
    std::fs::write(&file, writer.finish().bytes()).unwrap();
    let page = folder.path().join("page.html");
    let output = view(&[file.to_str().unwrap(), "--html", page.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("10 spans of trace 01010101010101010101010101010101 left out"));
    assert!(page.len() < 20 << 20, "{} bytes", page.len());
}

/// A file of the shared data, if this machine has it.
fn capture(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path.to_str().unwrap().to_owned());
    }
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn captures_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(file) = capture("hipstershop-oteltraces.zst") {
        let shown = text(&view(&[&file]).stdout);
        assert!(shown.contains(" 9,047 traces") && shown.contains("/cart/checkout"), "{shown}");
        let page = folder.path().join("page.html");
        assert!(view(&[&file, "--html", page.to_str().unwrap()]).status.success());
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains("8,547 traces left out: the page holds 500 of 9047") && page.len() < 10 << 20);
    }
    if let Some(file) = capture("hipstershop-otelmetrics.zst") {
        let shown = text(&view(&[&file]).stdout);
        assert!(shown.contains(" 130 metrics") && shown.contains("… 90 more metrics"), "{shown}");
    }
    if let Some(file) = capture("synthetic/otlp2records-logs_large.pb") {
        let shown = text(&view(&[&file]).stdout);
        assert!(shown.contains(" 3,495 records") && shown.contains("User browsing product"), "{shown}");
    }
    for name in ["examples/trace.json", "examples/metrics.json", "examples/logs.json", "examples/events.json"]
    {
        if let Some(file) = capture(name) {
            let output = view(&[&file]);
            assert!(output.status.success() && output.stdout.len() > 100, "{name}: {}", text(&output.stderr));
        }
    }
    if let Some(file) = capture("profiles/profile.otlp") {
        let output = view(&[&file]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("layout"), "{}", text(&output.stderr));
    }
}
