//! What requests are made of.

use otlp_core::Signal;

use super::{ALL, append, append_one, batch, drain, items, numbers, open, sum, tidy};
use crate::disk::vfs::model::ModelFs;
use crate::disk::{DiskQueueOptions, RequestSize};

const SIGNAL: Signal = Signal::Logs;

#[test]
fn what_was_appended_comes_out_once_in_order() {
    let (mut engine, recovery) = open(&ModelFs::new(1), &DiskQueueOptions::default());
    assert!(recovery.is_clean() && recovery.total() == 0);
    for at in 0..10 {
        append_one(&mut engine, &batch(SIGNAL, at * 10..at * 10 + 10, 5));
    }
    assert_eq!(engine.backlog(SIGNAL).items, 100);
    let requests = drain(&mut engine, RequestSize { items: 25, bytes: usize::MAX });
    assert_eq!(items(&requests), (0..100).collect::<Vec<_>>());
    assert!(requests.iter().all(|request| request.batch.items() == 20 && !request.resent));
    assert_eq!(engine.backlog(SIGNAL).items, 0);
    assert_eq!(engine.backlog(SIGNAL).bytes, 0);
    assert!(engine.next_request(SIGNAL, ALL).unwrap().is_none());
}

#[test]
fn one_batch_is_passed_on_byte_for_byte() {
    let (mut engine, _) = open(&ModelFs::new(1), &DiskQueueOptions::default());
    let sent = batch(SIGNAL, 0..9, 100);
    append_one(&mut engine, &sent);
    let request = engine.next_request(SIGNAL, ALL).unwrap().unwrap();
    assert_eq!(request.batch.bytes(), sent.bytes());
}

#[test]
fn joined_batches_have_equal_resources_once() {
    let (mut engine, _) = open(&ModelFs::new(1), &DiskQueueOptions::default());
    let one = batch(SIGNAL, 0..2, 0);
    append_one(&mut engine, &one);
    append_one(&mut engine, &batch(SIGNAL, 2..4, 0));
    let request = engine.next_request(SIGNAL, ALL).unwrap().unwrap();
    assert_eq!(request.batch.bytes(), batch(SIGNAL, 0..4, 0).bytes());
}

#[test]
fn a_large_batch_is_cut_by_items_and_by_bytes() {
    for (size, most_items) in [
        (RequestSize { items: 7, bytes: usize::MAX }, 7),
        (RequestSize { items: usize::MAX, bytes: 400 }, 10),
        // An item that is too large goes alone.
        (RequestSize { items: usize::MAX, bytes: 1 }, 1),
        (RequestSize { items: 0, bytes: 0 }, 1),
    ] {
        let (mut engine, _) = open(&ModelFs::new(1), &DiskQueueOptions::default());
        append_one(&mut engine, &batch(SIGNAL, 0..100, 30));
        append_one(&mut engine, &batch(SIGNAL, 100..103, 30));
        let requests = drain(&mut engine, size);
        assert_eq!(items(&requests), (0..103).collect::<Vec<_>>());
        assert!(requests.iter().all(|request| request.batch.items() <= most_items), "{size:?}");
        assert!(size.bytes < 400 || requests.iter().all(|request| request.batch.bytes().len() <= size.bytes));
        let full = requests.iter().filter(|request| request.batch.items() >= most_items * 8 / 10).count();
        assert!(full + 3 >= requests.len(), "{size:?}: requests are filled");
    }
}

#[test]
fn open_requests_come_first_after_a_restart_with_the_same_bytes() {
    let fs = ModelFs::new(1);
    let options = DiskQueueOptions::default();
    let (mut engine, _) = open(&fs, &options);
    for at in 0..20 {
        append_one(&mut engine, &batch(SIGNAL, at * 10..at * 10 + 10, 50));
    }
    let size = RequestSize { items: 33, bytes: 1 << 20 };
    let given: Vec<_> = (0..4).map(|_| engine.next_request(SIGNAL, size).unwrap().unwrap()).collect();
    let small = engine.next_request(SIGNAL, RequestSize { items: 3, bytes: 1 << 20 }).unwrap().unwrap();
    assert!(engine.done(given[1].id.0));
    assert!(!engine.done(given[1].id.0), "a request is finished once");
    drop(engine);

    // A kill: nothing that was written is lost.
    let (mut engine, recovery) = open(&fs, &options);
    assert!(recovery.is_clean());
    assert_eq!((recovery.total(), sum(&recovery.resent)), (170, 93));
    assert_eq!(engine.backlog(SIGNAL).resend, 4);
    // Asked for with another size: what was cut stays cut.
    for before in [&given[0], &given[2], &given[3], &small] {
        let again = engine.next_request(SIGNAL, ALL).unwrap().unwrap();
        assert!(again.resent);
        assert_eq!((again.id, again.batch.bytes()), (before.id, before.batch.bytes()));
    }
    assert_eq!(numbers(&engine.next_request(SIGNAL, size).unwrap().unwrap().batch).first(), Some(&123));
    drop(engine);

    let (mut engine, recovery) = open(&fs, &options);
    assert_eq!(recovery.total(), 170);
    assert_eq!(items(&drain(&mut engine, size)).len(), 170);
}

#[test]
fn a_blocked_signal_holds_space_and_nobody_else() {
    let fs = ModelFs::new(1);
    let options = DiskQueueOptions::default().with_max_bytes(64 << 10).with_segment_bytes(4 << 10);
    let (mut engine, _) = open(&fs, &options);
    append_one(&mut engine, &batch(Signal::Traces, [7], 0));
    for at in 0..200 {
        append_one(&mut engine, &batch(SIGNAL, [at], 1000));
        let request = engine.next_request(SIGNAL, ALL).unwrap().unwrap();
        assert_eq!(numbers(&request.batch), [at]);
        engine.done(request.id.0);
        tidy(&mut engine);
        // The segment with the span, and the one that is written.
        assert!(engine.segments.len() <= 3, "{}", engine.segments.len());
    }
    drop(engine);
    let (mut engine, recovery) = open(&fs, &options);
    assert!(recovery.is_clean());
    assert_eq!(recovery.items, [1, 0, 0, 0]);
    assert_eq!(items(&drain(&mut engine, ALL)), [7]);
}

#[test]
fn empty_batches_are_taken_and_not_stored() {
    let (mut engine, _) = open(&ModelFs::new(1), &DiskQueueOptions::default());
    let bytes = engine.bytes;
    assert_eq!(
        append(&mut engine, &[batch(SIGNAL, [], 0), otlp_core::Batch::empty(Signal::Traces)]),
        [None, None]
    );
    assert_eq!(engine.bytes, bytes);
    assert!(engine.next_request(SIGNAL, ALL).unwrap().is_none());
}

#[test]
fn the_number_of_open_requests_is_bounded() {
    let (mut engine, _) = open(&ModelFs::new(1), &DiskQueueOptions::default());
    append_one(&mut engine, &batch(SIGNAL, 0..1100, 0));
    let one = RequestSize { items: 1, bytes: usize::MAX };
    let mut ids = Vec::new();
    while let Some(request) = engine.next_request(SIGNAL, one).unwrap() {
        ids.push(request.id.0);
    }
    assert_eq!(ids.len(), 1024);
    assert!(engine.done(ids[500]));
    assert!(engine.next_request(SIGNAL, one).unwrap().is_some());
}
