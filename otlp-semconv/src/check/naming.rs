//! Span names by their templates.

use std::fmt::Write as _;

use otlp_core::value::ValueView;

/// The parts of a template: texts, and the keys of attributes between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'r> {
    Text(&'r str),
    Key(&'r str),
}

/// Takes a template such as `{http.request.method} {http.route}` apart; `None` where a brace is not closed.
pub(super) fn parts(template: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('{') {
        let (key, after) = behind.split_once('}')?;
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        parts.push(Part::Key(key));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Some(parts)
}

/// The names that a span may have: the one that the first template makes whose attributes are all there, and those of
/// templates that start otherwise, which are for other cases.
pub(super) fn names<'v, 'a: 'v>(
    templates: &[Vec<Part<'_>>],
    value: impl Fn(&str) -> Option<&'v ValueView<'a>>,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut start = None;
    for parts in templates {
        let own = match parts.first() {
            Some(Part::Text(text)) => Some(*text),
            _ => None,
        };
        if (names.is_empty() || own != start)
            && let Some(name) = render(parts, &value)
        {
            start = if names.is_empty() { own } else { start };
            names.push(name);
        }
    }
    names
}

fn render<'v, 'a: 'v>(
    parts: &[Part<'_>],
    value: impl Fn(&str) -> Option<&'v ValueView<'a>>,
) -> Option<String> {
    let mut name = String::new();
    for part in parts {
        match part {
            Part::Text(text) => name.push_str(text),
            Part::Key(key) => match (*key, value(key)?) {
                // The method is unknown, and its own text may be anything.
                ("http.request.method", ValueView::Str("_OTHER")) => name.push_str("HTTP"),
                // As good as absent.
                (_, ValueView::Str("" | "_OTHER")) => return None,
                (_, ValueView::Str(text)) => name.push_str(text),
                (_, ValueView::Int(number)) => write!(name, "{number}").ok()?,
                _ => return None,
            },
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_whose_attributes_are_there_applies() {
        let templates: Vec<_> = ["{http.request.method} {http.route}", "{http.request.method}", "{a}:{n} x"]
            .into_iter()
            .filter_map(parts)
            .collect();
        let of = |pairs: &[(&str, ValueView<'static>)]| {
            names(&templates, |key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| value))
                .into_iter()
                .next()
        };
        let method = ("http.request.method", ValueView::Str("GET"));
        assert_eq!(of(&[method, ("http.route", ValueView::Str("/a"))]).as_deref(), Some("GET /a"));
        assert_eq!(of(&[method]).as_deref(), Some("GET"));
        assert_eq!(of(&[method, ("http.route", ValueView::Str(""))]).as_deref(), Some("GET"));
        assert_eq!(of(&[("http.request.method", ValueView::Str("_OTHER"))]).as_deref(), Some("HTTP"));
        assert_eq!(of(&[("a", ValueView::Str("b")), ("n", ValueView::Int(7))]).as_deref(), Some("b:7 x"));
        assert_eq!(of(&[("a", ValueView::Str("b")), ("n", ValueView::Empty)]), None);
        let lookups: Vec<_> =
            ["DNS lookup {a}", "DNS reverse lookup {a}"].into_iter().filter_map(parts).collect();
        assert_eq!(names(&lookups, |_| Some(&ValueView::Str("x"))), ["DNS lookup x", "DNS reverse lookup x"]);
        assert_eq!(parts("a {b"), None);
        assert_eq!(parts("a {b} c"), Some(vec![Part::Text("a "), Part::Key("b"), Part::Text(" c")]));
    }
}
