//! Logs: identity and sizes. There is no free capture of real logs: both sources here are synthetic.

use std::fmt::Write;

use otlp_compress::tracezip::{
    Decoder, Encoder, Options, StreamDecoder, StreamEncoder, StreamLimits, Verify, compress,
};
use otlp_core::{Batch, Limits, Signal, json};

use crate::metrics::sizes;
use crate::random;

#[test]
fn the_synthetic_file_comes_back_and_is_small() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/synthetic/otlp2records-logs_large.pb");
    let Ok(bytes) = std::fs::read(path) else {
        println!("no {path}: skipped");
        return;
    };
    let batch = Batch::parse(Signal::Logs, bytes, &Limits::default()).unwrap();
    let records = batch.items() as f64;
    let [alone, _, zstd] = sizes(&[batch]).map(|bytes| bytes as f64 / records);
    println!("{records} synthetic records: {alone:.2} bytes each, {zstd:.2} in zstd");
    assert!(alone < zstd * 0.7, "{alone:.2} of {zstd:.2}");
}

/// Records as a shop writes them: a few templates, numbers and ids in them, half of them in spans.
fn shop(records: usize, seed: u64) -> Batch {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = String::new();
    let mut time = 1_700_000_000_000_000_000_u64;
    let mut trace = (next(), next(), next());
    for record in 0..records {
        time += next() % 5_000_000;
        if record % 7 == 0 {
            trace = (next(), next(), next());
        }
        let body = match next() % 5 {
            0 => format!("order {} placed for user {:08x}", next() % 1_000_000, next() as u32),
            1 => format!("payment of {} USD took {} ms", next() % 500, next() % 3000),
            2 => format!("cache miss for key product:{}", next() % 2000),
            3 => "connection pool exhausted, waiting".to_owned(),
            _ => format!("request {:016x}{:016x} finished with status 200", next(), next()),
        };
        let ids = format!(r#","traceId":"{:016x}{:016x}","spanId":"{:016x}""#, trace.0, trace.1, trace.2);
        let ids = if record % 2 == 0 { ids } else { String::new() };
        write!(
            text,
            r#"{}{{"timeUnixNano":"{time}","observedTimeUnixNano":"{}","severityNumber":9,"severityText":"INFO","body":{{"stringValue":"{body}"}},"attributes":[{{"key":"thread.id","value":{{"intValue":"{}"}}}}]{ids}}}"#,
            if record == 0 { "" } else { "," },
            time + 40_000 + next() % 9000,
            next() % 16,
        )
        .unwrap();
    }
    let text = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{text}]}}]}}]}}"#);
    json::read(Signal::Logs, text.as_bytes(), &json::JsonOptions::default(), &Limits::default()).unwrap()
}

#[test]
fn made_up_records_come_back_and_are_small() {
    let batches: Vec<Batch> = (1..9).map(|seed| shop(500, seed)).collect();
    let records: usize = batches.iter().map(Batch::items).sum();
    let [alone, stream, zstd] = sizes(&batches).map(|bytes| bytes as f64 / records as f64);
    println!(
        "{records} made-up records: {alone:.2} bytes each alone, {stream:.2} in a stream, {zstd:.2} in zstd"
    );
    assert!(alone < zstd * 0.75, "{alone:.2} of {zstd:.2}");
    assert!(stream <= alone);
}

#[test]
fn random_requests_come_back() {
    let options = Options::default().with_verify(Verify::Never);
    let mut stream = StreamEncoder::new(options, StreamLimits::default()).unwrap();
    let mut reader = StreamDecoder::new(StreamLimits::default());
    let (mut alone, mut decoder) = (Encoder::new(options).unwrap(), Decoder::new());
    let mut columns = 0;
    for seed in 0..800 {
        let Some(batch) = random(Signal::Logs, seed, 400 + (seed as usize % 7) * 300) else { continue };
        let length = batch.bytes().len();
        let mut frame = Vec::new();
        columns += usize::from(alone.encode(&batch, &mut frame).unwrap().columns);
        assert_eq!(decoder.decode(&frame, length).unwrap().1, batch.bytes(), "{seed}");
        frame.clear();
        let ticket = stream.encode(&batch, &mut frame).unwrap();
        assert_eq!(reader.decode(&frame, length).unwrap().1, batch.bytes(), "{seed}");
        stream.acknowledge(ticket);
    }
    assert!(columns > 100, "{columns}");
}

/// A span id without a trace id behind a record with both, and the other way round.
#[test]
fn ids_of_every_kind() {
    let record = |ids: &str| format!(r#"{{"body":{{"stringValue":"a body that says something"}}{ids}}}"#);
    let both = r#","traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef""#;
    let records = [
        both,
        r#","spanId":"0123456789abcdef""#,
        "",
        r#","traceId":"0123456789abcdef0123456789abcdef""#,
        both,
        r#","traceId":"00000000000000000123456789abcdef""#,
    ];
    let text = vec![records.map(record).join(","); 4].join(",");
    let text = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{text}]}}]}}]}}"#);
    let batch =
        json::read(Signal::Logs, text.as_bytes(), &json::JsonOptions::default(), &Limits::default()).unwrap();
    let frame = compress(&batch, &Options::default().with_verify(Verify::Never)).unwrap();
    assert_eq!(Decoder::new().decode(&frame, 1 << 20).unwrap().1, batch.bytes());
}
