//! Which columns a body holds, how long they are, and how they lie there: 0 models, 1 bits, 2 text.

use super::inner::{Bad, InnerDecoder, InnerEncoder};
use super::varint::{Reader, put_varint};
use super::{Inner, TracezipError, preset};

/// Set with a column's number when it lies there under the inner compression.
const COMPRESSED: u8 = 0x10;
/// Bytes of a column below which inner compression is not tried.
const WORTH_IT: usize = 32;

/// Appends directory and columns to `body`. Empty columns are left out. `preset`: whether the text may be compressed with the preset
/// dictionary; gives whether it was.
pub(crate) fn write(
    columns: [&[u8]; 3],
    inner: &mut InnerEncoder,
    scratch: &mut Vec<u8>,
    body: &mut Vec<u8>,
    preset: bool,
) -> Result<bool, TracezipError> {
    let count = columns.iter().filter(|column| !column.is_empty()).count();
    body.push(count as u8);
    // Text alone gains by another compression: models are one already, and bits are noise.
    let text = columns[2];
    let preset = preset && inner.has_preset() && text.len() <= preset::LONGEST;
    let compressed = text.len() >= WORTH_IT && inner.compress_with(preset, text, scratch)?;
    for (number, column) in (0..).zip(columns) {
        if column.is_empty() {
            continue;
        }
        if number == 2 && compressed {
            body.push(number | COMPRESSED);
            put_varint(body, scratch.len() as u64);
        } else {
            body.push(number);
        }
        put_varint(body, column.len() as u64);
    }
    for (number, column) in (0..).zip(columns) {
        body.extend_from_slice(if number == 2 && compressed { scratch } else { column });
    }
    Ok(preset && compressed)
}

/// The columns of a body that starts at offset `base` of its frame; `text` takes the text if it was compressed, at most `limit` bytes.
pub(crate) fn read<'a>(
    body: &'a [u8],
    base: usize,
    inner: Inner,
    decoder: &mut InnerDecoder,
    text: &'a mut Vec<u8>,
    limit: usize,
    preset: bool,
) -> Result<[&'a [u8]; 3], TracezipError> {
    let mut reader = Reader::new("directory", body, base);
    let count = reader.byte()?;
    let mut stored = [(false, 0, 0); 3];
    let mut next = 0;
    for _ in 0..count {
        let byte = reader.byte()?;
        let number = usize::from(byte & !COMPRESSED);
        if number < next || number >= stored.len() {
            return Err(reader.corrupt("a column that does not belong there"));
        }
        next = number + 1;
        let compressed = byte & COMPRESSED != 0;
        let length = length(&mut reader)?;
        let raw = if compressed { self::length(&mut reader)? } else { length };
        stored[number] = (compressed, length, raw);
    }
    let mut columns = [&[][..]; 3];
    let mut packed = None;
    for (number, (compressed, length, raw)) in stored.into_iter().enumerate() {
        let at = base + reader.at();
        let column = reader.take(length)?;
        if compressed {
            if number != 2 {
                return Err(reader.corrupt("a column that is never compressed"));
            }
            packed = Some((column, raw, at));
        } else {
            columns[number] = column;
        }
    }
    if reader.at() != body.len() {
        return Err(reader.corrupt("bytes behind the last column"));
    }
    if let Some((column, raw, at)) = packed {
        let corrupt = |what| TracezipError::Corrupt { column: "text", what, offset: at as u64 };
        if raw > limit {
            return Err(corrupt("more text than the batch has bytes"));
        }
        decoder.decompress_with(preset, inner, column, raw, text).map_err(|bad| match bad {
            Bad::NotBuilt => TracezipError::NotBuilt { inner },
            Bad::What(what) => corrupt(what),
        })?;
        columns[2] = text;
    }
    Ok(columns)
}

fn length(reader: &mut Reader<'_>) -> Result<usize, TracezipError> {
    let length = reader.varint()?;
    usize::try_from(length).map_err(|_| reader.corrupt("a length beyond any memory"))
}
