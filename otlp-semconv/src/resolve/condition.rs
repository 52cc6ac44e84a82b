//! Conditions that a machine can check, out of the sentences that conventions write.

use std::borrow::Cow;

use crate::registry::{Attribute, AttributeId, Condition, Registry, Value, ValueType, When};

/// Words for an attribute that are not its key.
const ALIASES: &[(&str, &str)] = &[
    ("the pipeline result", "cicd.pipeline.result"),
    ("the task result", "cicd.pipeline.task.run.result"),
    ("task.arn", "aws.ecs.task.arn"),
];

/// Ways to say that the operation, and nothing less or more, failed.
const FAILURES: &[&str] = &[
    "the operation failed",
    "the operation fails",
    "the operation ended in an error",
    "operation has ended with an error",
    "request has ended with an error",
    "an error has occurred",
    "the messaging operation has failed",
];

/// What the sentence means for the attribute it stands at.
pub(super) fn understand(text: Cow<'static, str>, at: AttributeId, registry: &Registry) -> Condition {
    let sentence = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = sentence.trim_end_matches('.');
    let when = when(sentence, registry);
    let mut mentions: Vec<AttributeId> = keys(sentence).filter_map(|key| attribute(key, registry)).collect();
    if let Some(When::Present(id) | When::Absent(id) | When::Equals(id, _) | When::Differs(id, _)) = &when {
        mentions.push(*id);
    }
    mentions.retain(|mentioned| *mentioned != at);
    mentions.sort_unstable();
    mentions.dedup();
    Condition { when, mentions, text }
}

fn when(sentence: &str, registry: &Registry) -> Option<When> {
    let mut rest = sentence;
    for start in ["required ", "if and only if ", "only if ", "if ", "when "] {
        if let Some((head, tail)) = rest.split_at_checked(start.len())
            && head.eq_ignore_ascii_case(start)
        {
            rest = tail;
        }
    }
    if FAILURES.iter().any(|failure| rest.eq_ignore_ascii_case(failure)) {
        return Some(When::Failed);
    }
    let (subject, predicate) = rest.split_once(" is ")?;
    let id = attribute(subject.trim_matches('`'), registry)?;
    match predicate {
        "set" | "present" | "populated" => return Some(When::Present(id)),
        // The rule for `recommended` is no obligation.
        "not set" | "not set, recommended otherwise" => return Some(When::Absent(id)),
        _ => {}
    }
    let (negated, values) =
        predicate.strip_prefix("not ").map_or((false, predicate), |values| (true, values));
    let values: Option<Vec<Value>> =
        values.split(" or ").map(|value| literal(value, &registry[id])).collect();
    let values = values?;
    Some(if negated { When::Differs(id, values) } else { When::Equals(id, values) })
}

/// A single value, in back quotes or one bare word, as the attribute's type has it.
pub(super) fn literal(text: &str, attribute: &Attribute) -> Option<Value> {
    let quoted = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    let text = quoted.unwrap_or(text);
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if text.is_empty() || text.contains(['`', '{']) || (quoted.is_none() && text.contains(' ')) {
        return None;
    }
    let value = match attribute.value_type.value() {
        ValueType::Int => Value::Int(text.parse().ok()?),
        ValueType::Boolean => Value::Bool(text.parse().ok()?),
        ValueType::Double => Value::Double(text.parse().ok()?),
        ValueType::String | ValueType::Any => Value::Text(text.to_owned().into()),
        _ => return None,
    };
    // Of an enum only a member is surely meant.
    let members = attribute.members();
    (members.is_empty() || members.iter().any(|member| member.value == value) || quoted.is_some())
        .then_some(value)
}

/// Words that may be keys.
fn keys(sentence: &str) -> impl Iterator<Item = &str> {
    sentence
        .split(|other: char| !(other.is_ascii_alphanumeric() || matches!(other, '.' | '_')))
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.contains('.'))
}

fn attribute(word: &str, registry: &Registry) -> Option<AttributeId> {
    let alias = ALIASES.iter().find(|(alias, _)| word.eq_ignore_ascii_case(alias));
    registry.attribute_id(alias.map_or(word, |(_, key)| key))
}
