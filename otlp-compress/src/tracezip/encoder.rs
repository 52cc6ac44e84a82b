//! Batches into frames that stand alone.

use bytes::Bytes;
use otlp_core::Batch;

use super::header::{FrameHeader, StreamPosition, hash};
use super::inner::InnerEncoder;
use super::{Options, TracezipError};

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
        self.body.frame(batch, None, out)
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
    body: Vec<u8>,
}

impl BodyEncoder {
    pub(crate) fn new(options: Options) -> Result<Self, TracezipError> {
        Ok(Self { options, inner: InnerEncoder::new(&options)?, body: Vec::new() })
    }

    /// Appends a frame to `out`.
    pub(crate) fn frame(
        &mut self,
        batch: &Batch,
        position: Option<StreamPosition>,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, TracezipError> {
        let bytes: &[u8] = batch.bytes();
        let start = out.len();
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
        let body = if self.inner.compress(bytes, &mut self.body)? {
            &self.body
        } else {
            header.inner = super::Inner::None;
            bytes
        };
        header.body = body.len() as u64;
        out.reserve(body.len() + 64);
        header.write(out);
        out.extend_from_slice(body);
        header.seal(hash(bytes), start, out);
        Ok(FrameInfo { frame_len: out.len() - start, uncompressed_len: bytes.len(), columns: header.columns })
    }
}
