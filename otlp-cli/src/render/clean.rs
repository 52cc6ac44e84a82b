//! Text from telemetry made safe to print: no control character reaches the terminal.

use std::borrow::Cow;

/// Replaces everything that a terminal would obey or hide, so that hostile names cannot move the cursor, change colours, set
/// titles or reorder a line.
///
/// C0 controls become their pictures (`␛`, `␊`), what has no picture is written as `<U+202E>`.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\x7f' => out.push('\u{2421}'),
            c if is_unsafe(c) => out.push_str(&format!("<U+{:04X}>", c as u32)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Controls, bidirectional overrides, line separators, invisible marks and tags.
pub(crate) const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(clean("GET /cart – größe 日本 👩‍💻"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let attacks = [
            "\x1b[31mred\x1b[0m",
            "\x1b]0;title\x07",
            "\x1b]8;;http://evil\x1b\\link",
            "\u{9b}2J",
            "\u{90}q\u{9c}",
            "a\r\nb\tc\x08",
            "\u{202e}gpj.exe",
            "\u{2066}x\u{2069}",
            "zero\u{200b}width\u{feff}",
            "\x7f\0",
            "\u{e0041}",
        ];
        for attack in attacks {
            let cleaned = clean(attack);
            assert!(!cleaned.chars().any(super::is_unsafe), "{attack:?} -> {cleaned:?}");
            assert!(!cleaned.chars().any(char::is_control), "{attack:?} -> {cleaned:?}");
        }
        assert_eq!(clean("\x1b[31m\n\u{202e}"), "␛[31m␊<U+202E>");
    }
}
