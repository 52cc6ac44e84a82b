//! `otlp receive`: its files, its end, its accounts.

use std::{fs, path::Path};

use otlp::{Batch, Client, Limits, Outcome, Signal};
use serde_json::Value;

use crate::support::{Receive, expect, fixtures, text};

fn send(receive: &Receive, path: &Path) {
    expect(0, &["send", text(path), "--endpoint", &receive.http]);
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn without_a_directory_it_says_a_line_a_request() {
    let (_dir, file) = fixtures();
    let receive = Receive::start(&["--max-items", "3"]);
    send(&receive, &file(Signal::Logs));
    let line = receive.line();
    assert!(line.starts_with("logs: 2 log records, "), "{line}");
    assert!(line.contains(" by http/protobuf from 127.0.0.1:"), "{line}");
    assert!(receive.line().starts_with("logs: 1 log records, "));
    let (code, out, err) = receive.end();
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err[0].starts_with("received 3 log records in 2 requests ("), "{err:?}");
}

#[test]
fn signals_end_it_with_everything_in_the_files() {
    let (dir, file) = fixtures();
    for name in ["TERM", "INT"] {
        let out = dir.path().join(name);
        let receive = Receive::start(&["-o", text(&out), "--json"]);
        send(&receive, &file(Signal::Traces));
        // Acknowledged means there, before any end.
        let written = fs::read_to_string(out.join("traces-000001.jsonl")).unwrap();
        assert_eq!(written.lines().count(), 2);
        receive.signal(name);
        let (code, summary, _) = receive.end();
        assert_eq!(code, Some(0), "{name}");
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["traces"]["items"], 3);
        assert_eq!(fs::read_to_string(out.join("traces-000001.jsonl")).unwrap(), written);
    }
}

#[test]
fn the_json_object_has_all_signals_and_reasons() {
    let (_dir, file) = fixtures();
    let receive = Receive::start(&["--max-items", "3", "--json"]);
    send(&receive, &file(Signal::Metrics));
    let (code, summary, _) = receive.end();
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(summary);
}

#[test]
fn too_few_items_in_time_is_exit_6() {
    let (_dir, file) = fixtures();
    let receive = Receive::start(&["--max-items", "4", "--timeout", "2s"]);
    send(&receive, &file(Signal::Traces));
    let (code, _, err) = receive.end();
    assert_eq!(code, Some(6));
    assert_eq!(err.last().unwrap(), "error: 3 of 4 items came within 2s");
}

#[test]
fn files_are_rotated_and_continued_and_never_overwritten() {
    let (dir, file) = fixtures();
    let out = dir.path().join("out");
    for _ in 0..2 {
        let receive = Receive::start(&["-o", text(&out), "--rotate", "1", "--max-items", "3"]);
        send(&receive, &file(Signal::Traces));
        assert_eq!(receive.end().0, Some(0));
    }
    let expected: Vec<String> = (1..=4).map(|number| format!("traces-{number:06}.jsonl")).collect();
    assert_eq!(names(&out), expected);
    let all: String = expected.iter().map(|name| fs::read_to_string(out.join(name)).unwrap()).collect();
    assert_eq!(all, crate::support::jsonl(Signal::Traces).repeat(2));
}

#[test]
fn pb_is_one_message_a_file() {
    let (dir, file) = fixtures();
    let out = dir.path().join("out");
    let receive = Receive::start(&["-o", text(&out), "--format", "pb", "--max-items", "2"]);
    send(&receive, &file(Signal::Profiles));
    assert_eq!(receive.end().0, Some(0));
    assert_eq!(names(&out), ["profiles-000001.pb", "profiles-000002.pb"]);
    for name in names(&out) {
        let bytes = fs::read(out.join(name)).unwrap();
        assert_eq!(Batch::parse(Signal::Profiles, bytes, &Limits::default()).unwrap().items(), 1);
    }
    let out = dir.path().join("merged");
    let receive = Receive::start(&["-o", text(&out), "--format", "pb", "--max-items", "3"]);
    send(&receive, &file(Signal::Traces));
    assert_eq!(receive.end().0, Some(0));
    assert_eq!(names(&out), ["traces-000001.pb"]);
    let bytes = fs::read(out.join("traces-000001.pb")).unwrap();
    assert_eq!(Batch::parse(Signal::Traces, bytes, &Limits::default()).unwrap().items(), 3);
}

#[test]
fn files_that_cannot_be_written_are_asked_for_again_and_told_at_the_end() {
    let (dir, _) = fixtures();
    let out = dir.path().join("out");
    let receive = Receive::start(&["-o", text(&out), "--format", "pb", "--json"]);
    fs::remove_dir(&out).unwrap();
    let batch = Batch::parse(Signal::Traces, &b"\x0a\x04\x12\x02\x12\x00"[..], &Limits::default()).unwrap();
    let client = Client::builder().endpoint(&receive.http).build().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(client.send(&batch)).outcome;
    assert!(matches!(outcome, Outcome::RetryLater { after: Some(_), .. }), "{outcome}");
    assert!(receive.line().starts_with("cannot write: "));
    // Space is back: it goes on.
    fs::create_dir(&out).unwrap();
    assert_eq!(runtime.block_on(client.send(&batch)).outcome, Outcome::Accepted);
    receive.signal("TERM");
    let (code, summary, err) = receive.end();
    assert_eq!(code, Some(1));
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!((&summary["traces"]["requests"], &summary["rejected"]["retry_later"]), (&1.into(), &1.into()));
    assert!(err.iter().any(|line| line.starts_with("error: 1 request could not be written: ")), "{err:?}");
    assert_eq!(names(&out), ["traces-000001.pb"]);
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (_, err) = expect(1, &["receive", "--grpc", "127.0.0.1:0", "--http", &address]);
    assert!(err.starts_with(&format!("error: cannot listen on {address} for OTLP/HTTP")), "{err}");
    assert!(err.contains("hint: --http 127.0.0.1:0 takes a free port"), "{err}");
}

#[test]
fn one_address_is_one_port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let receive = Receive::start(&["--max-items", "1", "--timeout", "20s"]);
    drop(receive);
    let mut command = crate::support::otlp(&["receive", "--grpc", &free, "--http", &free, "--timeout", "1s"]);
    let (_, err) = crate::support::texts(&command.output().unwrap());
    assert!(err.starts_with(&format!("listening grpc={free} http={free}\n")), "{err}");
}
