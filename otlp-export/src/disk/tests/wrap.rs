//! Counters next to their wrap.

use otlp_core::Signal;

use super::{ALL, append_one, batch, drain, items, open_at, tidy};
use crate::disk::vfs::model::ModelFs;
use crate::disk::{DiskQueueOptions, RequestSize};

#[test]
fn segments_sequences_items_and_requests_count_across_their_wrap() {
    let options = DiskQueueOptions::default().with_max_bytes(1 << 20).with_segment_bytes(4 << 10);
    for start in [u64::MAX - 40, u64::MAX - 1, u64::MAX, i64::MAX as u64 - 20, 0] {
        let fs = ModelFs::new(1);
        let mut next = 0;
        let mut out = Vec::new();
        for round in 0..6 {
            let (mut engine, recovery) = open_at(&fs, &options, start);
            assert!(recovery.is_clean(), "{recovery:?}");
            for _ in 0..20 {
                append_one(&mut engine, &batch(Signal::Logs, next..next + 3, 300));
                append_one(&mut engine, &batch(Signal::Traces, next + 3..next + 4, 300));
                next += 4;
            }
            for signal in [Signal::Logs, Signal::Traces] {
                for _ in 0..2 {
                    let size = RequestSize { items: 7, bytes: ALL.bytes };
                    let request = engine.next_request(signal, size).unwrap().unwrap();
                    out.extend(super::numbers(&request.batch));
                    assert!(engine.done(request.id.0));
                }
                // Stays open.
                engine.next_request(signal, RequestSize { items: 2, bytes: ALL.bytes }).unwrap().unwrap();
            }
            tidy(&mut engine);
            if round % 2 == 0 {
                engine.close().unwrap();
            } else {
                fs.lose_power();
                // Progress since the last sync may be lost, and is made again.
            }
        }
        let (mut engine, recovery) = open_at(&fs, &options, start);
        assert_eq!(recovery.corrupt, [0; 4]);
        out.extend(items(&drain(&mut engine, ALL)));
        out.sort_unstable();
        out.dedup();
        assert_eq!(out, (0..next).collect::<Vec<_>>(), "start {start}");
        tidy(&mut engine);
        engine.close().unwrap();
        let (_, recovery) = open_at(&fs, &options, start);
        assert_eq!(recovery.total(), 0);
    }
}

#[test]
fn nothing_is_lost_across_the_wrap() {
    let options = DiskQueueOptions::default().with_max_bytes(1 << 20).with_segment_bytes(4 << 10);
    for start in (0..12).map(|back| u64::MAX - back) {
        let fs = ModelFs::new(1);
        for round in 0..5 {
            let (mut engine, _) = open_at(&fs, &options, start);
            for at in 0..6 {
                append_one(&mut engine, &batch(Signal::Logs, [round * 6 + at], 1500));
            }
            if round == 2 {
                assert_eq!(items(&drain(&mut engine, ALL)), (0..18).collect::<Vec<_>>());
                tidy(&mut engine);
            }
        }
        let (mut engine, _) = open_at(&fs, &options, start);
        assert_eq!(items(&drain(&mut engine, ALL)), (18..30).collect::<Vec<_>>(), "start {start}");
    }
}
