//! Frames behind each other, as `.otz` files hold them.

use std::io::{self, ErrorKind, Read};

use super::header::MAX_HEADER;
use super::{FrameHeader, TracezipError};

/// Takes one frame after another off a reader, for [`Decoder`](super::Decoder) or [`StreamDecoder`](super::StreamDecoder).
///
/// Memory: one frame of at most the limit, growing as its bytes arrive rather than as its header promises.
#[derive(Debug)]
pub struct FrameReader<R> {
    reader: R,
    frame: Vec<u8>,
    /// Bytes of the frame handed out last, which stand at the start of `frame`.
    taken: usize,
    offset: u64,
    max_frame: usize,
}

impl<R: Read> FrameReader<R> {
    /// Reads frames of at most `max_frame` bytes each.
    pub const fn new(reader: R, max_frame: usize) -> Self {
        Self { reader, frame: Vec::new(), taken: 0, offset: 0, max_frame }
    }

    /// Where the frame that was given last starts, or the one that could not be read; in bytes from the reader's start.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame and its header; `None` at the end.
    ///
    /// # Errors
    ///
    /// The reader's own; `InvalidData` with a [`TracezipError`] inside for bytes that are no frame or one above the limit;
    /// `UnexpectedEof` with [`TracezipError::Truncated`] inside for an end in the middle of a frame.
    pub fn next_frame(&mut self) -> io::Result<Option<(FrameHeader, &[u8])>> {
        self.offset += self.taken as u64;
        self.frame.drain(..self.taken);
        self.taken = 0;
        self.fill(MAX_HEADER)?;
        if self.frame.is_empty() {
            return Ok(None);
        }
        let header = FrameHeader::read(&self.frame).map_err(invalid)?;
        let length = match usize::try_from(header.frame_len()) {
            Ok(length) if length <= self.max_frame => length,
            _ => {
                let (stated, limit) = (header.frame_len(), self.max_frame as u64);
                return Err(invalid(TracezipError::TooLarge { stated, limit }));
            }
        };
        self.fill(length)?;
        if self.frame.len() < length {
            return Err(invalid(TracezipError::Truncated { offset: self.frame.len() as u64 }));
        }
        self.taken = length;
        Ok(Some((header, &self.frame[..length])))
    }

    /// Reads until `frame` holds `length` bytes or the input ends.
    fn fill(&mut self, length: usize) -> io::Result<()> {
        let missing = length.saturating_sub(self.frame.len());
        // `read_to_end` grows as bytes come, and takes interruptions on itself.
        (&mut self.reader).take(missing as u64).read_to_end(&mut self.frame).map(drop)
    }
}

fn invalid(error: TracezipError) -> io::Error {
    let kind = match error {
        TracezipError::Truncated { .. } => ErrorKind::UnexpectedEof,
        _ => ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}
