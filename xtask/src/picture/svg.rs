//! Runs of text as an SVG of a terminal window. Every run is put at its own column, so that a browser's choice of
//! monospaced font moves nothing.

use std::fmt::Write as _;

use super::ansi::{Rgb, Run};

/// Width of a column and height of a line, in pixels.
const COLUMN: f64 = 8.0;
const LINE: usize = 18;
/// Around the text, and above it for the window's title.
const MARGIN: usize = 16;
const TITLE: usize = 36;

const INK: Rgb = (201, 209, 217);
const PAPER: Rgb = (13, 17, 23);

/// The window with `title` in its bar.
pub(super) fn draw(title: &str, lines: &[Vec<Run>]) -> String {
    let columns =
        lines.iter().filter_map(|runs| runs.last()).map(|run| run.column + run.text.chars().count()).max();
    let width = columns.unwrap_or(0).max(60) as f64 * COLUMN + 2.0 * MARGIN as f64;
    let height = TITLE + lines.len() * LINE + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13.3\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(PAPER)
    );
    for (index, colour) in ["#ff5f57", "#febc2e", "#28c840"].into_iter().enumerate() {
        let _ = writeln!(svg, "<circle cx=\"{}\" cy=\"18\" r=\"6\" fill=\"{colour}\"/>", 20 + index * 20);
    }
    let _ = writeln!(
        svg,
        "<text x=\"50%\" y=\"22\" text-anchor=\"middle\" fill=\"#8b949e\">{}</text>",
        escape(title)
    );
    for (index, runs) in lines.iter().enumerate() {
        let top = TITLE + index * LINE;
        for run in runs {
            piece(&mut svg, run, top);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn piece(svg: &mut String, run: &Run, top: usize) {
    let x = MARGIN as f64 + run.column as f64 * COLUMN;
    let width = run.text.chars().count() as f64 * COLUMN;
    if let Some(paper) = run.style.paper {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{LINE}\" fill=\"{}\"/>",
            hex(paper)
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let mut look = format!("fill=\"{}\"", hex(run.style.ink.unwrap_or(INK)));
    for (on, attribute) in [
        (run.style.bold, " font-weight=\"bold\""),
        (run.style.dim, " opacity=\"0.65\""),
        (run.style.italic, " font-style=\"italic\""),
        (run.style.underline, " text-decoration=\"underline\""),
    ] {
        if on {
            look.push_str(attribute);
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" {look}>{}</text>",
        top + 13,
        escape(&run.text)
    );
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::picture::ansi::runs;

    #[test]
    fn text_is_escaped_and_placed_by_column() {
        let svg = draw("demo", &[runs("ab\u{1b}[1m<c>\u{1b}[0m")]);
        assert!(svg.contains(">ab</text>"), "{svg}");
        assert!(
            svg.contains("<text x=\"32\" ") && svg.contains("font-weight=\"bold\">&lt;c&gt;</text>"),
            "{svg}"
        );
        assert!(svg.ends_with("</svg>\n"));
    }
}
