//! The queue with its thread, on the real file system.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use otlp_core::Signal;

use super::{ALL, batch, numbers};
use crate::disk::{AppendRefusal, DiskQueue, DiskQueueError, DiskQueueOptions, Fsync, RequestSize};

const SIGNAL: Signal = Signal::Logs;

fn take_all(queue: &DiskQueue) -> Vec<u64> {
    let mut out = Vec::new();
    while let Some(request) = queue.next_request(SIGNAL, ALL).unwrap() {
        out.extend(numbers(&request.batch));
        assert!(queue.done(request.id));
        assert!(!queue.done(request.id));
    }
    out
}

#[test]
fn every_policy_keeps_what_a_closed_queue_held() {
    for fsync in [Fsync::Batch, Fsync::Interval(Duration::from_millis(5)), Fsync::Never] {
        let dir = tempfile::tempdir().unwrap();
        let options = DiskQueueOptions::default().with_fsync(fsync);
        let (queue, recovery) = DiskQueue::open(dir.path(), &options).unwrap();
        assert!(recovery.is_clean());
        queue.append(&batch(SIGNAL, 0..3, 10)).unwrap();
        let first = queue.next_request(SIGNAL, ALL).unwrap().unwrap();
        queue.append(&batch(SIGNAL, 3..5, 10)).unwrap();
        assert_eq!(queue.stats().open_requests, 1);
        assert_eq!(queue.backlog(SIGNAL).items, 2);
        let other = queue.clone();
        queue.close().unwrap();
        let refused = other.append(&batch(SIGNAL, 9..10, 0)).unwrap_err();
        assert_eq!((refused.reason, numbers(&refused.batch)), (AppendRefusal::Closed, vec![9]));

        let (queue, recovery) = DiskQueue::open(dir.path(), &options).unwrap();
        assert!(recovery.is_clean(), "{recovery:?}");
        assert_eq!((recovery.total(), recovery.resent[SIGNAL as usize]), (5, 3));
        let again = queue.next_request(SIGNAL, ALL).unwrap().unwrap();
        assert_eq!((again.id, again.batch.bytes(), again.resent), (first.id, first.batch.bytes(), true));
        queue.done(again.id);
        assert_eq!(take_all(&queue), [3, 4]);
        drop(queue);
        let (queue, recovery) = DiskQueue::open(dir.path(), &options).unwrap();
        assert_eq!(recovery.total(), 0);
        assert!(queue.take_losses().is_empty());
    }
}

#[test]
fn many_producers_and_a_consumer_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = DiskQueueOptions::default().with_max_bytes(1 << 20).with_segment_bytes(16 << 10);
    let (queue, _) = DiskQueue::open(dir.path(), &options).unwrap();
    let taken = Arc::new(AtomicU64::new(0));
    let mut out: Vec<u64> = std::thread::scope(|scope| {
        for producer in 0..4 {
            let (queue, taken) = (queue.clone(), Arc::clone(&taken));
            scope.spawn(move || {
                for at in 0..50 {
                    let first = producer * 1000 + at * 2;
                    queue.append(&batch(SIGNAL, first..first + 2, 300)).unwrap();
                    taken.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        let consumer = scope.spawn(|| {
            let mut out = Vec::new();
            while out.len() < 400 {
                match queue.next_request(SIGNAL, RequestSize { items: 7, bytes: 1 << 20 }).unwrap() {
                    Some(request) => {
                        out.extend(numbers(&request.batch));
                        queue.done(request.id);
                    }
                    None => std::thread::yield_now(),
                }
            }
            out
        });
        consumer.join().unwrap()
    });
    assert_eq!(taken.load(Ordering::Relaxed), 400);
    out.sort_unstable();
    out.dedup();
    assert_eq!(out.len(), 400);
    queue.close().unwrap();
    let (queue, recovery) = DiskQueue::open(dir.path(), &options).unwrap();
    assert_eq!(recovery.total(), 0);
    assert_eq!(queue.stats().segments, 1, "finished segments are gone");
}

#[test]
fn answers_come_for_every_append_and_what_cannot_wait_is_handed_back() {
    let dir = tempfile::tempdir().unwrap();
    let options = DiskQueueOptions::default().with_max_waiting_bytes(1);
    let (queue, _) = DiskQueue::open(dir.path(), &options).unwrap();
    let (send, receive) = mpsc::channel();
    for at in 0..100 {
        let send = send.clone();
        queue.append_with(batch(SIGNAL, [at], 100), move |result| {
            send.send(result.map_err(|error| error.reason)).unwrap()
        });
    }
    drop(send);
    let results: Vec<_> = receive.iter().collect();
    assert_eq!(results.len(), 100);
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert!(taken > 0);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(AppendRefusal::Waiting { limit: 1 }))));
    assert_eq!(take_all(&queue).len(), taken);
}

#[test]
fn a_callback_may_panic_and_may_hold_the_last_handle() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, _) = DiskQueue::open(dir.path(), &DiskQueueOptions::default()).unwrap();
    let (send, receive) = mpsc::channel();
    queue.append_with(batch(SIGNAL, [0], 0), |_| panic!("on purpose"));
    let last = queue.clone();
    queue.append_with(batch(SIGNAL, [1], 0), move |result| {
        drop(last);
        send.send(result.is_ok()).unwrap();
    });
    drop(queue);
    assert!(receive.recv().unwrap());
    // The thread ends by itself, and gives the directory free.
    let opened = (0..500).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        DiskQueue::open(dir.path(), &DiskQueueOptions::default()).ok()
    });
    assert_eq!(opened.unwrap().1.total(), 2);
}

#[test]
fn a_directory_belongs_to_one_queue() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("made/on/the/way");
    let options = DiskQueueOptions::default();
    let (queue, _) = DiskQueue::open(&dir, &options).unwrap();
    let error = DiskQueue::open(&dir, &options).unwrap_err();
    assert!(matches!(error, DiskQueueError::Locked { .. }));
    assert!(error.to_string().contains("another process"), "{error}");
    drop(queue);
    DiskQueue::open(&dir, &options).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(DiskQueue::open(file.path(), &options), Err(DiskQueueError::Io { .. })));
}
