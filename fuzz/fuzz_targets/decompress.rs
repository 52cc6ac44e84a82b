//! Decompression of arbitrary bytes stops at its limit; what we compressed comes back.
#![no_main]

use std::io::{BufReader, Read};

use libfuzzer_sys::fuzz_target;
use otlp_compress::{Codec, DecompressError, Decoder, Level, compress, decompress};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let codec = Codec::supported()[usize::from(*first) % Codec::supported().len()];
    let whole = decompress(codec, bytes, LIMIT);
    if let Ok(body) = &whole {
        assert!(body.len() <= LIMIT);
    }
    // A stream that comes in pieces says the same.
    if codec.is_streamable() {
        let pieces = BufReader::with_capacity(usize::from(first >> 3) + 1, bytes);
        let mut out = Vec::new();
        let stream = Decoder::new(codec, pieces).expect("built in").with_limit(LIMIT as u64).read_to_end(&mut out);
        match whole {
            Ok(body) => assert!(stream.is_ok() && out == body),
            // Windows that bodies may not ask for are allowed in files.
            Err(error) => assert!(stream.is_err() || matches!(error, DecompressError::WindowTooLarge { .. })),
        }
    }
    let small = compress(codec, Level::Default, bytes).expect("memory suffices");
    assert_eq!(decompress(codec, &small, LIMIT).expect("our own output"), bytes);
});
