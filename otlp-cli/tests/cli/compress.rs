//! `otlp compress` and `otlp decompress`: identities, the report, damage, and the link that two relays make.

use std::fs;

use otlp::Signal;
use serde_json::Value;

use crate::support::{Receive, capture, expect, fixtures, items, text, unpacked};

#[test]
fn what_was_compressed_comes_out_byte_by_byte() {
    let (dir, file) = fixtures();
    let at = |name: String| dir.path().join(name);
    for signal in Signal::ALL {
        let frames = at(format!("{signal}.frames"));
        expect(0, &["convert", text(&file(signal)), text(&frames)]);
        let modes: [&[&str]; 6] = [
            &[],
            &["--streaming"],
            &["--inner", "gzip", "--level", "9"],
            &["--inner", "lz4"],
            &["--inner", "none", "--streaming"],
            &["--level", "19"],
        ];
        for mode in modes {
            let (otz, back) = (at(format!("{signal}.otz")), at(format!("{signal}-back.frames")));
            let (_, said) = expect(0, &[&["compress", text(&frames), text(&otz)], mode].concat());
            assert!(said.starts_with(&format!("wrote 2 frames, {} items, ", items(signal))), "{said}");
            expect(0, &["decompress", text(&otz), text(&back)]);
            assert_eq!(fs::read(&back).unwrap(), fs::read(&frames).unwrap(), "{signal} {mode:?}");
        }
        // As text it is the text it was.
        let text_back = at(format!("{signal}-back.jsonl"));
        expect(0, &["decompress", text(&at(format!("{signal}.otz"))), text(&text_back)]);
        let (canonical, _) = expect(0, &["convert", text(&frames), "-"]);
        assert_eq!(fs::read_to_string(text_back).unwrap(), canonical);
    }
}

#[test]
fn one_odd_message_comes_out_of_a_pb_as_it_went_in() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    // An empty parent id, an unknown field, a varint longer than it has to be.
    let odd = b"\x0a\x0e\x12\x0c\x12\x0a\x22\x00\x2a\x02hi\x98\x06\x81\x00";
    fs::write(at("traces.pb"), odd).unwrap();
    expect(0, &["compress", text(&at("traces.pb")), text(&at("x.otz"))]);
    expect(0, &["decompress", text(&at("x.otz")), text(&at("back.pb"))]);
    assert_eq!(fs::read(at("back.pb")).unwrap(), odd);
}

#[test]
fn other_commands_take_the_files() {
    let (dir, file) = fixtures();
    let otz = dir.path().join("data.otz");
    expect(0, &["compress", text(&file(Signal::Traces)), text(&otz)]);
    let (inspected, _) = expect(0, &["inspect", text(&otz), "--json"]);
    let inspected: Value = serde_json::from_str(inspected.lines().next().unwrap()).unwrap();
    assert!(inspected.to_string().contains("\"traces\""), "{inspected}");
    expect(0, &["view", text(&otz)]);
    let receive = Receive::start(&["--max-items", "3", "--timeout", "30s"]);
    expect(0, &["send", text(&otz), "--endpoint", receive.endpoint("http/protobuf")]);
    assert_eq!(receive.end().0, Some(0));
}

#[test]
fn the_report_compares_like_with_like() {
    let (dir, file) = fixtures();
    let path = file(Signal::Traces);
    let (out, _) = expect(0, &["compress", text(&path), "--report", "--json", "--streaming"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codecs: Vec<_> = lines.iter().map(|line| line["codec"].as_str().unwrap()).collect();
    for name in [
        "none",
        "gzip-6",
        "zstd-3",
        "zstd-3 stream",
        "tracezip none",
        "tracezip zstd-3",
        "tracezip zstd-3 stream",
    ] {
        assert!(codecs.contains(&name), "{codecs:?}");
    }
    for line in &lines {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        let expected = [
            "codec",
            "batch_items",
            "bytes",
            "bytes_per_item",
            "items",
            "encode_mb_s",
            "decode_mb_s",
            "identical",
        ];
        assert_eq!(keys, expected);
        assert_eq!(
            (&line["items"], &line["identical"], &line["batch_items"]),
            (&3.into(), &true.into(), &Value::Null)
        );
        let (bytes, each) = (line["bytes"].as_f64().unwrap(), line["bytes_per_item"].as_f64().unwrap());
        assert!((bytes / 3.0 - each).abs() < 0.001, "{line}");
    }
    let only =
        ["--report", "--json", "--inner", "gzip", "--level", "1", "--batch-items", "1", "--group-by-trace"];
    let (out, _) = expect(0, &[&["compress", text(&path)], &only[..]].concat());
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codecs: Vec<_> = lines.iter().map(|line| line["codec"].as_str().unwrap()).collect();
    assert_eq!(codecs, ["none", "gzip-1", "tracezip gzip-1"]);
    assert!(lines.iter().all(|line| line["batch_items"] == 1 && line["identical"] == true), "{out}");
    let otz = dir.path().join("x.otz");
    let (table, said) = expect(0, &["compress", text(&path), text(&otz), "--report"]);
    assert!(table.starts_with("Compression ") && table.contains("tracezip zstd-3"), "{table}");
    assert!(said.contains("x.otz") && otz.exists(), "{said}");
}

#[test]
fn a_capture_is_half_the_size() {
    let Some(path) = capture("hipstershop-oteltraces.zst") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (otz, back) = (dir.path().join("x.otz"), dir.path().join("back.frames"));
    expect(0, &["compress", text(&path), text(&otz), "--batch-items", "8192"]);
    expect(0, &["convert", text(&path), text(&dir.path().join("cut.frames")), "--batch-items", "8192"]);
    expect(0, &["decompress", text(&otz), text(&back)]);
    assert_eq!(fs::read(&back).unwrap(), fs::read(dir.path().join("cut.frames")).unwrap());
    // As it was captured, an outer compression is taken off.
    expect(0, &["compress", text(&path), text(&otz)]);
    expect(0, &["decompress", text(&otz), text(&back)]);
    assert_eq!(fs::read(&back).unwrap(), unpacked(&path));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let (dir, file) = fixtures();
    let at = |name: &str| dir.path().join(name);
    let (source, otz) = (file(Signal::Traces), at("x.otz"));
    expect(0, &["compress", text(&source), text(&otz)]);
    let good = fs::read(&otz).unwrap();
    let fails = |content: &[u8], expected: &str| {
        fs::write(at("bad.otz"), content).unwrap();
        let (_, err) = expect(1, &["decompress", text(&at("bad.otz")), text(&at("out.jsonl"))]);
        assert!(err.contains("bad.otz: message ") && err.contains(expected), "{err}");
    };
    let mut flipped = good.clone();
    let last = flipped.len() - 20;
    flipped[last] ^= 1;
    fails(&flipped, "message 2");
    fails(&good[..good.len() - 1], "ends too early");
    fails(b"{}", "no frame");
    // What was read before the damage is in the file.
    fails(&flipped, "message 2");
    assert_eq!(fs::read_to_string(at("out.jsonl")).unwrap().lines().count(), 1);

    let usage = |args: &[&str], expected: &str| {
        let (_, err) = expect(2, args);
        assert!(err.contains(expected), "{err}");
    };
    usage(&["compress", text(&source)], "OUT.otz");
    usage(&["compress", text(&source), "--json"], "--report");
    usage(&["compress", text(&otz), text(&otz)], "same file");
    let (_, err) =
        expect(1, &["compress", text(&source), text(&at("y.otz")), "--inner", "gzip", "--level", "40"]);
    assert!(err.contains("no level 40") && !at("y.otz").exists(), "{err}");
    let (_, err) = expect(1, &["decompress", text(&at("missing.otz")), "-"]);
    assert!(err.contains("missing.otz"), "{err}");
}

#[test]
fn two_relays_are_a_compressed_link() {
    let (dir, file) = fixtures();
    for (protocol, mode) in [("grpc", "tracezip"), ("grpc", "tracezip-stream"), ("http/protobuf", "tracezip")]
    {
        let out = dir.path().join(format!("{}-{mode}", protocol.replace('/', "-")));
        let receive = Receive::start(&["-o", text(&out), "--format", "frames"]);
        let far = Receive::listen("relay", &["--to", receive.endpoint("http/protobuf")]);
        let near = Receive::listen(
            "relay",
            // A request for each item, so that over HTTP there are some after the first answer.
            &[
                "--to",
                far.endpoint(protocol),
                "--protocol",
                protocol,
                "--compression",
                mode,
                "--batch-items",
                "1",
            ],
        );
        for signal in Signal::ALL {
            let (path, to) = (file(signal), near.endpoint("http/protobuf"));
            expect(0, &["send", text(&path), "--repeat", "3", "--endpoint", to]);
        }
        near.signal("TERM");
        assert_eq!(near.end().0, Some(0));
        far.signal("TERM");
        assert_eq!(far.end().0, Some(0), "{protocol} {mode}");
        receive.signal("TERM");
        assert_eq!(receive.end().0, Some(0));
        // Joined and cut as the relays like it, nothing lost and nothing twice.
        for signal in Signal::ALL {
            let path = out.join(format!("{signal}-000001.frames"));
            let (found, _) = expect(0, &["inspect", text(&path), "--json"]);
            let found: Value = serde_json::from_str(&found).unwrap();
            assert_eq!(found["files"][0]["items"], 3 * items(signal), "{protocol} {mode} {signal}");
        }
    }
}
