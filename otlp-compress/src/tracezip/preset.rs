//! The preset dictionary: keys, values and metric names of the semantic conventions, with which the text of a small frame that
//! stands alone is compressed. Zstandard alone takes it.

/// The dictionary's number in the frame's header. Another content needs another number, and readers keep the old ones.
pub(crate) const ID: u64 = 1;

/// Facts of the conventions' release 1.44.0, the stable ones last; `cargo xtask codegen tracezip` writes it.
#[cfg(any(test, feature = "zstd"))]
pub(crate) static TEXT: &[u8] = include_bytes!("../generated/preset-1.txt");

/// Bytes of text up to which the dictionary is used: longer ones have most of it in themselves.
pub(crate) const LONGEST: usize = 8 << 10;

/// The level for texts so short, unless one was asked for: it costs little there.
#[cfg(feature = "zstd")]
pub(crate) const LEVEL: i32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_for_one_content() {
        let hash = twox_hash::XxHash3_64::oneshot(TEXT);
        assert_eq!(
            (ID, hash),
            (1, 0xa599_c1e8_d739_51b4),
            "a changed dictionary is a new one: give it another number"
        );
        assert!(TEXT.len() <= 32 << 10 && TEXT.ends_with(b"\n"));
    }
}
