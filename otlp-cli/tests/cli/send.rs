//! `otlp send`: exit codes and the ledger.

use std::{fs, process::Stdio, thread, time::Duration};

use otlp::{Batch, Peer, Running, Server, Signal, Verdict};
use serde_json::Value;

use crate::support::{Receive, expect, fixtures, kill, otlp, text};

/// A server whose verdict is decided here.
fn scripted(
    verdict: impl Fn(Batch) -> Verdict + Send + Sync + 'static,
) -> (tokio::runtime::Runtime, Running, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server =
        Server::builder(move |batch: Batch, _: &Peer| verdict(batch)).http("127.0.0.1:0".parse().unwrap());
    let running = runtime.block_on(server.start()).unwrap();
    let url = format!("http://{}", running.http_addr().unwrap());
    (runtime, running, url)
}

fn ledger(out: &str) -> Value {
    let ledger: Value = serde_json::from_str(out).unwrap();
    let get = |key: &str| ledger[key].as_u64().unwrap();
    assert_eq!(
        get("submitted"),
        get("accepted") + get("rejected") + get("dropped") + get("pending"),
        "{out}"
    );
    ledger
}

#[test]
fn a_wait_that_is_too_long_is_told() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) = scripted(|_| Verdict::retry_after(Duration::from_secs(3600)));
    let (out, err) = expect(6, &["send", text(&file(Signal::Logs)), "--endpoint", &url, "--json"]);
    assert_eq!(ledger(&out)["accepted"], 0);
    assert!(err.contains("it asks to wait 3600 s, which is beyond the 30 s"), "{err}");
}

#[test]
fn nobody_there_is_exit_3() {
    let (_dir, file) = fixtures();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for protocol in ["grpc", "http/protobuf"] {
        let endpoint = format!("http://{free}");
        let (out, err) = expect(
            3,
            &[
                "send",
                text(&file(Signal::Traces)),
                "--endpoint",
                &endpoint,
                "--protocol",
                protocol,
                "--json",
                "--header",
                "authorization=Bearer hunter2",
            ],
        );
        let ledger = ledger(&out);
        assert_eq!((&ledger["accepted"], &ledger["dropped"]), (&0.into(), &ledger["submitted"]));
        assert!(ledger["retries"].as_u64() > Some(0));
        assert!(err.contains(&endpoint) && err.contains("unreachable") && err.contains("hint: "), "{err}");
        assert!(!err.contains("hunter2"), "{err}");
    }
}

#[test]
fn what_is_refused_for_good_is_exit_4_and_the_rest_goes_on() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) =
        scripted(
            |batch| {
                if batch.items() == 2 { Verdict::invalid("no pairs\u{7}") } else { Verdict::Accepted }
            },
        );
    let (out, err) = expect(4, &["send", text(&file(Signal::Traces)), "--endpoint", &url, "--json"]);
    let ledger = ledger(&out);
    assert_eq!(
        (&ledger["rejected"], &ledger["accepted"], &ledger["retries"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert!(err.starts_with("error: the server refused a message: HTTP status 400: no pairs"), "{err}");
    assert!(!err.contains('\u{7}') && !err.contains("; :"), "{err}");
}

#[test]
fn partial_success_is_exit_5() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) = scripted(|_| Verdict::partial(1, "one is too old"));
    let (out, err) = expect(5, &["send", text(&file(Signal::Traces)), "--endpoint", &url, "--json"]);
    let ledger = ledger(&out);
    assert_eq!((&ledger["rejected"], &ledger["accepted"]), (&2.into(), &1.into()));
    assert!(err.contains("one is too old"), "{err}");
}

#[test]
fn a_warning_is_said_and_is_no_failure() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) = scripted(|_| Verdict::warning("slow down"));
    let (out, err) = expect(0, &["send", text(&file(Signal::Traces)), "--endpoint", &url, "--json"]);
    assert_eq!(ledger(&out)["accepted"], 3);
    assert!(err.contains("warning from the server: slow down"), "{err}");
}

#[test]
fn what_the_server_asks_for_again_is_sent_again() {
    let (_dir, file) = fixtures();
    let refused = std::sync::atomic::AtomicBool::new(false);
    let (_runtime, _running, url) = scripted(move |_| {
        if refused.swap(true, std::sync::atomic::Ordering::Relaxed) {
            Verdict::Accepted
        } else {
            Verdict::retry_after(Duration::from_millis(10))
        }
    });
    let (out, _) = expect(0, &["send", text(&file(Signal::Traces)), "--endpoint", &url, "--json"]);
    let ledger = ledger(&out);
    assert_eq!((&ledger["accepted"], &ledger["retries"]), (&3.into(), &1.into()));
}

#[test]
fn ctrl_c_is_exit_130_with_what_is_pending() {
    let (_dir, file) = fixtures();
    let (sender, asked) = std::sync::mpsc::channel();
    let (_runtime, _running, url) = scripted(move |_| {
        let _ = sender.send(());
        Verdict::retry_after(Duration::from_secs(20))
    });
    let child = otlp(&["send", text(&file(Signal::Traces)), "--endpoint", &url, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    asked.recv_timeout(Duration::from_secs(20)).unwrap();
    kill(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(ledger(&String::from_utf8(output.stdout).unwrap())["pending"], 2);
}

#[test]
fn messages_are_cut_repeated_and_paced() {
    let (_dir, file) = fixtures();
    let receive = Receive::start(&["--max-items", "12", "--timeout", "30s", "--json"]);
    let (out, _) = expect(
        0,
        &[
            "send",
            text(&file(Signal::Traces)),
            "--endpoint",
            &receive.http,
            "--batch-items",
            "1",
            "--repeat",
            "4",
            "--concurrency",
            "3",
            "--rate",
            "100",
            "--json",
        ],
    );
    let ledger = ledger(&out);
    assert_eq!(ledger["accepted"], 12);
    assert!(ledger["seconds"].as_f64() > Some(0.1), "{ledger}");
    let (code, summary, _) = receive.end();
    assert_eq!(code, Some(0));
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["traces"]["requests"], 12);
}

#[test]
fn the_table_for_people() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) = scripted(|_| Verdict::Accepted);
    let (out, err) = expect(0, &["send", text(&file(Signal::Profiles)), "--endpoint", &url]);
    assert_eq!(err, "");
    insta::with_settings!({filters => vec![(r"time +[0-9.]+ s", "time [seconds]")]}, {
        insta::assert_snapshot!(out);
    });
}

#[test]
fn variables_come_after_flags() {
    let (_dir, file) = fixtures();
    let (_runtime, _running, url) = scripted(|_| Verdict::Accepted);
    let send = |vars: &[(&str, &str)], flags: &[&str]| {
        let path = file(Signal::Traces);
        let mut command = otlp(&["send", text(&path)]);
        command.args(flags).envs(vars.iter().copied()).output().unwrap().status.code()
    };
    assert_eq!(send(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)], &[]), Some(0));
    assert_eq!(
        send(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://nowhere.invalid"), ("OTLP_ENDPOINT", &url)], &[]),
        Some(0)
    );
    assert_eq!(send(&[("OTLP_ENDPOINT", "http://nowhere.invalid")], &["--endpoint", &url]), Some(0));
}

#[test]
fn wrong_usage_is_told_before_anything_is_sent() {
    let (dir, file) = fixtures();
    let unclear = dir.path().join("x.pb");
    fs::write(&unclear, b"\x0a\x06\x12\x04\x12\x02\x2a\x00").unwrap();
    let traces = file(Signal::Traces);
    for (args, says) in [
        (&["send", text(&unclear)][..], "--signal"),
        (&["send", text(&traces), "--endpoint", "localhost:4318"], "http://HOST:PORT"),
        (&["send", text(&traces), "--protocol", "thrift"], "http/protobuf"),
        (&["send", text(&traces), "--compression", "brotli"], "gzip"),
        (&["send", text(&traces), "--header", "hunter2"], "K=V"),
        (&["send", text(&traces), "--batch-items", "0"], "batch-items"),
        (&["send", text(&traces), "--rate", "0"], "above zero"),
        (&["send", "-", "--repeat", "2"], "stdin can be read once"),
    ] {
        let (_, err) = expect(2, args);
        assert!(err.contains(says), "{args:?}: {err}");
        assert!(!err.contains("hunter2"), "{err}");
    }
}

#[test]
fn a_damaged_file_sends_what_stands_before_the_damage() {
    let (dir, file) = fixtures();
    let damaged = dir.path().join("damaged-traces.jsonl");
    let text_of = fs::read_to_string(file(Signal::Traces)).unwrap();
    fs::write(&damaged, format!("{}\n{{\"resourceSpans\": 7}}\n", text_of.lines().next().unwrap())).unwrap();
    let (_runtime, _running, url) = scripted(|_| Verdict::Accepted);
    let (out, err) = expect(1, &["send", text(&damaged), "--endpoint", &url, "--json"]);
    assert_eq!(ledger(&out)["accepted"], 2);
    assert!(err.contains("damaged-traces.jsonl: message 2, line 2, column"), "{err}");
    // Long enough for a reader thread that would not end to be noticed.
    thread::yield_now();
}

#[cfg(unix)]
#[test]
fn unix_sockets_are_endpoints() {
    let (dir, file) = fixtures();
    let socket = dir.path().join("otlp.sock");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Server::builder(|_: Batch, _: &Peer| Verdict::Accepted).unix(&socket);
    let running = runtime.block_on(server.start()).unwrap();
    let endpoint = format!("unix:{}", text(&socket));
    let mut items = 0;
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        let traces = file(Signal::Traces);
        let send = ["send", text(&traces), "--endpoint", &endpoint, "--protocol", protocol, "--json"];
        let (out, err) = expect(0, &send);
        items += ledger(&out)["accepted"].as_u64().unwrap();
        assert_eq!(err, "");
        let relay = Receive::listen("relay", &["--to", &endpoint, "--protocol", protocol]);
        expect(0, &["send", text(&traces), "--endpoint", &relay.http]);
        relay.signal("TERM");
        let (code, account, _) = relay.end();
        assert_eq!(code, Some(0));
        let wanted = "received 3 = forwarded 3 + rejected 0 + dropped 0 + pending 0\n";
        assert!(account.contains(wanted) && account.contains("otlp.sock"), "{account}");
        items += 3;
    }
    assert_eq!(running.stats().signal(Signal::Traces).items, items);
}

#[test]
fn tokens_in_plaintext_are_warned_of() {
    let (_dir, file) = fixtures();
    let to = ["--header", "authorization=Bearer hunter2", "--header", "authorization=Bearer hunter2"];
    // TEST-NET-1: nobody is there. The relay never connects, since nothing comes in.
    let relay = Receive::listen("relay", &[&["--to", "http://192.0.2.1:4318"][..], &to].concat());
    let line = relay.line();
    assert!(
        line.starts_with("warning: --header: authorization goes to another host over plaintext"),
        "{line}"
    );
    let (_, err) = expect(0, &["send", text(&file(Signal::Traces)), "--endpoint", &relay.http, to[0], to[1]]);
    assert_eq!(err, "", "this machine is no other host");
}
