//! Migration's tables: the renames of the schema files, and what the registry adds to them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use granit_parser::{Event, Parser};
use otlp_semconv::registry::{Attribute, Deprecation, Registry, Value};

/// A node of a schema file: everything in it is text.
enum Node {
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// The source of `generated/schemas.rs`: the file that one version published, which has all versions before it.
pub(super) fn source(file: &Path, version: &str, registry: &Registry) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let root = parse(&text).with_context(|| format!("in {}", file.display()))?;
    let format = root.get("file_format").and_then(Node::text).unwrap_or_default();
    ensure!(["1.0.0", "1.1.0"].contains(&format), "{} is of format {format:?}", file.display());
    let mut versions = root.get("versions").map(Node::entries).unwrap_or_default().iter().collect::<Vec<_>>();
    versions.sort_by_key(|(version, _)| order(version));
    ensure!(
        versions.last().is_some_and(|(last, _)| last == version),
        "{} ends before {version}",
        file.display()
    );
    let mut out = String::from(
        "//! Renames of the schema files, and what the registry adds to them.\n\n\
         #[allow(unused_imports, reason = \"what a file needs depends on what is in it\")]\n\
         use crate::migrate::schema::{Change, Facts, MetricChange, Only, Release, Section, TypeChange, ValueChange, What};\n\n\
         /// The versions, oldest first.\n\
         pub(crate) static RELEASES: &[Release] = &[\n",
    );
    let mut renames = Renames::default();
    for (version, node) in versions {
        let changes = changes(node, &mut renames).with_context(|| format!("in version {version}"))?;
        writeln!(out, "Release {{ version: {version:?}, changes: &[{changes}] }},")?;
    }
    out.push_str("];\n\n");
    facts(registry, &renames, &mut out)?;
    Ok(out)
}

/// What the file renames.
#[derive(Default)]
struct Renames {
    attributes: BTreeSet<(String, String)>,
    metrics: BTreeSet<(String, String)>,
}

const SECTIONS: [(&str, &str); 6] = [
    // In the order in which they apply.
    ("all", "All"),
    ("resources", "Resources"),
    ("spans", "Spans"),
    ("span_events", "SpanEvents"),
    ("metrics", "Metrics"),
    ("logs", "Logs"),
];

fn changes(version: &Node, renames: &mut Renames) -> anyhow::Result<String> {
    for (name, _) in version.entries() {
        ensure!(SECTIONS.iter().any(|(known, _)| known == name), "unknown section {name:?}");
    }
    let mut out = String::new();
    for (name, section) in SECTIONS {
        let changes = version.get(name).and_then(|section| section.get("changes"));
        for change in changes.map(Node::items).unwrap_or_default() {
            for (kind, node) in change.entries() {
                let mut only = "Only::Any".to_owned();
                let what = match kind.as_str() {
                    "rename_attributes" => {
                        let list =
                            |key| node.get(key).map(|node| names(node.items())).filter(|list| list != "&[]");
                        let none = || "&[]".to_owned();
                        if let Some(metrics) = list("apply_to_metrics") {
                            only = format!("Only::Metrics({metrics})");
                        } else if let (spans, events) = (list("apply_to_spans"), list("apply_to_events"))
                            && (spans.is_some() || events.is_some())
                        {
                            let (spans, events) = (spans.unwrap_or_else(none), events.unwrap_or_else(none));
                            only = format!("Only::Named {{ spans: {spans}, events: {events} }}");
                        }
                        let map = node.get("attribute_map").map(Node::entries).unwrap_or_default();
                        renames.attributes.extend(strings(map));
                        format!("What::Attributes({})", pairs(&strings(map)))
                    }
                    "rename_metrics" => {
                        renames.metrics.extend(strings(node.entries()));
                        format!("What::Metrics({})", pairs(&strings(node.entries())))
                    }
                    "rename_events" => {
                        let map = node.get("name_map").map(Node::entries).unwrap_or_default();
                        format!("What::Events({})", pairs(&strings(map)))
                    }
                    "split" => {
                        let text = |key| node.get(key).and_then(Node::text).unwrap_or_default();
                        let (metric, by) = (text("apply_to_metric"), text("by_attribute"));
                        format!("What::Split {{ metric: {metric:?}, by: {by:?} }}")
                    }
                    other => bail!("unknown transformation {other:?}"),
                };
                write!(out, "Change {{ section: Section::{section}, only: {only}, what: {what} }},")?;
            }
        }
    }
    Ok(out)
}

/// What the registry says beyond the file.
fn facts(registry: &Registry, renames: &Renames, out: &mut String) -> anyhow::Result<()> {
    let to = |deprecated: &Option<Deprecation>| {
        deprecated.as_ref().and_then(Deprecation::renamed_to).map(str::to_owned)
    };
    let old = |list: &BTreeSet<(String, String)>, name: &str| list.iter().any(|(from, _)| from == name);
    let attributes: BTreeSet<(String, String)> = registry
        .attributes()
        .iter()
        .filter(|attribute| !old(&renames.attributes, &attribute.key))
        .filter_map(|attribute| Some((attribute.key.to_string(), to(&attribute.deprecated)?)))
        .collect();
    let metrics: BTreeSet<(String, String)> = registry
        .metrics()
        .iter()
        .filter(|metric| !old(&renames.metrics, &metric.name))
        .filter_map(|metric| Some((metric.name.to_string(), to(&metric.deprecated)?)))
        .collect();
    let events: BTreeSet<(String, String)> = registry
        .events()
        .iter()
        .filter_map(|event| Some((event.name.to_string(), to(&event.deprecated)?)))
        .collect();
    let templates: Vec<String> = registry
        .attributes()
        .iter()
        .filter(|attribute| attribute.is_template())
        .map(|attribute| attribute.key.to_string())
        .filter(|key| old(&renames.attributes, key) || old(&attributes, key))
        .collect();
    let values: BTreeSet<(String, String, String)> = registry.attributes().iter().flat_map(values).collect();
    out.push_str("/// What the registry of the newest version knows beyond the schema files.\n");
    out.push_str("pub(crate) static FACTS: Facts = Facts {\n");
    writeln!(out, "attributes: {},", pairs(&attributes))?;
    writeln!(out, "templates: &{templates:?},")?;
    writeln!(out, "metrics: {},", pairs(&metrics))?;
    writeln!(out, "events: {},", pairs(&events))?;
    out.push_str("values: &[");
    for (key, from, to) in values {
        write!(out, "ValueChange {{ key: {key:?}, pair: ({from:?}, {to:?}) }},")?;
    }
    out.push_str("],\ntypes: &[");
    for (from, to) in renames.attributes.union(&attributes) {
        if let (Some(old), Some(new)) = (registry.attribute(from), registry.attribute(to))
            && kind(old) != kind(new)
        {
            let ((_, old), (_, new)) = (kind(old), kind(new));
            write!(out, "TypeChange {{ from: {from:?}, to: {to:?}, old: {old:?}, new: {new:?} }},")?;
        }
    }
    out.push_str("],\nmetric_changes: &[");
    for (from, to) in renames.metrics.union(&metrics) {
        let (Some(old), Some(new)) = (registry.metric(from), registry.metric(to)) else { continue };
        if (&old.unit, old.instrument) != (&new.unit, new.instrument) {
            write!(
                out,
                "MetricChange {{ from: {from:?}, to: {to:?}, old_unit: {:?}, new_unit: {:?}, \
                 old_instrument: {:?}, new_instrument: {:?} }},",
                old.unit,
                new.unit,
                old.instrument.as_str(),
                new.instrument.as_str(),
            )?;
        }
    }
    out.push_str("],\n};\n");
    Ok(())
}

/// Renamed members: key, old and new value.
fn values(attribute: &Attribute) -> Vec<(String, String, String)> {
    let members = attribute.members();
    let renamed = members.iter().filter_map(|member| {
        let to = member.deprecated.as_ref()?.renamed_to()?;
        // Some authors write the other member's name.
        let by_name = members.iter().find(|other| other.id == to).and_then(|other| other.value.as_str());
        let by_value = members.iter().any(|other| other.value.as_str() == Some(to));
        let to = if by_value { to } else { by_name.unwrap_or(to) };
        let Value::Text(from) = &member.value else { return None };
        (from != to).then(|| (attribute.key.to_string(), from.to_string(), to.to_owned()))
    });
    renamed.collect()
}

/// Whether it is a template, and the type of its values.
fn kind(attribute: &Attribute) -> (bool, &'static str) {
    (attribute.is_template(), attribute.value_type.value().as_str())
}

fn order(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn strings(map: &[(String, Node)]) -> Vec<(String, String)> {
    map.iter().filter_map(|(key, node)| Some((key.clone(), node.text()?.to_owned()))).collect()
}

fn pairs<'p>(list: impl IntoIterator<Item = &'p (String, String)>) -> String {
    format!("&{:?}", list.into_iter().collect::<Vec<_>>())
}

fn names(list: &[Node]) -> String {
    format!("&{:?}", list.iter().filter_map(Node::text).collect::<Vec<_>>())
}

impl Node {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }
}

fn parse(text: &str) -> anyhow::Result<Node> {
    let mut stack: Vec<(Node, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event?;
        let node = match event {
            Event::SequenceStart(..) => {
                stack.push((Node::List(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push((Node::Map(Vec::new()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some((node, _)) => node,
                None => bail!("an end without a start"),
            },
            Event::Scalar(text, ..) => Node::Text(text.into_owned()),
            Event::Alias(_) => bail!("schema files have no aliases"),
            _ => continue,
        };
        match stack.last_mut() {
            None => return Ok(node),
            Some((Node::List(items), _)) => items.push(node),
            Some((Node::Map(entries), key)) => match (key.take(), node) {
                (Some(key), node) => entries.push((key, node)),
                (None, Node::Text(name)) => *key = Some(name),
                (None, _) => bail!("a key that is no text"),
            },
            Some((Node::Text(_), _)) => {}
        }
    }
    bail!("the file is empty")
}
