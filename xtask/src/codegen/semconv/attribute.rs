//! Keys and enums.

use std::collections::BTreeMap;

use otlp_semconv::registry::{Attribute, AttributeType, Deprecation, Member, Registry, Value, ValueType};

use super::facade::{Modules, lifecycle};
use super::gate::Gate;
use super::identifier::{Names, namespace, pascal, screaming, snake};
use super::index::Index;

/// The Rust names of all attributes.
pub(super) struct Vocabulary {
    names: BTreeMap<String, Named>,
}

struct Named {
    /// Of the constant, or of a template's function.
    constant: String,
    /// Of the enum, if the attribute has one.
    values: Option<String>,
}

impl Vocabulary {
    /// Names everything; what is alive chooses first.
    pub(super) fn of(registry: &Registry) -> Self {
        let mut taken: BTreeMap<&str, [Names; 3]> = BTreeMap::new();
        let mut names = BTreeMap::new();
        let (old, live): (Vec<_>, Vec<_>) =
            registry.attributes().iter().partition(|attribute| attribute.deprecated.is_some());
        for attribute in live.into_iter().chain(old) {
            let [constants, templates, enums] = taken.entry(attribute.namespace()).or_default();
            let constant = if attribute.is_template() {
                templates.give(&attribute.key, snake, "_deprecated")
            } else {
                constants.give(&attribute.key, screaming, "_DEPRECATED")
            };
            let values = has_enum(attribute).then(|| enums.give(&attribute.key, pascal, "Deprecated"));
            names.insert(attribute.key.to_string(), Named { constant, values });
        }
        Self { names }
    }

    /// The type of a builder's field.
    pub(super) fn field(&self, attribute: &Attribute) -> String {
        match &attribute.value_type {
            AttributeType::Template(value) => format!("Entries<'a, {}>", borrowed(*value)),
            AttributeType::Enum { of, .. } => match &self.names[attribute.key.as_ref()].values {
                Some(name) => {
                    let lifetime = if *of == ValueType::String { "<'a>" } else { "" };
                    format!("{}::{name}{lifetime}", module(attribute.namespace()))
                }
                None => borrowed(*of).to_owned(),
            },
            AttributeType::Plain(value) => borrowed(*value).to_owned(),
            _ => borrowed(ValueType::Any).to_owned(),
        }
    }

    /// Adds all attributes to their modules.
    pub(super) fn write(&self, registry: &Registry, modules: &mut Modules, index: &mut Index) {
        for attribute in registry.attributes() {
            let gate = gate(attribute);
            let module = modules.entry(module(attribute.namespace())).or_default();
            let named = &self.names[attribute.key.as_ref()];
            module.attributes.add(gate, &key(registry, attribute, named));
            index.attribute(attribute, &named.constant);
            if let (Some(name), AttributeType::Enum { of, members }) = (&named.values, &attribute.value_type)
            {
                let code = values(attribute, &named.constant, name, *of, members, index);
                module.attributes.add(gate, &code);
            }
        }
    }
}

/// The module of a namespace.
pub(super) fn module(namespace: &str) -> String {
    snake(namespace)
}

/// The module of a dotted name.
pub(super) fn home(name: &str) -> String {
    module(namespace(name))
}

/// What the attribute's key and enum need.
pub(super) fn gate(attribute: &Attribute) -> Gate {
    Gate::of(attribute.stability, attribute.deprecated.is_some())
}

fn has_enum(attribute: &Attribute) -> bool {
    matches!(attribute.value_type, AttributeType::Enum { of: ValueType::String | ValueType::Int, .. })
}

/// The type of a value in a builder.
fn borrowed(value: ValueType) -> &'static str {
    match value {
        ValueType::String => "&'a str",
        ValueType::Int => "i64",
        ValueType::Double => "f64",
        ValueType::Boolean => "bool",
        ValueType::Strings => "&'a [&'a str]",
        ValueType::Ints => "&'a [i64]",
        ValueType::Doubles => "&'a [f64]",
        ValueType::Booleans => "&'a [bool]",
        _ => "Value<'a>",
    }
}

/// The type parameter of a key.
fn kind(value: ValueType) -> &'static str {
    match value {
        ValueType::String => "str",
        ValueType::Int => "i64",
        ValueType::Double => "f64",
        ValueType::Boolean => "bool",
        ValueType::Strings => "[&'static str]",
        ValueType::Ints => "[i64]",
        ValueType::Doubles => "[f64]",
        ValueType::Booleans => "[bool]",
        _ => "Any",
    }
}

fn key(registry: &Registry, attribute: &Attribute, named: &Named) -> String {
    let Named { constant, values } = named;
    let deprecated = attribute.deprecated.as_ref();
    let state = lifecycle(registry, attribute.stability, deprecated.is_some(), attribute.origin);
    let head = gate(attribute).line() + &notice(deprecated);
    let suffix = deprecate(deprecated);
    let stability = format!("Stability::{:?}", attribute.stability);
    let name = &attribute.key;
    match &attribute.value_type {
        AttributeType::Template(value) => format!(
            "/// `{name}.<key>`: {}, {state}.\n{head}pub const fn {constant}(key: &str) -> TemplateKey<'_, {}> {{\n\
             TemplateKey::new(\"{name}.\", key, {stability}){suffix}\n}}\n\n",
            value.as_str(),
            kind(*value),
        ),
        AttributeType::Enum { of, .. } => {
            let (word, kind) = match values {
                Some(name) if *of == ValueType::String => (format!("[`{name}`]"), format!("{name}<'_>")),
                Some(name) => (format!("[`{name}`]"), name.clone()),
                None => (of.as_str().to_owned(), kind(*of).to_owned()),
            };
            constant_key(
                &format!("`{name}`: {word}, {state}."),
                &head,
                constant,
                &kind,
                name,
                &stability,
                &suffix,
            )
        }
        plain => {
            let value = plain.value();
            let doc = format!("`{name}`: {}, {state}.", value.as_str());
            constant_key(&doc, &head, constant, kind(value), name, &stability, &suffix)
        }
    }
}

fn constant_key(
    doc: &str,
    head: &str,
    constant: &str,
    kind: &str,
    name: &str,
    stability: &str,
    suffix: &str,
) -> String {
    format!(
        "/// {doc}\n{head}pub const {constant}: Key<{kind}> = Key::new(\"{name}\", {stability}){suffix};\n\n"
    )
}

/// What to use instead, for people and the compiler; nothing if the item is alive.
pub(super) fn notice(deprecated: Option<&Deprecation>) -> String {
    let note = match deprecated {
        None => return String::new(),
        Some(Deprecation::Renamed { to }) => format!("use `{to}`"),
        Some(Deprecation::Obsoleted) => "obsolete, without replacement".to_owned(),
        Some(_) => "replaced; see the conventions".to_owned(),
    };
    format!("#[deprecated(note = \"{note}\")]\n")
}

/// The same for programs.
pub(super) fn deprecate(deprecated: Option<&Deprecation>) -> String {
    let reason = match deprecated {
        None => return String::new(),
        Some(Deprecation::Renamed { to }) => format!("Renamed({to:?})"),
        Some(Deprecation::Obsoleted) => "Obsoleted".to_owned(),
        Some(Deprecation::Uncategorized) => "Uncategorized".to_owned(),
        Some(_) => "Unspecified".to_owned(),
    };
    format!(".deprecate(Deprecated::{reason})")
}

fn values(
    attribute: &Attribute,
    constant: &str,
    name: &str,
    of: ValueType,
    members: &[Member],
    index: &mut Index,
) -> String {
    let gate = gate(attribute).line();
    let mut out = String::new();
    let mut names = Names::default();
    let _ = names.give("Other", pascal, "");
    // Of two members with one value the first is what the value becomes.
    let (old, live): (Vec<_>, Vec<_>) = members.iter().partition(|member| member.deprecated.is_some());
    for member in live.into_iter().chain(old) {
        let variant = names.give(&member.id, pascal, "Value");
        let (literal, shown) = match (&member.value, of) {
            (Value::Text(text), ValueType::String) => (format!("{text:?}"), text.to_string()),
            (Value::Int(number), ValueType::Int) => (number.to_string(), number.to_string()),
            // A member of another type than its enum has no value that could be sent.
            _ => continue,
        };
        let state = lifecycle_of_member(member);
        let notice = notice(member.deprecated.as_ref()).replace('\n', "\n        ");
        out.push_str(&format!("        /// `{shown}`, {state}.\n        {notice}{variant} = {literal},\n"));
        index.member(attribute, of, name, &variant);
    }
    let form = if of == ValueType::String { "texts" } else { "numbers" };
    format!("{gate}{form}! {{\n    /// Known values of [`{constant}`].\n    {name} {{\n{out}    }}\n}}\n\n")
}

fn lifecycle_of_member(member: &Member) -> String {
    if member.deprecated.is_some() {
        "deprecated".to_owned()
    } else {
        member.stability.as_str().replace('_', " ")
    }
}
