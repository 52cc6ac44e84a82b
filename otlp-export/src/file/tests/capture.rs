//! The shared captures and examples, where this machine has them.

use std::path::PathBuf;

use otlp_compress::decompress;
use otlp_core::proto::collector;
use prost::Message;

use super::*;

/// The shared data, if this machine has it.
fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// Whether two messages are equal as an independent decoder sees them.
fn same(a: &Batch, b: &Batch) -> bool {
    fn decode<M: Message + Default>(batch: &Batch) -> M {
        M::decode(batch.bytes().clone()).unwrap()
    }
    assert_eq!(a.signal(), b.signal());
    match a.signal() {
        Signal::Traces => {
            decode::<collector::trace::v1::ExportTraceServiceRequest>(a)
                == decode::<collector::trace::v1::ExportTraceServiceRequest>(b)
        }
        Signal::Metrics => {
            decode::<collector::metrics::v1::ExportMetricsServiceRequest>(a)
                == decode::<collector::metrics::v1::ExportMetricsServiceRequest>(b)
        }
        Signal::Logs => {
            decode::<collector::logs::v1::ExportLogsServiceRequest>(a)
                == decode::<collector::logs::v1::ExportLogsServiceRequest>(b)
        }
        Signal::Profiles => {
            decode::<collector::profiles::v1development::ExportProfilesServiceRequest>(a)
                == decode::<collector::profiles::v1development::ExportProfilesServiceRequest>(b)
        }
    }
}

#[test]
fn captures_and_synthetic_files_keep_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, signal, messages, items) in [
        #[cfg(feature = "zstd")]
        ("hipstershop-oteltraces.zst", Signal::Traces, 1, 86_583),
        #[cfg(feature = "zstd")]
        ("hipstershop-otelmetrics.zst", Signal::Metrics, 1, 66_816),
        #[cfg(feature = "zstd")]
        ("hostcollector-otelmetrics-part1.zst", Signal::Metrics, 500, 74_232),
        ("synthetic/otlp2records-logs_large.pb", Signal::Logs, 1, 3_495),
        // Named .pb, but framed: no message starts with a zero byte.
        ("synthetic/otelarrow-metrics.pb", Signal::Metrics, 10, 0),
    ] {
        let Some(path) = data(name) else { continue };
        let stored = std::fs::read(&path).unwrap();
        let plain = decompress(Codec::detect(&stored), &stored, 1 << 30).unwrap();
        let batches = read(&path).unwrap();
        assert_eq!(batches.len(), messages, "{name}");
        assert!(batches.iter().all(|batch| batch.signal() == signal));
        let found: usize = batches.iter().map(Batch::items).sum();
        assert!(found == items || items == 0 && found > 0, "{name}: {found} items");
        // The shape alone tells the same.
        assert_eq!(read_bytes("-", &stored).unwrap(), batches, "{name} without its name");

        // Frames to frames, and one message to frames and back, are byte-equal.
        let frames = dir.path().join(format!("{signal}.frames"));
        write(&frames, &batches).unwrap();
        let again = dir.path().join(format!(
            "{signal}-again.{}",
            if messages == 1 && name.ends_with("pb") { "pb" } else { "frames" }
        ));
        write(&again, &read(&frames).unwrap()).unwrap();
        assert!(std::fs::read(&again).unwrap() == plain, "{name}");

        // Through JSON the messages are equal, if not their bytes: a Go Collector writes some empty fields.
        let text = dir.path().join(format!("{signal}.jsonl"));
        assert_eq!(write(&text, &batches).unwrap().left_out, 0);
        let back = read(&text).unwrap();
        assert_eq!(back.len(), batches.len());
        assert!(
            back.iter().zip(&batches).all(|(a, b)| a.items() == b.items() && same(a, b)),
            "{name} through JSON"
        );
    }
}

#[test]
fn examples_of_the_specification() {
    let dir = tempfile::tempdir().unwrap();
    for (name, signal) in [
        ("trace", Signal::Traces),
        ("metrics", Signal::Metrics),
        ("logs", Signal::Logs),
        ("events", Signal::Logs),
    ] {
        let Some(path) = data(&format!("examples/{name}.json")) else { continue };
        let batches = read(&path).unwrap();
        assert_eq!(batches.len(), 1, "{name}");
        assert_eq!(batches[0].signal(), signal, "{name}");
        assert!(batches[0].items() > 0);
        for ending in ["frames", "pb", "json", "jsonl"] {
            let copy = dir.path().join(format!("{signal}.{ending}"));
            write(&copy, &batches).unwrap();
            let back = read(&copy).unwrap();
            assert!(back.len() == 1 && same(&back[0], &batches[0]), "{name} through {ending}");
        }
    }
}

#[test]
fn older_layouts_of_profiles_are_refused_by_name() {
    for name in ["profiles/profile.otlp", "profiles/k8s.otlp"] {
        let Some(path) = data(name) else { continue };
        let error = FileReader::open(&path, &ReadOptions::default()).unwrap().next().unwrap().unwrap_err();
        assert!(matches!(error, FileError::Parse { .. }), "{name}: {error}");
        let error = error.to_string();
        assert!(error.contains("message 1") && error.contains("layout"), "{name}: {error}");
    }
    for name in ["cppbench.cpu.pb.gz", "gobench.heap.pb.gz"] {
        let Some(path) = data(&format!("profiles/{name}")) else { continue };
        assert!(matches!(read(&path), Err(FileError::Pprof { .. })), "{name}");
    }
}
