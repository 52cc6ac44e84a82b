//! Files and streams as batches.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use otlp_compress::{Codec, Decoder};
use otlp_core::json::{self, JsonOptions};
use otlp_core::{Batch, Limits, Signal};

use super::error::{FileError, Place};
use super::format::{FileFormat, NameSays};
#[cfg(feature = "tracezip")]
use super::otz::OtzReader;
use super::signal::{by_json_key, by_name, is_pprof, shape};
use super::split::{Framing, Input, Raw, Splitter, read_error};

/// JSON text takes two to four times the bytes of the same message in protobuf.
const JSON_FACTOR: u64 = 4;
const READ_BUFFER: usize = 128 << 10;

/// What is known about a file before it is read. The default leaves everything to its name and content.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    signal: Option<Signal>,
    format: Option<FileFormat>,
    codec: Option<Codec>,
    limits: Limits,
}

impl ReadOptions {
    /// Says which signal the file holds.
    #[must_use]
    pub fn with_signal(mut self, signal: impl Into<Option<Signal>>) -> Self {
        self.signal = signal.into();
        self
    }

    /// Says which format the file has, whatever its name.
    #[must_use]
    pub fn with_format(mut self, format: impl Into<Option<FileFormat>>) -> Self {
        self.format = format.into();
        self
    }

    /// Says how the file is compressed, whatever its name.
    #[must_use]
    pub fn with_codec(mut self, codec: impl Into<Option<Codec>>) -> Self {
        self.codec = codec.into();
        self
    }

    /// Sets what each message may have. `max_bytes` counts encoded protobuf; JSON text may have four times as many.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// An iterator of the batches in a file, in memory for one message.
///
/// The signal is what [`ReadOptions::with_signal`] says; else, in JSON, the message's key, in `.otz`, the frame's header; else what the file's name contains; else
/// what the first item's shape tells.
///
/// An error about one message ([`FileError::Parse`], [`FileError::Json`], [`FileError::OtherSignal`]) does not stop the reader: the next
/// item is the next message. Every other error is the last item.
pub struct FileReader {
    file: String,
    format: FileFormat,
    codec: Codec,
    source: Source,
    limits: Limits,
    /// The file's signal, once it is known.
    signal: Option<Signal>,
    /// Whether the content may turn out to be pprof's.
    maybe_pprof: bool,
    /// Messages without items, read while looking for the signal.
    waiting: VecDeque<Raw>,
    done: bool,
}

/// What messages are taken from.
enum Source {
    Split(Splitter),
    #[cfg(feature = "tracezip")]
    Otz(Box<OtzReader>),
}

impl Source {
    /// The next message as it lies in the file; of frames, what they hold.
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        match self {
            Self::Split(splitter) => splitter.next(),
            #[cfg(feature = "tracezip")]
            Self::Otz(frames) => frames.next(),
        }
    }

    fn offset(&self) -> u64 {
        match self {
            Self::Split(splitter) => splitter.offset(),
            #[cfg(feature = "tracezip")]
            Self::Otz(frames) => frames.offset(),
        }
    }
}

impl FileReader {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// It cannot be opened, its first bytes cannot be read, or its compression is not part of this build.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, FileError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        match File::open(path) {
            Ok(source) => Self::from_reader(file, source, options),
            Err(source) => Err(FileError::Open { file, source }),
        }
    }

    /// Reads a stream, such as standard input. `name` stands in errors, and tells format and signal as a file's name does; call it
    /// `-` or `<stdin>` and the content decides. Blocks until the first bytes are there.
    ///
    /// # Errors
    ///
    /// The first bytes cannot be read, or the compression is not part of this build.
    pub fn from_reader(
        name: impl Into<String>,
        source: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, FileError> {
        let file = name.into();
        let says = NameSays::of(&file);
        let start = || Place { file: file.clone(), message: 1, line: None, offset: 0 };
        let failed = |error| read_error(start(), error);

        let (head, source) = peek(source).map_err(failed)?;
        let codec = options.codec.or(says.codec).unwrap_or_else(|| Codec::detect(&head));
        let mut input: Input = match codec {
            // A file that was created and not written to has no members or frames, and no messages either.
            _ if head.is_empty() => Box::new(source),
            Codec::Identity => Box::new(source),
            _ => {
                let decoder = Decoder::new(codec, source);
                Box::new(decoder.map_err(|source| FileError::Decompress { place: start(), source })?)
            }
        };

        let named = options.format.or(says.format);
        let first = input.fill_buf().map_err(failed)?.first().copied();
        let (format, framing) = resolve(named, first);
        let is_text = matches!(framing, Framing::Lines | Framing::Objects);
        let limit = (options.limits.max_bytes() as u64).saturating_mul(if is_text { JSON_FACTOR } else { 1 });
        let maybe_pprof = options.format.is_none()
            && format == FileFormat::Pb
            && (says.pprof || (named.is_none() && codec == Codec::Gzip));
        let source = match format {
            #[cfg(feature = "tracezip")]
            FileFormat::Otz => Source::Otz(Box::new(OtzReader::new(file.clone(), input, options.limits))),
            #[cfg(not(feature = "tracezip"))]
            FileFormat::Otz => return Err(FileError::TracezipNotBuilt { file }),
            _ => Source::Split(Splitter::new(file.clone(), input, framing, limit)),
        };
        Ok(Self {
            format,
            codec,
            source,
            limits: options.limits,
            signal: options.signal,
            maybe_pprof,
            waiting: VecDeque::new(),
            done: false,
            file,
        })
    }

    /// The format being read: never [`FileFormat::Otlp`], which is one of two others.
    pub const fn format(&self) -> FileFormat {
        self.format
    }

    /// The compression around it.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// The file's signal; known from the first batch on, or from the start if the caller said it.
    pub const fn signal(&self) -> Option<Signal> {
        self.signal
    }

    /// Bytes of content read so far, after decompression.
    pub fn offset(&self) -> u64 {
        self.source.offset()
    }

    fn read(&mut self) -> Result<Option<Batch>, FileError> {
        let raw = match self.waiting.pop_front() {
            Some(raw) => Some(raw),
            None => self.source.next()?,
        };
        let Some(raw) = raw else { return Ok(None) };
        if self.format.is_json() { self.read_json(raw) } else { self.read_binary(raw).map(Some) }
    }

    fn read_json(&mut self, raw: Raw) -> Result<Option<Batch>, FileError> {
        let found = by_json_key(&raw.bytes);
        if self.signal.is_none() {
            let Some(signal) = found.or_else(|| by_name(&self.file)) else { return self.look_further(raw) };
            self.signal = Some(signal);
        }
        let Some(expected) = self.signal else { return Ok(None) };
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(FileError::OtherSignal { place: raw.place, expected, found });
        }
        // The text's size was checked when it was cut off; what it becomes is checked below.
        let limits = self.limits.with_max_bytes(raw.bytes.len().max(self.limits.max_bytes()));
        let batch = match json::read(expected, &raw.bytes, &JsonOptions::default(), &limits) {
            Ok(batch) => batch,
            Err(error) => return Err(FileError::Json { place: raw.place, error: Box::new(error) }),
        };
        let (bytes, limit) = (batch.bytes().len() as u64, self.limits.max_bytes() as u64);
        if bytes > limit {
            return Err(FileError::TooLarge { place: raw.place, bytes: Some(bytes), limit });
        }
        Ok(Some(batch))
    }

    fn read_binary(&mut self, raw: Raw) -> Result<Batch, FileError> {
        if self.maybe_pprof && is_pprof(&raw.bytes) {
            return Err(FileError::Pprof { file: self.file.clone() });
        }
        if let (Some(expected), Some(found)) = (self.signal, raw.signal)
            && expected != found
        {
            return Err(FileError::OtherSignal { place: raw.place, expected, found });
        }
        let signal = match self.signal.or(raw.signal) {
            Some(signal) => *self.signal.insert(signal),
            None => {
                let signal = self.find_signal(&raw)?;
                *self.signal.insert(signal)
            }
        };
        Batch::parse(signal, raw.bytes, &self.limits)
            .map_err(|source| FileError::Parse { place: raw.place, source: Box::new(source) })
    }

    /// The signal of a binary file: by name, unless the content contradicts it; else by the content.
    fn find_signal(&mut self, first: &Raw) -> Result<Signal, FileError> {
        let named = by_name(&self.file);
        let mut looked = shape(&first.bytes);
        if let Some(named) = named {
            return match looked.as_ref().map(|shape| (&shape.fits[..], &shape.tells[..])) {
                Some((fits, &[looks])) if !fits.contains(&named) => {
                    Err(FileError::SignalConflict { file: self.file.clone(), named, looks })
                }
                _ => Ok(named),
            };
        }
        // Messages without items tell nothing. The ones that follow do, and are kept for later, up to one message's worth of bytes.
        let mut kept = 0;
        let mut waiting = VecDeque::new();
        let mut deciding = None;
        while looked.is_none() && kept <= self.limits.max_bytes() {
            let Some(raw) = self.source.next()? else { break };
            kept += raw.bytes.len() + 64;
            looked = shape(&raw.bytes);
            if looked.is_some() {
                deciding = Some(waiting.len());
            }
            waiting.push_back(raw);
        }
        let sample = deciding.map_or(first, |index| &waiting[index]);
        let signal = self.decide(looked.as_ref(), sample);
        self.waiting = waiting;
        signal
    }

    /// The one signal that a message can be read as.
    fn decide(&self, looked: Option<&super::signal::Shape>, sample: &Raw) -> Result<Signal, FileError> {
        let unknown = || FileError::UnknownSignal { file: self.file.clone() };
        let parse = |signal: Signal| Batch::parse(signal, sample.bytes.clone(), &self.limits);
        let Some(shape) = looked else {
            // Broken bytes rather than missing items deserve to be told as such.
            return match parse(Signal::Traces) {
                Err(source) => {
                    Err(FileError::Parse { place: sample.place.clone(), source: Box::new(source) })
                }
                Ok(_) => Err(unknown()),
            };
        };
        match shape.tells[..] {
            // The dictionary is proof; an older layout of profiles must get to say what it is.
            [Signal::Profiles] => return Ok(Signal::Profiles),
            [signal] if parse(signal).is_ok() => return Ok(signal),
            _ => {}
        }
        let mut readable = shape.fits.iter().copied().filter(|signal| parse(*signal).is_ok());
        match (readable.next(), readable.next()) {
            (Some(signal), None) => Ok(signal),
            (Some(_), Some(_)) => Err(unknown()),
            (None, _) => {
                let closest = shape.tells.iter().chain(&shape.fits).next().copied().unwrap_or(Signal::Traces);
                match parse(closest) {
                    Err(source) => {
                        Err(FileError::Parse { place: sample.place.clone(), source: Box::new(source) })
                    }
                    Ok(_) => Err(unknown()),
                }
            }
        }
    }

    /// A JSON message without a request's key, in a file whose signal is not known: the messages after it may tell.
    fn look_further(&mut self, raw: Raw) -> Result<Option<Batch>, FileError> {
        let mut kept = raw.bytes.len();
        let mut waiting = VecDeque::from([raw]);
        while kept <= self.limits.max_bytes() {
            let Some(raw) = self.source.next()? else { break };
            kept += raw.bytes.len() + 64;
            self.signal = by_json_key(&raw.bytes);
            waiting.push_back(raw);
            if self.signal.is_some() {
                self.waiting = waiting;
                return self.read();
            }
        }
        // Text that is no message at all should be told as such.
        for raw in waiting {
            if let Err(source) = json::read(Signal::Traces, &raw.bytes, &JsonOptions::default(), &self.limits)
            {
                return Err(FileError::Json { place: raw.place, error: Box::new(source) });
            }
        }
        Err(FileError::UnknownSignal { file: self.file.clone() })
    }
}

impl Iterator for FileReader {
    type Item = Result<Batch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let result = self.read();
        self.done = match &result {
            Ok(batch) => batch.is_none(),
            Err(FileError::Parse { .. } | FileError::Json { .. } | FileError::OtherSignal { .. }) => {
                // Without a signal there is nothing to read the next message as.
                self.signal.is_none()
            }
            Err(_) => true,
        };
        result.transpose()
    }
}

impl std::iter::FusedIterator for FileReader {}

impl std::fmt::Debug for FileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileReader")
            .field("file", &self.file)
            .field("format", &self.format)
            .field("codec", &self.codec)
            .field("signal", &self.signal)
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}

/// Reads the few bytes that a magic number takes, and puts them back in front.
fn peek(mut source: impl Read + Send + 'static) -> std::io::Result<(Vec<u8>, impl BufRead + Send + 'static)> {
    let mut head = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut head)?;
    let rest = BufReader::with_capacity(READ_BUFFER, source);
    Ok((head.clone(), Cursor::new(head).chain(rest)))
}

/// Frames find their own ends.
const OTZ: (FileFormat, Framing) = (FileFormat::Otz, Framing::Whole);

/// Format and framing, from what is known of the format and the content's first byte.
fn resolve(named: Option<FileFormat>, first: Option<u8>) -> (FileFormat, Framing) {
    // A frame of less than 128 MiB starts with a byte below 8, which no protobuf message can: field numbers start at 1.
    let binary = match first {
        Some(0..8) => (FileFormat::Frames, Framing::Lengths),
        _ => (FileFormat::Pb, Framing::Whole),
    };
    match named {
        Some(FileFormat::Jsonl) => (FileFormat::Jsonl, Framing::Lines),
        Some(FileFormat::Json) => (FileFormat::Json, Framing::Objects),
        Some(FileFormat::Frames) => (FileFormat::Frames, Framing::Lengths),
        Some(FileFormat::Otz) => OTZ,
        // Frames are found under `.pb` too: as a message they could only be refused.
        Some(FileFormat::Pb | FileFormat::Otlp) => binary,
        // JSON starts with a brace, white space or a byte order mark. A line feed is left to protobuf, where it is field 1.
        None => match first {
            // As protobuf, field 9 of a wire type that does not exist.
            Some(b'O') => OTZ,
            Some(b'{' | b' ' | b'\t' | b'\r' | 0xef) => (FileFormat::Json, Framing::Objects),
            _ => binary,
        },
    }
}
