//! Decompression of arbitrary bytes stops at its limit; what we compressed comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_compress::{Codec, Level, compress, decompress};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let codec = [Codec::Gzip, Codec::Zstd][usize::from(first % 2)];
    if let Ok(body) = decompress(codec, bytes, LIMIT) {
        assert!(body.len() <= LIMIT);
    }
    let small = compress(codec, Level::Default, bytes).expect("memory suffices");
    assert_eq!(decompress(codec, &small, LIMIT).expect("our own output"), bytes);
});
