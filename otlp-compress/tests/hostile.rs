//! Broken and hostile input: the error says what and where, and nothing is delivered that should not be.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io::Read;

use otlp_compress::{Codec, Compressor, Decoder, DecompressError, Decompressor, Level, compress, decompress};

const BODY: &[u8] = b"truncate me anywhere, anywhere, anywhere, and I shall complain";

fn compressing() -> impl Iterator<Item = Codec> {
    Codec::supported().iter().copied().filter(|&codec| codec != Codec::Identity)
}

fn read_all(codec: Codec, wire: &[u8]) -> (Vec<u8>, Option<DecompressError>) {
    let mut out = Vec::new();
    let error = Decoder::new(codec, wire).unwrap().read_to_end(&mut out).err();
    let error = error.map(|error| error.into_inner().unwrap().downcast::<DecompressError>().unwrap());
    (out, error.map(|error| *error))
}

#[test]
fn every_truncation_is_noticed() {
    for codec in compressing() {
        let wire = compress(codec, Level::Default, BODY).unwrap();
        let twice = [&wire[..], &wire[..]].concat();
        let mut decompressor = Decompressor::new(codec).unwrap();
        for cut in 0..twice.len() {
            let expected = DecompressError::Truncated { codec, offset: cut as u64 };
            if cut == wire.len() {
                assert_eq!(
                    decompressor.decompress(&twice[..cut], 1 << 20).unwrap(),
                    BODY,
                    "the first member alone"
                );
                continue;
            }
            assert_eq!(
                decompressor.decompress(&twice[..cut], 1 << 20).unwrap_err(),
                expected,
                "{codec} cut at {cut}"
            );
            let (out, error) = read_all(codec, &twice[..cut]);
            assert_eq!(error, Some(expected), "{codec} stream cut at {cut}");
            assert!(BODY.repeat(2).starts_with(&out));
        }
        // The same context works on.
        assert_eq!(decompressor.decompress(&twice, 1 << 20).unwrap(), BODY.repeat(2));
    }
}

#[test]
fn trailing_bytes_are_named_by_their_offset() {
    for codec in compressing() {
        let wire = compress(codec, Level::Default, BODY).unwrap();
        for garbage in [
            &b"\0"[..],
            b"\0\0\0\0\0\0\0\0",
            b"garbage, and then some more of it",
            b"\x1f\0",
            b"\x28\xb5\0\0\0",
        ] {
            let dirty = [&wire[..], garbage].concat();
            let expected = DecompressError::TrailingData { codec, offset: wire.len() as u64 };
            assert_eq!(decompress(codec, &dirty, 1 << 20).unwrap_err(), expected, "{garbage:?}");
            assert_eq!(
                read_all(codec, &dirty),
                (BODY.to_vec(), Some(expected)),
                "the body comes before the error"
            );
        }
    }
}

#[test]
fn garbage_is_not_a_body() {
    for codec in compressing() {
        for garbage in [&b"plain text"[..], b"{\"resourceSpans\":[]}", b"\0"] {
            let error = decompress(codec, garbage, 1 << 20).unwrap_err();
            assert!(matches!(error, DecompressError::Corrupt { offset: 0, .. }), "{error:?}");
            assert_eq!(
                error.to_string(),
                format!("{codec}: not {codec} (no magic number) at compressed offset 0")
            );
        }
        let error = decompress(codec, b"", 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), format!("{codec}: the input ends too early, at compressed offset 0"));
    }
}

#[test]
fn an_error_stays() {
    for codec in compressing() {
        let mut decoder = Decoder::new(codec, &b"garbage"[..]).unwrap();
        for _ in 0..3 {
            assert_eq!(decoder.read(&mut [0; 10]).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        }
    }
}

#[test]
fn a_stream_has_a_limit_too() {
    for &codec in Codec::supported() {
        let body = vec![7; 1 << 20];
        let wire = compress(codec, Level::Default, &body).unwrap();
        for limit in [0, 1, 300_000, (1 << 20) - 1] {
            let mut out = Vec::new();
            let error =
                Decoder::new(codec, &wire[..]).unwrap().with_limit(limit).read_to_end(&mut out).unwrap_err();
            let error = error.into_inner().unwrap().downcast::<DecompressError>().unwrap();
            assert!(matches!(*error, DecompressError::TooLarge { limit: at, .. } if at == limit), "{error}");
            assert_eq!(out.len() as u64, limit, "exactly the limit is delivered");
        }
        let mut out = Vec::new();
        Decoder::new(codec, &wire[..]).unwrap().with_limit(1 << 20).read_to_end(&mut out).unwrap();
        assert!(out == body);
    }
}

#[test]
fn limit_errors_name_the_limit() {
    for codec in compressing() {
        let wire = compress(codec, Level::Default, &[0; 5000]).unwrap();
        let error = decompress(codec, &wire, 4999).unwrap_err();
        assert!(error.is_limit());
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("{codec}: the decompressed size passes the limit of 4999 bytes")),
            "{text}"
        );
        assert!(decompress(codec, &compress(codec, Level::Default, b"").unwrap(), 0).unwrap().is_empty());
    }
}

#[cfg(feature = "gzip")]
#[test]
fn gzip_checks_its_trailer() {
    let wire = compress(Codec::Gzip, Level::Default, BODY).unwrap();
    let n = wire.len();
    for (at, what) in [(n - 8, "a wrong checksum"), (n - 1, "a wrong length")] {
        let mut wire = wire.to_vec();
        wire[at] ^= 1;
        let error = decompress(Codec::Gzip, &wire, 1 << 20).unwrap_err();
        assert_eq!(error, DecompressError::Corrupt { codec: Codec::Gzip, what, offset: n as u64 });
    }
}

#[cfg(feature = "zstd")]
mod zstd {
    use super::*;

    /// A frame header with a window of `1 << log` and no content size, then one empty last block.
    fn frame_with_window(log: u8) -> Vec<u8> {
        vec![0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, 1, 0, 0]
    }

    #[test]
    fn a_large_window_is_refused_by_name() {
        assert!(decompress(Codec::Zstd, &frame_with_window(23), 100).unwrap().is_empty(), "8 MiB will do");
        let error = decompress(Codec::Zstd, &frame_with_window(24), 100).unwrap_err();
        assert_eq!(error, DecompressError::WindowTooLarge { window: 1 << 24, limit: 8 << 20, offset: 0 });
        assert!(error.is_limit());
        assert_eq!(
            error.to_string(),
            "zstd: the frame at compressed offset 0 asks for a window of 16777216 bytes, the limit is 8388608 (`with_max_window`)"
        );
        let mut wide = Decompressor::new(Codec::Zstd).unwrap().with_max_window(16 << 20);
        assert!(wide.decompress(&frame_with_window(24), 100).unwrap().is_empty());
        assert!(wide.decompress(&frame_with_window(25), 100).is_err());

        // The second frame is checked like the first, in streams too; and the largest window there is does no harm.
        let two = [frame_with_window(23), frame_with_window(41)].concat();
        let expected = DecompressError::WindowTooLarge { window: 1 << 41, limit: 8 << 20, offset: 9 };
        assert_eq!(decompress(Codec::Zstd, &two, 100).unwrap_err(), expected);
        let expected = DecompressError::WindowTooLarge { window: 1 << 41, limit: 128 << 20, offset: 9 };
        assert_eq!(read_all(Codec::Zstd, &two), (vec![], Some(expected)));
    }

    #[test]
    fn dictionaries_are_refused_by_name() {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 1, 0, 42, 1, 0, 0];
        let error = decompress(Codec::Zstd, &frame, 100).unwrap_err();
        assert_eq!(error, DecompressError::NeedsDictionary { id: 42, offset: 0 });
    }

    #[test]
    fn skippable_frames_are_passed_over() {
        let wire = compress(Codec::Zstd, Level::Default, BODY).unwrap();
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"hello"].concat();
        let all = [&skippable[..], &wire, &skippable, &wire, &skippable].concat();
        assert_eq!(decompress(Codec::Zstd, &all, 1000).unwrap(), BODY.repeat(2));
        assert_eq!(read_all(Codec::Zstd, &all), (BODY.repeat(2), None));
    }

    #[test]
    fn a_declared_size_is_no_promise_to_reserve_it() {
        // 2 GiB declared in a single segment of 14 bytes: refused by the limit, or found corrupt, but never allocated.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0];
        assert!(matches!(
            decompress(Codec::Zstd, &frame, 64 << 20).unwrap_err(),
            DecompressError::TooLarge { .. }
        ));
        assert!(decompress(Codec::Zstd, &frame, usize::MAX).is_err());
    }

    #[test]
    fn a_file_checksum_is_checked() {
        use std::io::Write;
        let mut encoder = otlp_compress::Encoder::new(Codec::Zstd, Level::Default, Vec::new()).unwrap();
        encoder.write_all(BODY).unwrap();
        let mut wire = encoder.finish().unwrap();
        let end = wire.len() - 1;
        wire[end] ^= 1;
        assert!(matches!(read_all(Codec::Zstd, &wire).1, Some(DecompressError::Corrupt { .. })));
    }
}

#[cfg(not(feature = "zstd"))]
#[test]
fn a_codec_that_is_not_built_says_so() {
    let error = decompress(Codec::Zstd, b"", 10).unwrap_err();
    assert_eq!(
        error.to_string(),
        "zstd is not part of this build: compile otlp-compress with the feature `zstd`"
    );
    assert_eq!(Compressor::new(Codec::Zstd, Level::Default).unwrap_err().to_string(), error.to_string());
    assert!(!Codec::Zstd.is_supported());
}

#[test]
fn used_contexts_survive_errors() {
    for codec in compressing() {
        let mut compressor = Compressor::new(codec, Level::Default).unwrap();
        let mut decompressor = Decompressor::new(codec).unwrap();
        let wire = compressor.compress(BODY).unwrap();
        for _ in 0..3 {
            assert!(decompressor.decompress(&wire[..wire.len() / 2], 1000).is_err());
            assert!(decompressor.decompress(&wire, 3).is_err());
            let mut broken = wire.to_vec();
            broken[wire.len() / 2] ^= 0xff;
            let _ = decompressor.decompress(&broken, 1000);
            assert_eq!(decompressor.decompress(&wire, 1000).unwrap(), BODY);
        }
    }
}

/// Many small members: time and memory stay in proportion to the compressed size.
#[test]
fn a_million_empty_members() {
    for codec in compressing() {
        let empty = compress(codec, Level::Default, b"").unwrap();
        let wire = empty.repeat(1_000_000);
        let start = std::time::Instant::now();
        assert!(Decompressor::new(codec).unwrap().decompress(&wire, 1000).unwrap().is_empty());
        let took = start.elapsed();
        assert!(took.as_secs() < 20, "{codec}: {took:?} for {} bytes", wire.len());
    }
}
