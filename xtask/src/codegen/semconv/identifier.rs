//! Rust names for what the model calls by dotted names.

use std::collections::BTreeMap;

/// Words that cannot name a function or module.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Names that generated modules import, so that nothing in them may be called so.
const IMPORTED: &[&str] = &[
    "Key",
    "TemplateKey",
    "Metric",
    "Instrument",
    "Counter",
    "UpDownCounter",
    "Gauge",
    "Histogram",
    "AnyNumber",
    "Entries",
    "Value",
    "Any",
    "Self",
    "Option",
    "Some",
    "None",
    "Span",
    "SpanKind",
    "Event",
    "Entity",
    "Stability",
    "Deprecated",
];

/// The first segment of a dotted name.
pub(super) fn namespace(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A dotted name without its namespace; the namespace itself stays.
fn local(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, rest)| rest)
}

/// `request.method` as `request_method`.
pub(super) fn snake(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// `request.method` as `RequestMethod`.
pub(super) fn pascal(name: &str) -> String {
    let mut out = String::new();
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = part.chars();
        if let Some(first) = chars.next() {
            // Two numbers side by side would read as one.
            if first.is_ascii_digit() && out.ends_with(|c: char| c.is_ascii_digit()) {
                out.push('_');
            }
            out.push(first.to_ascii_uppercase());
            out.push_str(chars.as_str());
        }
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) { format!("V{out}") } else { out }
}

/// The name of a setter or argument for an attribute, seen from `home`, a namespace or an entity: within `http`,
/// `http.route` is `route`; elsewhere it is `http_route`.
pub(super) fn setter(key: &str, home: &str) -> String {
    let inside = |home: &str| key.strip_prefix(home).and_then(|rest| rest.strip_prefix('.')).map(snake);
    let full = snake(key);
    [inside(home), inside(namespace(home)), Some(full.clone())]
        .into_iter()
        .flatten()
        .find(|name| !KEYWORDS.contains(&name.as_str()) && name != "new")
        .unwrap_or_else(|| format!("{full}_"))
}

/// Names for the items of one module, each given once.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeMap<String, String>,
}

impl Names {
    /// The name of an item, made by `style` from the dotted name without its namespace. If another item has it or it is
    /// imported, from the whole name; if that is taken too, with `suffix`.
    pub(super) fn give(&mut self, name: &str, style: fn(&str) -> String, suffix: &str) -> String {
        let short = style(local(name));
        let full = style(name);
        let keyword = |name: &String| KEYWORDS.contains(&name.as_str()) || IMPORTED.contains(&name.as_str());
        let chosen = [short.clone(), full.clone(), format!("{short}{suffix}"), format!("{full}{suffix}")]
            .into_iter()
            .find(|candidate| !keyword(candidate) && !self.taken.contains_key(candidate))
            .unwrap_or_else(|| format!("{full}_{}", self.taken.len()));
        self.taken.insert(chosen.clone(), name.to_owned());
        chosen
    }
}

/// `REQUEST_METHOD`.
pub(super) fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::{Names, pascal, screaming, setter, snake};

    #[test]
    fn names_are_rust_names() {
        assert_eq!(pascal("request.method_original"), "RequestMethodOriginal");
        assert_eq!(pascal("http_2.0"), "Http2_0");
        assert_eq!(snake("a-b.c"), "a_b_c");
        assert_eq!(setter("http.route", "http"), "route");
        assert_eq!(setter("server.address", "http"), "server_address");
        assert_eq!(setter("exception.type", "exception"), "exception_type");
        assert_eq!(setter("k8s.pod.name", "k8s.pod"), "name");
        assert_eq!(setter("k8s.cluster.name", "k8s.pod"), "cluster_name");
        assert_eq!(setter("service.namespace", "service.namespace"), "namespace");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::default();
        assert_eq!(names.give("a.b.c", screaming, "_OLD"), "B_C");
        assert_eq!(names.give("a.b_c", screaming, "_OLD"), "A_B_C");
        assert_eq!(names.give("x.a.b_c", screaming, "_OLD"), "X_A_B_C");
        assert_eq!(names.give("a.key", pascal, ""), "AKey");
    }
}
