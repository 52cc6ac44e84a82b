//! Colours of the terminal. Renderers always write them; the stream removes them where they are not wanted.

use std::fmt::Display;

use anstyle::{Ansi256Color, AnsiColor, Style};

/// Headings.
pub(crate) const TITLE: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const DIM: Style = grey(245);
/// Lines and tracks.
pub(crate) const LINE: Style = grey(240);
/// What went wrong.
pub(crate) const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(203)))).bold();
/// What may be going wrong.
pub(crate) const WARN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
/// What is as it should be.
pub(crate) const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(72))));
/// Bars and charts that belong to no service.
pub(crate) const CHART: Style = Style::new().fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(74))));

/// Hues of medium lightness, readable on dark and light backgrounds and unlike [`BAD`].
const HUES: [u8; 10] = [69, 72, 179, 139, 73, 173, 107, 103, 133, 137];

const fn grey(number: u8) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(number))))
}

/// The colour of the service with this index.
pub(crate) fn service(index: usize) -> Style {
    Style::new().fg_color(Some(Ansi256Color(HUES[index % HUES.len()]).into()))
}

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A heading with a rule to the right edge; `note` stands at the end of it, in plain words.
pub(crate) fn heading(title: &str, note: &str, columns: usize) -> String {
    let used = 2 + super::text::width(title) + if note.is_empty() { 0 } else { super::text::width(note) + 1 };
    let rule = "─".repeat(columns.saturating_sub(used));
    let note = if note.is_empty() { String::new() } else { format!(" {}", paint(DIM, note)) };
    format!("{} {}{note}\n", paint(TITLE, title), paint(LINE, rule))
}
