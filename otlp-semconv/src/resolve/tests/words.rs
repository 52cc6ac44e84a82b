//! Facts out of the sentences that conventions are written in.

use super::older;
use crate::registry::{Condition, Expected, Registry, Value, When};

/// A span whose attribute `a.it` has this requirement and note, and the span this note.
fn span(condition: &str, note: &str, span_note: &str) -> Registry {
    let quote = |text: &str| format!("{text:?}");
    older(&format!(
        "
- id: registry.a
  type: attribute_group
  brief: x
  attributes:
  - {{id: a.it, type: string, brief: x}}
  - {{id: a.other, type: string, brief: x}}
  - {{id: a.code, type: int, brief: x}}
  - {{id: a.kind, brief: x, type: {{members: [{{id: red}}, {{id: blue}}]}}}}
- id: span.s
  type: span
  span_kind: client
  brief: x
  note: {}
  attributes:
  - {{ref: a.it, note: {}, requirement_level: {{conditionally_required: {}}}}}
  - {{ref: a.other}}
",
        quote(span_note),
        quote(note),
        quote(condition)
    ))
    .unwrap()
}

/// What is understood of a condition: the form of it, and the keys it names.
fn condition(sentence: &str) -> (String, Vec<String>) {
    let registry = span(sentence, "", "");
    let Condition { when, mentions, text } =
        registry.span("s").unwrap().attributes[0].condition.clone().unwrap();
    assert_eq!(text, sentence);
    let key = |id| registry[id].key.to_string();
    let when = match when {
        None => String::new(),
        Some(When::Present(id)) => format!("{} is there", key(id)),
        Some(When::Absent(id)) => format!("{} is missing", key(id)),
        Some(When::Equals(id, values)) => format!("{} is one of {values:?}", key(id)),
        Some(When::Differs(id, values)) => format!("{} is none of {values:?}", key(id)),
        Some(When::Failed) => "failed".to_owned(),
    };
    (when, mentions.into_iter().map(key).collect())
}

#[test]
fn conditions_that_a_machine_can_check_are_understood() {
    for (sentence, when, mentions) in [
        ("If `a.other` is set.", "a.other is there", vec!["a.other"]),
        ("if and only if `a.other` is set", "a.other is there", vec!["a.other"]),
        ("When `a.other` is set", "a.other is there", vec!["a.other"]),
        ("Required if `a.other` is not set, recommended otherwise.", "a.other is missing", vec!["a.other"]),
        ("if and only if `a.other` is `x`", "a.other is one of [Text(\"x\")]", vec!["a.other"]),
        ("if and only if a.kind is red", "a.kind is one of [Text(\"red\")]", vec!["a.kind"]),
        (
            "if `a.kind` is `red` or `blue`",
            "a.kind is one of [Text(\"red\"), Text(\"blue\")]",
            vec!["a.kind"],
        ),
        ("if and only if a.code is not 0", "a.code is none of [Int(0)]", vec!["a.code"]),
        ("if and only if an error has occurred.", "failed", vec![]),
        ("If and only if the operation failed.", "failed", vec![]),
        // More than can be checked: only the names are known.
        ("If available and `a.other` is set.", "", vec!["a.other"]),
        ("If and only if it's different than `a.other`.", "", vec!["a.other"]),
        ("If `a.it` is set.", "a.it is there", vec![]),
        ("if a.kind is purple and large", "", vec!["a.kind"]),
        ("If `no.such` is set.", "", vec![]),
        ("If available.", "", vec![]),
    ] {
        let expected = (when.to_owned(), mentions.into_iter().map(str::to_owned).collect());
        assert_eq!(condition(sentence), expected, "{sentence}");
    }
}

fn expected(note: &str) -> Option<(Vec<Value>, bool)> {
    let registry = span("x", note, "");
    let expected = registry.span("s").unwrap().attributes[0].expected.clone();
    expected.map(|Expected { values, must }| (values, must))
}

#[test]
fn pinned_values_are_understood() {
    let text =
        |words: &[&str]| words.iter().map(|word| Value::Text((*word).to_owned().into())).collect::<Vec<_>>();
    assert_eq!(expected("MUST be set to `\"kafka\"`."), Some((text(&["kafka"]), true)));
    assert_eq!(expected("SHOULD be set to `send`"), Some((text(&["send"]), false)));
    assert_eq!(expected("SHOULD be `send`, or not"), Some((text(&["send"]), false)));
    let list =
        "SHOULD match one of the following values:\n\n- `send`\n- `schedule`: later\n\nAnd more words.";
    assert_eq!(expected(list), Some((text(&["send", "schedule"]), false)));
    let list = "MUST be set to one of the following values:\n\n* `ok`: fine\n* `bad`\n";
    assert_eq!(expected(list), Some((text(&["ok", "bad"]), true)));
    for more in [
        "MUST be set to `x` when it rains",
        "SHOULD be set to `{exchange}:{routing key}`",
        "It MUST be set to `x`.",
        "MUST be set to the name",
        "",
    ] {
        assert_eq!(expected(more), None, "{more}");
    }
}

#[test]
fn what_a_spans_note_pins_is_pinned_and_required() {
    let note = "`a.kind` MUST be set to `\"red\"` and SHOULD be provided **at span creation time**.\n\
                The `a.other` SHOULD be `x`.\nIf it rains, `a.it` MUST be `y`.\n`a.code` SHOULD be `7`.";
    let registry = span("x", "", note);
    let span = registry.span("s").unwrap();
    let found: Vec<_> = span
        .attributes
        .iter()
        .map(|used| (&*registry[used.attribute].key, used.sampling_relevant, used.expected.is_some()))
        .collect();
    // What only SHOULD have a value does not join the span by that.
    assert_eq!(found, [("a.it", false, false), ("a.kind", true, true), ("a.other", false, true)]);
}

#[test]
fn span_names_are_understood() {
    let names = |note: &str| span("x", "", note).span("s").unwrap().names.clone();
    assert_eq!(
        names("**Span name** SHOULD be `{a.it} {a.other}` if possible, else `{a.it}`."),
        ["{a.it} {a.other}", "{a.it}"]
    );
    assert_eq!(
        names("**Span name** SHOULD be `run {a.it}`.\nWithout it, it SHOULD be `run`."),
        ["run {a.it}", "run"]
    );
    assert_eq!(names("The span name SHOULD be {a.it}."), ["{a.it}"]);
    assert_eq!(
        names("Span name SHOULD be `{a.it}` and the span SHOULD be named `No Name` else."),
        ["{a.it}", "No Name"]
    );
    // Attributes that the span does not have, or that nothing defines.
    assert_eq!(names("Span name SHOULD be `{a.code}` or `{no.such}`."), [""; 0]);
    assert_eq!(names("Nothing about `{a.it}`."), [""; 0]);
}
