//! Cuts a file's content into messages, one at a time, none larger than the limit.

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use otlp_compress::DecompressError;
use otlp_core::Signal;

use super::error::{FileError, Place};

/// A decompressed stream.
pub(super) type Input = Box<dyn BufRead + Send>;

/// How messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// The whole content is one message.
    Whole,
    /// Four bytes of length, big-endian, before each.
    Lengths,
    /// One a line; empty lines are none.
    Lines,
    /// JSON objects, with any white space around and between them.
    Objects,
}

/// One message as it lies in the file.
pub(super) struct Raw {
    pub(super) bytes: Bytes,
    pub(super) place: Place,
    /// Where the format tells it of each message.
    pub(super) signal: Option<Signal>,
}

impl Raw {
    fn new(bytes: Vec<u8>, place: Place) -> Self {
        Self { bytes: bytes.into(), place, signal: None }
    }
}

/// Cuts messages off an input.
pub(super) struct Splitter {
    input: Input,
    framing: Framing,
    /// The most bytes that a message may have.
    limit: u64,
    file: String,
    message: u64,
    line: u64,
    offset: u64,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Splitter {
    pub(super) fn new(file: String, input: Input, framing: Framing, limit: u64) -> Self {
        Self { input, framing, limit, file, message: 0, line: 1, offset: 0 }
    }

    /// Bytes of content read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next message; `None` at the end. After an error nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Option<Raw>, FileError> {
        self.message += 1;
        match self.framing {
            Framing::Whole => self.whole(),
            Framing::Lengths => self.framed(),
            Framing::Lines => self.line(),
            Framing::Objects => self.object(),
        }
    }

    /// The place of the message that starts here.
    fn place(&self) -> Place {
        let line = matches!(self.framing, Framing::Lines | Framing::Objects).then_some(self.line);
        Place { file: self.file.clone(), message: self.message, line, offset: self.offset }
    }

    fn failed(&self, error: io::Error) -> FileError {
        read_error(self.place(), error)
    }

    fn too_large(&self, place: Place, bytes: Option<u64>) -> FileError {
        FileError::TooLarge { place, bytes, limit: self.limit }
    }

    fn whole(&mut self) -> Result<Option<Raw>, FileError> {
        let place = self.place();
        let mut bytes = Vec::new();
        if self.take(self.limit.saturating_add(1), &mut bytes)? > self.limit {
            return Err(self.too_large(place, None));
        }
        Ok((!bytes.is_empty()).then(|| Raw::new(bytes, place)))
    }

    fn framed(&mut self) -> Result<Option<Raw>, FileError> {
        let place = self.place();
        let mut bytes = Vec::with_capacity(4);
        let have = self.take(4, &mut bytes)?;
        let Some(&length) = bytes.first_chunk::<4>() else {
            return if have == 0 { Ok(None) } else { Err(FileError::Truncated { place, have, want: 4 }) };
        };
        let want = u64::from(u32::from_be_bytes(length));
        if want > self.limit {
            return Err(self.too_large(place, Some(want)));
        }
        bytes.clear();
        let have = self.take(want, &mut bytes)?;
        if have < want {
            return Err(FileError::Truncated { place, have: 4 + have, want: 4 + want });
        }
        Ok(Some(Raw::new(bytes, place)))
    }

    fn line(&mut self) -> Result<Option<Raw>, FileError> {
        loop {
            let place = self.place();
            let mut bytes = Vec::new();
            // Room for the line's end, so that a line of exactly the limit fits.
            let most = self.limit.saturating_add(2);
            let read =
                self.input.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(|e| self.failed(e))?;
            if read == 0 {
                return Ok(None);
            }
            let ended = bytes.last() == Some(&b'\n');
            if self.offset == 0 && bytes.starts_with(BOM) {
                bytes.drain(..BOM.len());
            }
            self.offset += read as u64;
            self.line += u64::from(ended);
            bytes.truncate(bytes.trim_ascii_end().len());
            if bytes.len() as u64 > self.limit || (!ended && read as u64 == most) {
                return Err(self.too_large(place, None));
            }
            if !bytes.trim_ascii_start().is_empty() {
                return Ok(Some(Raw::new(bytes, place)));
            }
        }
    }

    fn object(&mut self) -> Result<Option<Raw>, FileError> {
        if !self.skip_space()? {
            return Ok(None);
        }
        let place = self.place();
        let mut bytes = Vec::new();
        let mut scan = ObjectScan::default();
        loop {
            let chunk = match self.input.fill_buf() {
                Ok([]) => {
                    return Err(FileError::NotAMessage {
                        place,
                        what: "the file ends before the object that starts here is closed",
                    });
                }
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            let end = scan.feed(chunk);
            let used = end.unwrap_or(chunk.len());
            bytes.extend_from_slice(&chunk[..used]);
            self.input.consume(used);
            if scan.stray {
                return Err(FileError::NotAMessage {
                    place,
                    what: "expected a JSON object, which starts with {",
                });
            }
            if bytes.len() as u64 > self.limit {
                return Err(self.too_large(place, None));
            }
            if end.is_some() {
                break;
            }
        }
        self.offset += bytes.len() as u64;
        self.line += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(Some(Raw::new(bytes, place)))
    }

    /// Passes over white space, and the mark that some editors put at a file's start. Returns false at the end of the file.
    fn skip_space(&mut self) -> Result<bool, FileError> {
        let mut mark = if self.offset == 0 { BOM } else { &[] };
        loop {
            let chunk = match self.input.fill_buf() {
                Ok([]) => return Ok(false),
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            let mut used = 0;
            let mut lines = 0;
            let mut done = false;
            for &byte in chunk {
                if mark.first() == Some(&byte) {
                    mark = &mark[1..];
                } else if byte.is_ascii_whitespace() {
                    lines += u64::from(byte == b'\n');
                } else {
                    done = true;
                    break;
                }
                used += 1;
            }
            self.input.consume(used);
            self.offset += used as u64;
            self.line += lines;
            if done {
                return Ok(true);
            }
        }
    }

    /// Appends up to `most` bytes; memory grows with what is there, not with what a length says. Returns how many came.
    fn take(&mut self, most: u64, bytes: &mut Vec<u8>) -> Result<u64, FileError> {
        let mut left = most;
        while left > 0 {
            let chunk = match self.input.fill_buf() {
                Ok([]) => break,
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            // Not above the chunk's length.
            let n = left.min(chunk.len() as u64) as usize;
            bytes.extend_from_slice(&chunk[..n]);
            self.input.consume(n);
            left -= n as u64;
        }
        self.offset += most - left;
        Ok(most - left)
    }
}

/// What a failed read means: broken compression, or the system's failure.
pub(super) fn read_error(place: Place, error: io::Error) -> FileError {
    match error.downcast::<DecompressError>() {
        Ok(source) => FileError::Decompress { place, source },
        Err(source) => FileError::Read { place, source },
    }
}

/// Finds the end of a JSON object without reading what is in it.
#[derive(Debug, Default)]
struct ObjectScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Something other than an object starts here.
    stray: bool,
}

impl ObjectScan {
    /// Looks at more bytes. Returns how many belong to the object, once it ends (or turns out to be none).
    fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' if self.depth > 0 || byte == b'{' => self.depth += 1,
                _ if self.depth == 0 => {
                    self.stray = true;
                    return Some(index);
                }
                b'"' => self.in_string = true,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, offset and line of each message.
    type Cut = Vec<(String, u64, Option<u64>)>;

    fn split(framing: Framing, content: &[u8], limit: u64) -> (Cut, Option<String>) {
        // A buffer of three bytes, so that every boundary falls inside something.
        let input = Box::new(io::BufReader::with_capacity(3, io::Cursor::new(content.to_vec())));
        let mut splitter = Splitter::new("f".to_owned(), input, framing, limit);
        let mut messages = Vec::new();
        loop {
            match splitter.next() {
                Ok(Some(raw)) => {
                    messages.push((
                        String::from_utf8(raw.bytes.into()).unwrap(),
                        raw.place.offset,
                        raw.place.line,
                    ));
                }
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(error.to_string())),
            }
        }
    }

    fn texts(framing: Framing, content: &[u8]) -> Vec<String> {
        let (messages, error) = split(framing, content, 1000);
        assert_eq!(error, None);
        messages.into_iter().map(|message| message.0).collect()
    }

    #[test]
    fn lines_of_every_kind() {
        let (messages, error) =
            split(Framing::Lines, b"\xef\xbb\xbf{\"a\":1}\r\n\n  \r\n{\"b\":2}\n\t{\"c\":3} ", 1000);
        assert_eq!(error, None);
        let expected = [("{\"a\":1}", 0, 1), ("{\"b\":2}", 17, 4), ("\t{\"c\":3}", 25, 5)];
        assert_eq!(messages, expected.map(|(text, offset, line)| (text.to_owned(), offset, Some(line))));
        assert!(texts(Framing::Lines, b"").is_empty());
        assert!(texts(Framing::Lines, b"\xef\xbb\xbf\r\n").is_empty());
    }

    #[test]
    fn a_line_of_the_limit_fits_and_one_more_does_not() {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(split(Framing::Lines, format!("12345{end}").as_bytes(), 5).0.len(), 1, "{end:?}");
            let (messages, error) = split(Framing::Lines, format!("1\n123456{end}").as_bytes(), 5);
            assert_eq!(messages.len(), 1);
            let expected = "f: message 2, line 2, byte 2: the message has more than 5 bytes, the limit is 5 (Limits::max_bytes)";
            assert_eq!(error.as_deref(), Some(expected), "{end:?}");
        }
    }

    #[test]
    fn objects_pretty_or_not() {
        let content = b"\xef\xbb\xbf\n{\n \"a\": [1, {\"}\": \"\\\"}{\"}]\n}{}\r\n{\"b\":{}}";
        let (messages, error) = split(Framing::Objects, content, 1000);
        assert_eq!(error, None);
        let expected =
            [("{\n \"a\": [1, {\"}\": \"\\\"}{\"}]\n}", 4, 2), ("{}", 32, 4), ("{\"b\":{}}", 36, 5)];
        assert_eq!(messages, expected.map(|(text, offset, line)| (text.to_owned(), offset, Some(line))));
        assert!(texts(Framing::Objects, b" \n ").is_empty());
    }

    #[test]
    fn what_is_no_object() {
        for (content, expected) in [
            (&b"{}\n[1]"[..], "f: message 2, line 2, byte 3: expected a JSON object, which starts with {"),
            (b"}", "f: message 1, line 1, byte 0: expected a JSON object, which starts with {"),
            (
                b" {\"a\":",
                "f: message 1, line 1, byte 1: the file ends before the object that starts here is closed",
            ),
            (
                b"{\"a\":\"0123456789\"}",
                "f: message 1, line 1, byte 0: the message has more than 9 bytes, the limit is 9 (Limits::max_bytes)",
            ),
        ] {
            assert_eq!(split(Framing::Objects, content, 9).1.as_deref(), Some(expected));
        }
    }

    #[test]
    fn frames() {
        assert_eq!(texts(Framing::Lengths, b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01d"), ["abc", "", "d"]);
        for (content, expected) in [
            (
                &b"\0\0\0\x01a\0\0"[..],
                "f: message 2, byte 5: the file ends too early: 2 of 4 bytes are there",
            ),
            (b"\0\0\0\x05abc", "f: message 1, byte 0: the file ends too early: 7 of 9 bytes are there"),
            (
                b"\x28\0\0\0abc",
                "f: message 1, byte 0: the message has 671088640 bytes, the limit is 9 (Limits::max_bytes)",
            ),
        ] {
            assert_eq!(split(Framing::Lengths, content, 9).1.as_deref(), Some(expected));
        }
    }

    #[test]
    fn whole_files() {
        assert_eq!(texts(Framing::Whole, b"abc"), ["abc"]);
        assert!(texts(Framing::Whole, b"").is_empty());
        assert_eq!(split(Framing::Whole, b"abc", 3).0.len(), 1);
        let expected =
            "f: message 1, byte 0: the message has more than 2 bytes, the limit is 2 (Limits::max_bytes)";
        assert_eq!(split(Framing::Whole, b"abc", 2).1.as_deref(), Some(expected));
    }
}
