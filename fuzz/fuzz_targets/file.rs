//! Arbitrary bytes as a telemetry file of any name: batches, then an end or an error, never a panic or a loop.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use otlp_core::Limits;
use otlp_export::file::{FileReader, ReadOptions};

const NAMES: [&str; 8] = [
    "traces.jsonl",
    "logs.json",
    "metrics.pb",
    "profiles.frames",
    "unnamed.otlp",
    "unnamed.zst",
    "traces.frames.gz",
    "unnamed",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(first % 8)];
    let options = ReadOptions::default().with_limits(Limits::default().with_max_bytes(1 << 20));
    let Ok(reader) = FileReader::from_reader(name, Cursor::new(bytes.to_vec()), &options) else { return };
    let mut items = 0;
    for batch in reader {
        match batch {
            Ok(batch) => items += batch.items(),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                break;
            }
        }
    }
    let _ = items;
});
