//! Values that conventions pin, out of the notes they write it in.

use crate::registry::{Attribute, AttributeUse, Expected, Registry, Requirement};

use super::condition::literal;

/// "MUST be set to `x`.", "SHOULD match one of the following values:" and a list: what a note on an attribute's use
/// pins. Nothing, if the note says more than that.
pub(super) fn of_note(note: &str, attribute: &Attribute) -> Option<Expected> {
    let (must, rest) = obligation(note.trim_start())?;
    for list in ["be set to one of the following values:", "match one of the following values:"] {
        if let Some(rest) = rest.strip_prefix(list) {
            let values = bullets(rest).map(|word| literal(word, attribute)).collect::<Option<Vec<_>>>()?;
            return (!values.is_empty()).then_some(Expected { values, must });
        }
    }
    let rest = rest.strip_prefix("be set to ").or_else(|| rest.strip_prefix("be "))?;
    let (word, behind) = quoted(rest)?;
    // "MUST be set to `x` when ..." is a rule with a condition.
    matches!(behind.chars().next(), None | Some('.' | ',' | '\n')).then_some(())?;
    Some(Expected { values: vec![literal(word, attribute)?], must })
}

/// "`db.system.name` MUST be set to `x`": what a signal's words pin for its attributes. One that it MUST have is
/// required, even if the signal's list leaves it out, as those of the database systems do.
pub(super) fn of_signal(words: &str, registry: &Registry, uses: &mut Vec<AttributeUse>) {
    let mut rest = words;
    while let Some(at) = rest.find('`') {
        // Words before it on the line may be a condition.
        let line = rest[..at].rsplit(['\n', '.']).next().unwrap_or_default().trim();
        let Some((key, behind)) = quoted(&rest[at..]) else { return };
        rest = behind;
        if !matches!(line, "" | "The") {
            continue;
        }
        let Some(id) = registry.attribute_id(key.trim_matches('`')) else { continue };
        let Some((must, value)) = obligation(behind.trim_start()) else { continue };
        let Some(value) = value.strip_prefix("be set to ").or_else(|| value.strip_prefix("be ")) else {
            continue;
        };
        let Some((word, behind)) = quoted(value) else { continue };
        let and = behind.starts_with(" and SHOULD be provided **at span creation time");
        let ends = and || matches!(behind.chars().next(), None | Some('.' | ',' | '\n'));
        let Some(value) = literal(word, &registry[id]).filter(|_| ends) else { continue };
        let at = match uses.binary_search_by_key(&id, |used| used.attribute) {
            Ok(at) => at,
            Err(at) if must => {
                let mut used = AttributeUse::new(id, Requirement::Required);
                used.sampling_relevant = and;
                uses.insert(at, used);
                at
            }
            Err(_) => continue,
        };
        uses[at].expected.get_or_insert_with(|| Expected { values: vec![value], must });
    }
}

fn obligation(text: &str) -> Option<(bool, &str)> {
    let must = text.strip_prefix("MUST ").map(|rest| (true, rest));
    must.or_else(|| text.strip_prefix("SHOULD ").map(|rest| (false, rest)))
}

/// The text in back quotes that `text` starts with, quotes included, and what is behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('`')?;
    let end = inner.find('`')?;
    Some(text.split_at(end + 2))
}

/// The quoted word that each line of a list starts with.
fn bullets(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    lines
        .map_while(|line| line.strip_prefix("* ").or_else(|| line.strip_prefix("- ")))
        .filter_map(|line| quoted(line).map(|(word, _)| word))
}
