//! Reading a segment from end to end, whatever is in it.

use std::io;

use super::format::{
    ALIGN, BadHeader, FIRST_RECORD, Kind, RECORD_HEADER, RecordHeader, SEGMENT_HEADER, SegmentHeader,
    checksum, record_len,
};
use super::vfs::{VfsFile, read_up_to};

/// Bytes that are held at a time. No payload but a batch's is larger.
const WINDOW: usize = 1 << 20;

/// What stands in a segment.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// An intact record.
    Record {
        header: RecordHeader,
        offset: u64,
        /// Empty for batches, which only had their checksum looked at.
        payload: &'a [u8],
    },
    /// Bytes that are no intact record, up to the next one that is.
    Bad {
        offset: u64,
        len: u64,
        /// If only the payload is bad.
        header: Option<RecordHeader>,
    },
}

/// Reads the header, from its second copy if the first is bad.
pub(super) fn read_header(file: &impl VfsFile) -> io::Result<Result<SegmentHeader, BadHeader>> {
    let mut bytes = [0; FIRST_RECORD as usize];
    let filled = read_up_to(file, &mut bytes, 0)?;
    let first = SegmentHeader::decode(&bytes[..filled.min(SEGMENT_HEADER)]);
    if let Err(BadHeader::Damaged) = first {
        return Ok(SegmentHeader::decode(&bytes[SEGMENT_HEADER.min(filled)..filled]));
    }
    Ok(first)
}

/// Hands everything behind the header to `visit`, in order and without gaps. `len` is the file's size.
pub(super) fn scan(
    file: &impl VfsFile,
    len: u64,
    salt: u32,
    mut visit: impl FnMut(Found<'_>),
) -> io::Result<()> {
    let mut window = Window { file, len, start: 0, bytes: Vec::new() };
    let mut offset = FIRST_RECORD;
    while offset < len {
        let Some(header) = RecordHeader::decode(salt, window.at(offset, RECORD_HEADER)?) else {
            let end = next_record(&mut window, offset, salt)?;
            visit(Found::Bad { offset, len: end - offset, header: None });
            offset = end;
            continue;
        };
        let payload = offset + RECORD_HEADER as u64;
        let end = offset + record_len(u64::from(header.length));
        if payload_sum(&mut window, payload, header.length, salt)? != Some(header.payload)
            || (header.kind != Kind::Data && header.length as usize > WINDOW)
        {
            visit(Found::Bad { offset, len: end.min(len) - offset, header: Some(header) });
        } else if header.kind == Kind::Data {
            visit(Found::Record { header, offset, payload: &[] });
        } else {
            visit(Found::Record { header, offset, payload: window.at(payload, header.length as usize)? });
        }
        offset = end;
    }
    Ok(())
}

/// Where the next intact record header behind `offset` stands; the end if there is none.
fn next_record<F: VfsFile>(window: &mut Window<'_, F>, offset: u64, salt: u32) -> io::Result<u64> {
    let mut at = offset + ALIGN;
    while at < window.len {
        if RecordHeader::decode(salt, window.at(at, RECORD_HEADER)?).is_some() {
            return Ok(at);
        }
        at += ALIGN;
    }
    Ok(window.len)
}

/// Checksum of a payload; `None` if the file ends before it does.
fn payload_sum<F: VfsFile>(
    window: &mut Window<'_, F>,
    mut offset: u64,
    length: u32,
    salt: u32,
) -> io::Result<Option<u32>> {
    let mut left = length as usize;
    if offset + left as u64 > window.len {
        return Ok(None);
    }
    let mut sum = salt;
    while left > 0 {
        let wanted = left.min(WINDOW);
        let chunk = window.at(offset, wanted)?;
        if chunk.len() < wanted {
            return Ok(None);
        }
        sum = checksum(sum, chunk);
        offset += wanted as u64;
        left -= wanted;
    }
    Ok(Some(sum))
}

/// Part of a file in memory.
struct Window<'a, F> {
    file: &'a F,
    len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<F: VfsFile> Window<'_, F> {
    /// So many bytes from there, at most [`WINDOW`]; fewer at the file's end.
    fn at(&mut self, offset: u64, count: usize) -> io::Result<&[u8]> {
        let end = (offset + count as u64).min(self.len);
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            let size = (self.len.saturating_sub(offset)).min(WINDOW as u64) as usize;
            self.bytes.resize(size, 0);
            let filled = read_up_to(self.file, &mut self.bytes, offset)?;
            self.bytes.truncate(filled);
            self.start = offset;
        }
        let from = ((offset - self.start) as usize).min(self.bytes.len());
        let to = ((end.max(offset) - self.start) as usize).min(self.bytes.len());
        Ok(&self.bytes[from..to])
    }
}
