//! Disk queues of arbitrary content: segments with right checksums and wrong everything else, and damaged ones. What opens gives its
//! items out and ends; nothing panics, loops, or comes out twice.
#![no_main]

use std::collections::HashSet;
use std::path::Path;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, Signal};
use otlp_export::disk::{DiskQueue, DiskQueueOptions, Fsync, RequestSize};

/// A directory, described: the format is that of `docs/src/disk-queue.md`, written here a second time.
#[derive(Debug, Arbitrary)]
struct Directory {
    segments: Vec<Segment>,
    /// Bytes that turn bad, and cuts.
    damage: Vec<(u16, u8)>,
    truncate: Option<u16>,
    items: u8,
    bytes: u16,
}

#[derive(Debug, Arbitrary)]
struct Segment {
    id: Number,
    salt: u32,
    place: Option<[Number; 5]>,
    durable: Number,
    records: Vec<Record>,
}

#[derive(Debug, Arbitrary)]
struct Record {
    kind: u8,
    signal: u8,
    /// Items that the header claims, if not the true number.
    items: Option<u32>,
    /// Where the log stood, if not where it did.
    place: Option<[Number; 5]>,
    durable: Number,
    payload: Payload,
}

#[derive(Debug, Arbitrary)]
enum Payload {
    /// A batch of so many items.
    Batch(u8),
    Bytes(Vec<u8>),
    Numbers(Vec<Number>),
}

/// A counter, often near a limit.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Number {
    Small(u8),
    BelowWrap(u8),
    Middle(u8),
    Any(u64),
}

impl Number {
    fn value(self) -> u64 {
        match self {
            Self::Small(value) => value.into(),
            Self::BelowWrap(value) => u64::MAX - u64::from(value),
            Self::Middle(value) => (1 << 63) - 128 + u64::from(value),
            Self::Any(value) => value,
        }
    }
}

fn numbers(values: &[u64], out: &mut Vec<u8>) {
    values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
}

fn batch(signal: Signal, items: u8) -> Vec<u8> {
    // So many empty resources with a scope and an empty item; metrics need two levels more.
    let mut inner = if signal == Signal::Metrics { vec![0x12, 4, 0x2a, 2, 0x0a, 0] } else { vec![0x12, 0] };
    if signal != Signal::Profiles {
        inner = [vec![0x12, inner.len() as u8], inner].concat();
    } else {
        inner = vec![0x12, 2, 0x12, 0];
    }
    [vec![0x0a, inner.len() as u8], inner].concat().repeat(items.into())
}

impl Segment {
    fn encode(&self) -> Vec<u8> {
        let mut place = self.place.unwrap_or([Number::Small(0); 5]).map(Number::value);
        let mut header = b"OTLPQ\r\n\x1a\x01\0\0\0".to_vec();
        header.extend_from_slice(&self.salt.to_le_bytes());
        numbers(&[self.id.value()], &mut header);
        numbers(&place, &mut header);
        numbers(&[self.durable.value()], &mut header);
        header.extend_from_slice(&[0; 4]);
        let sum = crc32c::crc32c(&header);
        header.extend_from_slice(&sum.to_le_bytes());
        let mut out = [header.clone(), header].concat();
        for record in &self.records {
            place = record.encode(place, self.salt, &mut out);
        }
        out
    }
}

impl Record {
    fn encode(&self, here: [u64; 5], salt: u32, out: &mut Vec<u8>) -> [u64; 5] {
        let signal = self.signal % 4;
        let payload = match &self.payload {
            Payload::Batch(items) => batch(Signal::ALL[usize::from(signal)], *items),
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::Numbers(values) => values.iter().flat_map(|value| value.value().to_le_bytes()).collect(),
        };
        let limits = Limits::default();
        let found = Batch::parse(Signal::ALL[usize::from(signal)], payload.clone(), &limits).map_or(0, |batch| batch.items());
        let items = self.items.unwrap_or(found as u32);
        let mut place = self.place.map_or(here, |place| place.map(Number::value));
        let mut header = vec![0xd1, 0x5c, 0x0a, 0x9e, self.kind % 5, self.signal % 5, 0, 0];
        header.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        header.extend_from_slice(&items.to_le_bytes());
        numbers(&place, &mut header);
        numbers(&[self.durable.value()], &mut header);
        header.extend_from_slice(&crc32c::crc32c_append(salt, &payload).to_le_bytes());
        let sum = crc32c::crc32c_append(salt, &header);
        header.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&payload);
        out.resize(out.len().next_multiple_of(8), 0);
        if self.kind % 5 == 0 {
            place[0] = place[0].wrapping_add(1);
            let of = 1 + usize::from(signal);
            place[of] = place[of].wrapping_add(items.into());
        }
        place
    }
}

/// Takes everything out; how many items.
fn drain(dir: &Path, size: RequestSize) -> u64 {
    let options = DiskQueueOptions::default().with_fsync(Fsync::Never);
    let (queue, recovery) = DiskQueue::open(dir, &options).expect("damage is no error");
    let mut out = 0_u64;
    let mut seen = HashSet::new();
    for signal in Signal::ALL {
        while let Some(request) = queue.next_request(signal, size).expect("files can be read") {
            out += request.batch.items() as u64;
            assert!(seen.insert(request.id), "a request comes once");
            assert!(queue.done(request.id));
            assert!(!queue.done(request.id));
        }
    }
    let lost: u64 = queue.take_losses().corrupt.iter().sum();
    assert!(out + lost <= recovery.total().saturating_add(lost.saturating_mul(2)), "{out} {lost} {recovery:?}");
    let logs = vec![0x0a, 4, 0x12, 2, 0x12, 0];
    let more = Batch::parse(Signal::Logs, logs, &Limits::default()).expect("one log record");
    queue.append(&more).expect("there is room");
    queue.close().expect("the disk works");
    out
}

fuzz_target!(|directory: Directory| {
    let dir = tempfile::Builder::new().prefix("fuzz-disk").tempdir_in("/dev/shm").expect("a directory");
    for segment in directory.segments.iter().take(8) {
        let mut bytes = segment.encode();
        for (at, bits) in &directory.damage {
            if let Some(byte) = bytes.get_mut(usize::from(*at)) {
                *byte ^= bits;
            }
        }
        if let Some(len) = directory.truncate {
            bytes.truncate(len.into());
        }
        std::fs::write(dir.path().join(format!("{:020}.seg", segment.id.value())), bytes).expect("a file");
    }
    let size = RequestSize { items: directory.items.into(), bytes: directory.bytes.into() };
    drain(dir.path(), size);
    // What was taken out is gone; what was appended is there.
    let options = DiskQueueOptions::default().with_fsync(Fsync::Never);
    let (queue, recovery) = DiskQueue::open(dir.path(), &options).expect("it was closed");
    assert!(recovery.total() >= 1, "{recovery:?}");
    drop(queue);
});
