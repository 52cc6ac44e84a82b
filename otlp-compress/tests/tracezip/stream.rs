//! Streams, and what may happen to their frames on the way.

use otlp_compress::tracezip::{
    FrameHeader, Options, ResetReason, StreamDecoder, StreamEncoder, StreamError, StreamLimits, Ticket,
    Verify, compress,
};
use otlp_core::{Batch, Signal};

use crate::{inners, random};

const MAX: usize = 64 << 20;

fn batches(count: usize) -> Vec<Batch> {
    (0..)
        .filter_map(|seed| random(Signal::ALL[seed as usize % 3], seed, 300))
        .filter(|batch| !batch.is_empty())
        .take(count)
        .collect()
}

fn pair() -> (StreamEncoder, StreamDecoder) {
    let limits = StreamLimits::default();
    (StreamEncoder::new(Options::default(), limits).unwrap(), StreamDecoder::new(limits))
}

fn encode(encoder: &mut StreamEncoder, batch: &Batch) -> (Vec<u8>, Ticket) {
    let mut frame = Vec::new();
    let ticket = encoder.encode(batch, &mut frame).unwrap();
    (frame, ticket)
}

#[test]
fn a_stream_in_order() {
    for inner in inners() {
        let limits = StreamLimits::default().with_max_frames(17);
        let mut encoder = StreamEncoder::new(Options::default().with_inner(inner), limits).unwrap();
        let mut decoder = StreamDecoder::new(limits);
        let mut epochs = 0;
        for (index, batch) in batches(60).iter().enumerate() {
            let (frame, ticket) = encode(&mut encoder, batch);
            let header = FrameHeader::read(&frame).unwrap();
            let position = header.position().unwrap();
            assert_eq!((position.epoch, position.sequence), (ticket.epoch(), ticket.sequence()));
            if position.sequence == 0 {
                epochs += 1;
            } else {
                assert!(header.header_len() + 8 <= 24, "{header:?}");
            }
            let (signal, bytes) = decoder.decode(&frame, MAX).unwrap();
            assert_eq!((signal, &bytes), (batch.signal(), batch.bytes()), "{index}");
            encoder.acknowledge(ticket);
            assert_eq!(encoder.in_flight(), 0);
        }
        assert_eq!(epochs, 4);
    }
}

#[test]
fn unacknowledged_frames_are_bounded() {
    let limits = StreamLimits::default().with_max_in_flight(2);
    let mut encoder = StreamEncoder::new(Options::default(), limits).unwrap();
    let batch = &batches(1)[0];
    let (_, first) = encode(&mut encoder, batch);
    let (_, second) = encode(&mut encoder, batch);
    let refused = encoder.encode(batch, &mut Vec::new()).unwrap_err();
    assert_eq!(refused, StreamError::InFlight { limit: 2 });
    encoder.acknowledge(second);
    assert_eq!(encoder.in_flight(), 0);
    encoder.reset();
    let (_, third) = encode(&mut encoder, batch);
    assert_eq!((third.epoch(), third.sequence()), (first.epoch() + 1, 0));
    encoder.acknowledge(first);
    assert_eq!(encoder.in_flight(), 1, "a ticket of a closed epoch");
}

fn reason(result: Result<(Signal, bytes::Bytes), StreamError>) -> ResetReason {
    match result {
        Err(StreamError::ResetRequired { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lost_repeated_reordered_and_restarted() {
    let batches = batches(6);
    let (mut encoder, mut decoder) = pair();
    let frames: Vec<Vec<u8>> = batches.iter().map(|batch| encode(&mut encoder, batch).0).collect();

    assert_eq!(reason(decoder.decode(&frames[1], MAX)), ResetReason::UnknownEpoch { epoch: 0 });
    decoder.decode(&frames[0], MAX).unwrap();
    assert_eq!(reason(decoder.decode(&frames[2], MAX)), ResetReason::Sequence { expected: 1, found: 2 });
    decoder.decode(&frames[1], MAX).unwrap();
    for (found, frame) in (0..2).zip(&frames) {
        assert_eq!(reason(decoder.decode(frame, MAX)), ResetReason::Sequence { expected: 2, found });
    }
    // What stands alone passes in between.
    let alone = compress(&batches[3], &Options::default()).unwrap();
    assert_eq!(decoder.decode(&alone, MAX).unwrap().1, batches[3].bytes());
    decoder.decode(&frames[2], MAX).unwrap();

    let mut restarted = StreamDecoder::new(StreamLimits::default());
    assert_eq!(reason(restarted.decode(&frames[3], MAX)), ResetReason::UnknownEpoch { epoch: 0 });
    encoder.reset();
    let (opening, _) = encode(&mut encoder, &batches[4]);
    assert_eq!(restarted.decode(&opening, MAX).unwrap().1, batches[4].bytes());
    assert_eq!(decoder.decode(&opening, MAX).unwrap().1, batches[4].bytes());
    assert_eq!(reason(decoder.decode(&frames[3], MAX)), ResetReason::UnknownEpoch { epoch: 0 });
    assert_eq!(reason(decoder.decode(&frames[0], MAX)), ResetReason::Sequence { expected: 1, found: 0 });
}

#[test]
fn a_flipped_byte_at_each_offset_leaves_the_state_alone() {
    let batches = batches(2);
    let (mut encoder, mut decoder) = pair();
    let first = encode(&mut encoder, &batches[0]).0;
    let second = encode(&mut encoder, &batches[1]).0;
    decoder.decode(&first, MAX).unwrap();
    for at in 0..second.len() {
        let mut damaged = second.clone();
        damaged[at] ^= 0x20;
        decoder.decode(&damaged, MAX).unwrap_err();
    }
    assert_eq!(decoder.decode(&second, MAX).unwrap().1, batches[1].bytes());
}

#[test]
fn an_epoch_that_opens_without_columns() {
    let plain = Batch::empty(Signal::Traces);
    let shop = crate::synthetic::batch(1, 50);
    for verify in [Verify::Always, Verify::Never] {
        let limits = StreamLimits::default();
        let mut encoder = StreamEncoder::new(Options::default().with_verify(verify), limits).unwrap();
        let mut decoder = StreamDecoder::new(limits);
        for batch in [&plain, &shop, &shop] {
            let (frame, _) = encode(&mut encoder, batch);
            assert!(decoder.decode(&frame, MAX).unwrap().1 == batch.bytes());
        }
    }
}
