//! Tracezip frames as messages.

use std::io;

use otlp_compress::tracezip::{FrameReader, StreamDecoder, StreamError, StreamLimits, TracezipError};
use otlp_core::Limits;

use super::error::{FileError, Place};
use super::split::{Input, Raw, read_error};

/// What a frame may have besides a batch that it holds as it is.
const FRAME_OVERHEAD: usize = 1 << 10;

/// Takes one batch after another out of frames, those that stand alone and those of streams.
pub(super) struct OtzReader {
    frames: FrameReader<Input>,
    decoder: StreamDecoder,
    file: String,
    message: u64,
    limit: usize,
}

impl OtzReader {
    pub(super) fn new(file: String, input: Input, limits: Limits) -> Self {
        let limit = limits.max_bytes();
        Self {
            frames: FrameReader::new(input, limit.saturating_add(FRAME_OVERHEAD)),
            decoder: StreamDecoder::new(StreamLimits::default()),
            file,
            message: 0,
            limit,
        }
    }

    /// Where the last frame starts.
    pub(super) const fn offset(&self) -> u64 {
        self.frames.offset()
    }

    /// The next batch's bytes; `None` at the end. After an error nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Option<Raw>, FileError> {
        self.message += 1;
        let decoded = match self.frames.next_frame() {
            Ok(None) => return Ok(None),
            Ok(Some((_, frame))) => self.decoder.decode(frame, self.limit),
            Err(error) => return Err(self.unread(error)),
        };
        let place = self.place();
        match decoded {
            Ok((signal, bytes)) => Ok(Some(Raw { bytes, place, signal: Some(signal) })),
            Err(error) => Err(self.failure(place, error)),
        }
    }

    fn place(&self) -> Place {
        Place { file: self.file.clone(), message: self.message, line: None, offset: self.frames.offset() }
    }

    fn unread(&self, error: io::Error) -> FileError {
        match error.downcast::<TracezipError>() {
            Ok(error) => self.failure(self.place(), error.into()),
            Err(error) => read_error(self.place(), error),
        }
    }

    /// What is wrong with a frame.
    fn failure(&self, place: Place, error: StreamError) -> FileError {
        match error {
            StreamError::Frame(TracezipError::TooLarge { stated, .. }) => {
                FileError::TooLarge { place, bytes: Some(stated), limit: self.limit as u64 }
            }
            error => FileError::Tracezip { place, source: Box::new(error) },
        }
    }
}
