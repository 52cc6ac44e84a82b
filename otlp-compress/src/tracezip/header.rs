//! The frame's header, long and short, and its trailer.

use otlp_core::Signal;

use super::varint::{Reader, put_varint};
use super::{Inner, TracezipError};

/// How a long frame starts.
pub(crate) const MAGIC: [u8; 4] = *b"OTZ1";
/// How a short frame starts: no protobuf message, no JSON text and no long frame starts with this byte.
pub(crate) const SHORT: u8 = 0xf7;
/// The version of the format that is written and read.
pub(crate) const VERSION: u8 = 1;

/// The most bytes that a header takes: magic number, version, flags, seven varints.
pub(crate) const MAX_HEADER: usize = 4 + 1 + 1 + 5 * 10 + 8;

const COLUMNS: u8 = 1 << 4;
const STREAM: u8 = 1 << 5;
const OPENS: u8 = 1 << 6;
const RESERVED: u8 = 1 << 7;

/// Which frame of which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamPosition {
    /// Number of the epoch within the stream; dictionaries start empty in each.
    pub epoch: u32,
    /// Number of the frame within the epoch, from 0.
    pub sequence: u64,
    /// The stream's own number, in the long header that opens an epoch.
    pub stream: Option<u64>,
}

/// What a frame says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    pub(crate) signal: Signal,
    pub(crate) inner: Inner,
    pub(crate) columns: bool,
    pub(crate) uncompressed: u64,
    pub(crate) items: u64,
    pub(crate) body: u64,
    pub(crate) preset: u64,
    pub(crate) position: Option<StreamPosition>,
    /// Bytes of the header itself.
    pub(crate) length: usize,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes`; the frame need not be complete, and nothing is decoded or checked beyond it.
    ///
    /// # Errors
    ///
    /// No frame starts here, its version is unknown, a reserved bit is set, or `bytes` end inside the header.
    pub fn read(bytes: &[u8]) -> Result<Self, TracezipError> {
        let short = match bytes {
            [SHORT, ..] => true,
            [b'O', b'T', b'Z', b'1', ..] => false,
            _ if !bytes.is_empty() && bytes.len() < 4 && MAGIC.starts_with(bytes) => {
                return Err(TracezipError::Truncated { offset: bytes.len() as u64 });
            }
            _ => return Err(TracezipError::NotAFrame),
        };
        let mut reader = Reader::new("header", bytes, 0);
        reader.skip(if short { 1 } else { 4 })?;
        if !short {
            let version = reader.byte()?;
            if version != VERSION {
                return Err(TracezipError::Version { version });
            }
        }
        let flags = reader.byte()?;
        if flags & RESERVED != 0 {
            return Err(reader.corrupt("a reserved flag is set"));
        }
        let stream = flags & STREAM != 0;
        let opens = flags & OPENS != 0;
        if short && (!stream || opens) || !stream && opens {
            return Err(reader.corrupt("flags that do not go together"));
        }
        let uncompressed = reader.varint()?;
        let items = reader.varint()?;
        let body = reader.varint()?;
        let preset = if short { 0 } else { reader.varint()? };
        let position = if stream {
            let id = if short { None } else { Some(u64::from_le_bytes(reader.array()?)) };
            let epoch =
                u32::try_from(reader.varint()?).map_err(|_| reader.corrupt("an epoch above 32 bits"))?;
            let sequence = reader.varint()?;
            if opens != (sequence == 0) {
                return Err(reader.corrupt("an epoch opens with frame 0"));
            }
            Some(StreamPosition { epoch, sequence, stream: id })
        } else {
            None
        };
        let header = Self {
            signal: Signal::ALL[usize::from(flags & 3)],
            inner: Inner::from_bits(flags >> 2),
            columns: flags & COLUMNS != 0,
            uncompressed,
            items,
            body,
            preset,
            position,
            length: reader.at(),
        };
        if header.checked_len().is_none() {
            return Err(reader.corrupt("a length beyond any memory"));
        }
        Ok(header)
    }

    /// Appends the header. Short if it is a stream's and does not open an epoch.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let short = self.position.is_some_and(|position| position.stream.is_none());
        // The order in `Signal::ALL`.
        let signal = Signal::ALL.iter().position(|&signal| signal == self.signal).unwrap_or(0) as u8;
        let mut flags = signal | self.inner.bits() << 2;
        flags |= if self.columns { COLUMNS } else { 0 };
        if let Some(position) = self.position {
            flags |= STREAM | if position.sequence == 0 { OPENS } else { 0 };
        }
        if short {
            out.extend_from_slice(&[SHORT, flags]);
        } else {
            out.extend_from_slice(&MAGIC);
            out.extend_from_slice(&[VERSION, flags]);
        }
        put_varint(out, self.uncompressed);
        put_varint(out, self.items);
        put_varint(out, self.body);
        if !short {
            put_varint(out, self.preset);
        }
        if let Some(position) = self.position {
            if let Some(stream) = position.stream {
                out.extend_from_slice(&stream.to_le_bytes());
            }
            put_varint(out, u64::from(position.epoch));
            put_varint(out, position.sequence);
        }
    }

    /// The signal of the items.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The compression inside.
    pub const fn inner(&self) -> Inner {
        self.inner
    }

    /// Whether the body holds columns, rather than the batch's bytes under the inner compression.
    pub const fn is_columns(&self) -> bool {
        self.columns
    }

    /// Length of the decoded batch in bytes.
    pub const fn uncompressed_len(&self) -> u64 {
        self.uncompressed
    }

    /// Number of spans, data points, log records or profiles, as the sender counted them.
    pub const fn items(&self) -> u64 {
        self.items
    }

    /// Number of the preset dictionary; 0 for none.
    pub const fn preset(&self) -> u64 {
        self.preset
    }

    /// Where the frame stands in its stream; `None` for a frame that stands alone.
    pub const fn position(&self) -> Option<StreamPosition> {
        self.position
    }

    /// Length of the header in bytes.
    pub const fn header_len(&self) -> usize {
        self.length
    }

    /// Length of the whole frame in bytes: header, body, hash and checksum.
    pub fn frame_len(&self) -> u64 {
        self.length as u64 + self.body + self.trailer_len() as u64
    }

    /// Bytes behind the body: hash of the original and CRC-32C of the frame.
    pub(crate) fn trailer_len(&self) -> usize {
        self.hash_len() + 4
    }

    /// Bytes of the original's hash: short frames carry half of it.
    pub(crate) fn hash_len(&self) -> usize {
        if self.position.is_some_and(|position| position.stream.is_none()) { 4 } else { 8 }
    }

    fn checked_len(&self) -> Option<u64> {
        self.body
            .checked_add((self.length + self.trailer_len()) as u64)
            .filter(|&len| len <= isize::MAX as u64)
    }

    /// Appends the trailer of a frame that starts at `start` of `out`.
    pub(crate) fn seal(&self, original: u64, start: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&original.to_le_bytes()[..self.hash_len()]);
        let checksum = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// The body and the hash of a complete frame whose checksum holds.
    pub(crate) fn open<'a>(&self, frame: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), TracezipError> {
        let whole = self.frame_len();
        let length = frame.len() as u64;
        if length < whole {
            return Err(TracezipError::Truncated { offset: length });
        }
        if length > whole {
            return Err(TracezipError::TrailingData { offset: whole });
        }
        let (covered, checksum) = frame.split_at(frame.len() - 4);
        if crc32c::crc32c(covered).to_le_bytes() != checksum {
            return Err(TracezipError::Checksum);
        }
        Ok(covered[self.length..].split_at(covered.len() - self.length - self.hash_len()))
    }
}

/// The hash of a batch's bytes.
pub(crate) fn hash(original: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(original)
}
