//! One way to compress messages, and what it costs.

use std::{
    io::{BufReader, Read as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bytes::Bytes;
use otlp::{
    Batch, Codec, Level,
    tracezip::{self, Inner, Options, StreamLimits},
};
use otlp_compress::{Compressor, Decompressor, Encoder};

/// A codec with its account.
pub(super) struct Rival {
    pub(super) name: String,
    means: Means,
    pub(super) bytes: u64,
    encoding: Duration,
    decoding: Duration,
    pub(super) identical: bool,
}

enum Means {
    /// Each message by itself.
    Whole(Box<Compressor>, Box<Decompressor>),
    /// One stream that is flushed behind each message, and decompressed at the end.
    Flushed(Option<Box<Encoder<Vec<u8>>>>),
    Tracezip(Box<tracezip::Encoder>, Box<tracezip::Decoder>),
    TracezipStream(Box<tracezip::StreamEncoder>, Box<tracezip::StreamDecoder>),
}

impl Rival {
    fn new(name: String, means: Means) -> Self {
        Self { name, means, bytes: 0, encoding: Duration::ZERO, decoding: Duration::ZERO, identical: true }
    }

    /// OTLP as it is.
    pub(super) fn plain() -> anyhow::Result<Self> {
        Self::whole("none".to_owned(), Codec::Identity, Level::Default)
    }

    /// OTLP under the same general compression at the same level; `None` where it has none.
    pub(super) fn twin(options: &Options) -> anyhow::Result<Option<Self>> {
        let Some((codec, level)) = codec(options) else { return Ok(None) };
        Self::whole(label(options), codec, level).map(Some)
    }

    fn whole(name: String, codec: Codec, level: Level) -> anyhow::Result<Self> {
        let (compressor, decompressor) = (Compressor::new(codec, level)?, Decompressor::new(codec)?);
        Ok(Self::new(name, Means::Whole(Box::new(compressor), Box::new(decompressor))))
    }

    /// The same with one stream for all messages.
    pub(super) fn flushed(options: &Options) -> anyhow::Result<Option<Self>> {
        let Some((codec, level)) = codec(options) else { return Ok(None) };
        let encoder = Encoder::new(codec, level, Vec::new())?;
        Ok(Some(Self::new(format!("{} stream", label(options)), Means::Flushed(Some(Box::new(encoder))))))
    }

    pub(super) fn tracezip(options: &Options) -> anyhow::Result<Self> {
        let encoder = Box::new(tracezip::Encoder::new(*options)?);
        let means = Means::Tracezip(encoder, Box::new(tracezip::Decoder::new()));
        Ok(Self::new(format!("tracezip {}", label(options)), means))
    }

    pub(super) fn tracezip_stream(options: &Options) -> anyhow::Result<Self> {
        let limits = StreamLimits::default();
        let encoder = Box::new(tracezip::StreamEncoder::new(*options, limits)?);
        let means = Means::TracezipStream(encoder, Box::new(tracezip::StreamDecoder::new(limits)));
        Ok(Self::new(format!("tracezip {} stream", label(options)), means))
    }

    /// Compresses a message, decompresses it, compares.
    pub(super) fn add(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let limit = batch.bytes().len();
        let begin = Instant::now();
        let mut buffer = Vec::new();
        let small = match &mut self.means {
            Means::Whole(compressor, _) => compressor.compress(batch.bytes())?,
            Means::Flushed(encoder) => {
                if let Some(encoder) = encoder {
                    encoder.write_all(batch.bytes())?;
                    encoder.flush()?;
                }
                Bytes::new()
            }
            Means::Tracezip(encoder, _) => {
                encoder.encode(batch, &mut buffer)?;
                buffer.into()
            }
            Means::TracezipStream(encoder, _) => {
                let ticket = encoder.encode(batch, &mut buffer)?;
                encoder.acknowledge(ticket);
                buffer.into()
            }
        };
        self.encoding += begin.elapsed();
        self.bytes += small.len() as u64;
        let begin = Instant::now();
        let back = match &mut self.means {
            Means::Whole(_, decompressor) => decompressor.decompress(&small, limit)?,
            Means::Flushed(..) => return Ok(()),
            Means::Tracezip(_, decoder) => decoder.decode(&small, limit)?.1,
            Means::TracezipStream(_, decoder) => decoder.decode(&small, limit)?.1,
        };
        self.decoding += begin.elapsed();
        self.identical &= back == batch.bytes();
        Ok(())
    }

    /// Ends what goes on over messages; `digest` is that of all of them.
    pub(super) fn finish(&mut self, digest: &Digest) -> anyhow::Result<()> {
        let Means::Flushed(encoder) = &mut self.means else { return Ok(()) };
        let Some(encoder) = encoder.take() else { return Ok(()) };
        let codec = encoder.codec();
        let begin = Instant::now();
        let small = encoder.finish().context("a compressed stream")?;
        self.encoding += begin.elapsed();
        self.bytes = small.len() as u64;
        let begin = Instant::now();
        let mut decoder = otlp_compress::Decoder::new(codec, BufReader::new(small.as_slice()))?;
        let (mut back, mut piece) = (Digest::default(), vec![0; 1 << 16]);
        loop {
            match decoder.read(&mut piece)? {
                0 => break,
                read => back.add(&piece[..read]),
            }
        }
        self.decoding += begin.elapsed();
        self.identical = back == *digest;
        Ok(())
    }

    /// Millions of uncompressed bytes a second.
    pub(super) fn encode_mb_s(&self, uncompressed: u64) -> f64 {
        speed(uncompressed, self.encoding)
    }

    /// As [`Rival::encode_mb_s`].
    pub(super) fn decode_mb_s(&self, uncompressed: u64) -> f64 {
        speed(uncompressed, self.decoding)
    }
}

fn speed(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64().max(1e-9)
}

/// Tells texts of bytes apart, however they are cut: FNV-1a over 64 bits, and the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u64, u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325, 0)
    }
}

impl Digest {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        self.1 += bytes.len() as u64;
    }
}

/// The codec of an inner compression, at its level.
fn codec(options: &Options) -> Option<(Codec, Level)> {
    let codec = match options.inner() {
        Inner::Zstd => Codec::Zstd,
        Inner::Gzip => Codec::Gzip,
        Inner::Lz4 => Codec::Lz4,
        _ => return None,
    };
    Some((codec, number(options).map_or(Level::Default, Level::Number)))
}

/// Its level as a number; `None` where there is but one.
fn number(options: &Options) -> Option<i32> {
    let default = match options.inner() {
        Inner::Zstd => 3,
        Inner::Gzip => 6,
        _ => return None,
    };
    Some(if let Level::Number(number) = options.level() { number } else { default })
}

fn label(options: &Options) -> String {
    match number(options) {
        Some(number) => format!("{}-{number}", options.inner()),
        None => options.inner().to_string(),
    }
}
