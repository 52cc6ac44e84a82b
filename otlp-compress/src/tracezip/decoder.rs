//! Frames that stand alone back into the bytes of batches.

use bytes::Bytes;
use otlp_core::Signal;

use super::columns::{self, ColumnDecoder};
use super::header::{FrameHeader, hash};
use super::inner::{Bad, InnerDecoder};
use super::{Inner, TracezipError, directory, preset};

/// Decodes one frame after another with the same context.
#[derive(Default)]
pub struct Decoder {
    body: BodyDecoder,
}

impl Decoder {
    /// A context; what it needs is made when a frame first asks for it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one whole frame of at most `max_bytes` decoded bytes; gives the signal and the bytes that were encoded, for
    /// `Batch::parse`. After an error the context is as good as new.
    ///
    /// # Errors
    ///
    /// The frame is truncated, damaged, of a later version, followed by other bytes, made for a stream, or holds more than
    /// `max_bytes`.
    pub fn decode(&mut self, frame: &[u8], max_bytes: usize) -> Result<(Signal, Bytes), TracezipError> {
        let header = FrameHeader::read(frame)?;
        if header.position.is_some() {
            return Err(TracezipError::StreamFrame);
        }
        let bytes = self.body.frame(&header, frame, max_bytes)?;
        Ok((header.signal, bytes))
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

/// Decodes one frame with a new context. Who has several uses [`Decoder`].
///
/// # Errors
///
/// As [`Decoder::decode`].
pub fn decompress(frame: &[u8], max_bytes: usize) -> Result<(Signal, Bytes), TracezipError> {
    Decoder::new().decode(frame, max_bytes)
}

/// Reads frames; what both kinds of decoders share.
#[derive(Default)]
pub(crate) struct BodyDecoder {
    inner: InnerDecoder,
    columns: Option<Box<ColumnDecoder>>,
    text: Vec<u8>,
}

impl BodyDecoder {
    /// Bytes of state that the decoder of a stream keeps.
    pub(crate) fn memory(&self) -> usize {
        self.columns.as_ref().map_or(0, |columns| columns.memory())
    }

    /// The bytes that were encoded, once limit, checksum and hash have been checked.
    pub(crate) fn frame(
        &mut self,
        header: &FrameHeader,
        frame: &[u8],
        max_bytes: usize,
    ) -> Result<Bytes, TracezipError> {
        if header.uncompressed > max_bytes as u64 {
            return Err(TracezipError::TooLarge { stated: header.uncompressed, limit: max_bytes as u64 });
        }
        if !matches!(header.preset, 0 | preset::ID) {
            return Err(TracezipError::Preset { id: header.preset });
        }
        let (body, original) = header.open(frame)?;
        let corrupt = |what| TracezipError::Corrupt {
            column: if header.columns { "columns" } else { "body" },
            what,
            offset: header.length as u64,
        };
        // At most `max_bytes`, a `usize`.
        let uncompressed = header.uncompressed as usize;
        let mut out = Vec::new();
        let opens = header.position.is_some_and(|position| position.sequence == 0);
        if opens && let Some(state) = &mut self.columns {
            // Even if this frame has no columns: those behind it build on nothing from before it.
            state.clear(usize::MAX);
        }
        if header.columns {
            if !columns::takes(header.signal, header.items, header.uncompressed) {
                return Err(corrupt("columns for a batch that cannot have them"));
            }
            let columns = directory::read(
                body,
                header.length,
                header.inner,
                &mut self.inner,
                &mut self.text,
                uncompressed,
                header.preset == preset::ID,
            )?;
            let state = self.columns.get_or_insert_with(|| Box::new(ColumnDecoder::new()));
            match header.position {
                None => state.clear(uncompressed),
                Some(position) if position.sequence == 0 => state.clear(usize::MAX),
                Some(_) => {}
            }
            state.decode(header.signal, columns, uncompressed, header.items, &mut out).map_err(corrupt)?;
        } else if header.inner == Inner::None {
            if body.len() != uncompressed {
                return Err(corrupt("not as many bytes as stated"));
            }
            out.extend_from_slice(body);
        } else {
            self.inner.decompress(header.inner, body, uncompressed, &mut out).map_err(|bad| match bad {
                Bad::NotBuilt => TracezipError::NotBuilt { inner: header.inner },
                Bad::What(what) => corrupt(what),
            })?;
        }
        if hash(&out).to_le_bytes()[..original.len()] != *original {
            return Err(TracezipError::Hash);
        }
        Ok(Bytes::from(out))
    }
}
