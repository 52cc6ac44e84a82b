//! OTLP/JSON, straight between the encoding and the text: no tree in between.
//!
//! Strict when writing, lenient when reading, by the tables that are made from the protocol's descriptors. The rules are
//! those of the specification's "JSON Protobuf Encoding".
//!
//! ```
//! use otlp_core::{Limits, Signal, json};
//! let text = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000"}]}]}]}"#;
//! let batch = json::read(Signal::Logs, text, &json::JsonOptions::default(), &Limits::default())?;
//! let mut again = Vec::new();
//! json::write(&batch, &mut again);
//! assert_eq!(again, text);
//! # Ok::<(), json::JsonError>(())
//! ```

mod digits;
mod error;
mod escape;
mod in_order;
mod lengths;
mod lexer;
pub(crate) mod number;
mod options;
mod quick;
#[cfg(test)]
mod random_tests;
mod read;
mod room;
mod scalar;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use error::{Fault, Read, Step};
pub use error::{JsonError, JsonErrorKind};
pub(crate) use escape::write_string;
pub(crate) use lexer::Lexer;
pub use options::JsonOptions;
pub use read::read;
pub use write::write;
