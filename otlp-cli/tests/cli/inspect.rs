//! `otlp inspect`, as people and as programs see it.

use std::fs;

use otlp::Signal;

use crate::support::{expect, fixtures, text};

#[test]
fn all_signals_for_people_and_programs() {
    let (dir, file) = fixtures();
    let paths: Vec<_> = Signal::ALL.into_iter().map(file).collect();
    let args: Vec<&str> = std::iter::once("inspect").chain(paths.iter().map(|path| text(path))).collect();
    let scratch = dir.path().to_str().unwrap().to_owned();
    let (people, err) = expect(0, &args);
    assert_eq!(err, "");
    insta::assert_snapshot!("inspect", people.replace(&scratch, "[dir]"));
    let (programs, _) = expect(0, &[&args[..], &["--json"]].concat());
    let programs: serde_json::Value = serde_json::from_str(&programs.replace(&scratch, "[dir]")).unwrap();
    insta::assert_json_snapshot!("inspect_json", programs);
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let (_dir, file) = fixtures();
    let path = file(Signal::Logs);
    let (plain, _) = expect(0, &["inspect", text(&path)]);
    assert!(!plain.contains('\x1b'));
    let (bold, _) = expect(0, &["inspect", text(&path), "--color", "always"]);
    assert!(bold.contains("\x1b[1m"));
    let mut command = crate::support::otlp(&["inspect", text(&path)]);
    let quiet = command.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!quiet.stdout.contains(&0x1b));
}

#[test]
fn a_message_that_cannot_be_read_is_said_and_left_out() {
    let (dir, file) = fixtures();
    let path = dir.path().join("broken-traces.jsonl");
    let good = fs::read_to_string(file(Signal::Traces)).unwrap();
    fs::write(&path, good.replacen('\n', "\n{\"resourceSpans\":[{\"scopeSpans\":7}]}\n", 1)).unwrap();
    let (out, err) = expect(1, &["inspect", text(&path)]);
    assert!(out.contains("3 spans in 2 messages"), "{out}");
    assert!(err.contains("message 2, line 2, column"), "{err}");
}

#[test]
fn names_from_outside_cannot_move_the_cursor() {
    let (dir, _) = fixtures();
    let path = dir.path().join("evil\u{1b}[2J\u{202e}-traces.pb");
    fs::write(&path, b"\xff").unwrap();
    let (_, err) = expect(1, &["--color", "always", "inspect", text(&path)]);
    assert!(err.contains("evil\u{fffd}[2J\u{fffd}-traces.pb"), "{err}");
    let path = dir.path().join("evil-traces.jsonl");
    fs::write(
        &path,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\u001b[2Jgone\u202e","kind":1}]}]}]}"#,
    )
    .unwrap();
    let (out, _) = expect(0, &["inspect", text(&path)]);
    assert!(out.contains("\u{fffd}[2Jgone\u{fffd}") && !out.contains('\x1b'), "{out}");
}

#[test]
fn what_is_no_telemetry_is_told() {
    let (dir, _) = fixtures();
    let path = dir.path().join("traces.pb");
    for (content, says) in [
        (&b"\x0a\xff"[..], "at byte"),
        (b"hello, this is a text file\n", "byte"),
        (b"\x1f\x8b\x08\x00garbage", "traces.pb"),
    ] {
        fs::write(&path, content).unwrap();
        let (out, err) = expect(1, &["inspect", text(&path)]);
        assert_eq!(out, "");
        assert!(err.starts_with("error: ") && err.contains(says), "{err}");
    }
    fs::write(&path, b"").unwrap();
    let (out, _) = expect(0, &["inspect", text(&path)]);
    assert!(out.contains("0 messages"), "{out}");
}
