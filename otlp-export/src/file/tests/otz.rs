//! Tracezip frames in files.

use otlp_compress::tracezip::{Inner, Options};

use super::*;

fn otz(batches: &[Batch], options: &WriteOptions) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.otz");
    let mut writer = FileWriter::create(&path, options).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    let written = writer.finish().unwrap();
    let content = std::fs::read(&path).unwrap();
    assert_eq!((written.messages, written.bytes), (batches.len() as u64, content.len() as u64));
    content
}

#[test]
fn frames_alone_and_of_a_stream_under_every_inner_compression() {
    for signal in Signal::ALL {
        let batches = [batch(signal, "a", 30), batch(signal, "b", 0), batch(signal, "a", 50)];
        for inner in Inner::ALL.into_iter().filter(|inner| inner.is_supported()) {
            for streaming in [false, true] {
                let tracezip = Options::default().with_inner(inner);
                let options = WriteOptions::default().with_tracezip(tracezip).with_streaming(streaming);
                let content = otz(&batches, &options);
                // Neither ending nor name is needed: the frames say what they are and what they hold.
                assert_eq!(read_bytes("x", &content).unwrap(), batches, "{signal} {inner} {streaming}");
            }
        }
    }
}

#[test]
fn the_signal_stands_in_the_frame_and_a_wrong_one_is_told() {
    let content = otz(&[batch(Signal::Logs, "a", 1)], &WriteOptions::default());
    assert_eq!(read_bytes("traces.otz", &content).unwrap().len(), 1);
    let options = ReadOptions::default().with_signal(Signal::Traces);
    let mut reader = FileReader::from_reader("x.otz", Cursor::new(content), &options).unwrap();
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert_eq!(
        error,
        "x.otz: message 1, byte 0: a message of logs in a file of traces; a file holds one signal"
    );
}

#[test]
fn damage_is_told_with_its_place_and_ends_the_file() {
    let first = batch(Signal::Traces, "a", 20);
    let whole = otz(&[first.clone(), batch(Signal::Traces, "b", 20)], &WriteOptions::default());
    let start = otz(std::slice::from_ref(&first), &WriteOptions::default()).len();
    let read = |content: &[u8]| -> Vec<Result<Batch, String>> {
        let reader =
            FileReader::from_reader("x.otz", Cursor::new(content.to_vec()), &ReadOptions::default()).unwrap();
        reader.map(|batch| batch.map_err(|error| error.to_string())).collect()
    };
    let mut flipped = whole.clone();
    flipped[start + 40] ^= 1;
    let place = format!("x.otz: message 2, byte {start}: ");
    for content in
        [&flipped[..], &whole[..whole.len() - 1], &[&whole[..start], b"no frame".as_slice()].concat()]
    {
        let [Ok(good), Err(error)] = &read(content)[..] else { panic!("{:?}", read(content)) };
        assert_eq!(*good, first);
        assert!(error.starts_with(&place), "{error}");
    }
}

#[test]
fn a_frame_above_the_limit_is_refused_before_it_is_read() {
    let content = otz(&[batch(Signal::Traces, "a", 500)], &WriteOptions::default());
    let options = ReadOptions::default().with_limits(Limits::default().with_max_bytes(1000));
    let mut reader = FileReader::from_reader("x.otz", Cursor::new(content), &options).unwrap();
    assert!(matches!(reader.next(), Some(Err(FileError::TooLarge { limit: 1000, .. }))));
    assert!(reader.next().is_none());
}
