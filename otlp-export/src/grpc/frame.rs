//! The five bytes in front of every gRPC message: a compression flag and a big-endian length.
//!
//! OTLP's `Export` is unary in both directions, so a body holds exactly one message: the decoder here reads one, in the
//! chunks the transport delivers, and refuses a second. Format: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>,
//! `Length-Prefixed-Message`.

use bytes::{Bytes, BytesMut};
use thiserror::Error;

/// Bytes in front of a message: one of flag, four of length.
pub(crate) const HEADER_LEN: usize = 5;

/// What is allocated at least for a message that arrives in pieces: a peer that announces much and sends little costs this much.
const FIRST_ALLOCATION: usize = 64 * 1024;

/// By how much what is allocated may exceed what has arrived: a message of 4 MiB in HTTP/2 frames of 1 MiB is allocated once.
const GROWTH: usize = 4;

/// The header for a message of `len` bytes, as they stand on the wire (after compression).
///
/// # Errors
/// [`FrameError::TooLarge`] if `len` does not fit the 32 bits of the format.
pub(crate) fn header(compressed: bool, len: usize) -> Result<[u8; HEADER_LEN], FrameError> {
    let Ok(length) = u32::try_from(len) else {
        return Err(FrameError::TooLarge { announced: len as u64, limit: u32::MAX as usize });
    };
    let [a, b, c, d] = length.to_be_bytes();
    Ok([u8::from(compressed), a, b, c, d])
}

/// One message taken out of its frame; the payload is still compressed if `compressed` says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The flag: the payload is in the coding that the header `grpc-encoding` names.
    pub(crate) compressed: bool,
    /// The message as it stood on the wire.
    pub(crate) payload: Bytes,
}

/// Why a body is not one gRPC message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    /// The announced length is over the limit; nothing was allocated for it.
    #[error("the gRPC message announces {announced} bytes, the limit is {limit}")]
    TooLarge { announced: u64, limit: usize },
    /// The flag is neither 0 nor 1.
    #[error("the gRPC compression flag is {0}, neither 0 nor 1")]
    BadFlag(u8),
    /// The body ended inside the header or the message.
    #[error("the gRPC message ends after {received} of {expected} bytes")]
    Truncated { received: usize, expected: usize },
    /// More bytes than the one message of a unary call.
    #[error("the gRPC body goes on after its one message")]
    Trailing,
}

/// Reads one frame from a body that arrives in chunks.
///
/// The payload is taken without a copy when one chunk holds all of it, with the header before it or in a chunk of its own; else it
/// is gathered. Memory grows with the bytes that have arrived, not with the length that was announced.
#[derive(Debug)]
pub(crate) struct FrameDecoder {
    limit: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Header { bytes: [u8; HEADER_LEN], have: usize },
    Gathering { compressed: bool, length: usize, gathered: BytesMut },
    Done(Frame),
}

impl FrameDecoder {
    /// A decoder that refuses a message announced as longer than `limit` bytes (as on the wire, before decompression).
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: State::Header { bytes: [0; HEADER_LEN], have: 0 } }
    }

    /// Takes the next chunk of the body. Chunks may be cut anywhere and may be empty.
    ///
    /// # Errors
    /// As soon as the bytes so far cannot become one frame within the limit; the decoder is of no use after that.
    pub(crate) fn push(&mut self, mut chunk: Bytes) -> Result<(), FrameError> {
        self.take(&mut chunk)?;
        if chunk.is_empty() { Ok(()) } else { Err(FrameError::Trailing) }
    }

    /// Takes what belongs to the frame off a chunk.
    fn take(&mut self, chunk: &mut Bytes) -> Result<(), FrameError> {
        while !chunk.is_empty() {
            match &mut self.state {
                State::Header { bytes, have } => {
                    let taken = chunk.split_to(chunk.len().min(HEADER_LEN - *have));
                    bytes[*have..*have + taken.len()].copy_from_slice(&taken);
                    *have += taken.len();
                    if *have == HEADER_LEN {
                        let header = *bytes;
                        self.begin(header, chunk)?;
                    }
                }
                State::Gathering { compressed, length, gathered } => {
                    let taken = chunk.split_to(chunk.len().min(*length - gathered.len()));
                    if taken.len() == *length {
                        self.state = State::Done(Frame { compressed: *compressed, payload: taken });
                        continue;
                    }
                    let arrived = gathered.len() + taken.len();
                    if gathered.capacity() < arrived {
                        let grown = arrived.saturating_mul(GROWTH).max(FIRST_ALLOCATION).min(*length);
                        gathered.reserve(grown - gathered.len());
                    }
                    gathered.extend_from_slice(&taken);
                    if gathered.len() == *length {
                        let payload = gathered.split().freeze();
                        self.state = State::Done(Frame { compressed: *compressed, payload });
                    }
                }
                State::Done(_) => break,
            }
        }
        Ok(())
    }

    /// The body has ended: the frame, or `None` if there was not a single byte.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] if the body ended inside the frame.
    pub(crate) fn finish(self) -> Result<Option<Frame>, FrameError> {
        match self.state {
            State::Header { have: 0, .. } => Ok(None),
            State::Header { have, .. } => Err(FrameError::Truncated { received: have, expected: HEADER_LEN }),
            State::Gathering { length, gathered, .. } => {
                Err(FrameError::Truncated { received: gathered.len(), expected: length })
            }
            State::Done(frame) => Ok(Some(frame)),
        }
    }

    fn begin(&mut self, header: [u8; HEADER_LEN], chunk: &mut Bytes) -> Result<(), FrameError> {
        let [flag, length @ ..] = header;
        let announced = u32::from_be_bytes(length);
        let compressed = match flag {
            0 => false,
            1 => true,
            other => return Err(FrameError::BadFlag(other)),
        };
        let length = match usize::try_from(announced) {
            Ok(length) if length <= self.limit => length,
            _ => return Err(FrameError::TooLarge { announced: u64::from(announced), limit: self.limit }),
        };
        self.state = if chunk.len() >= length {
            State::Done(Frame { compressed, payload: chunk.split_to(length) })
        } else {
            State::Gathering { compressed, length, gathered: BytesMut::new() }
        };
        Ok(())
    }
}

/// Reads one frame after another from the body of a streaming call.
#[cfg(feature = "tracezip")]
#[derive(Debug)]
pub(crate) struct FrameStream {
    limit: usize,
    decoder: FrameDecoder,
    /// What came and is not read yet.
    rest: Bytes,
}

#[cfg(feature = "tracezip")]
impl FrameStream {
    /// As [`FrameDecoder::new`], for each frame.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, decoder: FrameDecoder::new(limit), rest: Bytes::new() }
    }

    /// The next frame of what has come so far.
    ///
    /// # Errors
    /// As [`FrameDecoder::push`].
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        self.decoder.take(&mut self.rest)?;
        if !matches!(self.decoder.state, State::Done(_)) {
            return Ok(None);
        }
        std::mem::replace(&mut self.decoder, FrameDecoder::new(self.limit)).finish()
    }

    /// Takes the next chunk; only once [`next`](Self::next) has given all frames of the one before.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.rest = chunk;
    }

    /// Whether nothing of a frame has come.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn is_between(&self) -> bool {
        self.rest.is_empty() && matches!(self.decoder.state, State::Header { have: 0, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(compressed: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = header(compressed, payload.len()).unwrap().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

    fn decode(limit: usize, chunks: impl IntoIterator<Item = Vec<u8>>) -> Result<Option<Frame>, FrameError> {
        let mut decoder = FrameDecoder::new(limit);
        for chunk in chunks {
            decoder.push(Bytes::from(chunk))?;
        }
        decoder.finish()
    }

    #[test]
    fn header_is_flag_and_big_endian_length() {
        assert_eq!(header(false, 0).unwrap(), [0, 0, 0, 0, 0]);
        assert_eq!(header(true, 0x0102_0304).unwrap(), [1, 1, 2, 3, 4]);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_message_beyond_32_bits_of_length_is_refused() {
        assert!(matches!(header(false, 1 << 32), Err(FrameError::TooLarge { .. })));
    }

    #[test]
    fn a_frame_survives_every_cut() {
        let payload: Vec<u8> = (0..40).collect();
        let bytes = framed(true, &payload);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]].map(<[u8]>::to_vec);
                let frame = decode(64, chunks).unwrap().unwrap();
                assert!(frame.compressed);
                assert_eq!(frame.payload, payload);
            }
        }
    }

    #[test]
    fn a_payload_in_one_chunk_is_not_copied() {
        let bytes = Bytes::from(framed(false, &[7; 100]));
        let at = bytes[HEADER_LEN..].as_ptr();
        let mut decoder = FrameDecoder::new(100);
        decoder.push(bytes).unwrap();
        assert_eq!(decoder.finish().unwrap().unwrap().payload.as_ptr(), at);
    }

    #[test]
    fn a_payload_in_one_chunk_behind_its_header_is_not_copied() {
        // As this crate's client sends it: HTTP/2 makes a frame of the header and one of the payload.
        let mut payload = Bytes::from(framed(false, &[7; 100]));
        let header = payload.split_to(HEADER_LEN);
        let at = payload.as_ptr();
        let mut decoder = FrameDecoder::new(100);
        decoder.push(header).unwrap();
        decoder.push(payload).unwrap();
        assert_eq!(decoder.finish().unwrap().unwrap().payload.as_ptr(), at);
    }

    #[test]
    fn long_payloads_byte_by_byte_chunks_and_large_chunks_agree() {
        let payload = vec![3; 3 * FIRST_ALLOCATION + 17];
        for size in [1000, FIRST_ALLOCATION, 2 * FIRST_ALLOCATION + 1] {
            let chunks: Vec<Vec<u8>> = framed(false, &payload).chunks(size).map(<[u8]>::to_vec).collect();
            assert_eq!(decode(payload.len(), chunks).unwrap().unwrap().payload, payload);
        }
    }

    #[test]
    fn an_empty_message_is_a_message_and_an_empty_body_is_none() {
        let frame = decode(0, [framed(false, &[])]).unwrap().unwrap();
        assert!(frame.payload.is_empty());
        assert_eq!(decode(0, []).unwrap(), None);
        assert_eq!(decode(0, [vec![]]).unwrap(), None);
    }

    #[test]
    fn the_limit_is_checked_on_the_announced_length_before_any_payload() {
        let announced = header(false, 101).unwrap().to_vec();
        assert_eq!(decode(100, [announced]), Err(FrameError::TooLarge { announced: 101, limit: 100 }));
        assert!(decode(100, [framed(false, &[0; 100])]).is_ok());
    }

    #[test]
    fn memory_follows_what_arrived_not_what_was_announced() {
        let mut decoder = FrameDecoder::new(64 << 20);
        decoder.push(Bytes::copy_from_slice(&header(false, 64 << 20).unwrap())).unwrap();
        decoder.push(Bytes::from_static(&[0; 10])).unwrap();
        let State::Gathering { gathered, .. } = &decoder.state else { panic!("{decoder:?}") };
        assert!(gathered.capacity() <= FIRST_ALLOCATION * 2, "{}", gathered.capacity());
        decoder.push(Bytes::from(vec![0; 1 << 20])).unwrap();
        let State::Gathering { gathered, .. } = &decoder.state else { panic!("{decoder:?}") };
        assert!(gathered.capacity() <= (1 << 20) * (GROWTH + 1), "{}", gathered.capacity());
    }

    #[test]
    fn a_body_that_ends_early_says_where() {
        assert_eq!(decode(9, [vec![0, 0, 0]]), Err(FrameError::Truncated { received: 3, expected: 5 }));
        let mut bytes = framed(false, &[1; 9]);
        bytes.pop();
        assert_eq!(decode(9, [bytes]), Err(FrameError::Truncated { received: 8, expected: 9 }));
    }

    #[test]
    #[cfg(feature = "tracezip")]
    fn a_stream_of_frames_survives_every_cut() {
        let mut bytes = framed(false, &[1; 3]);
        bytes.extend(framed(true, &[]));
        bytes.extend(framed(false, &[2; 9]));
        for size in 1..=bytes.len() {
            let mut stream = FrameStream::new(9);
            let mut seen = Vec::new();
            for chunk in bytes.chunks(size) {
                stream.push(Bytes::copy_from_slice(chunk));
                while let Some(frame) = stream.next().unwrap() {
                    seen.push((frame.compressed, frame.payload.len()));
                }
            }
            assert_eq!(seen, [(false, 3), (true, 0), (false, 9)], "{size}");
            assert!(stream.is_between());
        }
        let mut stream = FrameStream::new(8);
        stream.push(bytes.into());
        assert!(stream.next().is_ok() && stream.next().is_ok());
        assert_eq!(stream.next(), Err(FrameError::TooLarge { announced: 9, limit: 8 }));
    }

    #[test]
    fn a_second_message_and_an_unknown_flag_are_refused() {
        let mut two = framed(false, &[1]);
        two.extend_from_slice(&framed(false, &[2]));
        assert_eq!(decode(9, [two]), Err(FrameError::Trailing));
        assert_eq!(decode(9, [vec![2, 0, 0, 0, 0]]), Err(FrameError::BadFlag(2)));
    }
}
