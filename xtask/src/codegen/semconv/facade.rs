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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use otlp_semconv::resolve::Resolver;

    use super::generate;
    use crate::codegen::Output;

    /// Every shape that the generator tells apart.
    const MODEL: &str = r#"
groups:
  - id: registry.shop
    type: attribute_group
    brief: x
    attributes:
      - {id: shop.cart.id, type: string, brief: x, stability: stable, examples: [a]}
      - {id: shop.cart_id, type: int, brief: x, stability: stable, deprecated: {reason: renamed, renamed_to: shop.cart.id}, examples: [1]}
      - {id: shop.label, type: "template[string]", brief: x, stability: development, examples: [a]}
      - id: shop.type
        brief: x
        stability: stable
        type:
          members:
            - {id: other, value: _OTHER, brief: x, stability: stable}
            - {id: self, value: self, brief: x, stability: stable}
  - id: span.shop.order.client
    type: span
    span_kind: client
    brief: x
    stability: stable
    note: |
      **Span name** SHOULD be `order {shop.cart.id}`.
    attributes:
      - {ref: shop.type, requirement_level: required, sampling_relevant: true}
      - {ref: shop.cart.id}
      - {ref: shop.label}
  - id: metric.shop.carts
    type: metric
    metric_name: shop.carts
    instrument: gauge
    unit: "{cart}"
    brief: x
    stability: release_candidate
    annotations: {code_generation: {metric_value_type: int}}
    attributes:
      - {ref: shop.label, requirement_level: required}
  - id: event.shop.closed
    type: event
    name: shop.closed
    brief: x
    stability: development
  - id: entity.shop
    type: entity
    name: shop
    brief: x
    stability: stable
    attributes:
      - {ref: shop.cart.id, role: identifying}
"#;

    fn written(folder: &Path) -> String {
        let registry = Resolver::new()
            .schema_url("https://example.com/schemas/9.9.9")
            .files([("model.yaml", MODEL)])
            .unwrap();
        generate(&Output { check: false, command: "cargo xtask codegen semconv" }, &registry, folder)
            .unwrap();
        // What was written is what a second look expects.
        generate(&Output { check: true, command: "cargo xtask codegen semconv" }, &registry, folder).unwrap();
        std::fs::read_to_string(folder.join("namespace/shop.rs")).unwrap()
    }

    #[test]
    fn another_model_is_generated_without_a_change_here() {
        let folder = std::env::temp_dir().join(format!("otlp-xtask-facade-{}", std::process::id()));
        let code = written(&folder);
        let list = std::fs::read_to_string(folder.join("namespace/mod.rs")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(list.contains("\npub mod shop;\n"), "{list}");
        assert!(list.contains("\"https://example.com/schemas/9.9.9\""), "{list}");
        for line in [
            "pub const CART_ID: Key<str> = Key::new(\"shop.cart.id\", Stability::Stable);",
            "#[deprecated(note = \"use `shop.cart.id`\")]\npub const SHOP_CART_ID: Key<i64> =",
            "#[cfg(feature = \"development\")]\npub const fn label(key: &str) -> TemplateKey<'_, str> {",
            "pub const TYPE: Key<Type<'_>> =",
            "OtherValue = \"_OTHER\",",
            "SelfValue = \"self\",",
            "#[cfg(feature = \"builders\")]\n/// Span types of `shop`.\npub mod span {",
            "span! { OrderClient: \"shop.order.client\", Client, Stable;",
            "|span| [Fixed(\"order \"), of(span.cart_id)] [Fixed(\"order\")];",
            "need shop_type: shop::Type<'a> = \"shop.type\" SAMPLED \"required, stable, for samplers too\";",
            "may [feature = \"development\"] label: Entries<'a, &'a str> = \"shop.label.\" LATER",
            "#[cfg(feature = \"rc\")]\n    pub const CARTS: Metric<Gauge<i64>> =",
            "#[cfg(all(feature = \"builders\", feature = \"development\"))]\n    metric! { Carts: Gauge<i64>, CARTS;",
            "event! { Closed: \"shop.closed\", Development;",
            "entity! { Shop: \"shop\", &[\"shop.cart.id\"], Stable;",
        ] {
            assert!(code.contains(line), "{line}\n-- is not in\n{code}");
        }
    }
}
