//! Torn tails, flipped bytes, missing files.

use std::collections::{BTreeMap, BTreeSet};

use otlp_core::Signal;

use super::{ALL, append, append_one, batch, drain, items, open, sum, tidy};
use crate::disk::format::{FIRST_RECORD, SEGMENT_HEADER};
use crate::disk::vfs::model::ModelFs;
use crate::disk::{DiskQueueOptions, RequestSize};

type Files = BTreeMap<String, Vec<u8>>;

/// Two segments: items 0 to 9 sent, 10 to 14 in an open request, 15 to 39 waiting, some of them spans.
fn small_log(closed: bool) -> Files {
    let options = DiskQueueOptions::default().with_segment_bytes(4 << 10);
    let fs = ModelFs::new(1);
    let (mut engine, _) = open(&fs, &options);
    for at in 0..8 {
        let signal = if at % 4 == 3 { Signal::Traces } else { Signal::Logs };
        append_one(&mut engine, &batch(signal, at * 5..at * 5 + 5, 60));
        if at == 2 {
            let request = engine.next_request(Signal::Logs, RequestSize { items: 10, bytes: ALL.bytes });
            assert!(engine.done(request.unwrap().unwrap().id.0));
            engine.next_request(Signal::Logs, RequestSize { items: 5, bytes: ALL.bytes }).unwrap();
        }
    }
    assert_eq!(engine.segments.len(), 2);
    if closed {
        engine.close().unwrap();
    }
    fs.snapshot()
}

fn last_segment(files: &Files) -> String {
    files.keys().rfind(|name| name.ends_with(".seg")).unwrap().clone()
}

#[test]
fn a_last_write_torn_at_any_byte_is_cut_and_counted() {
    let options = DiskQueueOptions::default().with_segment_bytes(64 << 10);
    let fs = ModelFs::new(1);
    let (mut engine, _) = open(&fs, &options);
    append_one(&mut engine, &batch(Signal::Logs, 0..5, 60));
    let before = fs.snapshot();
    let name = last_segment(&before);
    // The last group, of which nothing was acknowledged.
    let mut group = engine.write_group(&[batch(Signal::Logs, 5..9, 60), batch(Signal::Traces, 9..12, 60)]);
    engine.commit(&group);
    group.refused.clear();
    let whole = fs.snapshot();
    let (from, to) = (before[&name].len(), whole[&name].len());
    for at in from..to {
        for zeros in [false, true] {
            let mut files = whole.clone();
            let content = files.get_mut(&name).unwrap();
            content.truncate(at);
            if zeros {
                // The length reached the disk, the content did not.
                content.resize(to, 0);
            }
            let fs = ModelFs::of(&files);
            let (mut engine, recovery) = open(&fs, &options);
            assert_eq!((recovery.corrupt, recovery.corrupt_bytes), ([0; 4], 0), "byte {at}");
            let out: BTreeSet<u64> = items(&drain(&mut engine, ALL)).into_iter().collect();
            assert!((0..5).all(|item| out.contains(&item)), "acknowledged items come out; byte {at}");
            assert_eq!(out.len() as u64, recovery.total());
            assert!([5, 9, 12].contains(&out.len()), "byte {at}: {out:?}");
            assert_eq!(
                recovery.torn_bytes > 0,
                out.len() < 12 && (zeros || recovery.torn_bytes > 0),
                "byte {at}"
            );
            // Nothing of the tail comes back, and appending goes on.
            append_one(&mut engine, &batch(Signal::Logs, 100..103, 0));
            drop(engine);
            let (mut engine, recovery) = open(&fs, &options);
            assert!(recovery.is_clean(), "byte {at}: {recovery:?}");
            assert_eq!(items(&drain(&mut engine, ALL)), [100, 101, 102]);
        }
    }
}

#[test]
fn any_flipped_byte_of_a_closed_log_is_survived_and_its_items_are_counted() {
    let files = small_log(true);
    let mut lossy = 0;
    for (name, content) in &files {
        for at in 0..content.len() {
            let mut files = files.clone();
            files.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let fs = ModelFs::of(&files);
            let (mut engine, recovery) = open(&fs, &DiskQueueOptions::default());
            let out = items(&drain(&mut engine, RequestSize { items: 7, bytes: ALL.bytes }));
            let found: BTreeSet<u64> = out.iter().copied().collect();
            assert_eq!(found.len(), out.len(), "nothing twice; {name} byte {at}");
            assert_eq!(out.len() as u64, recovery.total(), "{name} byte {at}");
            let missing = (10..40).filter(|item| !found.contains(item)).count() as u64;
            assert_eq!(sum(&recovery.corrupt), missing, "{name} byte {at}: {recovery:?}");
            assert_eq!(recovery.torn, [0; 4], "{name} byte {at}");
            assert!(missing <= 5, "one record at most; {name} byte {at}");
            if missing > 0 {
                lossy += 1;
                assert!(recovery.corrupt_bytes > 0);
                assert!(fs.snapshot().keys().any(|name| name.ends_with(".bad")), "a copy is kept");
            }
            assert!(engine.losses.is_empty());
            drop(engine);
            // What was counted once is not counted again.
            let (mut engine, recovery) = open(&fs, &DiskQueueOptions::default());
            assert_eq!(recovery.corrupt, [0; 4], "{name} byte {at}");
            assert!(items(&drain(&mut engine, ALL)).is_empty(), "{name} byte {at}");
        }
    }
    assert!(lossy > 2000, "payloads were hit: {lossy}");
}

#[test]
fn any_flipped_byte_after_a_kill_is_survived() {
    let files = small_log(false);
    for (name, content) in &files {
        for at in 0..content.len() {
            let mut files = files.clone();
            files.get_mut(name).unwrap()[at] ^= 0x20;
            let (mut engine, recovery) = open(&ModelFs::of(&files), &DiskQueueOptions::default());
            let found: BTreeSet<u64> = items(&drain(&mut engine, ALL)).into_iter().collect();
            let missing = (10..40).filter(|item| !found.contains(item)).count() as u64;
            // The last group may be torn as well as corrupt; nobody can tell.
            let counted = sum(&recovery.corrupt) + sum(&recovery.torn);
            let in_tail = recovery.torn_bytes > 0 && missing == 5;
            assert!(counted == missing || in_tail, "{name} byte {at}: {missing} missing, {recovery:?}");
        }
    }
}

#[test]
fn a_byte_that_turns_bad_while_the_queue_runs_costs_one_record() {
    let fs = ModelFs::new(1);
    let (mut engine, _) = open(&fs, &DiskQueueOptions::default());
    for at in 0..3 {
        append_one(&mut engine, &batch(Signal::Logs, at * 5..at * 5 + 5, 60));
    }
    let request =
        engine.next_request(Signal::Logs, RequestSize { items: 7, bytes: ALL.bytes }).unwrap().unwrap();
    // In the middle of the second record.
    fs.flip(0.55, 1).unwrap();
    assert_eq!(items(&drain(&mut engine, ALL)), (10..15).collect::<Vec<_>>());
    assert_eq!(engine.losses.corrupt(Signal::Logs), 5);
    assert_eq!(engine.backlog(Signal::Logs).items, 0);
    assert!(engine.done(request.id.0));
    assert!(engine.segments.iter().all(|segment| segment.live == 0));
    assert!(fs.snapshot().keys().any(|name| name.ends_with(".bad")));
}

#[test]
fn segments_cut_short_emptied_or_missing_are_counted() {
    let files = small_log(true);
    let names: Vec<&String> = files.keys().collect();
    for name in &names {
        for len in [0, 1, SEGMENT_HEADER, FIRST_RECORD as usize, 1000] {
            let mut files = files.clone();
            files.get_mut(*name).unwrap().truncate(len);
            let (mut engine, recovery) = open(&ModelFs::of(&files), &DiskQueueOptions::default());
            let found: BTreeSet<u64> = items(&drain(&mut engine, ALL)).into_iter().collect();
            assert_eq!(found.len() as u64, recovery.total());
        }
        let mut files = files.clone();
        files.remove(*name);
        let (mut engine, recovery) = open(&ModelFs::of(&files), &DiskQueueOptions::default());
        let found: BTreeSet<u64> = items(&drain(&mut engine, ALL)).into_iter().collect();
        let missing = (10..40).filter(|item| !found.contains(item)).count() as u64;
        if *name == names[0] {
            assert_eq!(sum(&recovery.corrupt), missing, "the second segment tells what the first held");
        }
    }
}

#[test]
fn files_that_are_none_of_ours_are_left_alone() {
    let mut files = small_log(true);
    for name in ["lock", "notes.txt", "7.seg", "99999999999999999999.seg"] {
        files.insert(name.to_owned(), b"hello".to_vec());
    }
    // A segment by its name only, far from the others.
    files.insert("09999999999999999999.seg".to_owned(), b"not a segment".to_vec());
    let fs = ModelFs::of(&files);
    let (mut engine, _) = open(&fs, &DiskQueueOptions::default());
    assert_eq!(items(&drain(&mut engine, ALL)).len(), 30);
    tidy(&mut engine);
    let after = fs.snapshot();
    for name in ["lock", "notes.txt", "7.seg", "99999999999999999999.seg", "09999999999999999999.seg.bad"] {
        assert!(after.contains_key(name), "{name}");
    }
}

#[test]
fn a_segment_of_a_later_version_is_not_touched() {
    let mut files = small_log(true);
    let name = last_segment(&files);
    let content = files.get_mut(&name).unwrap();
    for copy in [0, SEGMENT_HEADER] {
        content[copy + 8] = 2;
        let sum = crc32c::crc32c(&content[copy..copy + SEGMENT_HEADER - 4]);
        content[copy + SEGMENT_HEADER - 4..copy + SEGMENT_HEADER].copy_from_slice(&sum.to_le_bytes());
    }
    let fs = ModelFs::of(&files);
    let result = super::Engine::open(
        std::sync::Arc::new(fs.clone()),
        DiskQueueOptions::default(),
        1,
        super::Ordinal(0),
    );
    assert!(matches!(result.err(), Some(crate::disk::recover::OpenFault::Version { found: 2, .. })));
    assert_eq!(fs.snapshot(), files);
}

#[test]
fn a_record_inside_a_payload_is_not_taken_for_one() {
    // A whole log as the content of an item, whose own record is damaged: the search for the next record must step over it.
    let inner = small_log(false);
    let inner = inner.values().next().unwrap();
    let fs = ModelFs::new(1);
    let vfs = std::sync::Arc::new(fs.clone());
    let (mut engine, _) =
        super::Engine::open(vfs, DiskQueueOptions::default(), 0x0bad_5a17, super::Ordinal(0)).unwrap();
    append_one(&mut engine, &batch(Signal::Logs, [1], 0));
    let from = engine.bytes;
    let mut bytes = vec![0x0a];
    let put = |out: &mut Vec<u8>, mut len: usize| {
        while len > 127 {
            out.push(len as u8 | 128);
            len >>= 7;
        }
        out.push(len as u8);
    };
    // An unknown field of the request, padded so that the inner records are aligned as ours are.
    for pad in 0..8 {
        bytes = vec![0x7a];
        put(&mut bytes, inner.len() + pad);
        bytes.extend(std::iter::repeat_n(0, pad));
        if bytes.len() % 8 == 0 {
            break;
        }
    }
    bytes.extend_from_slice(inner);
    bytes.extend_from_slice(batch(Signal::Logs, [2], 0).bytes());
    let forged = otlp_core::Batch::parse(Signal::Logs, bytes, &otlp_core::Limits::default()).unwrap();
    assert_eq!(append(&mut engine, &[forged, batch(Signal::Logs, [3], 0)]), [None, None]);
    engine.close().unwrap();
    let mut files = fs.snapshot();
    files.values_mut().next().unwrap()[from as usize + 20] ^= 1;
    let (mut engine, recovery) = open(&ModelFs::of(&files), &DiskQueueOptions::default());
    assert_eq!(items(&drain(&mut engine, ALL)), [1, 3]);
    assert_eq!(sum(&recovery.corrupt), 1);
}
