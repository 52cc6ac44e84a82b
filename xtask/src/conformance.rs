//! `cargo xtask conformance`: which tests show which rule of the protocol, written into the book. Tests say so by their names, which
//! begin with the rules' ids: `g12_h11_...`. The sources are read, not built, so that this costs CI nothing.

use std::collections::BTreeMap;

use anyhow::{Context, bail};

use crate::args::Args;
use crate::{section, workspace};

#[allow(dead_code, unreachable_pub, reason = "the library's own table, compiled a second time")]
#[path = "../../otlp-export/src/conformance/rule.rs"]
mod rule;

use rule::{Level, RULES, Rule, Who};

const PAGE: &str = "docs/src/conformance.md";
const SECTION: &str = "rules";

/// Rules without a test, and why. None of them is a MUST.
const UNTESTED: &[(&str, &str)] = &[];

/// Writes the table, or compares it under `--check`; a rule with neither test nor reason is an error.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let check = args.flag("--check");
    args.done()?;
    let mut shown: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for path in
        workspace::files()?.into_iter().filter(|path| path.ends_with(".rs") && !path.starts_with("xtask/"))
    {
        let text = std::fs::read_to_string(workspace::root().join(&path)).with_context(|| path.clone())?;
        for name in tests(&text) {
            for rule in rules(name) {
                let rule =
                    rule.with_context(|| format!("{path}: `{name}` names a rule that there is not"))?;
                shown.entry(rule.id).or_default().push((path.clone(), name.to_owned()));
            }
        }
    }
    let missing: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !shown.contains_key(id) && UNTESTED.iter().all(|(other, _)| other != id))
        .collect();
    if !missing.is_empty() {
        bail!(
            "no test shows {}: name one so that it begins with the rule's id in lower case, or give a reason in {}",
            missing.join(", "),
            file!()
        );
    }
    section::write(PAGE, SECTION, &table(&shown), check.then_some("cargo xtask conformance"))
}

fn table(shown: &BTreeMap<&str, Vec<(String, String)>>) -> String {
    let count = |level: Level| RULES.iter().filter(|rule| rule.level == level).count();
    let tested =
        |level: Level| RULES.iter().filter(|rule| rule.level == level && shown.contains_key(rule.id)).count();
    let tests: usize =
        shown.values().flatten().map(|(_, name)| name).collect::<std::collections::BTreeSet<_>>().len();
    let mut text = format!(
        "{} of {} MUST and {} of {} SHOULD have tests, {tests} in all.\n\n",
        tested(Level::Must),
        count(Level::Must),
        tested(Level::Should),
        count(Level::Should),
    );
    for (letter, title) in
        [('G', "gRPC, and what both transports share"), ('H', "HTTP"), ('J', "JSON"), ('C', "Configuration")]
    {
        text.push_str(&format!(
            "### {title}\n\n| rule | who | level | what | tests |\n|---|---|---|---|---|\n"
        ));
        for rule in RULES.iter().filter(|rule| rule.id.starts_with(letter)) {
            let probed = if rule.who == Who::Client || rule.id == "J8" { "" } else { " Probed." };
            text.push_str(&format!(
                "| [{}]({}) | {} | {} | {}.{probed} | {} |\n",
                rule.id,
                rule.url(),
                rule.who,
                rule.level,
                rule.text,
                cell(shown.get(rule.id))
            ));
        }
        text.push('\n');
    }
    for (id, reason) in UNTESTED {
        text.push_str(&format!("- {id} has no test: {reason}\n"));
    }
    text
}

/// Names of tests under the files they stand in.
fn cell(tests: Option<&Vec<(String, String)>>) -> String {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, name) in tests.into_iter().flatten() {
        files.entry(path).or_default().push(name);
    }
    let files = files.into_iter().map(|(path, names)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{path}: {}", names.join(", "))
    });
    files.collect::<Vec<_>>().join("<br>")
}

/// Names of the functions behind `#[test]` and `#[tokio::test]`.
fn tests(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
            marked = false;
            names.extend(rest.split('(').next());
        }
    }
    names
}

/// The rules at the beginning of a test's name; `None` for an id that no rule has.
fn rules(name: &str) -> impl Iterator<Item = Option<&'static Rule>> {
    let words = name.split('_').take_while(|word| {
        let (letter, number) = word.split_at(word.len().min(1));
        "ghjc".contains(letter) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    words.map(Rule::find)
}

#[cfg(test)]
mod self_tests {
    use super::{rules, tests};

    #[test]
    fn names_are_read_behind_their_marks() {
        let source = "#[test]\nfn g1_a() {\n}\n    #[tokio::test(start_paused = true)]\n    #[cfg(x)]\n    async fn h2_j3_b() {}\nfn g4_helper() {}\n";
        assert_eq!(tests(source), ["g1_a", "h2_j3_b"]);
    }

    #[test]
    fn leading_words_are_rules() {
        let ids = |name| rules(name).map(|rule| rule.map(|rule| rule.id)).collect::<Vec<_>>();
        assert_eq!(ids("g12_h11_every_code"), [Some("G12"), Some("H11")]);
        assert_eq!(ids("gzip_is_no_rule"), []);
        assert_eq!(ids("g99_is_none"), [None]);
    }
}
