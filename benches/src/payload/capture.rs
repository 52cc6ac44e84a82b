//! The captures: `.zst` files of framed requests, outside the repository.

use std::path::PathBuf;

/// Folder of the captures: `OTLP_DATA`, else `shared/data` beside the checkout.
pub fn folder() -> PathBuf {
    std::env::var_os("OTLP_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    )
}

/// The first request in a capture; `None` where the file is missing.
pub fn first(name: &str) -> Option<Vec<u8>> {
    let packed = std::fs::read(folder().join(name)).ok()?;
    let bytes = zstd::decode_all(packed.as_slice()).ok()?;
    let (length, rest) = bytes.split_first_chunk()?;
    rest.get(..u32::from_be_bytes(*length) as usize).map(<[u8]>::to_vec)
}
