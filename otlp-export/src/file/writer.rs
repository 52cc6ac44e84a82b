//! Batches into files and streams.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

#[cfg(feature = "tracezip")]
use otlp_compress::tracezip::{self, StreamError};
use otlp_compress::{Codec, Encoder, Level};
use otlp_core::{Batch, Signal, json};

use super::error::{FileError, Place};
use super::format::{FileFormat, NameSays};

/// How to write a file. The default leaves format and compression to its name.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteOptions {
    format: Option<FileFormat>,
    codec: Option<Codec>,
    level: Level,
    #[cfg(feature = "tracezip")]
    tracezip: tracezip::Options,
    #[cfg(feature = "tracezip")]
    streaming: bool,
}

impl WriteOptions {
    /// Sets the format, whatever the file's name.
    #[must_use]
    pub fn with_format(mut self, format: impl Into<Option<FileFormat>>) -> Self {
        self.format = format.into();
        self
    }

    /// Sets the compression, whatever the file's name.
    #[must_use]
    pub fn with_codec(mut self, codec: impl Into<Option<Codec>>) -> Self {
        self.codec = codec.into();
        self
    }

    /// Sets how the frames of an `.otz` file are made.
    #[cfg(feature = "tracezip")]
    #[must_use]
    pub fn with_tracezip(mut self, options: tracezip::Options) -> Self {
        self.tracezip = options;
        self
    }

    /// Sets whether the frames of an `.otz` file build on those before: smaller, and a damaged one takes those after it with it.
    /// Default: each stands alone.
    #[cfg(feature = "tracezip")]
    #[must_use]
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// Sets how hard the compression around the format tries.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

/// What a writer has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Written {
    /// Batches.
    pub messages: u64,
    /// Items in them: spans, data points, log records, profiles.
    pub items: u64,
    /// Bytes of content, before compression.
    pub bytes: u64,
    /// Fields of a newer protocol than this one, which JSON has no names for: they are not in the file.
    pub left_out: u64,
}

/// Takes one batch after another into a file of one signal.
///
/// [`flush`](Self::flush) puts everything taken so far where a reader finds it; [`finish`](Self::finish) writes the end. Without
/// `finish`, the last bytes may be missing, and a compressed file is truncated.
#[must_use = "call `finish`, or the file may be incomplete"]
pub struct FileWriter {
    file: String,
    format: FileFormat,
    sink: Encoder<Box<dyn Write + Send>>,
    signal: Option<Signal>,
    written: Written,
    /// A first message of an `.otlp` file, which decides between its two forms only when a second comes or not.
    held: Option<Batch>,
    /// Whether the list of a `.json` file has an element.
    listed: bool,
    text: Vec<u8>,
    #[cfg(feature = "tracezip")]
    zipper: Option<Zipper>,
}

/// Makes the frames of an `.otz` file.
#[cfg(feature = "tracezip")]
enum Zipper {
    Alone(Box<tracezip::Encoder>),
    Stream(Box<tracezip::StreamEncoder>),
}

#[cfg(feature = "tracezip")]
impl Zipper {
    fn new(options: &WriteOptions) -> Result<Self, StreamError> {
        Ok(if options.streaming {
            let limits = tracezip::StreamLimits::default();
            Self::Stream(Box::new(tracezip::StreamEncoder::new(options.tracezip, limits)?))
        } else {
            Self::Alone(Box::new(tracezip::Encoder::new(options.tracezip)?))
        })
    }

    fn encode(&mut self, batch: &Batch, frame: &mut Vec<u8>) -> Result<(), StreamError> {
        match self {
            Self::Alone(encoder) => drop(encoder.encode(batch, frame)?),
            Self::Stream(encoder) => {
                // What is in the file reaches its reader.
                let ticket = encoder.encode(batch, frame)?;
                encoder.acknowledge(ticket);
            }
        }
        Ok(())
    }
}

/// What ends a message of one list.
const JSON_END: &[u8] = b"]}";

impl FileWriter {
    /// Creates a file, or empties the one that is there. Its name tells format and compression, unless the options do.
    ///
    /// # Errors
    ///
    /// The format is told by neither, the name is one of pprof's, the compression is not part of this build, or the file cannot be
    /// created.
    pub fn create(path: impl AsRef<Path>, options: &WriteOptions) -> Result<Self, FileError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let says = NameSays::of(&file);
        if options.format.is_none() && says.pprof {
            return Err(FileError::PprofName { file });
        }
        let Some(format) = options.format.or(says.format) else {
            return Err(FileError::UnknownFormat { file });
        };
        // Everything that can be wrong with the options is found before an existing file is emptied.
        let codec = options.codec.or(says.codec).unwrap_or_default();
        drop(Self::new(file.clone(), format, codec, options, Box::new(io::sink()))?);
        match File::create(path) {
            Ok(sink) => Self::new(file, format, codec, options, Box::new(sink)),
            Err(source) => Err(FileError::Open { file, source }),
        }
    }

    /// Writes to a stream, such as standard output. `name` stands in errors. Where the options do not say otherwise, the
    /// format is [`FileFormat::Jsonl`] without compression.
    ///
    /// # Errors
    ///
    /// The compression is not part of this build.
    pub fn from_writer(
        name: impl Into<String>,
        sink: impl Write + Send + 'static,
        options: &WriteOptions,
    ) -> Result<Self, FileError> {
        let format = options.format.unwrap_or(FileFormat::Jsonl);
        Self::new(name.into(), format, options.codec.unwrap_or_default(), options, Box::new(sink))
    }

    fn new(
        file: String,
        format: FileFormat,
        codec: Codec,
        options: &WriteOptions,
        sink: Box<dyn Write + Send>,
    ) -> Result<Self, FileError> {
        #[cfg(feature = "tracezip")]
        let zipper = match format {
            FileFormat::Otz => Some(Zipper::new(options).map_err(|source| {
                let place = Place { file: file.clone(), message: 1, line: None, offset: 0 };
                FileError::Tracezip { place, source: Box::new(source) }
            })?),
            _ => None,
        };
        #[cfg(not(feature = "tracezip"))]
        if format == FileFormat::Otz {
            return Err(FileError::TracezipNotBuilt { file });
        }
        match Encoder::new(codec, options.level, sink) {
            Ok(sink) => Ok(Self {
                file,
                format,
                sink,
                signal: None,
                written: Written::default(),
                held: None,
                listed: false,
                text: Vec::new(),
                #[cfg(feature = "tracezip")]
                zipper,
            }),
            Err(source) => Err(FileError::Compress { file, source }),
        }
    }

    /// The format being written.
    pub const fn format(&self) -> FileFormat {
        self.format
    }

    /// The compression around it.
    pub const fn codec(&self) -> Codec {
        self.sink.codec()
    }

    /// What has been taken so far. For rotation: `bytes` is the file's size, once flushed, if there is no compression.
    pub const fn written(&self) -> Written {
        self.written
    }

    /// Takes one batch.
    ///
    /// # Errors
    ///
    /// The batch is of another signal than the ones before, it is a second message of profiles for a format of one message, or
    /// writing fails. After a failed write the file may end in half a message.
    pub fn write(&mut self, batch: &Batch) -> Result<(), FileError> {
        let signal = self.signal.unwrap_or_else(|| batch.signal());
        self.signal = Some(signal);
        if batch.signal() != signal {
            let place = self.place();
            return Err(FileError::OtherSignal { place, expected: signal, found: batch.signal() });
        }
        let first = self.written.messages == 0;
        if !first && signal == Signal::Profiles && matches!(self.format, FileFormat::Pb | FileFormat::Json) {
            return Err(FileError::SecondProfiles { file: self.file.clone(), format: self.format });
        }
        match self.format {
            FileFormat::Jsonl => self.write_line(batch)?,
            FileFormat::Json => self.write_json(batch, first)?,
            FileFormat::Pb => self.put(batch.bytes())?,
            FileFormat::Frames => self.write_frame(batch)?,
            FileFormat::Otz => self.write_otz(batch)?,
            FileFormat::Otlp if first => self.held = Some(batch.clone()),
            FileFormat::Otlp => {
                self.release()?;
                self.write_frame(batch)?;
            }
        }
        self.written.messages += 1;
        self.written.items += batch.items() as u64;
        Ok(())
    }

    /// Hands everything taken so far to the system, so that it is in the file even if this process ends now (not if the machine
    /// does). Ends the current compressed block: a few bytes and some compression lost each time. An `.otlp` file becomes frames.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn flush(&mut self) -> Result<(), FileError> {
        self.release()?;
        self.sink.flush().map_err(|source| FileError::Write { file: self.file.clone(), source })
    }

    /// Writes the end and closes the file.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn finish(mut self) -> Result<Written, FileError> {
        if let Some(only) = self.held.take() {
            self.put(only.bytes())?;
        }
        if self.format == FileFormat::Json && self.written.messages > 0 {
            let end: &[u8] = if self.signal == Some(Signal::Profiles) { b"\n" } else { b"]}\n" };
            self.put(end)?;
        }
        let Self { file, sink, written, .. } = self;
        match sink.finish() {
            Ok(_) => Ok(written),
            Err(source) => Err(FileError::Write { file, source }),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.sink.write_all(bytes).map_err(|source| FileError::Write { file: self.file.clone(), source })?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }

    fn write_frame(&mut self, batch: &Batch) -> Result<(), FileError> {
        let Ok(length) = u32::try_from(batch.bytes().len()) else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "a frame holds at most 4 GiB");
            return Err(FileError::Write { file: self.file.clone(), source });
        };
        self.put(&length.to_be_bytes())?;
        self.put(batch.bytes())
    }

    #[cfg(feature = "tracezip")]
    fn write_otz(&mut self, batch: &Batch) -> Result<(), FileError> {
        let Some(zipper) = &mut self.zipper else { return Ok(()) };
        let mut frame = std::mem::take(&mut self.text);
        frame.clear();
        let result = match zipper.encode(batch, &mut frame) {
            Ok(()) => self.put(&frame),
            Err(source) => Err(FileError::Tracezip { place: self.place(), source: Box::new(source) }),
        };
        self.text = frame;
        result
    }

    /// No such writer can be made.
    #[cfg(not(feature = "tracezip"))]
    fn write_otz(&mut self, _: &Batch) -> Result<(), FileError> {
        Err(FileError::TracezipNotBuilt { file: self.file.clone() })
    }

    /// Where the next message goes.
    fn place(&self) -> Place {
        let (message, offset) = (self.written.messages + 1, self.written.bytes);
        Place { file: self.file.clone(), message, line: None, offset }
    }

    /// Writes the held first message as a frame.
    fn release(&mut self) -> Result<(), FileError> {
        match self.held.take() {
            Some(held) => {
                self.format = FileFormat::Frames;
                self.write_frame(&held)
            }
            None => Ok(()),
        }
    }

    fn write_line(&mut self, batch: &Batch) -> Result<(), FileError> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        self.written.left_out += json::write(batch, &mut text) as u64;
        text.push(b'\n');
        let result = self.put(&text);
        self.text = text;
        result
    }

    /// Joins messages into one: their lists one after another in one list. A message of profiles stands alone, as it is.
    fn write_json(&mut self, batch: &Batch, first: bool) -> Result<(), FileError> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        self.written.left_out += json::write(batch, &mut text) as u64;
        let result = self.join_json(batch.signal(), &text, first);
        self.text = text;
        result
    }

    fn join_json(&mut self, signal: Signal, text: &[u8], first: bool) -> Result<(), FileError> {
        if signal == Signal::Profiles {
            return self.put(text);
        }
        let head = format!("{{\"{}\":[", signal.json_key());
        let list = match text.strip_prefix(head.as_bytes()).and_then(|rest| rest.strip_suffix(JSON_END)) {
            Some(list) => list,
            None if text == b"{}" => &[],
            None => {
                let source =
                    io::Error::new(io::ErrorKind::InvalidData, "a message with more than its one list");
                return Err(FileError::Write { file: self.file.clone(), source });
            }
        };
        if first {
            self.put(head.as_bytes())?;
        }
        if list.is_empty() {
            return Ok(());
        }
        if std::mem::replace(&mut self.listed, true) {
            self.put(b",")?;
        }
        self.put(list)
    }
}

impl std::fmt::Debug for FileWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileWriter")
            .field("file", &self.file)
            .field("format", &self.format)
            .field("codec", &self.codec())
            .field("signal", &self.signal)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
