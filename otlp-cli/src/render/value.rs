//! Attribute values as text.

use otlp::value::{Attributes, ValueView};

use super::text::clip;

/// Longest text of one value, in characters; a viewer is no place for a megabyte.
const LONGEST: usize = 2_000;
/// Elements of an array or map that are written out.
const ELEMENTS: usize = 50;
/// Levels of nesting that are written out. Parsing allows 100 message levels, so this bounds the recursion too.
const DEPTH: usize = 100;

/// The value as text, JSON-like inside arrays and maps, not yet escaped for where it goes.
pub(crate) fn text(value: ValueView<'_>) -> String {
    let mut out = String::new();
    match value {
        ValueView::Str(text) => return clip(text, LONGEST),
        value => write(value, DEPTH, &mut out),
    }
    clip(&out, LONGEST)
}

fn write(value: ValueView<'_>, depth: usize, out: &mut String) {
    if depth == 0 || out.len() > 4 * LONGEST {
        return out.push('…');
    }
    match value {
        ValueView::Empty => out.push_str("null"),
        ValueView::Str(text) => out.push_str(&format!("{:?}", clip(text, LONGEST))),
        ValueView::Bool(value) => out.push_str(&value.to_string()),
        ValueView::Int(value) => out.push_str(&value.to_string()),
        ValueView::Double(value) => out.push_str(&value.to_string()),
        ValueView::Bytes(bytes) => {
            out.push_str("0x");
            for byte in bytes.iter().take(64) {
                out.push_str(&format!("{byte:02x}"));
            }
            if bytes.len() > 64 {
                out.push_str(&format!("… ({} bytes)", bytes.len()));
            }
        }
        ValueView::Array(array) => {
            out.push('[');
            for (index, value) in array.values().iter().enumerate() {
                if !separated(index, out) {
                    break;
                }
                write(value, depth - 1, out);
            }
            out.push(']');
        }
        ValueView::Map(map) => {
            out.push('{');
            for (index, entry) in map.entries().iter().enumerate() {
                if !separated(index, out) {
                    break;
                }
                out.push_str(&clip(entry.key(), LONGEST));
                out.push_str(": ");
                write(entry.value(), depth - 1, out);
            }
            out.push('}');
        }
        ValueView::StrIndex(index) => out.push_str(&format!("string #{index}")),
        _ => out.push('?'),
    }
}

/// Writes the comma before element `index`; false ends the list.
fn separated(index: usize, out: &mut String) -> bool {
    if index > 0 {
        out.push_str(", ");
    }
    if index == ELEMENTS {
        out.push('…');
    }
    index < ELEMENTS
}

/// All attributes as text.
pub(crate) fn pairs(attributes: Attributes<'_>) -> Vec<(String, String)> {
    attributes.iter().map(|attribute| (attribute.key().to_owned(), text(attribute.value()))).collect()
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect()
}
