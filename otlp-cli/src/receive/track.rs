//! The files of one signal: numbered, never overwritten, rotated by size, whole messages only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use otlp::{Batch, Signal, file::FileFormat, json};

/// How the files are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoreOptions {
    /// Jsonl, frames, or pb: requests that follow each other are one message, the merged one, except profiles, each of which has a
    /// dictionary of its own and so a file of its own.
    pub(super) format: FileFormat,
    /// Bytes that a file does not grow over, unless by its first message.
    pub(super) rotate: u64,
}

/// `DIR/<signal>-<NNNNNN>.<ending>`, one after another.
#[derive(Debug)]
pub(super) struct Track {
    dir: PathBuf,
    signal: Signal,
    options: StoreOptions,
    next: u64,
    open: Option<Open>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    size: u64,
}

/// What the buffer keeps between messages.
const KEEP: usize = 8 << 20;

impl Track {
    /// Goes on behind the highest number that the directory holds for this signal, whatever the ending.
    pub(super) fn new(dir: &Path, signal: Signal, options: StoreOptions) -> io::Result<Self> {
        let mut next = 1;
        for entry in fs::read_dir(dir)? {
            if let Some(number) = entry?.file_name().to_str().and_then(|name| number_of(name, signal)) {
                next = next.max(number.saturating_add(1));
            }
        }
        Ok(Self { dir: dir.to_owned(), signal, options, next, open: None, buffer: Vec::new() })
    }

    /// Puts one message into the files; on return the system has it. After an error it is not there, not even in part.
    pub(super) fn append(&mut self, batch: &Batch) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.shrink_to(KEEP);
        encode(batch, self.options.format, &mut self.buffer)?;
        let size = self.buffer.len() as u64;
        if self.open.as_ref().is_some_and(|open| open.size + size > self.options.rotate) {
            self.open = None;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.create()?,
        };
        match open.file.write_all(&self.buffer) {
            Ok(()) => {
                open.size += size;
                if self.takes_more() {
                    self.open = Some(open);
                }
                Ok(())
            }
            Err(error) => {
                let context = format!("{}: {error}", open.path.display());
                self.take_back(open);
                Err(io::Error::new(error.kind(), context))
            }
        }
    }

    /// Whether a file holds more than its first message.
    fn takes_more(&self) -> bool {
        self.options.format != FileFormat::Pb || self.signal != Signal::Profiles
    }

    /// A file under the next number that is free.
    fn create(&mut self) -> io::Result<Open> {
        loop {
            let name = format!("{}-{:06}.{}", self.signal, self.next, self.options.format);
            let path = self.dir.join(name);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    self.next += 1;
                    return Ok(Open { file, path, size: 0 });
                }
                // Another process writes here too.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.next += 1,
                Err(error) => {
                    return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
                }
            }
        }
    }

    /// Removes what a failed write left; if even that fails, the file ends in half a message and is not touched again.
    fn take_back(&mut self, open: Open) {
        if open.size == 0 {
            let _ = fs::remove_file(&open.path);
        } else if open.file.set_len(open.size).is_ok() {
            self.open = Some(open);
        }
    }
}

/// The number in a name that [`Track::create`] could have given.
fn number_of(name: &str, signal: Signal) -> Option<u64> {
    let rest = name.strip_prefix(signal.as_str())?.strip_prefix('-')?;
    let (number, _) = rest.split_once('.')?;
    number.parse().ok()
}

fn encode(batch: &Batch, format: FileFormat, out: &mut Vec<u8>) -> io::Result<()> {
    match format {
        FileFormat::Jsonl => {
            json::write(batch, out);
            out.push(b'\n');
        }
        FileFormat::Frames => {
            let length = u32::try_from(batch.bytes().len())
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a frame holds at most 4 GiB"))?;
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(batch.bytes());
        }
        _ => out.extend_from_slice(batch.bytes()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use otlp::Limits;

    use super::*;

    /// One resource of one span: 6 bytes.
    fn batch() -> Batch {
        Batch::parse(Signal::Traces, &b"\x0a\x04\x12\x02\x12\x00"[..], &Limits::default()).unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn track(dir: &Path, format: FileFormat, rotate: u64) -> Track {
        Track::new(dir, Signal::Traces, StoreOptions { format, rotate }).unwrap()
    }

    #[test]
    fn frames_are_rotated_before_they_outgrow_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let mut track = track(dir.path(), FileFormat::Frames, 20);
        for _ in 0..3 {
            track.append(&batch()).unwrap();
        }
        assert_eq!(names(dir.path()), ["traces-000001.frames", "traces-000002.frames"]);
        let first = fs::read(dir.path().join("traces-000001.frames")).unwrap();
        assert_eq!(first, b"\0\0\0\x06\x0a\x04\x12\x02\x12\x00".repeat(2));
    }

    #[test]
    fn a_message_above_the_limit_has_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let mut track = track(dir.path(), FileFormat::Jsonl, 1);
        track.append(&batch()).unwrap();
        track.append(&batch()).unwrap();
        assert_eq!(names(dir.path()), ["traces-000001.jsonl", "traces-000002.jsonl"]);
    }

    #[test]
    fn requests_in_one_pb_are_one_message() {
        let dir = tempfile::tempdir().unwrap();
        let mut track = track(dir.path(), FileFormat::Pb, 12);
        for _ in 0..3 {
            track.append(&batch()).unwrap();
        }
        assert_eq!(names(dir.path()), ["traces-000001.pb", "traces-000002.pb"]);
        let items = |name: &str| {
            let bytes = fs::read(dir.path().join(name)).unwrap();
            Batch::parse(Signal::Traces, bytes, &Limits::default()).unwrap().items()
        };
        assert_eq!((items("traces-000001.pb"), items("traces-000002.pb")), (2, 1));
    }

    #[test]
    fn profiles_in_pb_have_a_file_each() {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions { format: FileFormat::Pb, rotate: 1 << 20 };
        let mut track = Track::new(dir.path(), Signal::Profiles, options).unwrap();
        let batch =
            Batch::parse(Signal::Profiles, &b"\x0a\x04\x12\x02\x12\x00"[..], &Limits::default()).unwrap();
        track.append(&batch).unwrap();
        track.append(&batch).unwrap();
        assert_eq!(names(dir.path()), ["profiles-000001.pb", "profiles-000002.pb"]);
        assert_eq!(fs::read(dir.path().join("profiles-000002.pb")).unwrap(), **batch.bytes());
    }

    #[test]
    fn what_is_there_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["traces-000007.jsonl", "traces-x.jsonl", "logs-000050.frames", "traces-3"] {
            fs::write(dir.path().join(name), "mine").unwrap();
        }
        let mut one = track(dir.path(), FileFormat::Frames, 1);
        let mut other = track(dir.path(), FileFormat::Frames, 1);
        one.append(&batch()).unwrap();
        other.append(&batch()).unwrap();
        assert!(dir.path().join("traces-000008.frames").exists());
        assert!(dir.path().join("traces-000009.frames").exists());
        assert_eq!(fs::read(dir.path().join("traces-000007.jsonl")).unwrap(), b"mine");
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let mut track = track(&inner, FileFormat::Frames, 1);
        fs::remove_dir(&inner).unwrap();
        let error = track.append(&batch()).unwrap_err().to_string();
        assert!(error.contains("traces-000001.frames"), "{error}");
        fs::create_dir(&inner).unwrap();
        track.append(&batch()).unwrap();
    }
}
