//! `otlp demo` by the real binary.
#![allow(clippy::unwrap_used, reason = "a panic is the report of a test")]

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otlp"));
    command.arg("demo").args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn shows_that_nothing_is_missing() {
    let output = demo(&[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let shown = text(&output.stdout);
    assert!(!shown.contains('\x1b'), "colours in a file");

    // Sizes depend on the codecs' versions and the processor, so the table of sizes is looked at apart.
    let (before, rest) = shown.split_once("On the wire").unwrap();
    let (wire, rest) = rest.split_once("The exporter's ledger").unwrap();
    let (ledger, after) = rest.split_once("One trace").unwrap();
    let mut filters = insta::Settings::clone_current();
    filters.add_filter(r"─+ (\d+ requests) in .*", "── $1");
    filters.add_filter(r"(?m)  [\d.,]+ [kM]B$", "  [size]");
    filters.bind(|| {
        insta::assert_snapshot!("arrived", before);
        insta::assert_snapshot!("ledger", format!("The exporter's ledger{ledger}"));
        insta::assert_snapshot!("read_back", format!("One trace{after}"));
    });

    let rows: Vec<Vec<&str>> = wire
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<_>| row.len() > 5)
        .collect();
    // The first is the heading.
    let lanes = &rows[1..];
    let codecs = ["none", "gzip", "zstd", "tracezip"];
    let expected: Vec<&str> = [&codecs[..], &codecs, &codecs[..3]].concat();
    assert_eq!(lanes.len(), expected.len(), "{wire}");
    for (lane, codec) in lanes.iter().zip(expected) {
        let cells = if codec == "none" { &lane[1..] } else { &lane[..] };
        assert_eq!(cells[0], codec, "{wire}");
        let span: f64 = cells[1].parse().unwrap();
        assert!(span > 10.0 && span < 2_000.0, "{wire}");
        if codec != "none" {
            let ratio: f64 = cells[2].trim_end_matches('×').parse().unwrap();
            assert!(ratio > 2.0, "compression saves more than half: {wire}");
        }
    }
}

#[test]
fn colours_where_they_are_asked_for() {
    let output = demo(&["--color", "always"]);
    assert!(output.status.success());
    let shown = text(&output.stdout);
    assert!(shown.contains("\x1b[1mPOST /checkout"), "{shown}");
}

#[test]
fn keeps_going_and_writes_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.html");
    let output = demo(&["--seconds", "1", "--html", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).starts_with("wrote "));
    let requests: u64 = text(&output.stdout)
        .lines()
        .find_map(|line| {
            line.split_once(" requests in ")?.0.rsplit(' ').next()?.replace(',', "").parse().ok()
        })
        .unwrap();
    assert_eq!(requests % 209, 0, "whole rounds");
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"));
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let traces: serde_json::Value = serde_json::from_str(data).unwrap();
    let drawn = traces[0]["spans"].as_array().unwrap();
    assert_eq!(traces[0]["spans"][0][2], "POST /checkout");
    assert!(drawn.len() > 15 && drawn.iter().any(|span| span[5] == 1), "a failed attempt is in it");
    assert!(page.len() < 2 << 20, "{} bytes", page.len());
}

#[test]
fn a_page_that_cannot_be_written_is_an_error() {
    let output = demo(&["--html", "/nonexistent/folder/shop.html"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("cannot write /nonexistent/folder/shop.html"),
        "{}",
        text(&output.stderr)
    );
}
