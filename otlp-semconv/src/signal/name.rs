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
#[inline(always)]
pub(crate) fn of<'a, T: Into<Value<'a>>>(value: Option<T>) -> Piece<'a> {
    Piece::Of(value.map(Into::into))
}

impl Piece<'_> {
    /// `_OTHER` says that there is a value which the name must not show.
    #[inline(always)]
    fn is_there(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Of(Some(Value::Str(text))) => !text.is_empty() && *text != "_OTHER",
            Self::Of(Some(Value::Int(_))) => true,
            Self::Of(_) => false,
        }
    }

    #[inline(always)]
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Fixed(text) => out.write_str(text),
            Self::Of(Some(Value::Str(text))) => out.write_str(text),
            Self::Of(Some(Value::Int(number))) => write!(out, "{number}"),
            Self::Of(_) => Ok(()),
        }
    }
}

/// Writes a template if all its pieces are there.
#[inline(always)]
pub(crate) fn write_whole<const N: usize>(
    out: &mut impl fmt::Write,
    pieces: [Piece<'_>; N],
) -> Option<fmt::Result> {
    pieces.iter().all(Piece::is_there).then(|| pieces.iter().try_for_each(|piece| piece.write(out)))
}
