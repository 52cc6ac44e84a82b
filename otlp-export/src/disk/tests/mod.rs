//! The queue over a file system that lies, and over the real one.

mod damage;
mod fault;
mod model;
mod process;
mod real;
mod request;
mod wrap;

use std::sync::Arc;

use otlp_core::{Batch, Limits, Signal, cut};

use super::engine::Engine;
use super::ordinal::Ordinal;
use super::recovery::Recovery;
use super::vfs::model::ModelFs;
use super::{AppendRefusal, DiskQueueOptions, Request, RequestSize};

/// Large enough for anything.
const ALL: RequestSize = RequestSize { items: usize::MAX, bytes: usize::MAX };

/// A batch of items with these numbers, each with so many bytes beside.
fn batch(signal: Signal, numbers: impl IntoIterator<Item = u64>, beside: usize) -> Batch {
    let field = |number: u8, payload: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut len = payload.len();
        while len > 127 {
            out.push(len as u8 | 128);
            len >>= 7;
        }
        out.push(len as u8);
        out.extend_from_slice(payload);
        out
    };
    // The time, in logs, and the start time, in traces.
    let time = if signal == Signal::Logs { 1 << 3 | 1 } else { 7 << 3 | 1 };
    let items = numbers.into_iter().flat_map(|number| {
        let mut item = vec![time];
        item.extend_from_slice(&number.to_le_bytes());
        item.extend(field(3, &vec![b'x'; beside]));
        field(2, &item)
    });
    let resource = field(1, &field(1, &field(1, b"k")));
    let scope = field(2, &items.collect::<Vec<u8>>());
    let bytes = field(1, &[resource, scope].concat());
    Batch::parse(signal, bytes, &Limits::default()).unwrap()
}

/// The numbers of a batch's items.
fn numbers(batch: &Batch) -> Vec<u64> {
    let mut numbers = Vec::new();
    cut::distribute(batch, 1, |item| {
        numbers.push(u64::from_le_bytes(item.encoded[1..9].try_into().unwrap()));
        None
    });
    numbers
}

fn open(fs: &ModelFs, options: &DiskQueueOptions) -> (Engine<ModelFs>, Recovery) {
    open_at(fs, options, 0)
}

fn open_at(fs: &ModelFs, options: &DiskQueueOptions, start: u64) -> (Engine<ModelFs>, Recovery) {
    Engine::open(Arc::new(fs.clone()), options.clone(), 0x5a17, Ordinal(start)).unwrap()
}

/// Appends as the thread does: write, sync, commit or abandon.
fn append(engine: &mut Engine<ModelFs>, batches: &[Batch]) -> Vec<Option<AppendRefusal>> {
    let mut group = engine.write_group(batches);
    if group.wrote() {
        let job = engine.sync_job();
        let result = job.run();
        engine.synced(&job, &result);
        match &result {
            Ok(()) => engine.commit(&group),
            Err(error) => {
                engine.abandon(&group);
                group.refuse_written(&AppendRefusal::of(error));
            }
        }
    }
    group.refused
}

/// Appends what has to be taken.
fn append_one(engine: &mut Engine<ModelFs>, batch: &Batch) {
    assert_eq!(append(engine, std::slice::from_ref(batch)), [None]);
}

/// Removes finished segments as the thread does.
fn tidy(engine: &mut Engine<ModelFs>) {
    engine.catch_up();
    let ids = engine.finished_ids();
    if !ids.is_empty() {
        let job = engine.sync_job();
        let result = job.run();
        engine.synced(&job, &result);
        engine.remove_segments(&ids);
    }
}

/// Takes and finishes all requests of all signals.
fn drain(engine: &mut Engine<ModelFs>, size: RequestSize) -> Vec<Request> {
    let mut requests = Vec::new();
    for signal in Signal::ALL {
        while let Some(request) = engine.next_request(signal, size).unwrap() {
            assert!(engine.done(request.id.0));
            requests.push(request);
        }
    }
    requests
}

/// The items of requests.
fn items(requests: &[Request]) -> Vec<u64> {
    requests.iter().flat_map(|request| numbers(&request.batch)).collect()
}

fn sum(counts: &[u64; 4]) -> u64 {
    counts.iter().sum()
}
