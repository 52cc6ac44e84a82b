//! What can go wrong with a file, and where in it.

use std::fmt;
use std::io;

use otlp_compress::{CompressError, DecompressError};
use otlp_core::json::JsonError;
use otlp_core::{ParseError, Signal};

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file's path as it was given, or what the caller called the stream.
    pub file: String,
    /// Which message, from 1.
    pub message: u64,
    /// In which line it starts, from 1; only in JSON files.
    pub line: Option<u64>,
    /// At which byte it starts, counted after decompression.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: message {}", self.file, self.message)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ", byte {}", self.offset)
    }
}

/// Why a file could not be read or written. Every message names the file, and the place in it where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be opened or created.
    #[error("{file}: {source}")]
    Open {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// Reading failed.
    #[error("{place}: {source}")]
    Read {
        /// Where.
        place: Place,
        /// What the system says.
        source: io::Error,
    },
    /// Writing failed.
    #[error("{file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The compressed content is broken, or its codec is not part of this build.
    #[error("{place}: {source}")]
    Decompress {
        /// Where, in decompressed bytes; the source names the compressed offset.
        place: Place,
        /// What is wrong.
        source: DecompressError,
    },
    /// The codec is not part of this build, or has no such level.
    #[error("{file}: {source}")]
    Compress {
        /// The file.
        file: String,
        /// What is wrong.
        source: CompressError,
    },
    /// A message is larger than [`Limits::max_bytes`](otlp_core::Limits::max_bytes); in JSON, larger than four times that.
    #[error("{place}: the message has {} bytes, the limit is {limit} (Limits::max_bytes)", AtLeast(*.bytes, *.limit))]
    TooLarge {
        /// Where.
        place: Place,
        /// The message's stated size; `None` where it has none.
        bytes: Option<u64>,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file ends in the middle of a message.
    #[error("{place}: the file ends too early: {have} of {want} bytes are there")]
    Truncated {
        /// Where.
        place: Place,
        /// How many bytes there are.
        have: u64,
        /// How many there should be.
        want: u64,
    },
    /// A message is not valid protobuf OTLP.
    #[error("{place}: {source}")]
    Parse {
        /// Where the message starts; the source names the field and the byte within it.
        place: Place,
        /// What is wrong.
        source: Box<ParseError>,
    },
    /// A message is not valid OTLP/JSON.
    #[error("{}", JsonPlace { place, error })]
    Json {
        /// Where the message starts.
        place: Place,
        /// What is wrong; its line and column count from the start of the message, and the display of the whole says it in the
        /// file's own lines: so it is no source, which would be said a second time with another line.
        error: Box<JsonError>,
    },
    /// Something other than a JSON object stands where a message should, or one is not closed.
    #[error("{place}: {what}")]
    NotAMessage {
        /// Where.
        place: Place,
        /// What is there.
        what: &'static str,
    },
    /// Neither the name nor the content tells the signal.
    #[error("{file}: cannot tell which signal it holds: pass --signal traces, metrics, logs or profiles")]
    UnknownSignal {
        /// The file.
        file: String,
    },
    /// The name says one signal, the content clearly is another.
    #[error("{file}: its name says {named}, its content looks like {looks}: pass --signal to decide")]
    SignalConflict {
        /// The file.
        file: String,
        /// What the name says.
        named: Signal,
        /// What the content is.
        looks: Signal,
    },
    /// A message of another signal than the file's.
    #[error("{place}: a message of {found} in a file of {expected}; a file holds one signal")]
    OtherSignal {
        /// Where.
        place: Place,
        /// The file's signal: what was asked for, else the first message's.
        expected: Signal,
        /// The message's signal.
        found: Signal,
    },
    /// A tracezip frame cannot be read, or not be written.
    #[cfg(feature = "tracezip")]
    #[error("{place}: {source}")]
    Tracezip {
        /// Where the frame starts; the source names the byte within it.
        place: Place,
        /// What is wrong.
        source: Box<otlp_compress::tracezip::StreamError>,
    },
    /// Tracezip is not part of this build.
    #[error("{file}: .otz is not part of this build: compile otlp-export with the feature `tracezip`")]
    TracezipNotBuilt {
        /// The file.
        file: String,
    },
    /// A pprof profile, which is another format than OTLP.
    #[error("{file}: this is a pprof profile, not OTLP; reading pprof is not part of this version")]
    Pprof {
        /// The file.
        file: String,
    },
    /// The name of a file to write is one of pprof's.
    #[error(
        "{file}: this ending is pprof's, and writing pprof is not part of this version; gzipped OTLP ends in .otlp.gz"
    )]
    PprofName {
        /// The file.
        file: String,
    },
    /// The name of a file to write does not tell its format.
    #[error(
        "{file}: the name does not tell the format: end it in .jsonl, .json, .pb, .frames, .otz or .otlp, \
         and then .gz or .zst if you like"
    )]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// A second profiles message for a file of one: joining two needs their dictionaries merged.
    #[error(
        "{file}: .{format} holds one message, and profiles messages cannot be joined by concatenation, as each has its own \
         dictionary; write .frames or .jsonl instead"
    )]
    SecondProfiles {
        /// The file.
        file: String,
        /// The format that was asked for.
        format: super::FileFormat,
    },
}

struct AtLeast(Option<u64>, u64);

impl fmt::Display for AtLeast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => write!(f, "{bytes}"),
            None => write!(f, "more than {}", self.1),
        }
    }
}

/// A place inside a message, in the file's own lines.
struct JsonPlace<'a> {
    place: &'a Place,
    error: &'a JsonError,
}

impl fmt::Display for JsonPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, error } = self;
        let line = place.line.unwrap_or(1) + error.line() as u64 - 1;
        write!(f, "{}: message {}, line {line}, column {}: ", place.file, place.message, error.column())?;
        if !error.path().is_empty() {
            write!(f, "{}: ", error.path())?;
        }
        f.write_str(error.message())
    }
}
