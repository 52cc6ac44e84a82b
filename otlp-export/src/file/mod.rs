//! Telemetry files: read one batch after another, write one batch after another, in memory that does not grow with the file.
//!
//! | ending | [`FileFormat`] | content |
//! |---|---|---|
//! | `.jsonl` | [`Jsonl`](FileFormat::Jsonl) | one OTLP/JSON message a line |
//! | `.json` | [`Json`](FileFormat::Json) | one OTLP/JSON message, pretty-printed or not |
//! | `.frames` | [`Frames`](FileFormat::Frames) | `u32` big-endian length and one protobuf message, again and again: the Collector's file exporter |
//! | `.otz` | [`Otz`](FileFormat::Otz) | tracezip frames (feature `tracezip`) |
//! | `.pb` | [`Pb`](FileFormat::Pb) | one protobuf message |
//! | `.otlp` | [`Otlp`](FileFormat::Otlp) | `.pb` or `.frames`; the content decides |
//!
//! Each may be wrapped in `.gz` or `.zst`. Where the ending says nothing, the content decides: a bare `.zst` may hold any of them. A
//! file holds one signal.
//!
//! ```
//! use otlp_export::file::{FileReader, FileWriter, ReadOptions, WriteOptions};
//!
//! # let dir = tempfile::tempdir()?;
//! # let (path, copy) = (dir.path().join("traces.jsonl"), dir.path().join("traces.frames.gz"));
//! # std::fs::write(&path, r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"checkout"}]}]}]}"#)?;
//! let mut writer = FileWriter::create(&copy, &WriteOptions::default())?;
//! for batch in FileReader::open(&path, &ReadOptions::default())? {
//!     writer.write(&batch?)?;
//! }
//! assert_eq!(writer.finish()?.items, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | type | what it is |
//! |---|---|
//! | [`FileReader`] | an iterator of batches out of a file or any `Read` |
//! | [`FileWriter`] | takes batches into a file or any `Write` |
//! | [`FileFormat`] | the six formats, and what a file's name says about them |
//! | [`FileError`] | what went wrong: file, message, line, byte |

mod error;
mod format;
#[cfg(feature = "tracezip")]
mod otz;
mod reader;
mod signal;
mod split;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{FileError, Place};
pub use format::{FileFormat, NameSays, UnknownFormat};
pub use reader::{FileReader, ReadOptions};
pub use writer::{FileWriter, WriteOptions, Written};
