//! What a codec does, one step at a time. One-shot contexts and streams both drive these two traits' implementors.
//!
//! A step works on whatever part of the input and of the output's *spare capacity* is at hand, and never grows the output:
//! who drives decides about memory, in one place for all codecs.

use crate::{Codec, CompressError, DecompressError};

/// The window that a zstd frame may ask for unless the caller says otherwise: 8 MiB, which RFC 9659 sets as the
/// largest for the `zstd` content coding.
pub(crate) const BODY_MAX_WINDOW: u64 = 8 << 20;

/// The same for files: 128 MiB, what the `zstd` command accepts without being asked twice.
pub(crate) const FILE_MAX_WINDOW: u64 = 128 << 20;

/// Decompression of one codec.
pub(crate) trait Expand {
    /// Starts over with a new input at offset 0.
    fn reset(&mut self);

    /// Consumes bytes of `input` and appends to `out` within its capacity. Returns the number of bytes consumed. Stops when the
    /// input or the capacity is used up, or a member or frame ends.
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError>;

    /// Whether the input may end here: at least one member or frame is complete and none is open.
    fn is_complete(&self) -> bool;

    /// How many bytes have been consumed.
    fn offset(&self) -> u64;

    /// What the start of `input` says about the decompressed size.
    fn size(&self, input: &[u8]) -> Size;

    /// The most that `len` compressed bytes can unfold to; keeps a lying header from reserving memory.
    fn bound(&self, len: usize) -> u64;

    /// Gives back memory that the last input needed and most do not: contexts wait in many threads.
    fn trim(&mut self) {}

    /// Sets the largest window in bytes that a frame may ask for, where the format knows such a thing.
    fn set_max_window(&mut self, _bytes: u64) {}
}

/// A decompressed size, as the compressed form states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Nothing is said.
    #[cfg_attr(
        not(any(
            feature = "gzip",
            feature = "zstd",
            feature = "deflate",
            feature = "snappy",
            feature = "lz4"
        )),
        allow(dead_code, reason = "identity always knows")
    )]
    Unknown,
    /// The whole input holds this many bytes, if it is one member and does not lie.
    #[cfg_attr(not(feature = "gzip"), allow(dead_code, reason = "only gzip keeps its size at the end"))]
    Likely(u64),
    /// The next frame holds exactly this many bytes, or it is corrupt.
    Declared(u64),
}

/// Compression of one codec. `flush` and `finish` return whether everything is written; if not, the output is full.
pub(crate) trait Shrink {
    /// Starts a new output.
    fn reset(&mut self);

    /// Consumes bytes of `input` and appends to `out` within its capacity. Returns the number of bytes consumed.
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError>;

    /// Ends the current block, so that a decoder can produce everything pushed so far.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError>;

    /// Ends the member or frame.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<bool, CompressError>;

    /// Compresses one whole body into `out`, growing it as needed.
    fn whole(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        self.reset();
        let mut rest = input;
        out.reserve(input.len() / 8 + 64);
        while !rest.is_empty() {
            let used = self.push(rest, out)?;
            rest = &rest[used..];
            if out.len() == out.capacity() {
                out.reserve(out.capacity());
            }
        }
        while !self.finish(out)? {
            out.reserve(out.capacity().max(64));
        }
        Ok(())
    }
}

/// An engine can move to another thread, as the contexts that hold it do.
pub(crate) type Expander = Box<dyn Expand + Send + Sync>;
/// See [`Expander`].
pub(crate) type Shrinker = Box<dyn Shrink + Send + Sync>;

/// The decompression engine of a codec.
pub(crate) fn expander(codec: Codec, max_window: u64) -> Result<Expander, DecompressError> {
    let mut engine: Expander = match codec {
        Codec::Identity => Box::new(Copy::default()),
        #[cfg(feature = "gzip")]
        Codec::Gzip => Box::new(crate::gzip::Inflater::new()),
        #[cfg(feature = "zstd")]
        Codec::Zstd => Box::new(crate::zstd::ZstdExpander::new()?),
        #[cfg(feature = "deflate")]
        Codec::Deflate => Box::new(crate::deflate::ZlibInflater::new()),
        #[cfg(feature = "snappy")]
        Codec::Snappy => Box::new(crate::snappy::BodyExpander::new()),
        #[cfg(feature = "snappy")]
        Codec::SnappyFramed => Box::new(crate::snappy::FramedExpander::new(codec)),
        #[cfg(feature = "lz4")]
        Codec::Lz4 => Box::new(crate::lz4::Lz4Expander::new()),
        #[cfg(not(all(
            feature = "gzip",
            feature = "zstd",
            feature = "deflate",
            feature = "snappy",
            feature = "lz4"
        )))]
        _ => return Err(DecompressError::NotBuilt { codec }),
    };
    engine.set_max_window(max_window);
    Ok(engine)
}

/// The compression engine of a codec at a level. `checksum`: whether zstd and lz4 frames carry one (the others have no choice).
#[allow(unused_variables, reason = "not every codec has levels and checksums")]
pub(crate) fn shrinker(codec: Codec, number: i32, checksum: bool) -> Result<Shrinker, CompressError> {
    Ok(match codec {
        Codec::Identity => Box::new(Copy::default()),
        #[cfg(feature = "gzip")]
        Codec::Gzip => Box::new(crate::deflate::Deflater::new(codec, number)),
        #[cfg(feature = "zstd")]
        Codec::Zstd => Box::new(crate::zstd::ZstdShrinker::new(number, checksum)?),
        #[cfg(feature = "deflate")]
        Codec::Deflate => Box::new(crate::deflate::Deflater::new(codec, number)),
        #[cfg(feature = "snappy")]
        Codec::Snappy => Box::new(crate::snappy::BodyShrinker::new()),
        #[cfg(feature = "snappy")]
        Codec::SnappyFramed => Box::new(crate::block::BlockShrinker::new(crate::snappy::FramedBlocks::new())),
        #[cfg(feature = "lz4")]
        Codec::Lz4 => Box::new(crate::block::BlockShrinker::new(crate::lz4::Lz4Blocks::new(checksum))),
        #[cfg(not(all(
            feature = "gzip",
            feature = "zstd",
            feature = "deflate",
            feature = "snappy",
            feature = "lz4"
        )))]
        _ => return Err(CompressError::NotBuilt { codec }),
    })
}

/// The identity codec.
#[derive(Debug, Default)]
struct Copy {
    copied: u64,
}

impl Copy {
    fn copy(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let n = input.len().min(out.capacity() - out.len());
        out.extend_from_slice(&input[..n]);
        self.copied += n as u64;
        n
    }
}

impl Expand for Copy {
    fn reset(&mut self) {
        self.copied = 0;
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, DecompressError> {
        Ok(self.copy(input, out))
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn offset(&self) -> u64 {
        self.copied
    }

    fn size(&self, input: &[u8]) -> Size {
        Size::Declared(input.len() as u64)
    }

    fn bound(&self, len: usize) -> u64 {
        len as u64
    }
}

impl Shrink for Copy {
    fn reset(&mut self) {
        self.copied = 0;
    }

    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError> {
        Ok(self.copy(input, out))
    }

    fn flush(&mut self, _out: &mut Vec<u8>) -> Result<bool, CompressError> {
        Ok(true)
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<bool, CompressError> {
        Ok(true)
    }
}
