//! The sender's end of a stream.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use otlp_core::Batch;

use crate::tracezip::encoder::{BodyEncoder, Kind};
use crate::tracezip::header::StreamPosition;
use crate::tracezip::{FrameInfo, Options, StreamError, StreamLimits, TracezipError};

/// A frame that was given out, for [`StreamEncoder::acknowledge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    epoch: u32,
    sequence: u64,
    info: FrameInfo,
}

impl Ticket {
    /// The frame's epoch.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The frame's number in its epoch.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The frame's lengths.
    pub const fn info(&self) -> FrameInfo {
        self.info
    }
}

/// Encodes the batches of one connection, each frame with the help of those before.
///
/// Frames must reach the decoder in order and once. Who learns that one did not (an error, [`StreamError::ResetRequired`] from
/// the other side, a connection that broke) calls [`reset`](Self::reset) and sends every batch that was not acknowledged with
/// a stateless [`Encoder`](crate::tracezip::Encoder): nothing that was not acknowledged is built upon after that. A frame must never be
/// sent again or elsewhere.
pub struct StreamEncoder {
    body: BodyEncoder,
    limits: StreamLimits,
    stream: u64,
    epoch: u32,
    sequence: u64,
    in_flight: VecDeque<u64>,
}

impl StreamEncoder {
    /// A new stream.
    ///
    /// # Errors
    ///
    /// As [`Encoder::new`](crate::tracezip::Encoder::new).
    pub fn new(options: Options, limits: StreamLimits) -> Result<Self, TracezipError> {
        Ok(Self {
            body: BodyEncoder::new(options)?,
            limits,
            stream: RandomState::new().hash_one(0),
            epoch: 0,
            sequence: 0,
            in_flight: VecDeque::new(),
        })
    }

    /// Appends the next frame to `out`.
    ///
    /// # Errors
    ///
    /// Too many frames wait for their acknowledgement, or the inner compression fails; `out` is then as it was.
    pub fn encode(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<Ticket, StreamError> {
        if self.in_flight.len() >= self.limits.max_in_flight() {
            return Err(StreamError::InFlight { limit: self.limits.max_in_flight() });
        }
        if self.sequence >= self.limits.max_frames() || self.body.memory() > self.limits.max_state_bytes() {
            self.reset();
        }
        let mut info = self.body.frame(batch, Kind::Stream(self.position()), out);
        if info.is_err() {
            self.reset();
            info = self.body.frame(batch, Kind::RawStream(self.position()), out);
        }
        let info = info?;
        let (epoch, sequence) = (self.epoch, self.sequence);
        self.sequence += 1;
        self.in_flight.push_back(sequence);
        Ok(Ticket { epoch, sequence, info })
    }

    fn position(&self) -> StreamPosition {
        let (epoch, sequence) = (self.epoch, self.sequence);
        StreamPosition { epoch, sequence, stream: (sequence == 0).then_some(self.stream) }
    }

    /// The other side has decoded this frame, and with it all before. Tickets of closed epochs count for nothing.
    pub fn acknowledge(&mut self, ticket: Ticket) {
        if ticket.epoch == self.epoch {
            while self.in_flight.front().is_some_and(|&sequence| sequence <= ticket.sequence) {
                self.in_flight.pop_front();
            }
        }
    }

    /// Frames that wait for their acknowledgement.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Forgets everything that was sent; the next frame opens a new epoch.
    pub fn reset(&mut self) {
        self.in_flight.clear();
        if self.sequence > 0 {
            self.sequence = 0;
            // A decoder that has seen this epoch's number must not take another epoch for it.
            match self.epoch.checked_add(1) {
                Some(epoch) => self.epoch = epoch,
                None => {
                    self.epoch = 0;
                    self.stream = self.stream.wrapping_add(1);
                }
            }
        }
    }
}

impl std::fmt::Debug for StreamEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamEncoder")
            .field("options", &self.body.options)
            .field("epoch", &self.epoch)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
