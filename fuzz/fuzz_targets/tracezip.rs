//! Tracezip: columns that nobody wrote, behind a checksum that holds, stop at their limit; every accepted batch comes back byte
//! by byte, alone and in a stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_compress::tracezip::{
    Decoder, Encoder, Inner, Options, StreamDecoder, StreamEncoder, StreamLimits, Verify,
};
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let inner = Inner::ALL[usize::from(first >> 2 & 3)];
    let mut decoder = Decoder::new();
    if first & 0x80 != 0 {
        if let Ok((_, out)) = decoder.decode(&sealed(first & 0x1f | 0x10, bytes), LIMIT) {
            assert!(out.len() <= LIMIT);
        }
        return;
    }
    let signal = Signal::ALL[usize::from(first & 3)];
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    let Ok(batch) = Batch::parse(signal, bytes.to_vec(), &limits) else { return };
    let options = Options::default().with_inner(inner).with_verify(Verify::Never);
    let mut frame = Vec::new();
    Encoder::new(options).expect("all are built").encode(&batch, &mut frame).expect("memory suffices");
    let (found, out) = decoder.decode(&frame, bytes.len()).expect("our own frame");
    assert!(found == signal && out == bytes);

    let mut sender = StreamEncoder::new(options, StreamLimits::default()).expect("all are built");
    let mut receiver = StreamDecoder::new(StreamLimits::default());
    for _ in 0..3 {
        frame.clear();
        sender.encode(&batch, &mut frame).expect("memory suffices");
        let (found, out) = receiver.decode(&frame, bytes.len()).expect("our own stream");
        assert!(found == signal && out == bytes);
    }
});

/// A frame of columns with this body.
fn sealed(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = b"OTZ1\x01".to_vec();
    frame.push(flags);
    // 64 KiB of 1000 items.
    for value in [1 << 16, 1000, body.len(), 0] {
        let mut left = value;
        while left > 127 {
            frame.push(left as u8 | 128);
            left >>= 7;
        }
        frame.push(left as u8);
    }
    frame.extend_from_slice(body);
    frame.extend_from_slice(&[0; 8]);
    frame.extend_from_slice(&crc32c::crc32c(&frame).to_le_bytes());
    frame
}
