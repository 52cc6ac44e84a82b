//! The resolved single-file form, `resolved/2.0`: every registry in one file that needs no other.

mod read;
mod text;
mod write;

pub(super) use read::read;

/// The value of `file_format` that is written; others of version 2 are read too.
const FORMAT: &str = "resolved/2.0";

/// The annotation for what we know and the form has no place for: `extends` of a span, `moved`.
const ANNOTATION: &str = "otlp";

#[cfg(test)]
mod tests;
