//! Broken and hostile input: the error says what and where, and nothing is delivered that should not be.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io::Read;

use otlp_compress::{Codec, Compressor, Decoder, DecompressError, Decompressor, Level, compress, decompress};

const BODY: &[u8] = b"truncate me anywhere, anywhere, anywhere, and I shall complain";

fn compressing() -> impl Iterator<Item = Codec> {
    Codec::supported().iter().copied().filter(|&codec| codec != Codec::Identity)
}

/// The codecs whose bodies may consist of several members or frames.
fn with_members() -> impl Iterator<Item = Codec> {
    compressing().filter(|codec| matches!(codec, Codec::Gzip | Codec::Zstd | Codec::Lz4))
}

/// What comes out of a stream, and the error behind it; of a whole body, for a codec that knows no streams.
fn read_all(codec: Codec, wire: &[u8]) -> (Vec<u8>, Option<DecompressError>) {
    let mut out = Vec::new();
    if !codec.is_streamable() {
        return match decompress(codec, wire, 1 << 20) {
            Ok(body) => (body.to_vec(), None),
            Err(error) => (out, Some(error)),
        };
    }
    let error = Decoder::new(codec, wire).unwrap().read_to_end(&mut out).err();
    let error = error.map(|error| error.into_inner().unwrap().downcast::<DecompressError>().unwrap());
    (out, error.map(|error| *error))
}

#[test]
fn every_truncation_is_noticed() {
    for codec in with_members() {
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

/// Where a body is one stream: truncated in it, or something behind it.
#[test]
fn every_truncation_of_a_single_stream_is_noticed() {
    for codec in compressing().filter(|codec| matches!(codec, Codec::Deflate | Codec::Snappy)) {
        let wire = compress(codec, Level::Default, BODY).unwrap();
        let mut decompressor = Decompressor::new(codec).unwrap();
        for cut in 0..wire.len() {
            let expected = DecompressError::Truncated { codec, offset: cut as u64 };
            assert_eq!(decompressor.decompress(&wire[..cut], 1 << 20).unwrap_err(), expected);
            assert_eq!(read_all(codec, &wire[..cut]).1, Some(expected), "{codec} stream cut at {cut}");
        }
        let twice = [&wire[..], &wire[..]].concat();
        let expected = DecompressError::TrailingData { codec, offset: wire.len() as u64 };
        assert_eq!(decompressor.decompress(&twice, 1 << 20).unwrap_err(), expected);
    }
}

#[test]
fn trailing_bytes_are_named_by_their_offset() {
    for codec in compressing().filter(|&codec| codec != Codec::SnappyFramed) {
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
            let (body, error) = read_all(codec, &dirty);
            assert_eq!(error, Some(expected));
            assert!(body == BODY || !codec.is_streamable(), "the body comes before the error");
        }
    }
}

#[test]
fn garbage_is_not_a_body() {
    // Raw deflate and snappy's blocks have no magic number.
    for codec in compressing().filter(|codec| !matches!(codec, Codec::Deflate | Codec::Snappy)) {
        for garbage in [&b"plain text"[..], b"{\"resourceSpans\":[]}", b"\0"] {
            let error = decompress(codec, garbage, 1 << 20).unwrap_err();
            assert!(matches!(error, DecompressError::Corrupt { offset: 0, .. }), "{error:?}");
            assert_eq!(
                error.to_string(),
                format!("{codec}: not {codec} (no magic number) at compressed offset 0")
            );
        }
        if codec == Codec::SnappyFramed {
            assert!(decompress(codec, b"", 0).unwrap().is_empty(), "no chunks are an empty stream");
            continue;
        }
        let error = decompress(codec, b"", 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), format!("{codec}: the input ends too early, at compressed offset 0"));
    }
}

#[test]
fn an_error_stays() {
    for codec in compressing().filter(|codec| codec.is_streamable()) {
        let mut decoder = Decoder::new(codec, &b"garbage"[..]).unwrap();
        for _ in 0..3 {
            assert_eq!(decoder.read(&mut [0; 10]).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        }
    }
}

#[test]
fn a_stream_has_a_limit_too() {
    for codec in Codec::supported().iter().copied().filter(|codec| codec.is_streamable()) {
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
        assert_eq!(error, DecompressError::NeedsDictionary { codec: Codec::Zstd, id: 42, offset: 0 });
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

#[cfg(feature = "deflate")]
mod deflate {
    use super::*;

    /// `BODY` as raw deflate: the zlib form without its header and checksum.
    fn raw() -> Vec<u8> {
        let wire = compress(Codec::Deflate, Level::Default, BODY).unwrap();
        wire[2..wire.len() - 4].to_vec()
    }

    #[test]
    fn raw_deflate_is_read_too() {
        assert_eq!(decompress(Codec::Deflate, &raw(), 1000).unwrap(), BODY);
        assert_eq!(read_all(Codec::Deflate, &raw()), (BODY.to_vec(), None));
        let mut out = Vec::new();
        let one_by_one = std::io::BufReader::with_capacity(1, std::io::Cursor::new(raw()));
        Decoder::new(Codec::Deflate, one_by_one).unwrap().read_to_end(&mut out).unwrap();
        assert_eq!(out, BODY);
        let stored = [&[1, 3, 0, 0xfc, 0xff][..], b"abc"].concat();
        assert_eq!(decompress(Codec::Deflate, &stored, 3).unwrap(), "abc");
    }

    #[test]
    fn the_checksum_is_checked() {
        let mut wire = compress(Codec::Deflate, Level::Default, BODY).unwrap().to_vec();
        let end = wire.len();
        wire[end - 1] ^= 1;
        let error = decompress(Codec::Deflate, &wire, 1000).unwrap_err();
        let expected = "deflate: a wrong checksum at compressed offset ";
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn a_dictionary_is_refused_by_name() {
        // The dictionary bit, and the check bits that suit it.
        let wire = [0x78, 0x20, 1, 2, 3, 4, 3, 0];
        let expected = DecompressError::NeedsDictionary { codec: Codec::Deflate, id: 0x0102_0304, offset: 0 };
        assert_eq!(decompress(Codec::Deflate, &wire, 1000).unwrap_err(), expected);
    }
}

#[cfg(feature = "lz4")]
mod lz4 {
    use super::*;

    /// Two linked blocks, as the lz4 project writes them by default: the second copies ten bytes out of the first. Each block, and
    /// the content, with its checksum.
    fn linked() -> Vec<u8> {
        let mut wire = b"\x04\x22\x4d\x18\x54\x40".to_vec();
        wire.push((xxh32(&wire[4..]) >> 8) as u8);
        for block in [&b"\xa0hello, wor"[..], b"\x06\x0a\0\x10!"] {
            wire.extend_from_slice(&(block.len() as u32).to_le_bytes());
            wire.extend_from_slice(block);
            wire.extend_from_slice(&xxh32(block).to_le_bytes());
        }
        wire.extend_from_slice(&[0; 4]);
        wire.extend_from_slice(&xxh32(b"hello, worhello, wor!").to_le_bytes());
        wire
    }

    fn xxh32(bytes: &[u8]) -> u32 {
        twox_hash::XxHash32::oneshot(0, bytes)
    }

    #[test]
    fn linked_blocks_and_checksums() {
        let wire = linked();
        assert_eq!(decompress(Codec::Lz4, &wire, 1000).unwrap(), "hello, worhello, wor!");
        assert_eq!(read_all(Codec::Lz4, &wire), (b"hello, worhello, wor!".to_vec(), None));
        for at in 0..wire.len() {
            let mut broken = wire.clone();
            broken[at] ^= 0x10;
            assert!(decompress(Codec::Lz4, &broken, 1 << 20).is_err(), "a flipped bit at {at}");
        }
    }

    #[test]
    fn blocks_reach_back_over_64_kib_of_history() {
        // Blocks of 64 KiB by the library's own linked frames, longer than its window.
        let body: Vec<u8> = (0..300_000u32).flat_map(|n| (n % 50_000).to_le_bytes()).collect();
        let wire = {
            use std::io::Write;
            let info = lz4_flex::frame::FrameInfo::new()
                .block_mode(lz4_flex::frame::BlockMode::Linked)
                .block_size(lz4_flex::frame::BlockSize::Max64KB)
                .block_checksums(true)
                .content_checksum(true);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(&body).unwrap();
            encoder.finish().unwrap()
        };
        assert!(decompress(Codec::Lz4, &wire, body.len()).unwrap() == body);
        assert!(read_all(Codec::Lz4, &wire).0 == body);
        // And the library reads ours.
        let ours = compress(Codec::Lz4, Level::Default, &body).unwrap();
        let mut out = Vec::new();
        lz4_flex::frame::FrameDecoder::new(&ours[..]).read_to_end(&mut out).unwrap();
        assert!(out == body);
    }

    #[test]
    fn a_content_size_is_kept() {
        let wire = compress(Codec::Lz4, Level::Default, BODY).unwrap().to_vec();
        let mut lies = wire.clone();
        lies[6] += 1;
        lies[14] = (xxh32(&lies[4..14]) >> 8) as u8;
        let error = decompress(Codec::Lz4, &lies, 1000).unwrap_err();
        assert_eq!(
            error,
            DecompressError::Corrupt { codec: Codec::Lz4, what: "a wrong length", offset: wire.len() as u64 }
        );
        // A declared size is no promise to reserve it.
        lies[13] = 1;
        lies[14] = (xxh32(&lies[4..14]) >> 8) as u8;
        assert!(matches!(
            decompress(Codec::Lz4, &lies, 64 << 20).unwrap_err(),
            DecompressError::TooLarge { .. }
        ));
        assert!(decompress(Codec::Lz4, &lies, usize::MAX).is_err());
    }

    #[test]
    fn skippable_frames_are_passed_over() {
        let wire = compress(Codec::Lz4, Level::Default, BODY).unwrap();
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"hello"].concat();
        let all = [&skippable[..], &wire, &skippable, &wire, &skippable].concat();
        assert_eq!(decompress(Codec::Lz4, &all, 1000).unwrap(), BODY.repeat(2));
        assert_eq!(read_all(Codec::Lz4, &all), (BODY.repeat(2), None));
    }
}

#[cfg(feature = "snappy")]
mod snappy {
    use super::*;

    #[test]
    fn framed_is_read_under_the_blocks_name() {
        let wire = compress(Codec::SnappyFramed, Level::Default, BODY).unwrap();
        assert_eq!(decompress(Codec::Snappy, &wire, BODY.len()).unwrap(), BODY);
        for cut in 11..wire.len() {
            let expected = DecompressError::Truncated { codec: Codec::Snappy, offset: cut as u64 };
            assert_eq!(decompress(Codec::Snappy, &wire[..cut], BODY.len()).unwrap_err(), expected);
        }
    }

    #[test]
    fn chunks_of_every_kind() {
        let wire = compress(Codec::SnappyFramed, Level::Default, BODY).unwrap();
        // Padding, a kind to be passed over, a stored chunk, and the stream identifier again.
        let (identifier, chunks) = wire.split_at(10);
        let stored = compress(Codec::SnappyFramed, Level::Default, b"\x01\x02").unwrap();
        assert_eq!(stored[10], 1, "two bytes are stored as they are");
        let padding = b"\xfe\x03\0\0\0\0\0\x80\0\0\0";
        let all = [identifier, padding, chunks, &stored[..], padding].concat();
        let expected = [BODY, b"\x01\x02"].concat();
        assert_eq!(decompress(Codec::SnappyFramed, &all, 1000).unwrap(), expected);
        assert_eq!(read_all(Codec::SnappyFramed, &all), (expected, None));
        for (bytes, what) in [
            (&b"\x02\0\0\0"[..], "a reserved kind of chunk"),
            (b"\0\0\0\xff", "a chunk that is too long"),
            (b"\xff\x05\0\0sNaPp", "a broken stream identifier"),
            (b"\x01\x03\0\0abc", "a chunk without its checksum"),
            (b"\0\x05\0\0abcd\x80", "a broken chunk"),
            (b"\0\x07\0\0abcd\x81\x80\x04", "a broken chunk"),
            (b"\x01\x05\0\0abcde", "a wrong checksum"),
        ] {
            let wire = [identifier, bytes].concat();
            let offset = wire.len() as u64;
            let expected = DecompressError::Corrupt { codec: Codec::SnappyFramed, what, offset };
            assert_eq!(decompress(Codec::SnappyFramed, &wire, 1 << 20).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_stated_length_is_no_promise_to_reserve_it() {
        let wire = b"\xff\xff\xff\xff\x0f\0\0";
        let error = decompress(Codec::Snappy, wire, 64 << 20).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { .. }), "{error}");
        let error = decompress(Codec::Snappy, wire, usize::MAX).unwrap_err();
        assert_eq!(error, DecompressError::Truncated { codec: Codec::Snappy, offset: 7 });
    }

    #[test]
    fn blocks_know_no_streams() {
        let error = Decoder::new(Codec::Snappy, &b""[..]).unwrap_err();
        assert_eq!(error, DecompressError::NotStreamable { codec: Codec::Snappy });
        let error = otlp_compress::Encoder::new(Codec::Snappy, Level::Default, Vec::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "snappy knows no streams: its length stands first; compress the whole body, or use x-snappy-framed"
        );
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
    for codec in with_members() {
        let empty = compress(codec, Level::Default, b"").unwrap();
        let wire = empty.repeat(1_000_000);
        let start = std::time::Instant::now();
        assert!(Decompressor::new(codec).unwrap().decompress(&wire, 1000).unwrap().is_empty());
        let took = start.elapsed();
        assert!(took.as_secs() < 20, "{codec}: {took:?} for {} bytes", wire.len());
    }
}
