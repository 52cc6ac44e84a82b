//! What can be wrong with a JSON text, and where.

use std::fmt;

/// A JSON text that was refused: what is wrong, in which field, at which place.
///
/// ```
/// use otlp_core::{Limits, Signal, json};
/// let text = "{\"resourceSpans\":[\n  {\"schemaUrl\":7}]}";
/// let error = json::read(Signal::Traces, text.as_bytes(), &json::JsonOptions::default(), &Limits::default())
///     .unwrap_err();
/// assert_eq!((error.line(), error.column(), error.path()), (2, 16, "resourceSpans[0].schemaUrl"));
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 16: resourceSpans[0].schemaUrl: expected a string, found a number"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    kind: JsonErrorKind,
    message: String,
    path: String,
    offset: usize,
    line: usize,
    column: usize,
}

/// Which rule a JSON text broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Not JSON (RFC 8259), or not UTF-8.
    Syntax,
    /// JSON, but the value does not fit its field: wrong type, out of range, not hex, not base64.
    Value,
    /// Nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    TooDeep,
    /// Text or encoding larger than [`Limits::max_bytes`](crate::Limits::max_bytes).
    TooLarge,
    /// More items than [`Limits::max_items`](crate::Limits::max_items).
    TooManyItems,
}

impl JsonError {
    /// Which rule was broken.
    pub const fn kind(&self) -> JsonErrorKind {
        self.kind
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field, such as `resourceSpans[0].scopeSpans[0].spans[3].startTimeUnixNano`; empty for the text as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes before the place, counted from the start of the text.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Line of the place, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Character of the place in its line, from 1.
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for JsonError {}

/// An error on its way out: the path grows from the inner end, line and column are counted last.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: JsonErrorKind,
    message: String,
    offset: usize,
    path: Vec<Step>,
}

/// One step of a field path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Field(&'static str),
    Index(usize),
}

/// Boxed, so that the results of the many small reading functions stay small.
pub(crate) type Read<T> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(crate) fn new(kind: JsonErrorKind, offset: usize, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { kind, message: message.into(), offset, path: Vec::new() })
    }

    #[cold]
    pub(crate) fn inside(mut self: Box<Self>, step: Step) -> Box<Self> {
        self.path.push(step);
        self
    }

    /// The error as users see it; `bytes` is the whole text.
    #[cold]
    pub(crate) fn locate(self, bytes: &[u8]) -> JsonError {
        let before = &bytes[..self.offset.min(bytes.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // Continuation bytes do not start a character.
        let characters = before[line_start..].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let mut path = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        JsonError {
            kind: self.kind,
            message: self.message,
            path,
            offset: self.offset,
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: characters + 1,
        }
    }
}
