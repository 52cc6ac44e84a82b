//! The preset dictionary of tracezip frames: `cargo xtask codegen tracezip`.

use otlp_semconv::Stability;
use otlp_semconv::registry::{Registry, Value};

use super::Output;
use crate::workspace::root;

/// The release of the conventions that dictionary 1 is made of. It does not follow them: readers know it by its number, so
/// that a later release needs a dictionary of its own.
const VERSION: &str = "1.44.0";
/// Bytes of the dictionary, at its end what is likeliest.
const LONGEST: usize = 32 << 10;

/// Keys, values of enums and names of metrics that are in use, a line each: what is still in development first, stable facts last.
pub(super) fn generate(output: &Output) -> anyhow::Result<()> {
    let registry = Registry::builtin();
    if registry.version() != VERSION {
        println!(
            "tracezip's dictionary is of {VERSION}, the registry of {}: not compared",
            registry.version()
        );
        return Ok(());
    }
    let attributes = |stable: bool| {
        let wanted = move |stability: &Stability| (*stability == Stability::Stable) == stable;
        let attributes = registry.attributes().iter();
        attributes
            .filter(move |attribute| attribute.deprecated.is_none() && wanted(&attribute.stability))
            .flat_map(|attribute| {
                let values = attribute.members().iter().filter_map(|member| match &member.value {
                    Value::Text(text) => Some(&**text),
                    _ => None,
                });
                std::iter::once(&*attribute.key).chain(values)
            })
    };
    let metrics =
        registry.metrics().iter().filter(|metric| metric.deprecated.is_none()).map(|metric| &*metric.name);
    let mut text = String::new();
    for line in attributes(false).chain(metrics).chain(attributes(true)) {
        text.push_str(line);
        text.push('\n');
    }
    // Whole lines from the end.
    let cut = text.len().saturating_sub(LONGEST);
    let start = if cut == 0 { 0 } else { text[cut..].find('\n').map_or(cut, |end| cut + end + 1) };
    output.bytes(&root().join("otlp-compress/src/generated/preset-1.txt"), &text.as_bytes()[start..])
}
