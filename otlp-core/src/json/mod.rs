//! OTLP/JSON, straight between the encoding and the text.

#![allow(dead_code, reason = "the reader and the writer of batches follow")]

mod error;
mod escape;
mod lexer;
pub(crate) mod number;

pub(crate) use error::{Fault, Read, Step};
pub use error::{JsonError, JsonErrorKind};
pub(crate) use escape::write_string;
pub(crate) use lexer::Lexer;
