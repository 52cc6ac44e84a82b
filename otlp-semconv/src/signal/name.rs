//! Putting together the name that a convention gives a span.

use core::fmt;

use crate::Value;

/// A piece of a span's name.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    Fixed(&'static str),
    /// The value of an attribute, which may be missing.
    Of(Option<Value<'a>>),
}

/// The piece that an optional attribute gives.
pub(crate) fn of<'a, T: Into<Value<'a>>>(value: Option<T>) -> Piece<'a> {
    Piece::Of(value.map(Into::into))
}

impl Piece<'_> {
    /// `_OTHER` says that there is a value which the name must not show.
    fn is_there(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Of(Some(Value::Str(text))) => !text.is_empty() && *text != "_OTHER",
            Self::Of(Some(Value::Int(_))) => true,
            Self::Of(_) => false,
        }
    }

    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Self::Fixed(text) => out.write_str(text),
            Self::Of(Some(Value::Str(text))) => out.write_str(text),
            Self::Of(Some(Value::Int(number))) => write!(out, "{number}"),
            Self::Of(_) => Ok(()),
        }
    }
}

/// Writes the first template of which all pieces are there.
pub(crate) fn write_first(out: &mut dyn fmt::Write, templates: &[&[Piece<'_>]]) -> fmt::Result {
    match templates.iter().find(|pieces| pieces.iter().all(Piece::is_there)) {
        Some(pieces) => pieces.iter().try_for_each(|piece| piece.write(out)),
        None => Ok(()),
    }
}
