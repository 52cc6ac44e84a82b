//! From `otlp send` to `otlp receive` over every transport: what arrives is what was sent.

use std::fs;

use otlp::Signal;
use serde_json::Value;

use crate::support::{Receive, capture, expect, fixtures, items, messages, text, unpacked};

const PROTOCOLS: [&str; 3] = ["grpc", "http/protobuf", "http/json"];
const CODECS: [&str; 5] = ["none", "gzip", "zstd", "tracezip", "tracezip-stream"];

#[test]
fn all_signals_over_every_protocol_and_codec() {
    let (dir, file) = fixtures();
    let frames = dir.path().join("in.frames");
    for protocol in PROTOCOLS {
        for codec in CODECS {
            if protocol == "http/json" && codec.starts_with("tracezip") {
                let path = file(Signal::Traces);
                let args = ["send", text(&path), "--protocol", protocol, "--compression", codec];
                let (_, err) = expect(2, &args);
                assert!(err.contains("compresses protobuf, not JSON"), "{err}");
                continue;
            }
            let out = dir.path().join(format!("{}-{codec}", protocol.replace('/', "-")));
            let total: usize = Signal::ALL.into_iter().map(items).sum();
            let receive = Receive::start(&[
                "-o",
                text(&out),
                "--format",
                "frames",
                "--max-items",
                &total.to_string(),
                "--timeout",
                "30s",
                "--json",
            ]);
            for signal in Signal::ALL {
                let path = file(signal);
                let (ledger, _) = expect(
                    0,
                    &[
                        "send",
                        text(&path),
                        "--endpoint",
                        receive.endpoint(protocol),
                        "--protocol",
                        protocol,
                        "--compression",
                        codec,
                        "--json",
                    ],
                );
                let ledger: Value = serde_json::from_str(&ledger).unwrap();
                assert_eq!(ledger["submitted"], items(signal));
                assert_eq!(ledger["accepted"], items(signal));
                assert_eq!(ledger["pending"], 0);
                assert!(ledger["bytes_wire"].as_u64() > Some(100));
            }
            let (code, summary, _) = receive.end();
            assert_eq!(code, Some(0), "{protocol} {codec}");
            let summary: Value = serde_json::from_str(&summary).unwrap();
            for signal in Signal::ALL {
                assert_eq!(summary[signal.as_str()]["requests"], 2, "{protocol} {codec} {signal}");
                assert_eq!(summary[signal.as_str()]["items"], items(signal));
                expect(0, &["convert", text(&file(signal)), text(&frames)]);
                let received = fs::read(out.join(format!("{signal}-000001.frames"))).unwrap();
                assert_eq!(
                    messages(signal, &received),
                    messages(signal, &fs::read(&frames).unwrap()),
                    "{protocol} {codec} {signal}"
                );
            }
        }
    }
}

#[test]
fn captures_arrive_whole() {
    for (name, signal, items, protocol, codec) in [
        ("hipstershop-oteltraces.zst", Signal::Traces, 86_583, "grpc", "zstd"),
        ("hostcollector-otelmetrics-part1.zst", Signal::Metrics, 74_232, "http/json", "gzip"),
    ] {
        let Some(path) = capture(name) else { continue };
        let dir = tempfile::tempdir().unwrap();
        let receive = Receive::start(&[
            "-o",
            text(dir.path()),
            "--format",
            "frames",
            "--max-items",
            &items.to_string(),
            "--timeout",
            "120s",
        ]);
        let args = ["--protocol", protocol, "--compression", codec, "--concurrency", "1"];
        expect(0, &[&["send", text(&path), "--endpoint", receive.endpoint(protocol)][..], &args].concat());
        let (code, _, err) = receive.end();
        assert_eq!(code, Some(0), "{err:?}");
        let received = fs::read(dir.path().join(format!("{signal}-000001.frames"))).unwrap();
        assert!(messages(signal, &received) == messages(signal, &unpacked(&path)), "{name}: messages differ");
    }
}

#[test]
fn encrypted_with_a_token() {
    let (dir, file) = fixtures();
    let pem = |name: &str, content: String| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let certified =
        rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let cert = pem("cert.pem", certified.cert.pem());
    let key = pem("key.pem", certified.signing_key.serialize_pem());
    let token = pem("token", "hunter2\n".to_owned());
    let receive = Receive::start(&[
        "--tls-cert",
        text(&cert),
        "--tls-key",
        text(&key),
        "--bearer-file",
        text(&token),
        "--max-items",
        "6",
        "--json",
    ]);
    let traces = file(Signal::Traces);
    for protocol in ["grpc", "http/protobuf"] {
        let endpoint = receive.endpoint(protocol).replace("http://", "https://");
        let send =
            ["send", text(&traces), "--endpoint", &endpoint, "--protocol", protocol, "--ca", text(&cert)];
        let (_, err) = expect(4, &[&send[..], &["--header", "authorization=Bearer hunter3"]].concat());
        assert!(!err.contains("hunter"), "{err}");
        expect(0, &[&send[..], &["--header", "authorization=Bearer hunter2"]].concat());
    }
    let (code, summary, _) = receive.end();
    assert_eq!(code, Some(0));
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["traces"]["items"], 6);
    assert!(summary["rejected"]["unauthenticated"].as_u64() >= Some(2), "{summary}");
}
