//! The bytes of a segment: `docs/src/disk-queue.md` describes them.

use otlp_core::Signal;

use super::ordinal::Ordinal;

/// Version of the format.
pub(super) const VERSION: u16 = 1;

/// First bytes of every segment; the line end shows what a transfer in text mode did to it.
const MAGIC: [u8; 8] = *b"OTLPQ\r\n\x1a";

/// Bytes of one copy of the segment header.
pub(super) const SEGMENT_HEADER: usize = 80;

/// Where records begin: behind two copies of the header, so that one bad byte does not cost a segment.
pub(super) const FIRST_RECORD: u64 = 2 * SEGMENT_HEADER as u64;

/// Bytes before a record's payload.
pub(super) const RECORD_HEADER: usize = 72;

/// First bytes of every record header.
const MARKER: [u8; 4] = [0xd1, 0x5c, 0x0a, 0x9e];

/// Records begin at multiples of this.
pub(super) const ALIGN: u64 = 8;

/// What a payload is padded to.
pub(super) const fn padding(length: usize) -> usize {
    length.wrapping_neg() % ALIGN as usize
}

/// Bytes that a record with so long a payload takes.
pub(super) const fn record_len(length: u64) -> u64 {
    RECORD_HEADER as u64 + length.next_multiple_of(ALIGN)
}

/// Checksum of a segment's bytes. The salt, which whoever fills the queue does not know, keeps records that stand inside a payload
/// from being taken for the queue's own when a damaged segment is searched.
pub(super) fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(salt, bytes)
}

/// Where the log stands: what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Number of the next data record.
    pub(super) sequence: Ordinal,
    /// Number of the next item of each signal.
    pub(super) items: [Ordinal; 4],
}

/// Start of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) id: Ordinal,
    pub(super) salt: u32,
    /// Where the log stands at the segment's start: what earlier segments hold beyond it does not count.
    pub(super) place: Place,
    /// Data records before this one were known to be on the disk.
    pub(super) durable: Ordinal,
}

/// Why bytes are no segment header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// Damaged, or something else.
    Damaged,
    /// Intact, of another version.
    Version(u16),
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut out = [0; SEGMENT_HEADER];
        let mut put = Put { out: &mut out, at: 0 };
        put.bytes(&MAGIC);
        put.bytes(&VERSION.to_le_bytes());
        put.bytes(&[0; 2]);
        put.bytes(&self.salt.to_le_bytes());
        put.u64(self.id.0);
        put.place(&self.place);
        put.u64(self.durable.0);
        let sum = checksum(0, &out[..SEGMENT_HEADER - 4]);
        out[SEGMENT_HEADER - 4..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let bytes: &[u8; SEGMENT_HEADER] =
            bytes.get(..SEGMENT_HEADER).and_then(|bytes| bytes.try_into().ok()).ok_or(BadHeader::Damaged)?;
        let mut take = Take { bytes, at: 0 };
        let magic = take.array::<8>();
        let version = u16::from_le_bytes(take.array());
        let _ = take.array::<2>();
        let salt = take.u32();
        let id = Ordinal(take.u64());
        let place = take.place();
        let durable = Ordinal(take.u64());
        take.at = SEGMENT_HEADER - 4;
        if magic != MAGIC || take.u32() != checksum(0, &bytes[..SEGMENT_HEADER - 4]) {
            return Err(BadHeader::Damaged);
        }
        if version != VERSION {
            return Err(BadHeader::Version(version));
        }
        Ok(Self { id, salt, place, durable })
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A batch.
    Data,
    /// The range of items that a request was made of.
    Cut,
    /// A request is finished.
    Done,
    /// All of the progress so far.
    Checkpoint,
}

/// Start of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) kind: Kind,
    pub(super) signal: Signal,
    /// Bytes of payload, without padding.
    pub(super) length: u32,
    /// Items of the batch; 0 for other kinds.
    pub(super) items: u32,
    /// Where the log stood before this record.
    pub(super) place: Place,
    /// Data records before this one were known to be on the disk.
    pub(super) durable: Ordinal,
    /// Checksum of the payload.
    pub(super) payload: u32,
}

impl RecordHeader {
    pub(super) fn encode(&self, salt: u32) -> [u8; RECORD_HEADER] {
        let mut out = [0; RECORD_HEADER];
        let mut put = Put { out: &mut out, at: 0 };
        put.bytes(&MARKER);
        put.bytes(&[self.kind as u8, self.signal as u8, 0, 0]);
        put.bytes(&self.length.to_le_bytes());
        put.bytes(&self.items.to_le_bytes());
        put.place(&self.place);
        put.u64(self.durable.0);
        put.bytes(&self.payload.to_le_bytes());
        let sum = checksum(salt, &out[..RECORD_HEADER - 4]);
        out[RECORD_HEADER - 4..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// `None` for anything but an intact header.
    pub(super) fn decode(salt: u32, bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; RECORD_HEADER] = bytes.get(..RECORD_HEADER)?.try_into().ok()?;
        if bytes[..4] != MARKER {
            return None;
        }
        let mut take = Take { bytes, at: 4 };
        let [kind, signal, _, _] = take.array();
        let length = take.u32();
        let items = take.u32();
        let place = take.place();
        let durable = Ordinal(take.u64());
        let payload = take.u32();
        if take.u32() != checksum(salt, &bytes[..RECORD_HEADER - 4]) {
            return None;
        }
        let kind = [Kind::Data, Kind::Cut, Kind::Done, Kind::Checkpoint].get(usize::from(kind)).copied()?;
        let signal = Signal::ALL.get(usize::from(signal)).copied()?;
        Some(Self { kind, signal, length, items, place, durable, payload })
    }
}

/// Writes numbers, little-endian.
struct Put<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Put<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    fn place(&mut self, place: &Place) {
        self.u64(place.sequence.0);
        for items in place.items {
            self.u64(items.0);
        }
    }
}

/// Reads numbers, little-endian; behind the end there are zeros.
pub(super) struct Take<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Take<'_> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let found = self.bytes.get(self.at..self.at + N).and_then(|bytes| bytes.try_into().ok());
        self.at += N;
        found.unwrap_or([0; N])
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    fn place(&mut self) -> Place {
        Place { sequence: Ordinal(self.u64()), items: [(); 4].map(|()| Ordinal(self.u64())) }
    }
}

/// Name of a segment's file.
pub(super) fn segment_name(id: Ordinal) -> String {
    format!("{:020}.seg", id.0)
}

/// Id in the name of a segment's file; `None` for other names.
pub(super) fn segment_id(name: &str) -> Option<Ordinal> {
    let digits = name.strip_suffix(".seg")?;
    let decimal = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| digits.parse().ok().map(Ordinal)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back() {
        let place = Place {
            sequence: Ordinal(u64::MAX),
            items: [Ordinal(1), Ordinal(u64::MAX), Ordinal(3), Ordinal(1 << 40)],
        };
        let segment =
            SegmentHeader { id: Ordinal(u64::MAX - 1), salt: 0xdead_beef, place, durable: Ordinal(9) };
        assert_eq!(SegmentHeader::decode(&segment.encode()), Ok(segment));
        for kind in [Kind::Data, Kind::Cut, Kind::Done, Kind::Checkpoint] {
            for signal in Signal::ALL {
                let record = RecordHeader {
                    kind,
                    signal,
                    length: 5,
                    items: 7,
                    place,
                    durable: Ordinal(8),
                    payload: 6,
                };
                assert_eq!(RecordHeader::decode(1, &record.encode(1)), Some(record));
                assert_eq!(RecordHeader::decode(2, &record.encode(1)), None, "another segment's salt");
            }
        }
    }

    #[test]
    fn any_flipped_byte_spoils_a_header() {
        let place = Place::default();
        let segment = SegmentHeader { id: Ordinal(1), salt: 3, place, durable: Ordinal(0) }.encode();
        for at in 0..segment.len() {
            let mut bad = segment;
            bad[at] ^= 0x40;
            assert_eq!(SegmentHeader::decode(&bad), Err(BadHeader::Damaged), "byte {at}");
        }
        let record = RecordHeader {
            kind: Kind::Data,
            signal: Signal::Logs,
            length: 1,
            items: 1,
            place,
            durable: Ordinal(0),
            payload: 0,
        };
        let record = record.encode(3);
        for at in 0..record.len() {
            let mut bad = record;
            bad[at] ^= 1;
            assert_eq!(RecordHeader::decode(3, &bad), None, "byte {at}");
        }
    }

    #[test]
    fn names_of_segments() {
        assert_eq!(segment_name(Ordinal(7)), "00000000000000000007.seg");
        assert_eq!(segment_id("00000000000000000007.seg"), Some(Ordinal(7)));
        assert_eq!(segment_id("18446744073709551615.seg"), Some(Ordinal(u64::MAX)));
        for other in [
            "18446744073709551616.seg",
            "7.seg",
            "0000000000000000000x.seg",
            "lock",
            "+0000000000000000007.seg",
        ] {
            assert_eq!(segment_id(other), None, "{other}");
        }
    }
}
