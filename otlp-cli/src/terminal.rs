//! The three streams: stdout for data, stderr for talk, and what is known about the terminal behind them.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;

use crate::render::clean::is_unsafe;

/// When to colour: on a terminal unless `NO_COLOR` is set, always, never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it the choice of every stream of [`stdout`] and [`stderr`].
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Stdout, for data. Colours written to it are removed where they are not wanted.
///
/// Write with `writeln!(out, ..)?`: a closed pipe then ends the program quietly (see [`crate::exit::report`]).
pub(crate) fn stdout() -> anstream::AutoStream<io::StdoutLock<'static>> {
    anstream::AutoStream::auto(io::stdout()).lock()
}

/// Stderr, for talk.
pub(crate) fn stderr() -> anstream::AutoStream<io::Stderr> {
    anstream::AutoStream::auto(io::stderr())
}

/// Whether someone looks at stderr, so that progress bars make sense.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Says a line on stderr; that nobody listens is no error. The line is written at once, so that who waits for it (a script, for
/// `listening ...`) never reads half of it. File names and what servers say may stand in it: it is made [`printable`].
pub(crate) fn say_line(text: std::fmt::Arguments<'_>) {
    let _ = stderr().write_all(format!("{}\n", printable(&text.to_string())).as_bytes());
}

/// [`say_line`] with the arguments of `format!`.
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::say_line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Text from outside without what would move a terminal's cursor, change its colours or reorder a line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if is_unsafe(letter) { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_global() {
        Color::Never.apply();
        assert_eq!(anstream::ColorChoice::global(), anstream::ColorChoice::Never);
        Color::Auto.apply();
        assert_eq!(anstream::ColorChoice::global(), anstream::ColorChoice::Auto);
    }

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(printable("no\x1b[2J\r\nway é"), "no\u{fffd}[2J\u{fffd}\u{fffd}way é");
        assert_eq!(printable("cpu\u{202e}gpj.\u{2066}exe"), "cpu\u{fffd}gpj.\u{fffd}exe");
    }
}
