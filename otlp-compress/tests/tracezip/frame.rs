//! Frames that stand alone.

use otlp_compress::tracezip::{
    Decoder, Encoder, FrameHeader, FrameReader, Options, TracezipError, Verify, compress, decompress,
};
use otlp_core::{Batch, Signal};

use crate::{inners, random};

const MAX: usize = 64 << 20;

#[test]
fn random_batches_come_back_byte_by_byte() {
    let mut count = 0;
    for inner in inners() {
        let mut encoder =
            Encoder::new(Options::default().with_inner(inner).with_verify(Verify::Never)).unwrap();
        let mut decoder = Decoder::new();
        for seed in 0..400 {
            for signal in Signal::ALL {
                let Some(batch) = random(signal, seed, 1 + seed as usize % 300) else { continue };
                let mut frame = b"before".to_vec();
                let info = encoder.encode(&batch, &mut frame).unwrap();
                let frame = &frame[6..];
                assert_eq!(info.frame_len, frame.len());
                let header = FrameHeader::read(frame).unwrap();
                assert_eq!((header.signal(), header.items()), (signal, batch.items() as u64));
                assert_eq!(header.frame_len(), frame.len() as u64);
                let (found, bytes) = decoder.decode(frame, batch.bytes().len()).unwrap();
                assert_eq!((found, &bytes), (signal, batch.bytes()), "{signal} {seed} {inner}");
                count += 1;
            }
        }
    }
    assert!(count > 1000);
}

fn sample() -> Batch {
    (0..).find_map(|seed| random(Signal::Traces, seed, 300).filter(|batch| batch.items() > 5)).unwrap()
}

#[test]
fn every_flipped_byte_and_every_cut_is_noticed() {
    let batch = sample();
    for inner in inners() {
        let frame = compress(&batch, &Options::default().with_inner(inner)).unwrap();
        for at in 0..frame.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = frame.to_vec();
                damaged[at] ^= flip;
                assert!(decompress(&damaged, MAX).is_err(), "{inner} {at} {flip}");
            }
            assert!(decompress(&frame[..at], MAX).is_err(), "{inner} cut at {at}");
        }
        let longer = [&frame[..], b"x"].concat();
        let offset = frame.len() as u64;
        assert_eq!(decompress(&longer, MAX).unwrap_err(), TracezipError::TrailingData { offset });
    }
}

#[test]
fn the_limit_is_the_callers() {
    let batch = sample();
    let frame = compress(&batch, &Options::default()).unwrap();
    let stated = batch.bytes().len() as u64;
    let error = decompress(&frame, batch.bytes().len() - 1).unwrap_err();
    assert_eq!(error, TracezipError::TooLarge { stated, limit: stated - 1 });
    assert!(error.is_limit() && !error.is_corrupt());
    assert_eq!(decompress(b"", MAX).unwrap_err(), TracezipError::NotAFrame);
    assert_eq!(decompress(b"{}", MAX).unwrap_err(), TracezipError::NotAFrame);
    assert_eq!(decompress(b"OTZ1\x02", MAX).unwrap_err(), TracezipError::Version { version: 2 });
    assert_eq!(decompress(b"OTZ1\x01", MAX).unwrap_err(), TracezipError::Truncated { offset: 5 });
}

/// Gives one byte at a time.
struct Slow<'a>(&'a [u8]);

impl std::io::Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(1);
        std::io::Read::read(&mut self.0, &mut into[..length])
    }
}

#[test]
fn frames_behind_each_other() {
    let batches: Vec<Batch> =
        (0..40).filter_map(|seed| random(Signal::ALL[seed as usize % 4], seed, 200)).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(Options::default()).unwrap();
    for batch in &batches {
        encoder.encode(batch, &mut file).unwrap();
    }
    let mut reader = FrameReader::new(Slow(&file), MAX);
    for batch in &batches {
        let (header, frame) = reader.next_frame().unwrap().unwrap();
        assert_eq!(header.signal(), batch.signal());
        assert_eq!(decompress(frame, MAX).unwrap().1, batch.bytes());
    }
    assert!(reader.next_frame().unwrap().is_none());
    assert_eq!(reader.offset(), file.len() as u64);

    let mut reader = FrameReader::new(&file[..file.len() - 1], MAX);
    let error = loop {
        match reader.next_frame() {
            Ok(frame) => assert!(frame.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    let error = FrameReader::new(&file[..], 10).next_frame().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}
