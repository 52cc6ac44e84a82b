//! How spans are called: templates over attribute keys, out of the rules that conventions write.

use std::borrow::Cow;

use crate::registry::{AttributeUse, Details, Registry};

/// Sections of the specification's documents that notes refer to instead of saying the rule, and the rule, best
/// template first. Reviewed by hand against the documents of 1.44.
const SECTIONS: &[(&str, &[&str])] = &[
    // `{method} {target}`: the route on servers, the URL template on clients.
    (
        "http-spans.md#name",
        &[
            "{http.request.method} {http.route}",
            "{http.request.method} {url.template}",
            "{http.request.method}",
        ],
    ),
    (
        "database-spans.md#name",
        &[
            "{db.query.summary}",
            "{db.operation.name} {db.collection.name}",
            "{db.operation.name} {db.stored_procedure.name}",
            "{db.operation.name} {db.namespace}",
            "{db.operation.name} {server.address}:{server.port}",
            "{db.operation.name}",
            "{db.collection.name}",
            "{db.stored_procedure.name}",
            "{db.namespace}",
            "{server.address}:{server.port}",
            "{db.system.name}",
        ],
    ),
    ("rpc-spans.md#name", &["{rpc.method}", "{rpc.system.name}"]),
    (
        "messaging-spans.md#span-name",
        &[
            "{messaging.operation.name} {messaging.destination.template}",
            "{messaging.operation.name} {messaging.destination.name}",
            "{messaging.operation.name} {server.address}:{server.port}",
            "{messaging.operation.name}",
        ],
    ),
];

/// What placeholders that are no attributes stand for, in rules that speak of the attribute named first.
const PLACEHOLDERS: &[(&str, &str, &[&str])] = &[
    ("mcp.method.name", "{target}", &["{gen_ai.tool.name}", "{gen_ai.prompt.name}"]),
    ("cicd.pipeline.action.name", "{action}", &["{cicd.pipeline.action.name}"]),
    ("cicd.pipeline.name", "{pipeline}", &["{cicd.pipeline.name}"]),
];

/// The templates that a span's own words give, best first, of the attributes that it has: a rule for clients and
/// servers names what only the other side knows. Empty where the words give none.
pub(super) fn of_span(
    details: &Details,
    registry: &Registry,
    uses: &[AttributeUse],
) -> Vec<Cow<'static, str>> {
    let mut templates = templates(details, registry);
    retain(&mut templates, registry, uses);
    templates
}

/// Leaves out templates over attributes that are not used.
pub(super) fn retain(templates: &mut Vec<Cow<'static, str>>, registry: &Registry, uses: &[AttributeUse]) {
    let has = |key: &str| uses.iter().any(|used| registry[used.attribute].key == key);
    templates.retain(|template| keys(template).all(has));
}

/// The templates that words give, best first.
pub(super) fn templates(details: &Details, registry: &Registry) -> Vec<Cow<'static, str>> {
    // A rule of its own in the newer dialect, one of the paragraphs in the older.
    let words = [&*details.name, &*details.brief, &*details.note].join("\n\n");
    let says = |paragraph: &&str| paragraph.contains("Span name") || paragraph.contains("span name");
    let rule = match &*details.name {
        "" => words.split("\n\n").find(says),
        name => Some(name),
    };
    let Some(rule) = rule else { return Vec::new() };
    if let Some((_, templates)) = SECTIONS.iter().find(|(section, _)| rule.contains(section)) {
        let unwanted = |template: &&&str| {
            !keys(template).any(|key| rule.contains(&format!("`{key}` SHOULD NOT be used")))
        };
        return templates.iter().filter(unwanted).map(|template| Cow::Borrowed(*template)).collect();
    }
    let mut found: Vec<Cow<'static, str>> = Vec::new();
    let add = |found: &mut Vec<Cow<'static, str>>, template: String| {
        let new = known(&template, registry) && !found.iter().any(|other| *other == template);
        if new && found.len() < MOST {
            found.push(template.into());
        }
    };
    for (before, quoted) in quotes(rule) {
        // `target` in words is not a name by itself.
        let part = before.ends_with("target SHOULD match ") || before.ends_with("or ");
        let fixed = quoted.contains(' ') && (before.ends_with("named ") || before.ends_with("and "));
        let start =
            |template: &Cow<'_, str>| template.split_once(" {").is_some_and(|(start, _)| start == quoted);
        if (quoted.contains('{') && !part) || fixed || found.iter().any(start) {
            expanded(quoted, &words).into_iter().for_each(|template| add(&mut found, template));
        }
    }
    if found.is_empty() {
        // Without back quotes.
        let bare = rule.split_whitespace().map(|word| word.trim_end_matches('.'));
        bare.filter(|word| word.starts_with('{')).for_each(|word| add(&mut found, word.to_owned()));
        joined(rule).into_iter().for_each(|template| add(&mut found, template));
    }
    found
}

/// "... is the name of the function (see `a`)", "... concatenating `a` and `b` with `.`".
fn joined(rule: &str) -> Option<String> {
    let quotes: Vec<_> = quotes(rule).collect();
    let is_start =
        |(before, _): &(&str, &str)| before.ends_with("(see ") || before.ends_with("concatenating ");
    match &quotes[quotes.iter().position(is_start)?..] {
        [(_, first), (" and ", second), (" with ", between), ..] => {
            Some(format!("{{{first}}}{between}{{{second}}}"))
        }
        [(_, only), ..] => Some(format!("{{{only}}}")),
        [] => None,
    }
}

/// Templates of one span that are kept; the rules have at most eleven.
const MOST: usize = 32;

/// The attributes that a template is made of.
fn keys(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(key, _)| key))
}

/// Each text in back quotes, and what stands before it.
fn quotes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = text.split('`');
    std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
}

/// The template with its placeholders replaced, for each of their values.
fn expanded(template: &str, words: &str) -> Vec<String> {
    let mut templates = vec![template.to_owned()];
    for (about, name, values) in PLACEHOLDERS {
        if template.contains(name) && words.contains(about) {
            let all = templates.iter();
            templates =
                all.flat_map(|template| values.iter().map(|value| template.replace(name, value))).collect();
        }
    }
    templates
}

/// Whether every placeholder is an attribute.
fn known(template: &str, registry: &Registry) -> bool {
    template.matches('{').count() == keys(template).count()
        && keys(template).all(|key| registry.attribute(key).is_some())
}
