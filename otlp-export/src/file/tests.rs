use std::io::{Cursor, Read, Write};
use std::path::Path;

use otlp_compress::{Codec, Level, compress};
use otlp_core::json::{self, JsonOptions};
use otlp_core::{Batch, Limits, Signal};

use super::*;

mod capture;
mod error;
#[cfg(feature = "tracezip")]
mod otz;

/// A message of `n` items whose names start with `tag`.
fn batch(signal: Signal, tag: &str, n: usize) -> Batch {
    let item = |i| match signal {
        Signal::Traces => format!(
            r#"{{"traceId":"{:032x}","spanId":"{:016x}","name":"{tag} {i}","startTimeUnixNano":"1"}}"#,
            i + 1,
            i + 1
        ),
        Signal::Metrics => {
            format!(r#"{{"name":"{tag}.{i}","gauge":{{"dataPoints":[{{"asDouble":{i}.5}}]}}}}"#)
        }
        Signal::Logs => format!(r#"{{"timeUnixNano":"1{i}7","body":{{"stringValue":"{tag} {i}"}}}}"#),
        Signal::Profiles => format!(r#"{{"timeUnixNano":"1{i}7","durationNano":"5"}}"#),
    };
    let items: Vec<String> = (0..n).map(item).collect();
    let (scopes, list) = match signal {
        Signal::Traces => ("scopeSpans", "spans"),
        Signal::Metrics => ("scopeMetrics", "metrics"),
        Signal::Logs => ("scopeLogs", "logRecords"),
        Signal::Profiles => ("scopeProfiles", "profiles"),
    };
    let text =
        format!(r#"{{"{}":[{{"{scopes}":[{{"{list}":[{}]}}]}}]}}"#, signal.json_key(), items.join(","));
    json::read(signal, text.as_bytes(), &JsonOptions::default(), &Limits::default()).unwrap()
}

fn read(path: &Path) -> Result<Vec<Batch>, FileError> {
    FileReader::open(path, &ReadOptions::default())?.collect()
}

/// Reads content under a name.
fn read_bytes(name: &str, content: &[u8]) -> Result<Vec<Batch>, FileError> {
    FileReader::from_reader(name, Cursor::new(content.to_vec()), &ReadOptions::default())?.collect()
}

fn write(path: &Path, batches: &[Batch]) -> Result<Written, FileError> {
    let mut writer = FileWriter::create(path, &WriteOptions::default())?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

/// The content that a format gives these batches.
fn content(format: FileFormat, batches: &[Batch]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("content");
    let mut writer = FileWriter::create(&path, &WriteOptions::default().with_format(format)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    let written = writer.finish().unwrap();
    let content = std::fs::read(&path).unwrap();
    assert_eq!(written.bytes, content.len() as u64);
    content
}

fn frames(messages: &[&[u8]]) -> Vec<u8> {
    messages.iter().flat_map(|m| [&(m.len() as u32).to_be_bytes(), *m].concat()).collect()
}

#[test]
fn c14_every_ending_gives_back_what_it_took() {
    let dir = tempfile::tempdir().unwrap();
    for signal in Signal::ALL {
        let batches = [batch(signal, "a", 3), batch(signal, "b", 1), batch(signal, "c", 2)];
        let otz = cfg!(feature = "tracezip").then_some("otz");
        for ending in ["jsonl", "frames", "otlp"].into_iter().chain(otz) {
            for wrapper in Codec::supported() {
                let wrapper = match wrapper {
                    Codec::Gzip => ".gz",
                    Codec::Zstd => ".zst",
                    _ => "",
                };
                let path = dir.path().join(format!("my-{signal}.{ending}{wrapper}"));
                let written = write(&path, &batches).unwrap();
                assert_eq!((written.messages, written.items, written.left_out), (3, 6, 0));
                assert_eq!(read(&path).unwrap(), batches, "{}", path.display());

                // Without the name to help, the content decides; the format is found under the compression too.
                let bare = dir.path().join("bare");
                std::fs::copy(&path, &bare).unwrap();
                assert_eq!(read(&bare).unwrap(), batches, "the content of {}", path.display());
            }
        }
    }
}

#[test]
fn one_message_of_each_format() {
    let dir = tempfile::tempdir().unwrap();
    for signal in Signal::ALL {
        let only = batch(signal, "only", 4);
        for ending in ["jsonl", "json", "json.gz", "pb", "otlp", "otlp.gz", "frames"] {
            let path = dir.path().join(format!("{signal}.{ending}"));
            assert_eq!(write(&path, std::slice::from_ref(&only)).unwrap().items, 4);
            assert_eq!(read(&path).unwrap(), std::slice::from_ref(&only), "{}", path.display());
        }
        // A single message makes an `.otlp` file the message itself.
        assert_eq!(content(FileFormat::Pb, std::slice::from_ref(&only)), *only.bytes());
        assert_eq!(content(FileFormat::Otlp, std::slice::from_ref(&only)), *only.bytes());
    }
}

#[test]
fn messages_in_a_format_of_one_are_joined() {
    let batches = [batch(Signal::Logs, "a", 2), batch(Signal::Logs, "b", 0), batch(Signal::Logs, "c", 3)];
    let joined: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
    assert_eq!(content(FileFormat::Pb, &batches), joined);
    let from_json = read_bytes("x.json", &content(FileFormat::Json, &batches)).unwrap();
    assert_eq!(from_json.len(), 1);
    assert_eq!(from_json[0].bytes(), &joined);

    let empty = Batch::parse(Signal::Traces, &b""[..], &Limits::default()).unwrap();
    let text = content(FileFormat::Json, &[empty.clone(), batch(Signal::Traces, "a", 1), empty.clone()]);
    assert_eq!(read_bytes("x.json", &text).unwrap(), [batch(Signal::Traces, "a", 1)]);
    assert_eq!(content(FileFormat::Json, &[empty.clone(), empty]), b"{\"resourceSpans\":[]}\n");
}

#[test]
fn profiles_are_not_joined_by_concatenation() {
    let one = batch(Signal::Profiles, "a", 1);
    let dir = tempfile::tempdir().unwrap();
    for ending in ["pb", "json"] {
        let path = dir.path().join(format!("profiles.{ending}"));
        let error = write(&path, &[one.clone(), one.clone()]).unwrap_err();
        assert!(matches!(error, FileError::SecondProfiles { .. }));
        assert!(
            error.to_string().contains(&format!("profiles.{ending}: .{ending} holds one message")),
            "{error}"
        );
    }
}

#[test]
fn c14_a_file_holds_one_signal() {
    let dir = tempfile::tempdir().unwrap();
    let mixed = [batch(Signal::Logs, "a", 1), batch(Signal::Traces, "b", 1)];
    let error = write(&dir.path().join("x.jsonl"), &mixed).unwrap_err();
    assert!(error.to_string().contains("x.jsonl: message 2, byte "), "{error}");
    assert!(
        error.to_string().ends_with("a message of traces in a file of logs; a file holds one signal"),
        "{error}"
    );

    let text: Vec<u8> =
        [0, 1, 0].iter().flat_map(|&i: &usize| content(FileFormat::Jsonl, &mixed[i..=i])).collect();
    let results: Vec<_> =
        FileReader::from_reader("x.jsonl", Cursor::new(text), &ReadOptions::default()).unwrap().collect();
    assert_eq!(results.len(), 3, "the error is about one message");
    assert_eq!(results[0].as_ref().unwrap(), &mixed[0]);
    let error = results[1].as_ref().unwrap_err().to_string();
    assert!(error.starts_with("x.jsonl: message 2, line 2, byte "), "{error}");
    assert_eq!(results[2].as_ref().unwrap(), &mixed[0]);

    // What the caller says holds from the first message on.
    let options = ReadOptions::default().with_signal(Signal::Metrics);
    let mut reader =
        FileReader::from_reader("x.jsonl", Cursor::new(content(FileFormat::Jsonl, &mixed[..1])), &options)
            .unwrap();
    assert!(matches!(
        reader.next(),
        Some(Err(FileError::OtherSignal { expected: Signal::Metrics, found: Signal::Logs, .. }))
    ));
}

#[test]
fn the_signal_of_binary_content() {
    for signal in Signal::ALL {
        let batches = [batch(signal, "some name", 2)];
        assert_eq!(read_bytes("-", batches[0].bytes()).unwrap(), batches, "pb");
        // Messages without items in front tell nothing, and are not lost.
        let empty = Batch::parse(signal, &b"\x0a\0"[..], &Limits::default()).unwrap();
        let framed = frames(&[b"", b"\x0a\0", batches[0].bytes()]);
        let found = read_bytes("-", &framed).unwrap();
        assert_eq!(found.iter().map(Batch::items).collect::<Vec<_>>(), [0, 0, 2]);
        assert_eq!(found[1], empty);
        assert_eq!(found[2], batches[0]);
        // A name that says another signal than the content shows.
        let other = if signal == Signal::Logs { Signal::Traces } else { Signal::Logs };
        let error = read_bytes(&format!("{other}.pb"), batches[0].bytes()).unwrap_err().to_string();
        let expected = format!(
            "{other}.pb: its name says {other}, its content looks like {signal}: pass --signal to decide"
        );
        assert_eq!(error, expected);
    }
    let error = read_bytes("x.pb", b"\x0a\0").unwrap_err().to_string();
    assert_eq!(
        error,
        "x.pb: cannot tell which signal it holds: pass --signal traces, metrics, logs or profiles"
    );
    // A span of nothing but a name can only be a span; with an empty name it could be anything.
    assert_eq!(read_bytes("x.pb", b"\x0a\x07\x12\x05\x12\x03\x2a\x01n").unwrap()[0].signal(), Signal::Traces);
    let vague = b"\x0a\x06\x12\x04\x12\x02\x2a\0";
    assert!(matches!(read_bytes("x.pb", vague), Err(FileError::UnknownSignal { .. })));
    assert_eq!(read_bytes("traces.pb", vague).unwrap()[0].items(), 1);
    assert!(matches!(read_bytes("x.jsonl", b"{}\n{}"), Err(FileError::UnknownSignal { .. })));
    assert_eq!(read_bytes("logs.jsonl", b"{}\n{}").unwrap().len(), 2);
    let found = read_bytes("x.jsonl", b"{}\n{}\n{\"resourceLogs\":[]}\n").unwrap();
    assert_eq!(found.iter().map(Batch::signal).collect::<Vec<_>>(), [Signal::Logs; 3]);
}

#[test]
fn empty_files_hold_no_messages() {
    for name in
        ["a.jsonl", "a.json", "a.pb", "a.frames", "a.otlp", "a.jsonl.gz", "a.frames.zst", "-", "a.zst"]
    {
        assert!(read_bytes(name, b"").unwrap().is_empty(), "{name}");
    }
    let dir = tempfile::tempdir().unwrap();
    for ending in ["jsonl", "json", "pb", "frames", "otlp", "jsonl.gz"] {
        let path = dir.path().join(format!("x.{ending}"));
        assert_eq!(write(&path, &[]).unwrap(), Written::default());
        assert!(read(&path).unwrap().is_empty(), "{ending}");
    }
}

#[test]
fn lines_of_other_systems() {
    let line = |tag| String::from_utf8(content(FileFormat::Jsonl, &[batch(Signal::Logs, tag, 1)])).unwrap();
    let text = format!("\u{feff}{}\r\n\r\n  {}\r\n{}", line("a").trim(), line("b").trim(), line("c").trim());
    let expected = ["a", "b", "c"].map(|tag| batch(Signal::Logs, tag, 1));
    for name in ["x.jsonl", "x.json", "-"] {
        assert_eq!(read_bytes(name, text.as_bytes()).unwrap(), expected, "{name}");
    }
}

/// Gives the same bytes for ever.
struct Endless(Vec<u8>, usize);

impl Read for Endless {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let n = target.len().min(self.0.len() - self.1);
        target[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
        self.1 = (self.1 + n) % self.0.len();
        Ok(n)
    }
}

#[test]
fn endless_streams_are_read_as_they_come() {
    let one = batch(Signal::Traces, "a", 5);
    for format in [FileFormat::Frames, FileFormat::Jsonl, FileFormat::Json] {
        let content = content(format, std::slice::from_ref(&one));
        let reader = FileReader::from_reader("-", Endless(content, 0), &ReadOptions::default()).unwrap();
        assert_eq!(
            reader.take(10_000).filter(|batch| batch.as_ref().unwrap() == &one).count(),
            10_000,
            "{format}"
        );
    }
    // A line without end stops at the limit.
    let options = ReadOptions::default().with_limits(Limits::default().with_max_bytes(100_000));
    for name in ["x.jsonl", "x.json", "x.pb"] {
        let mut reader = FileReader::from_reader(name, Endless(b"{ ".to_vec(), 0), &options).unwrap();
        assert!(matches!(reader.next(), Some(Err(FileError::TooLarge { .. }))), "{name}");
    }
}

#[test]
fn a_flush_puts_everything_into_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for ending in ["jsonl", "frames", "pb", "otlp", "jsonl.gz", "frames.gz"] {
        let path = dir.path().join(format!("logs.{ending}"));
        let mut writer = FileWriter::create(&path, &WriteOptions::default()).unwrap();
        for n in 1..=5_u64 {
            writer.write(&batch(Signal::Logs, "a", 2)).unwrap();
            writer.flush().unwrap();
            let found: Vec<Batch> =
                FileReader::open(&path, &ReadOptions::default()).unwrap().map_while(Result::ok).collect();
            assert_eq!(found.iter().map(|batch| batch.items() as u64).sum::<u64>(), 2 * n, "{ending}");
            if !ending.ends_with("gz") {
                assert_eq!(std::fs::metadata(&path).unwrap().len(), writer.written().bytes);
            }
        }
        assert_eq!(writer.finish().unwrap().items, 10);
        assert!(read(&path).is_ok(), "{ending} is complete");
    }
}

proptest::proptest! {
    /// Whatever lies in a file, reading it ends, with errors that can be printed.
    #[test]
    fn any_content_is_survived(
        mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        start in proptest::sample::select(vec![
            &b""[..], b"{\"resourceSpans\":[", b"\0\0\0\x09\x0a\x07", b"\x0a\x06\x12\x04", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd",
        ]),
        name in proptest::sample::select(vec!["-", "x.json", "x.jsonl", "traces.pb", "x.frames", "x.otlp", "x.pb.gz", "x.zst"]),
    ) {
        bytes.splice(0..0, start.iter().copied());
        match FileReader::from_reader(name, Cursor::new(bytes), &ReadOptions::default()) {
            Ok(reader) => {
                for result in reader.take(1000) {
                    if let Err(error) = result {
                        proptest::prop_assert!(error.to_string().contains(name));
                    }
                }
            }
            Err(error) => proptest::prop_assert!(error.to_string().starts_with(name)),
        }
    }
}
