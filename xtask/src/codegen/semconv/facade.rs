//! The types of `otlp-semconv`: one file a namespace, from the resolved registry.

use std::collections::BTreeMap;
use std::path::Path;

use otlp_semconv::registry::{Origin, Registry, Stability};

use super::attribute::Vocabulary;
use super::gate::{self, Gate};
use super::index::Index;
use super::signal;
use crate::codegen::Output;

/// What one namespace's file holds.
#[derive(Default)]
pub(super) struct Module {
    pub(super) attributes: Items,
    pub(super) metrics: Items,
    pub(super) spans: Items,
    pub(super) events: Items,
    pub(super) entities: Items,
}

/// Code of one kind of items, and the features of each.
#[derive(Default)]
pub(super) struct Items {
    code: String,
    gates: Vec<Gate>,
}

impl Items {
    pub(super) fn add(&mut self, gate: Gate, code: &str) {
        self.gates.push(gate);
        self.code.push_str(code);
    }
}

/// The modules by namespace.
pub(super) type Modules = BTreeMap<String, Module>;

/// Writes all files into `folder`, the façade crate's `src/generated`.
pub(super) fn generate(output: &Output, registry: &Registry, folder: &Path) -> anyhow::Result<()> {
    let mut modules = Modules::new();
    let mut index = Index::default();
    let vocabulary = Vocabulary::of(registry);
    vocabulary.write(registry, &mut modules, &mut index);
    signal::write(registry, &vocabulary, &mut modules, &mut index);

    let folder = folder.join("namespace");
    let mut made = Vec::new();
    let mut list = format!("//! One module a namespace of the conventions.\n\n{}", schema(registry));
    for (name, module) in &modules {
        let parts = [&module.attributes, &module.metrics, &module.spans, &module.events, &module.entities];
        list.push_str(&gate::any_line(parts.iter().flat_map(|items| items.gates.iter().copied()), false));
        list.push_str(&format!("pub mod {name};\n"));
        let path = folder.join(format!("{name}.rs"));
        output.rust(&path, &file(name, module))?;
        made.push(path);
    }
    list.push_str(
        "\n#[cfg(all(test, feature = \"builders\", feature = \"deprecated\", feature = \"development\", feature = \"registry\"))]\npub(crate) mod index;\n",
    );
    for (name, code) in [("mod.rs", list), ("index.rs", index.code())] {
        let path = folder.join(name);
        output.rust(&path, &code)?;
        made.push(path);
    }
    output.no_others(&folder, &made)
}

fn schema(registry: &Registry) -> String {
    let url = registry.sources().first().map(|source| source.schema_url.as_ref()).unwrap_or_default();
    format!(
        "/// Schema URL of the conventions that the types are of.\npub const SCHEMA_URL: &str = {url:?};\n\n"
    )
}

fn file(name: &str, module: &Module) -> String {
    let page = name.replace('_', "-");
    let mut code = format!(
        "//! `{name}.*`; see the [registry](https://opentelemetry.io/docs/specs/semconv/registry/attributes/{page}/).\n\n\
         use crate::prelude::*;\n\n{}",
        module.attributes.code
    );
    let parts = [
        ("metric", "Metrics", &module.metrics, false),
        ("span", "Span types", &module.spans, true),
        ("event", "Events", &module.events, true),
        ("entity", "Entities", &module.entities, true),
    ];
    for (part, title, items, builders) in parts {
        if items.code.is_empty() {
            continue;
        }
        code.push_str(&gate::any_line(items.gates.iter().copied(), builders));
        code.push_str(&format!(
            "/// {title} of `{name}`.\npub mod {part} {{\nuse crate::prelude::*;\n\n{}}}\n\n",
            items.code
        ));
    }
    code
}

/// `stable`, `release candidate`, ... and which registry it is from, if that is not the main one.
pub(super) fn lifecycle(
    registry: &Registry,
    stability: Stability,
    deprecated: bool,
    origin: Origin,
) -> String {
    let mut text = if deprecated { "deprecated".to_owned() } else { stability.as_str().replace('_', " ") };
    if origin.moved
        && let Some(source) = registry.source(origin)
    {
        text.push_str(&format!(
            ", from conventions {}: later ones moved it to a registry of its own",
            source.version()
        ));
    }
    text
}
