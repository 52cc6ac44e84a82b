//! `otlp convert`: identities between formats, and what is said about losses.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use otlp::Signal;

use crate::support::{capture, decoded, expect, fixtures, items, messages, otlp, run, text, unpacked};

fn convert(from: &Path, to: &Path) {
    expect(0, &["convert", text(from), text(to)]);
}

#[test]
fn every_format_keeps_every_message() {
    let (dir, file) = fixtures();
    let at = |name: String| dir.path().join(name);
    for signal in Signal::ALL {
        let frames = at(format!("{signal}.frames"));
        convert(&file(signal), &frames);
        let original = fs::read(&frames).unwrap();
        for ending in
            ["jsonl", "frames", "otlp", "otz", "jsonl.gz", "frames.zst", "otlp.gz", "otz.gz", "jsonl.zst"]
        {
            let (there, back) = (at(format!("{signal}-there.{ending}")), at(format!("{signal}-back.frames")));
            convert(&frames, &there);
            convert(&there, &back);
            let back = fs::read(&back).unwrap();
            assert_eq!(messages(signal, &back), messages(signal, &original), "{signal} {ending}");
            if !ending.starts_with("jsonl") {
                assert_eq!(back, original, "{signal} {ending}");
            }
        }
        // Canonical from here on: JSON to JSON is the same text.
        let again = at(format!("{signal}-again.jsonl"));
        convert(&at(format!("{signal}-there.jsonl")), &again);
        assert_eq!(fs::read(&again).unwrap(), fs::read(at(format!("{signal}-there.jsonl"))).unwrap());
    }
}

#[test]
fn one_message_goes_through_pb_byte_by_byte() {
    let (dir, _) = fixtures();
    let at = |name: &str| dir.path().join(name);
    // Odd but valid: an empty parent id, an unknown field, a varint longer than it has to be.
    let odd = b"\x0a\x0e\x12\x0c\x12\x0a\x22\x00\x2a\x02hi\x98\x06\x81\x00";
    fs::write(at("traces.pb"), odd).unwrap();
    convert(&at("traces.pb"), &at("traces.frames"));
    assert_eq!(fs::read(at("traces.frames")).unwrap(), [b"\0\0\0\x10", &odd[..]].concat());
    convert(&at("traces.frames"), &at("traces2.pb"));
    assert_eq!(fs::read(at("traces2.pb")).unwrap(), odd);
}

#[test]
fn several_messages_are_merged_into_one_where_the_format_holds_one() {
    let (dir, file) = fixtures();
    for signal in Signal::ALL {
        for ending in ["pb", "json"] {
            let (one, frames) =
                (dir.path().join(format!("{signal}.{ending}")), dir.path().join("back.frames"));
            convert(&file(signal), &one);
            expect(0, &["convert", text(&one), text(&frames), "--signal", signal.as_str()]);
            let merged = fs::read(&frames).unwrap();
            assert_eq!(messages(signal, &merged).len(), 1, "{signal} {ending}");
            let (out, _) = expect(0, &["inspect", text(&one), "--json"]);
            let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!(summary[signal.as_str()]["items"], items(signal), "{signal} {ending}");
        }
    }
}

#[test]
fn batches_are_merged_and_cut_in_order() {
    let (dir, file) = fixtures();
    let out = dir.path().join("out-traces.frames");
    for (size, expected) in [(1, vec![1, 1, 1]), (2, vec![2, 1]), (3, vec![3]), (100, vec![3])] {
        expect(0, &["convert", text(&file(Signal::Traces)), text(&out), "--batch-items", &size.to_string()]);
        let messages = messages(Signal::Traces, &fs::read(&out).unwrap());
        let counts: Vec<usize> = messages.iter().map(|message| message.matches("Span {").count()).collect();
        assert_eq!(counts, expected, "{size}");
        let names = ["GET /cart", "SELECT cart", "poll"];
        let all = messages.concat();
        let places = names.map(|name| all.find(name).unwrap());
        assert!(places.is_sorted(), "{size}: {places:?}");
    }
}

#[test]
fn streams_are_files_too() {
    let (_dir, file) = fixtures();
    let mut child = otlp(&["convert", "-", "-", "--to", "frames", "--signal", "logs"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text_of = fs::read(file(Signal::Logs)).unwrap();
    child.stdin.take().unwrap().write_all(&text_of).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(messages(Signal::Logs, &output.stdout).len(), 2);
    let (out, err) = expect(0, &["convert", text(&file(Signal::Logs)), "-"]);
    assert_eq!(out.lines().count(), 2);
    assert!(err.contains("wrote 2 messages, 3 items,"), "{err}");
}

#[test]
fn what_json_has_no_names_for_is_said() {
    let (dir, _) = fixtures();
    let (newer, json) = (dir.path().join("newer-traces.pb"), dir.path().join("traces.jsonl"));
    fs::write(&newer, b"\x0a\x0a\x12\x05\x12\x03\x2a\x01n\x98\x06\x01").unwrap();
    let (_, err) = expect(0, &["convert", text(&newer), text(&json)]);
    assert!(err.contains("left out 1 field of a newer protocol"), "{err}");
    let (_, err) = expect(0, &["convert", text(&newer), text(&dir.path().join("traces.frames"))]);
    assert!(!err.contains("left out"), "{err}");
}

#[test]
fn a_truncated_file_gives_what_is_whole() {
    let (dir, file) = fixtures();
    let at = |name: &str| dir.path().join(name);
    convert(&file(Signal::Traces), &at("traces.frames"));
    let whole = fs::read(at("traces.frames")).unwrap();
    fs::write(at("cut-traces.frames"), &whole[..whole.len() - 1]).unwrap();
    let (_, err) = expect(1, &["convert", text(&at("cut-traces.frames")), text(&at("out.jsonl"))]);
    assert!(err.contains("cut-traces.frames: message 2") && err.contains("ends too early"), "{err}");
    assert_eq!(fs::read_to_string(at("out.jsonl")).unwrap().lines().count(), 1);
}

#[test]
fn what_cannot_be_read_leaves_out_alone() {
    let (dir, file) = fixtures();
    let at = |name: &str| dir.path().join(name);
    let out = file(Signal::Logs);
    let before = fs::read(&out).unwrap();
    fs::write(at("garbage-logs.jsonl"), "{\"resourceLogs\":[{]}\n").unwrap();
    fs::write(at("unclear.pb"), b"\x0a\x06\x12\x04\x12\x02\x2a\x00").unwrap();
    for (code, args, says) in [
        (1, vec!["convert", text(&at("missing.jsonl")), text(&out)], "missing.jsonl"),
        (1, vec!["convert", text(&at("garbage-logs.jsonl")), text(&out)], "line 1, column 19"),
        (2, vec!["convert", text(&at("unclear.pb")), text(&out)], "--signal"),
        (2, vec!["convert", text(&out), text(&out)], "the same file"),
        (2, vec!["convert", text(&out), text(&at("out.parquet"))], ".jsonl"),
        (2, vec!["convert", text(&out), "-", "--to", "xml"], "jsonl"),
        (2, vec!["convert", text(&out), text(&at("out.pb.gz"))], "gzipped OTLP ends in .otlp.gz"),
    ] {
        let (_, err) = expect(code, &args);
        assert!(err.contains(says), "{args:?}: {err}");
        assert_eq!(fs::read(&out).unwrap(), before, "{args:?}");
    }
}

#[test]
fn what_is_wrong_is_said_once_and_in_the_lines_of_the_file() {
    let (dir, file) = fixtures();
    let path = dir.path().join("broken-traces.jsonl");
    let good = fs::read_to_string(file(Signal::Traces)).unwrap();
    fs::write(&path, good + "{\"resourceSpans\":[{]}\n").unwrap();
    let (_, err) = expect(1, &["convert", text(&path), text(&dir.path().join("out.jsonl"))]);
    assert!(err.contains("message 3, line 3, column 20"), "{err}");
    assert_eq!((err.matches("expected a key").count(), err.matches("line 1").count()), (1, 0), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (dir, file) = fixtures();
    let many = dir.path().join("many-traces.jsonl");
    fs::write(&many, fs::read_to_string(file(Signal::Traces)).unwrap().repeat(500)).unwrap();
    for args in [&["convert", text(&many), "-"][..], &["inspect", text(&many), "--json"], &["--help"]] {
        let mut child = otlp(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!err.contains("panicked") && !err.contains("error"), "{args:?}: {err}");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {err}");
    }
}

#[test]
fn captures_keep_their_bytes_and_their_messages() {
    let captures = [
        ("hostcollector-otelmetrics-part1.zst", Signal::Metrics),
        ("hipstershop-oteltraces.zst", Signal::Traces),
    ];
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (name, signal) in captures {
        let Some(path) = capture(name) else { continue };
        let original = unpacked(&path);
        fs::write(at("a.frames"), &original).unwrap();
        let signal_flag = ["--signal", signal.as_str()];
        let step = |from: PathBuf, to: PathBuf| {
            expect(0, &[&["convert", text(&from), text(&to)][..], &signal_flag].concat());
        };
        step(at("a.frames"), at("b.frames"));
        assert!(fs::read(at("b.frames")).unwrap() == original, "{name}: frames to frames");
        step(at("a.frames"), at("c.jsonl"));
        step(at("c.jsonl"), at("d.frames"));
        let back = fs::read(at("d.frames")).unwrap();
        assert!(messages(signal, &back) == messages(signal, &original), "{name}: frames to jsonl to frames");
    }
    if let Some(path) = capture("synthetic/otlp2records-logs_large.pb") {
        convert(&path, &at("logs.frames"));
        convert(&at("logs.frames"), &at("logs.pb"));
        assert!(fs::read(at("logs.pb")).unwrap() == fs::read(&path).unwrap(), "pb to frames to pb");
    }
}

#[test]
fn the_specifications_examples_survive() {
    let dir = tempfile::tempdir().unwrap();
    for (name, signal) in [
        ("examples/trace.json", Signal::Traces),
        ("examples/metrics.json", Signal::Metrics),
        ("examples/logs.json", Signal::Logs),
        ("examples/events.json", Signal::Logs),
    ] {
        let Some(path) = capture(name) else { continue };
        let at = |name: &str| dir.path().join(name);
        convert(&path, &at("a.frames"));
        convert(&at("a.frames"), &at("b.json"));
        convert(&at("b.json"), &at("c.pb"));
        let first = fs::read(at("a.frames")).unwrap();
        assert_eq!(messages(signal, &first), [decoded(signal, &fs::read(at("c.pb")).unwrap())], "{name}");
    }
}

#[test]
fn profiles_of_older_layouts_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["profiles/profile.otlp", "profiles/k8s.otlp"] {
        let Some(path) = capture(name) else { continue };
        let output = run(&["convert", text(&path), text(&dir.path().join("out.jsonl"))]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(err.contains("layout of OTLP 1.8") && err.contains("lose their values"), "{err}");
        assert!(!dir.path().join("out.jsonl").exists());
    }
}
