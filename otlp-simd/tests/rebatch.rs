//! Sizes of what comes out, and that everything does, in order.
#![allow(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

use std::num::NonZeroUsize;

use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::{Batch, Limits, Signal};
use otlp_simd::{ConcatError, Rebatch, concat, split_items};
use proptest::prelude::*;
use prost::Message as _;

/// Log records with these times, each scope holding `scope` of them.
fn batch(times: std::ops::Range<u64>, scope: usize) -> Batch {
    let records: Vec<LogRecord> =
        times.map(|time| LogRecord { time_unix_nano: time, ..LogRecord::default() }).collect();
    let scope_logs = records
        .chunks(scope)
        .map(|chunk| ScopeLogs { log_records: chunk.to_vec(), ..ScopeLogs::default() })
        .collect();
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }],
    };
    Batch::parse(Signal::Logs, request.encode_to_vec(), &Limits::default()).unwrap()
}

fn times(batch: &Batch) -> Vec<u64> {
    batch.logs().unwrap().log_records().map(|record| record.time()).collect()
}

proptest! {
    #[test]
    fn all_but_the_last_are_full(sizes in prop::collection::vec(0..50_u64, 0..12), scope in 1..9_usize, items in 1..40_usize) {
        let items = NonZeroUsize::new(items).unwrap();
        let mut rebatch = Rebatch::new(items);
        let mut out = Vec::new();
        let mut next = 0;
        for size in sizes {
            out.extend(rebatch.push(batch(next..next + size, scope)).unwrap());
            next += size;
        }
        prop_assert!(out.iter().all(|batch| batch.items() == items.get()));
        if let Some(rest) = rebatch.finish().unwrap() {
            prop_assert!(rest.items() < items.get());
            out.push(rest);
        }
        prop_assert_eq!(out.iter().flat_map(times).collect::<Vec<_>>(), (0..next).collect::<Vec<_>>());
    }

    #[test]
    fn split_and_concat_are_inverse(size in 0..200_u64, scope in 1..9_usize, items in 1..40_usize) {
        let whole = batch(0..size, scope);
        let parts = split_items(&whole, NonZeroUsize::new(items).unwrap());
        prop_assert_eq!(times(&concat(&parts).unwrap()), times(&whole));
        if whole.items() <= items {
            prop_assert_eq!(&parts, &[whole]);
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    assert!(matches!(concat(&[]), Err(ConcatError::Nothing)));
    let traces = Batch::parse(Signal::Traces, Vec::new(), &Limits::default()).unwrap();
    let error = concat(&[traces, batch(0..1, 1)]).unwrap_err();
    assert_eq!(error.to_string(), "a batch of logs cannot join batches of traces");
}
