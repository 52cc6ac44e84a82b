//! YAML as a tree of nodes that know their line, within limits.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::error::{Error, Place, Problem};
use super::limit::Limits;
use crate::registry::Value;

/// A node of a document.
#[derive(Clone, Debug)]
pub(super) struct Node<'y> {
    /// The line it starts on, from 1.
    pub(super) line: usize,
    pub(super) data: Data<'y>,
}

#[derive(Clone, Debug)]
pub(super) enum Data<'y> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'y, str>),
    List(Vec<Node<'y>>),
    Map(Vec<(Cow<'y, str>, Node<'y>)>),
}

impl Node<'_> {
    /// What this is, for messages.
    pub(super) fn describe(&self) -> String {
        match &self.data {
            Data::Null => "nothing".to_owned(),
            Data::Bool(truth) => format!("`{truth}`"),
            Data::Int(number) => format!("`{number}`"),
            Data::Double(number) => format!("`{number}`"),
            Data::Text(text) => format!("`{}`", text.chars().take(80).collect::<String>()),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }

    /// The node as a value of the model.
    pub(super) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(truth) => Value::Bool(*truth),
            Data::Int(number) => Value::Int(*number),
            Data::Double(number) => Value::Double(*number),
            Data::Text(text) => Value::Text(Cow::Owned(text.to_string())),
            Data::List(items) => Value::List(items.iter().map(Node::to_value).collect()),
            Data::Map(entries) => Value::Map(
                entries.iter().map(|(key, node)| (Cow::Owned(key.to_string()), node.to_value())).collect(),
            ),
        }
    }
}

/// A list or map that is being read.
enum Open<'y> {
    List(Vec<Node<'y>>),
    Map(Vec<(Cow<'y, str>, Node<'y>)>, Option<Cow<'y, str>>),
}

struct Frame<'y> {
    open: Open<'y>,
    line: usize,
    anchor: usize,
    /// The count of nodes when it was opened, to know its size when it closes.
    nodes_before: usize,
}

/// Reads the one document of `text`; `None` if it is empty. `nodes` counts on over all files of a registry.
pub(super) fn parse<'y>(
    file: &str,
    text: &'y str,
    limits: &Limits,
    nodes: &mut usize,
) -> Result<Option<Node<'y>>, Error> {
    let at =
        |line: usize, problem| Error::new(Place { file: file.to_owned(), line, id: String::new() }, problem);
    let mut stack: Vec<Frame<'y>> = Vec::new();
    let mut anchors: HashMap<usize, (Node<'y>, usize)> = HashMap::new();
    let mut root = None;
    let mut count = |line, more: usize| {
        *nodes = nodes.saturating_add(more);
        if *nodes > limits.nodes {
            let problem = Problem::Limit { limit: limits.nodes, what: "YAML nodes", setting: "nodes" };
            return Err(at(line, problem));
        }
        Ok(*nodes)
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| at(error.marker().line(), Problem::Yaml(error.info())))?;
        let line = span.start.line();
        let (node, anchor, size) = match event {
            Event::DocumentStart(..) if root.is_some() => {
                return Err(at(line, Problem::Yaml("more than one document".to_owned())));
            }
            Event::DocumentStart(..) => continue,
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                let nodes_before = count(line, 1)?;
                if stack.len() >= limits.depth {
                    let problem =
                        Problem::Limit { limit: limits.depth, what: "levels of YAML", setting: "depth" };
                    return Err(at(line, problem));
                }
                let open = match event {
                    Event::SequenceStart(..) => Open::List(Vec::new()),
                    _ => Open::Map(Vec::new(), None),
                };
                stack.push(Frame { open, line, anchor, nodes_before });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Frame { open, line, anchor, nodes_before }) = stack.pop() else { continue };
                let data = match open {
                    Open::List(items) => Data::List(items),
                    Open::Map(entries, _) => Data::Map(entries),
                };
                let size = 1 + count(line, 0)?.saturating_sub(nodes_before);
                (Node { line, data }, anchor, size)
            }
            Event::Scalar(text, style, anchor, tag) => {
                count(line, 1)?;
                (Node { line, data: scalar(text, style, tag.as_deref()) }, anchor, 1)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = anchors.get(&anchor) else {
                    return Err(at(line, Problem::Yaml("an alias within what it stands for".to_owned())));
                };
                // The copy is paid for before it is made.
                count(line, *size)?;
                (node.clone(), 0, *size)
            }
            // Ends, comments.
            _ => continue,
        };
        if anchor > 0 {
            // An anchor keeps a copy.
            count(line, size)?;
            anchors.insert(anchor, (node.clone(), size));
        }
        match stack.last_mut().map(|frame| &mut frame.open) {
            None => root = Some(node),
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(entries, key)) => match key.take() {
                None => match node.data {
                    Data::Text(text) => *key = Some(text),
                    Data::List(_) | Data::Map(_) => {
                        return Err(at(line, Problem::Yaml("a key that is not text".to_owned())));
                    }
                    _ => *key = Some(Cow::Owned(node.describe().trim_matches('`').to_owned())),
                },
                Some(key) => entries.push((key, node)),
            },
        }
    }
    let root = root.filter(|root| !matches!(root.data, Data::Null));
    if let Some((line, key)) = root.as_ref().and_then(duplicate_key) {
        return Err(at(line, Problem::Yaml(format!("key `{key}` stands twice in one map"))));
    }
    Ok(root)
}

/// The first key that stands twice in its map, with its line.
fn duplicate_key<'n>(node: &'n Node<'_>) -> Option<(usize, &'n str)> {
    match &node.data {
        Data::List(items) => items.iter().find_map(duplicate_key),
        Data::Map(entries) => {
            let mut seen = HashSet::with_capacity(entries.len());
            entries.iter().find_map(|(key, value)| match seen.insert(&**key) {
                false => Some((value.line, &**key)),
                true => duplicate_key(value),
            })
        }
        _ => None,
    }
}

/// A scalar's value by the core schema of YAML 1.2; quoted ones are text.
fn scalar<'y>(text: Cow<'y, str>, style: ScalarStyle, tag: Option<&Tag>) -> Data<'y> {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix() == "str") {
        return Data::Text(text);
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Bool(true),
        "false" | "False" | "FALSE" => return Data::Bool(false),
        ".inf" | "+.inf" | ".Inf" | ".INF" => return Data::Double(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Data::Double(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Data::Double(f64::NAN),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    // Rust also parses `inf` and `nan`, which are words here.
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Data::Text(text);
    }
    let radix = |prefix: &str, radix| {
        text.strip_prefix(prefix).and_then(|rest| i64::from_str_radix(rest, radix).ok())
    };
    if let Some(number) = text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8)) {
        return Data::Int(number);
    }
    match text.parse() {
        Ok(number) => Data::Double(number),
        Err(_) => Data::Text(text),
    }
}
