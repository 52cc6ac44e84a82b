//! Batches into frames that stand alone.

use bytes::Bytes;
use otlp_core::Batch;

use super::columns::{self, ColumnDecoder, ColumnEncoder};
use super::header::{FrameHeader, MAX_HEADER, StreamPosition, hash};
use super::inner::InnerEncoder;
use super::{Inner, Options, TracezipError, Verify, directory, preset};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameInfo {
    /// Length of the frame in bytes.
    pub frame_len: usize,
    /// Length of the batch in bytes.
    pub uncompressed_len: usize,
    /// Whether the body holds columns, rather than the batch's bytes under the inner compression.
    pub columns: bool,
}

/// Encodes one batch after another with the same context; each frame stands alone, so any of them may be lost, repeated,
/// reordered or sent elsewhere.
pub struct Encoder {
    body: BodyEncoder,
}

impl Encoder {
    /// A context for these options.
    ///
    /// # Errors
    ///
    /// The inner compression is not compiled in, or the level is not on its scale.
    pub fn new(options: Options) -> Result<Self, TracezipError> {
        Ok(Self { body: BodyEncoder::new(options)? })
    }

    /// Appends the batch's frame to `out`.
    ///
    /// # Errors
    ///
    /// Only if the library under the inner compression fails, which means that memory ran out; `out` is then as it was.
    pub fn encode(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<FrameInfo, TracezipError> {
        self.body.frame(batch, Kind::Alone, out)
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("options", &self.body.options).finish_non_exhaustive()
    }
}

/// Encodes one batch with a new context. Who has several uses [`Encoder`].
///
/// # Errors
///
/// As [`Encoder::new`] and [`Encoder::encode`].
pub fn compress(batch: &Batch, options: &Options) -> Result<Bytes, TracezipError> {
    let mut out = Vec::new();
    Encoder::new(*options)?.encode(batch, &mut out)?;
    out.shrink_to_fit();
    Ok(Bytes::from(out))
}

/// Writes frames; what both kinds of encoders share.
pub(crate) struct BodyEncoder {
    pub(crate) options: Options,
    inner: InnerEncoder,
    columns: ColumnEncoder,
    check: Option<Box<ColumnDecoder>>,
    frames: u64,
    body: Vec<u8>,
    /// Whether its text was compressed with the preset dictionary.
    preset: bool,
    scratch: Vec<u8>,
}

/// What a frame is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that stands alone.
    Alone,
    /// The first of an epoch or a later one, as the position says.
    Stream(StreamPosition),
    /// The same without columns.
    RawStream(StreamPosition),
}

/// One frame in so many is checked when checks are sampled.
const SAMPLE: u64 = 64;
/// Batches of fewer bytes are tried without columns too.
const SMALL: usize = 4096;

impl BodyEncoder {
    pub(crate) fn new(options: Options) -> Result<Self, TracezipError> {
        Ok(Self {
            options,
            inner: InnerEncoder::new(&options)?,
            columns: ColumnEncoder::new(),
            check: None,
            frames: 0,
            body: Vec::new(),
            preset: false,
            scratch: Vec::new(),
        })
    }

    /// Bytes of state that the decoder of a stream keeps.
    pub(crate) fn memory(&self) -> usize {
        self.columns.memory()
    }

    /// Appends a frame to `out`. For a stream, an error means that its state is lost.
    pub(crate) fn frame(
        &mut self,
        batch: &Batch,
        kind: Kind,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, TracezipError> {
        let bytes: &[u8] = batch.bytes();
        let start = out.len();
        let position = match kind {
            Kind::Alone => None,
            Kind::Stream(position) | Kind::RawStream(position) => Some(position),
        };
        let mut header = FrameHeader {
            signal: batch.signal(),
            inner: self.options.inner(),
            columns: false,
            uncompressed: bytes.len() as u64,
            items: batch.items() as u64,
            body: 0,
            preset: 0,
            position,
            length: 0,
        };
        if position.is_some_and(|position| position.sequence == 0) {
            self.columns.clear(usize::MAX);
            if let Some(check) = &mut self.check {
                check.clear(usize::MAX);
            }
        }
        let fits = columns::takes(header.signal, header.items, header.uncompressed);
        if fits && !self.options.raw() && !matches!(kind, Kind::RawStream(_)) {
            header.columns = self.write_columns(&header, bytes, kind == Kind::Alone)?;
        }
        let small = kind == Kind::Alone && bytes.len() < SMALL;
        if header.columns && small && self.inner.compress(bytes, &mut self.scratch)? {
            header.columns = self.body.len() <= self.scratch.len();
            if !header.columns {
                std::mem::swap(&mut self.body, &mut self.scratch);
            }
        } else if !header.columns && !self.inner.compress(bytes, &mut self.body)? {
            header.inner = Inner::None;
            self.body.clear();
            self.body.extend_from_slice(bytes);
        }
        if header.columns && self.preset {
            header.preset = preset::ID;
        }
        header.body = self.body.len() as u64;
        out.reserve(self.body.len() + MAX_HEADER + 12);
        header.write(out);
        out.extend_from_slice(&self.body);
        header.seal(hash(bytes), start, out);
        self.frames += 1;
        Ok(FrameInfo { frame_len: out.len() - start, uncompressed_len: bytes.len(), columns: header.columns })
    }

    /// Writes the columns of a batch to `body`; `false` if it is better off without.
    fn write_columns(
        &mut self,
        header: &FrameHeader,
        bytes: &[u8],
        alone: bool,
    ) -> Result<bool, TracezipError> {
        let lost =
            TracezipError::Corrupt { column: "columns", what: "the batch does not fit them", offset: 0 };
        if alone {
            self.columns.clear(bytes.len());
        }
        let Some(columns) = self.columns.encode(header.signal, bytes) else {
            return if alone { Ok(false) } else { Err(lost) };
        };
        let check = match self.options.verify() {
            Verify::Always => true,
            Verify::Sampled => alone && self.frames.is_multiple_of(SAMPLE),
            Verify::Never => false,
        };
        if check {
            let decoder = self.check.get_or_insert_with(|| Box::new(ColumnDecoder::new()));
            if alone {
                decoder.clear(bytes.len());
            } else if header.position.is_some_and(|position| position.sequence == 0) {
                decoder.clear(usize::MAX);
            }
            self.scratch.clear();
            let decoded =
                decoder.decode(header.signal, columns, bytes.len(), header.items, &mut self.scratch);
            if decoded.is_err() || self.scratch != bytes {
                return if alone { Ok(false) } else { Err(lost) };
            }
        }
        self.body.clear();
        self.preset = directory::write(columns, &mut self.inner, &mut self.scratch, &mut self.body, alone)?;
        Ok(self.body.len() < bytes.len() || !alone)
    }
}
