//! The escape sequences that set colours and weight ("SGR", ECMA-48 8.3.117); all others are dropped.

/// How a run of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) ink: Option<Rgb>,
    pub(super) paper: Option<Rgb>,
    pub(super) bold: bool,
    pub(super) dim: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
}

/// A colour.
pub(super) type Rgb = (u8, u8, u8);

/// Text in one style, and the column it starts in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) column: usize,
    pub(super) text: String,
    pub(super) style: Style,
}

/// The sixteen named colours, as on a dark terminal.
const NAMED: [Rgb; 16] = [
    (72, 79, 88),
    (255, 123, 114),
    (63, 185, 80),
    (210, 153, 34),
    (88, 166, 255),
    (188, 140, 255),
    (57, 197, 207),
    (177, 186, 196),
    (110, 118, 129),
    (255, 161, 152),
    (86, 211, 100),
    (227, 179, 65),
    (121, 192, 255),
    (210, 168, 255),
    (86, 212, 221),
    (255, 255, 255),
];

/// Cuts a line where its style changes. Each line starts in the plain style.
pub(super) fn runs(line: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut style = Style::default();
    let mut column = 0;
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            let mut codes = String::new();
            if rest.next() != Some('[') {
                continue;
            }
            let end = rest.by_ref().find(|&next| {
                let ends = next.is_ascii_alphabetic();
                if !ends {
                    codes.push(next);
                }
                ends
            });
            if end == Some('m') {
                style = style.changed(&codes);
            }
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.style == style => run.text.push(character),
            _ => runs.push(Run { column, text: character.to_string(), style }),
        }
        column += 1;
    }
    runs
}

impl Style {
    fn changed(mut self, codes: &str) -> Self {
        let mut codes = codes.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.ink = Some(NAMED[usize::from(code - 30)]),
                90..=97 => self.ink = Some(NAMED[usize::from(code - 82)]),
                40..=47 => self.paper = Some(NAMED[usize::from(code - 40)]),
                100..=107 => self.paper = Some(NAMED[usize::from(code - 92)]),
                38 => self.ink = extended(&mut codes),
                48 => self.paper = extended(&mut codes),
                39 => self.ink = None,
                49 => self.paper = None,
                _ => {}
            }
        }
        self
    }
}

/// What follows 38 or 48: `5;N` out of 256 colours, or `2;R;G;B`.
fn extended(codes: &mut impl Iterator<Item = u8>) -> Option<Rgb> {
    match codes.next()? {
        2 => Some((codes.next()?, codes.next()?, codes.next()?)),
        5 => Some(match codes.next()? {
            named @ 0..=15 => NAMED[usize::from(named)],
            cube @ 16..=231 => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
                let cube = cube - 16;
                (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
            }
            grey => [8 + (grey - 232) * 10; 3].into(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMED, Run, Style, runs};

    #[test]
    fn styles_cut_a_line_into_runs() {
        let bold = Style { bold: true, ..Style::default() };
        let red = Style { ink: Some(NAMED[1]), ..Style::default() };
        let run = |column, text: &str, style| Run { column, text: text.to_owned(), style };
        assert_eq!(
            runs("a\u{1b}[1mbé\u{1b}[0m\u{1b}[31mc\u{1b}[39md\u{1b}[2Ke"),
            [
                run(0, "a", Style::default()),
                run(1, "bé", bold),
                run(3, "c", red),
                run(4, "de", Style::default())
            ]
        );
    }

    #[test]
    fn colours_by_number_and_by_value() {
        let ink = |code: &str| runs(&format!("\u{1b}[{code}mx"))[0].style.ink;
        assert_eq!(ink("38;5;196"), Some((255, 0, 0)));
        assert_eq!(ink("38;5;232"), Some((8, 8, 8)));
        assert_eq!(ink("38;2;1;2;3"), Some((1, 2, 3)));
        assert_eq!(ink("38;5"), None);
        assert_eq!(ink("96"), Some(NAMED[14]));
    }
}
