//! The receiver's end of a stream.

use bytes::Bytes;
use otlp_core::Signal;

use crate::tracezip::decoder::BodyDecoder;
use crate::tracezip::header::{FrameHeader, StreamPosition};
use crate::tracezip::{Decoder, ResetReason, StreamError, StreamLimits, TracezipError};

/// Decodes the frames of one connection, in their order.
///
/// Frames that stand alone may come in between. Memory: [`StreamLimits::max_state_bytes`], plus while a frame is decoded its
/// bytes and what comes out.
pub struct StreamDecoder {
    alone: Decoder,
    body: BodyDecoder,
    limits: StreamLimits,
    /// The stream and epoch that opened last.
    opened: Option<(u64, u32)>,
    /// Number of the frame that is due; `None` when the state is gone.
    due: Option<u64>,
}

impl StreamDecoder {
    /// A decoder without any state: the first frame of a stream must open an epoch.
    pub fn new(limits: StreamLimits) -> Self {
        Self { alone: Decoder::new(), body: BodyDecoder::default(), limits, opened: None, due: None }
    }

    /// The bounds of its state.
    pub const fn limits(&self) -> StreamLimits {
        self.limits
    }

    /// Decodes the next frame of at most `max_bytes` decoded bytes.
    ///
    /// # Errors
    ///
    /// [`StreamError::ResetRequired`] for a frame that was lost, repeated, reordered, damaged, or belongs to an epoch that is not
    /// held here; [`StreamError::Frame`] for one beyond a limit, and for one that stands alone and is broken. A frame
    /// beyond a limit counts as lost.
    pub fn decode(&mut self, frame: &[u8], max_bytes: usize) -> Result<(Signal, Bytes), StreamError> {
        let header = FrameHeader::read(frame).map_err(damaged)?;
        let Some(position) = header.position else {
            return Ok(self.alone.decode(frame, max_bytes)?);
        };
        // Before anything is believed: a flipped bit in the position must not close a good epoch.
        header.open(frame).map_err(damaged)?;
        self.admit(position)?;
        let limit = self.limits.max_state_bytes();
        if position.sequence > 0 && self.body.memory() > limit {
            self.due = None;
            return Err(reset(ResetReason::StateTooLarge { limit }));
        }
        match self.body.frame(&header, frame, max_bytes) {
            Ok(bytes) => {
                self.due = Some(position.sequence + 1);
                Ok((header.signal, bytes))
            }
            Err(error) => {
                self.due = None;
                Err(if error.is_corrupt() { damaged(error) } else { error.into() })
            }
        }
    }

    /// Whether the frame is the one that is due; opens its epoch if it is the first of one.
    fn admit(&mut self, position: StreamPosition) -> Result<(), StreamError> {
        let StreamPosition { epoch, sequence, stream } = position;
        let due = self.due.unwrap_or(0);
        match stream {
            Some(stream) => {
                let stale = self.opened.is_some_and(|(known, last)| known == stream && epoch <= last);
                if stale {
                    return Err(reset(ResetReason::Sequence { expected: due, found: sequence }));
                }
                self.opened = Some((stream, epoch));
                self.due = Some(0);
            }
            None if self.due.is_none() || self.opened.is_none_or(|(_, open)| open != epoch) => {
                return Err(reset(ResetReason::UnknownEpoch { epoch }));
            }
            None if sequence != due => {
                return Err(reset(ResetReason::Sequence { expected: due, found: sequence }));
            }
            None => {}
        }
        Ok(())
    }
}

fn reset(reason: ResetReason) -> StreamError {
    StreamError::ResetRequired { reason }
}

fn damaged(error: TracezipError) -> StreamError {
    reset(ResetReason::Damaged(error))
}

impl std::fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamDecoder")
            .field("opened", &self.opened)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}
