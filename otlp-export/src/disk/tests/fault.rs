//! Full disks, failing reads, writes and syncs.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use otlp_core::Signal;

use super::{ALL, append, append_one, batch, drain, items, open, sum, tidy};
use crate::disk::vfs::model::ModelFs;
use crate::disk::{AppendRefusal, DiskQueueOptions, OnDiskFull};

const SIGNAL: Signal = Signal::Logs;

fn options() -> DiskQueueOptions {
    DiskQueueOptions::default().with_max_bytes(64 << 10).with_segment_bytes(8 << 10)
}

/// Appends until the first refusal; gives how many batches went in, and the refusal.
fn fill(engine: &mut super::Engine<ModelFs>, from: u64) -> (u64, AppendRefusal) {
    (from..10_000)
        .find_map(|at| append(engine, &[batch(SIGNAL, [at], 500)])[0].clone().map(|refusal| (at, refusal)))
        .unwrap()
}

#[test]
fn the_size_bound_refuses_and_space_comes_back() {
    let (mut engine, _) = open(&ModelFs::new(1), &options());
    let (count, refusal) = fill(&mut engine, 0);
    assert_eq!(refusal, AppendRefusal::SizeBound { limit: 64 << 10 });
    assert!(engine.bytes <= 64 << 10 && count > 90);
    let request =
        engine.next_request(SIGNAL, super::RequestSize { items: 30, bytes: ALL.bytes }).unwrap().unwrap();
    assert_eq!(request.batch.items(), 30);
    assert_eq!(fill(&mut engine, count).0, count, "a request under way still holds its space");
    engine.done(request.id.0);
    let (again, _) = fill(&mut engine, count);
    assert!(again > count + 10);
    assert_eq!(items(&drain(&mut engine, ALL)), (30..again).collect::<Vec<_>>());
}

#[test]
fn the_record_bound_refuses() {
    let (mut engine, _) = open(&ModelFs::new(1), &options().with_max_records(10));
    assert_eq!(fill(&mut engine, 0), (10, AppendRefusal::RecordBound { limit: 10 }));
    drain(&mut engine, ALL);
    assert_eq!(fill(&mut engine, 10).0, 20);
}

#[test]
fn the_oldest_is_dropped_and_counted_but_never_what_is_being_sent() {
    let fs = ModelFs::new(1);
    let options = options().with_on_full(OnDiskFull::DropOldest);
    let (mut engine, _) = open(&fs, &options);
    append_one(&mut engine, &batch(SIGNAL, 0..3, 500));
    let request =
        engine.next_request(SIGNAL, super::RequestSize { items: 2, bytes: ALL.bytes }).unwrap().unwrap();
    for at in 3..500 {
        append_one(&mut engine, &batch(SIGNAL, [at], 500));
        assert!(engine.bytes <= 64 << 10);
    }
    let dropped = engine.losses.dropped(SIGNAL);
    assert!(dropped > 300);
    drop(engine);
    // After a kill: the request comes again, and what was dropped is neither there nor counted as corrupt.
    let (mut engine, recovery) = open(&fs, &options);
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.total(), 500 - dropped);
    let again = engine.next_request(SIGNAL, ALL).unwrap().unwrap();
    assert_eq!((again.resent, again.batch.bytes()), (true, request.batch.bytes()));
    engine.done(again.id.0);
    let out = items(&drain(&mut engine, ALL));
    assert_eq!(out, (500 - out.len() as u64..500).collect::<Vec<_>>());
    assert_eq!(out.len() as u64 + 2 + dropped, 500);
}

#[test]
fn a_batch_larger_than_the_queue_is_refused_and_nothing_is_dropped_for_it() {
    for on_full in [OnDiskFull::Refuse, OnDiskFull::DropOldest] {
        let (mut engine, _) = open(&ModelFs::new(1), &options().with_on_full(on_full));
        append_one(&mut engine, &batch(SIGNAL, [0], 0));
        let refused = append(&mut engine, &[batch(SIGNAL, [1], 100 << 10), batch(SIGNAL, [2], 0)]);
        assert!(matches!(refused[..], [Some(AppendRefusal::SizeBound { .. }), None]));
        assert_eq!(items(&drain(&mut engine, ALL)), [0, 2]);
    }
}

#[test]
fn a_full_disk_refuses_and_lets_the_queue_drain() {
    for short_writes in [false, true] {
        for capacity in (20_000..21_500).step_by(97) {
            let fs = ModelFs::new(capacity);
            fs.disk().capacity = Some(capacity);
            fs.disk().short_writes = short_writes;
            let (mut engine, _) = open(&fs, &options());
            let (count, refusal) = fill(&mut engine, 0);
            assert!(matches!(refusal, AppendRefusal::DiskFull { .. }), "{refusal:?}");
            assert!(count > 15);
            // What is there comes out although not a byte can be written.
            let request = engine.next_request(SIGNAL, super::RequestSize { items: 5, bytes: ALL.bytes });
            assert_eq!(request.unwrap().unwrap().batch.items(), 5);
            drop(engine);
            let (mut engine, recovery) = open(&fs, &options());
            assert_eq!((recovery.total(), recovery.corrupt), (count, [0; 4]));
            assert_eq!(items(&drain(&mut engine, ALL)), (0..count).collect::<Vec<_>>());
            tidy(&mut engine);
            let (again, _) = fill(&mut engine, count);
            assert!(again > count + 10, "there is room again: {count} {again}");
            drop(engine);
            let (mut engine, recovery) = open(&fs, &options());
            assert_eq!((recovery.total(), recovery.corrupt), (again - count, [0; 4]));
            assert_eq!(items(&drain(&mut engine, ALL)), (count..again).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_full_disk_makes_room_by_dropping_the_oldest() {
    let fs = ModelFs::new(1);
    fs.disk().capacity = Some(40_000);
    let options = options().with_on_full(OnDiskFull::DropOldest);
    let (mut engine, _) = open(&fs, &options);
    for at in 0..300 {
        append_one(&mut engine, &batch(SIGNAL, [at], 500));
    }
    let dropped = engine.losses.dropped(SIGNAL);
    drop(engine);
    let (mut engine, recovery) = open(&fs, &options);
    assert_eq!((recovery.corrupt, recovery.total()), ([0; 4], 300 - dropped));
    assert_eq!(items(&drain(&mut engine, ALL)), (dropped..300).collect::<Vec<_>>());
}

#[test]
fn a_failed_write_refuses_its_batches_and_no_others() {
    for truncate_fault in [false, true] {
        for skip in 0..6 {
            let fs = ModelFs::new(1);
            let (mut engine, _) = open(&fs, &options());
            append_one(&mut engine, &batch(SIGNAL, 0..5, 300));
            {
                let mut disk = fs.disk();
                disk.short_writes = true;
                disk.truncate_fault = truncate_fault;
                disk.write_fault = Some((skip, ErrorKind::Other));
            }
            let refused = append(&mut engine, &[batch(SIGNAL, 5..10, 300), batch(SIGNAL, 10..15, 300)]);
            let taken: Vec<bool> = refused.iter().map(Option::is_none).collect();
            {
                let mut disk = fs.disk();
                (disk.write_fault, disk.truncate_fault) = (None, false);
            }
            append_one(&mut engine, &batch(SIGNAL, 15..20, 300));
            drop(engine);
            let (mut engine, recovery) = open(&fs, &options());
            assert_eq!(recovery.corrupt, [0; 4]);
            let wanted: Vec<u64> =
                (0..20).filter(|at| !(5..15).contains(at) || taken[(*at as usize - 5) / 5]).collect();
            assert_eq!(items(&drain(&mut engine, ALL)), wanted, "skip {skip}");
        }
    }
}

#[test]
fn a_failed_sync_is_final_for_its_batches() {
    for seed in 0..50 {
        let fs = ModelFs::new(seed);
        let (mut engine, _) = open(&fs, &options());
        append_one(&mut engine, &batch(SIGNAL, 0..5, 100));
        fs.disk().sync_fault = Some((0, ErrorKind::Other));
        let refused = append(&mut engine, &[batch(SIGNAL, 5..10, 100)]);
        assert!(matches!(refused[0], Some(AppendRefusal::Io { .. })));
        fs.disk().sync_fault = None;
        let segments = engine.segments.len();
        assert_eq!(segments, 2, "writing goes on in a new segment");
        append_one(&mut engine, &batch(SIGNAL, 10..15, 100));
        let out = items(&drain(&mut engine, ALL));
        assert_eq!(out, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
        drop(engine);
        fs.lose_power();
        let (mut engine, recovery) = open(&fs, &options());
        assert_eq!(recovery.corrupt, [0; 4], "seed {seed}");
        let out: BTreeSet<u64> = items(&drain(&mut engine, ALL)).into_iter().collect();
        // Progress had no sync of its own, so what was sent may come again; what was refused must not come.
        assert!((5..10).all(|item| !out.contains(&item)), "seed {seed}: {out:?}");
    }
}

#[test]
fn a_read_that_fails_is_tried_again_and_given_up_after_eight() {
    let fs = ModelFs::new(1);
    let (mut engine, _) = open(&fs, &options());
    append_one(&mut engine, &batch(SIGNAL, 0..5, 100));
    append_one(&mut engine, &batch(SIGNAL, 5..10, 100));
    fs.disk().read_faults = 1;
    let error = engine.next_request(SIGNAL, ALL).unwrap_err();
    assert_eq!(error.to_string(), "00000000000000000000.seg, byte 288: reading the queue failed: EIO");
    let size = super::RequestSize { items: 5, bytes: ALL.bytes };
    let request = engine.next_request(SIGNAL, size).unwrap().unwrap();
    assert_eq!(request.batch.items(), 5);
    fs.disk().read_faults = 8;
    for _ in 0..7 {
        engine.next_request(SIGNAL, size).unwrap_err();
    }
    assert!(engine.next_request(SIGNAL, size).unwrap().is_none());
    assert_eq!((engine.losses.corrupt(SIGNAL), sum(&engine.losses.corrupt)), (5, 5));
}

#[test]
fn new_and_removed_segments_are_synced_with_their_directory() {
    let fs = ModelFs::new(1);
    let (mut engine, _) = open(&fs, &options());
    let before = fs.disk().dir_syncs;
    append_one(&mut engine, &batch(SIGNAL, [0], 500));
    assert_eq!(fs.disk().dir_syncs, before + 1, "the first acknowledgement waits for the segment's name");
    append_one(&mut engine, &batch(SIGNAL, [1], 500));
    assert_eq!(fs.disk().dir_syncs, before + 1);
    for at in 2..20 {
        append_one(&mut engine, &batch(SIGNAL, [at], 500));
    }
    assert_eq!(fs.disk().dir_syncs as usize, before as usize + engine.segments.len());
}
