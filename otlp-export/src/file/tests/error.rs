//! Broken content, broken promises, full disks: what the error says.

use super::*;

#[test]
fn errors_name_file_message_line_and_field() {
    let good = content(FileFormat::Jsonl, &[batch(Signal::Logs, "a", 1)]);
    let bad = b"{\"resourceLogs\":[{\"scopeLogs\":7}]}\n";
    let text = [&good[..], b"\n", bad, &good].concat();
    let results: Vec<_> =
        FileReader::from_reader("dir/x.jsonl", Cursor::new(text), &ReadOptions::default()).unwrap().collect();
    assert_eq!(results.len(), 3);
    assert!(results[0].is_ok() && results[2].is_ok(), "one bad line is one error");
    let error = results[1].as_ref().unwrap_err().to_string();
    assert!(
        error.starts_with("dir/x.jsonl: message 2, line 3, column 31: resourceLogs[0].scopeLogs: "),
        "{error}"
    );

    // The lines of a pretty-printed message count from the file's start.
    let error = read_bytes("x.json", b"\n{\n \"resourceLogs\": [\n  1\n]}").unwrap_err().to_string();
    assert!(error.starts_with("x.json: message 1, line 4, column 3: resourceLogs[0]: "), "{error}");

    let good = batch(Signal::Logs, "a", 1);
    let framed = frames(&[good.bytes(), b"\x0a\x05\x0a", good.bytes()]);
    let results: Vec<_> =
        FileReader::from_reader("logs.frames", Cursor::new(framed), &ReadOptions::default())
            .unwrap()
            .collect();
    assert_eq!(results.len(), 3);
    assert_eq!(results[2].as_ref().unwrap(), &good);
    let error = results[1].as_ref().unwrap_err().to_string();
    let place = format!("logs.frames: message 2, byte {}: resource_logs[0]", 4 + good.bytes().len());
    assert!(error.starts_with(&place), "{error}");

    let error = read_bytes("logs.frames", b"\0\0\0\x09abc").unwrap_err().to_string();
    assert_eq!(error, "logs.frames: message 1, byte 0: the file ends too early: 7 of 13 bytes are there");
    let error = read(Path::new("/nonexistent/x.pb")).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/x.pb: "), "{error}");
    let error = read(Path::new("/")).unwrap_err().to_string();
    assert!(error.starts_with("/: message 1, byte 0: "), "{error}");
    let error = read_bytes("x", b"garbage").unwrap_err().to_string();
    assert!(error.starts_with("x: message 1, byte 0: "), "{error}");
}

#[test]
fn broken_compression_names_the_compressed_offset() {
    let batches: Vec<Batch> = (0..50).map(|i| batch(Signal::Logs, &format!("{i}"), 20)).collect();
    let plain = content(FileFormat::Frames, &batches);
    // The codecs that files are wrapped in.
    for &codec in Codec::supported().iter().filter(|codec| matches!(codec, Codec::Gzip | Codec::Zstd)) {
        let wire = compress(codec, Level::Default, &plain).unwrap();
        let cut = &wire[..wire.len() - 3];
        let results: Vec<_> = match FileReader::from_reader(
            "logs.frames.x",
            Cursor::new(cut.to_vec()),
            &ReadOptions::default(),
        ) {
            Ok(reader) => reader.collect(),
            // zstd gives out nothing before a block is complete.
            Err(error) => vec![Err(error)],
        };
        let error = results.last().unwrap().as_ref().unwrap_err().to_string();
        let expected = format!("{codec}: the input ends too early, at compressed offset {}", cut.len());
        assert!(error.starts_with("logs.frames.x: message ") && error.ends_with(&expected), "{error}");
        assert!(results.len() <= 51);
        for (read, expected) in results.iter().zip(&batches).take(results.len() - 1) {
            assert_eq!(read.as_ref().unwrap(), expected, "everything before the break is read");
        }
        // Garbage under an ending that promises compression.
        let ending = if codec == Codec::Gzip { "gz" } else { "zst" };
        let error = read_bytes(&format!("logs.pb.{ending}"), b"garbage").unwrap_err().to_string();
        assert!(error.contains(&format!("not {codec} (no magic number) at compressed offset 0")), "{error}");
    }
}

#[test]
fn limits_are_named() {
    let options = ReadOptions::default().with_limits(Limits::default().with_max_bytes(100));
    let large = batch(Signal::Logs, "much", 10);
    assert!(large.bytes().len() > 100);
    for format in [FileFormat::Pb, FileFormat::Frames, FileFormat::Json, FileFormat::Jsonl] {
        let name = format!("logs.{format}");
        let content = content(format, std::slice::from_ref(&large));
        let mut reader = FileReader::from_reader(name, Cursor::new(content), &options).unwrap();
        let error = reader.next().unwrap().unwrap_err();
        assert!(matches!(error, FileError::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("(Limits::max_bytes)"), "{error}");
        assert!(reader.next().is_none());
    }
    // The text may be larger than its message.
    let small = batch(Signal::Logs, "a", 3);
    let text = content(FileFormat::Jsonl, std::slice::from_ref(&small));
    assert!(small.bytes().len() <= 100 && text.len() > 100);
    assert!(
        FileReader::from_reader("x.jsonl", Cursor::new(text), &options).unwrap().all(|batch| batch.is_ok())
    );
}

#[test]
fn names_that_do_not_tell() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    let error = FileWriter::create(&path, &WriteOptions::default()).unwrap_err();
    assert!(matches!(error, FileError::UnknownFormat { .. }));
    assert!(error.to_string().contains(".jsonl, .json, .pb, .frames, .otz or .otlp"), "{error}");
    assert!(!path.exists());
    let options = WriteOptions::default().with_format(FileFormat::Frames).with_codec(Codec::Gzip);
    let mut writer = FileWriter::create(&path, &options).unwrap();
    writer.write(&batch(Signal::Logs, "a", 1)).unwrap();
    writer.finish().unwrap();
    assert_eq!(read(&path).unwrap().len(), 1);

    // Nothing is emptied for a request that cannot be met.
    let path = dir.path().join("x.jsonl.gz");
    std::fs::write(&path, "precious").unwrap();
    assert!(FileWriter::create(&path, &WriteOptions::default().with_level(Level::Number(77))).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

#[test]
fn pprof_is_told_apart() {
    // sample_type, sample, string_table twice, time_nanos.
    let profile = b"\x0a\x04\x08\x01\x10\x01\x12\0\x32\0\x32\x01a\x48\x07";
    let wire = compress(Codec::Gzip, Level::Default, profile).unwrap();
    for name in ["cpu.pb.gz", "cpu.pprof", "cpu", "-"] {
        let error = read_bytes(name, &wire).unwrap_err();
        assert!(matches!(error, FileError::Pprof { .. }), "{name}: {error}");
        assert!(error.to_string().starts_with(&format!("{name}: this is a pprof profile")), "{error}");
    }
    // OTLP under that name is OTLP.
    let logs = batch(Signal::Logs, "a", 1);
    let wire = compress(Codec::Gzip, Level::Default, logs.bytes()).unwrap();
    assert_eq!(read_bytes("logs.pb.gz", &wire).unwrap(), [logs]);
    for name in ["cpu.pb.gz", "cpu.pprof"] {
        assert!(
            matches!(FileWriter::create(name, &WriteOptions::default()), Err(FileError::PprofName { .. })),
            "{name}"
        );
    }
}

/// A sink that fails once it has taken a few bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        let n = data.len().min(self.0);
        self.0 -= n;
        if n == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(n) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported() {
    let mut writer = FileWriter::from_writer("<stdout>", Full(10), &WriteOptions::default()).unwrap();
    writer.write(&batch(Signal::Logs, "a", 1)).unwrap();
    let error = writer.flush().unwrap_err().to_string();
    assert!(error.starts_with("<stdout>: "), "{error}");
    assert!(writer.finish().is_err());
}
