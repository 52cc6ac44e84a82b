//! Values as JSON and as YAML.

use std::fmt::Write as _;

use crate::registry::Value;

/// JSON, two spaces a level.
pub(super) fn json(value: &Value) -> String {
    let mut text = String::new();
    json_into(&mut text, value, 0);
    text.push('\n');
    text
}

fn json_into(text: &mut String, value: &Value, level: usize) {
    match value {
        Value::List(items) if !items.is_empty() => {
            let scalars = items.iter().all(|item| !matches!(item, Value::List(_) | Value::Map(_)));
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                if scalars {
                    text.push_str(if at == 0 { "" } else { " " });
                } else {
                    indent(text, level + 1);
                }
                json_into(text, item, level + 1);
            }
            if !scalars {
                indent(text, level);
            }
            text.push(']');
        }
        Value::Map(entries) if !entries.is_empty() => {
            text.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                indent(text, level + 1);
                quote(text, key);
                text.push_str(": ");
                json_into(text, item, level + 1);
            }
            indent(text, level);
            text.push('}');
        }
        Value::Text(word) => quote(text, word),
        // JSON has no such numbers.
        Value::Double(number) if !number.is_finite() => text.push_str("null"),
        other => scalar(text, other),
    }
}

/// YAML in block style, double-quoted wherever a plain word could be taken for something else.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    yaml_into(&mut text, value, 0);
    text.push('\n');
    text.split_off(usize::from(text.starts_with('\n')))
}

/// Writes at a level; what takes more than one line starts on the next.
fn yaml_into(text: &mut String, value: &Value, level: usize) {
    match value {
        Value::List(items) if !items.is_empty() => {
            for item in items {
                indent(text, level);
                text.push('-');
                match item {
                    // The first entry stands on the dash's line.
                    Value::Map(entries) if !entries.is_empty() => yaml_map(text, entries, level + 1, true),
                    Value::List(_) => yaml_into(text, item, level + 1),
                    _ => yaml_item(text, item, level + 1),
                }
            }
        }
        Value::Map(entries) if !entries.is_empty() => yaml_map(text, entries, level, false),
        _ => yaml_item(text, value, level),
    }
}

fn yaml_map(
    text: &mut String,
    entries: &[(std::borrow::Cow<'static, str>, Value)],
    level: usize,
    inline: bool,
) {
    for (at, (key, item)) in entries.iter().enumerate() {
        if inline && at == 0 {
            text.push(' ');
        } else {
            indent(text, level);
        }
        word(text, key);
        text.push(':');
        yaml_item(text, item, level + 1);
    }
}

fn yaml_item(text: &mut String, item: &Value, level: usize) {
    match item {
        Value::List(items) if !items.is_empty() => yaml_into(text, item, level.saturating_sub(1)),
        Value::Map(entries) if !entries.is_empty() => yaml_into(text, item, level),
        _ => {
            text.push(' ');
            match item {
                Value::Text(text_value) => word(text, text_value),
                Value::Double(number) if number.is_nan() => text.push_str(".nan"),
                Value::Double(number) if *number == f64::INFINITY => text.push_str(".inf"),
                Value::Double(number) if *number == f64::NEG_INFINITY => text.push_str("-.inf"),
                other => scalar(text, other),
            }
        }
    }
}

/// Plain where no reader, of YAML 1.1 neither, takes it for anything but text.
fn word(text: &mut String, value: &str) {
    const RESERVED: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let plain = value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.chars().all(|other| other.is_ascii_alphanumeric() || matches!(other, '_' | '.'))
        && !RESERVED.iter().any(|reserved| value.eq_ignore_ascii_case(reserved));
    if plain { text.push_str(value) } else { quote(text, value) }
}

fn scalar(text: &mut String, value: &Value) {
    let _ = match value {
        Value::Bool(truth) => write!(text, "{truth}"),
        Value::Int(number) => write!(text, "{number}"),
        Value::Double(number) => write!(text, "{number:?}"),
        Value::List(_) => write!(text, "[]"),
        Value::Map(_) => write!(text, "{{}}"),
        Value::Null | Value::Text(_) => write!(text, "null"),
    };
}

fn indent(text: &mut String, level: usize) {
    text.push('\n');
    (0..level).for_each(|_| text.push_str("  "));
}

/// In double quotes, escaped as JSON and YAML both understand.
fn quote(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // Line ends and marks that YAML treats specially, and what it does not allow raw.
            other
                if other.is_control()
                    || matches!(other, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(text, "\\u{:04x}", u32::from(other));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::registry::Value;
    use crate::resolve::{Limits, yaml};

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-1e9..1e9).prop_map(Value::Double),
            any::<String>().prop_map(|text| Value::Text(text.into())),
            "[a-z.~?:#-]{0,8}".prop_map(|text| Value::Text(text.into())),
            Just(Value::Null),
        ];
        scalar.prop_recursive(4, 40, 5, |inner| {
            let entries = proptest::collection::btree_map("[ -~]{0,6}", inner.clone(), 0..5);
            prop_oneof![
                proptest::collection::vec(inner, 0..5).prop_map(Value::List),
                entries.prop_map(|map| Value::Map(
                    map.into_iter().map(|(key, item)| (key.into(), item)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(item in value()) {
            let item = Value::Map(vec![("item".into(), item)]);
            for text in [super::yaml(&item), super::json(&item)] {
                let node = yaml::parse("test", &text, &Limits::default(), &mut 0).unwrap().unwrap();
                prop_assert_eq!(&node.to_value(), &item, "{}", text);
            }
        }
    }
}
