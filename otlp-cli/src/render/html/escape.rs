//! Text from telemetry made safe inside a page.

use std::fmt::Write as _;

use crate::render::clean::is_unsafe;

/// Text for element content and double-quoted attributes. Invisible and reordering characters become visible.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if is_unsafe(c) => push_visible(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// A JSON string that may stand inside a `script` element: no `<`, so no way out of it.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c if is_unsafe(c) => push_visible(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Control pictures, or the code point, for what would act instead of showing.
fn push_visible(out: &mut String, c: char) {
    if c < ' ' {
        out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'));
    } else {
        let _ = write!(out, "[U+{:04X}]", c as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escape("<script>alert('x\"&')</script>\u{202e}\x1b"),
            "&lt;script&gt;alert(&#39;x&quot;&amp;&#39;)&lt;/script&gt;[U+202E]␛"
        );
    }

    #[test]
    fn json_cannot_leave_its_element() {
        for attack in
            ["</script><script>alert(1)</script>", "<!--", "]]>", "\u{2028}", "\"};alert(1)//", "\\\"", "\0"]
        {
            let text = json(attack);
            assert!(!text.contains('<') && !text.contains('\u{2028}'), "{text}");
            let value: String = serde_json::from_str(&text).unwrap();
            if !attack.chars().any(is_unsafe) {
                assert_eq!(value, attack);
            }
        }
    }
}
