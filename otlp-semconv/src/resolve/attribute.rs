//! What both dialects write the same way: attribute definitions, refinements of them, deprecation, associations.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::{Error, Place, Problem};
use super::field::{Fields, text};
use super::item::{Patch, Sentence};
use super::yaml::{Data, Node};
use crate::registry::{
    Association, Attribute, AttributeType, Deprecation, Details, Member, Origin, Requirement, Role,
    Stability, Value, ValueType,
};

const STABILITIES: &str = "`stable`, `release_candidate`, `beta`, `alpha` or `development`";

/// The definition of an attribute under `key`.
pub(super) fn definition(fields: &Fields<'_, '_>, key: String) -> Result<Attribute, Error> {
    let lifecycle = Lifecycle::of(fields)?;
    let Some(node) = fields.get("type") else { return Err(fields.error(Problem::Missing("type"))) };
    let value_type = attribute_type(fields, node)?;
    let details = Details {
        brief: fields.text("brief")?.unwrap_or_default().into(),
        note: fields.text("note")?.unwrap_or_default().into(),
        deprecated: lifecycle.why,
        examples: examples(fields)?.unwrap_or_default(),
        annotations: fields.map("annotations")?.unwrap_or_default(),
        ..Details::default()
    };
    Ok(Attribute {
        key: key.into(),
        value_type,
        stability: lifecycle.stability.unwrap_or_default(),
        deprecated: lifecycle.deprecated,
        origin: Origin::default(),
        details: boxed(details),
    })
}

/// The details, unless there are none.
pub(super) fn boxed(details: Details) -> Option<Box<Details>> {
    (!details.is_empty()).then(|| Box::new(details))
}

/// Stability and deprecation, which every definition may have.
pub(super) struct Lifecycle {
    pub(super) stability: Option<Stability>,
    pub(super) deprecated: Option<Deprecation>,
    /// The reason in words.
    pub(super) why: Cow<'static, str>,
}

impl Lifecycle {
    pub(super) fn of(fields: &Fields<'_, '_>) -> Result<Self, Error> {
        let (deprecated, why) = match deprecation(fields)? {
            Some((deprecated, why)) => (Some(deprecated), why),
            None => (None, Cow::Borrowed("")),
        };
        // Models before 1.2x say `stability: deprecated`.
        if fields.get("stability").and_then(text).as_deref() == Some("deprecated") {
            let deprecated = deprecated.or(Some(Deprecation::Unspecified));
            return Ok(Self { stability: None, deprecated, why });
        }
        let stability = fields.word("stability", STABILITIES, Stability::parse)?;
        Ok(Self { stability, deprecated, why })
    }
}

/// `deprecated`: a map since 1.3x, a plain sentence before.
fn deprecation(fields: &Fields<'_, '_>) -> Result<Option<(Deprecation, Cow<'static, str>)>, Error> {
    let Some(node) = fields.get("deprecated") else { return Ok(None) };
    if let Some(sentence) = text(node) {
        return Ok(Some((Deprecation::Unspecified, sentence.into())));
    }
    let map = Fields::of(node, &fields.place, "deprecated")?;
    let reason = map.need("reason")?;
    let to = map.text("renamed_to")?;
    let deprecated = match (&*reason, to) {
        ("renamed", Some(to)) => Deprecation::Renamed { to: to.into() },
        ("renamed", None) => return Err(map.error(Problem::Missing("renamed_to"))),
        ("obsoleted", _) => Deprecation::Obsoleted,
        ("uncategorized", _) => Deprecation::Uncategorized,
        ("unspecified", _) => Deprecation::Unspecified,
        _ => {
            return Err(map.wrong(
                "reason",
                "`renamed`, `obsoleted`, `uncategorized` or `unspecified`",
                node,
            ));
        }
    };
    let why = map.text("note")?.unwrap_or_default().into();
    map.finish()?;
    Ok(Some((deprecated, why)))
}

fn attribute_type(fields: &Fields<'_, '_>, node: &Node<'_>) -> Result<AttributeType, Error> {
    const TYPES: &str = "a type such as `string`, `int[]`, `template[string]`, or a map with `members`";
    if let Data::Text(word) = &node.data {
        let template = word.strip_prefix("template[").and_then(|inner| inner.strip_suffix(']'));
        let parsed = match template {
            Some(inner) => ValueType::parse(inner).map(AttributeType::Template),
            None => ValueType::parse(word).map(AttributeType::Plain),
        };
        return parsed.ok_or_else(|| fields.wrong("type", TYPES, node));
    }
    if !matches!(node.data, Data::Map(_)) {
        return Err(fields.wrong("type", TYPES, node));
    }
    let map = Fields::of(node, &fields.place, "type")?;
    // Older models: closed enums were told from open ones.
    map.flag("allow_custom_values")?;
    let members =
        map.list("members")?.iter().map(|node| member(&map, node)).collect::<Result<Vec<_>, _>>()?;
    map.finish()?;
    let kinds = |value: &Value| match value {
        Value::Int(_) => ValueType::Int,
        Value::Bool(_) => ValueType::Boolean,
        _ => ValueType::String,
    };
    let Some(of) = members.first().map(|member| kinds(&member.value)) else {
        return Err(map.error(Problem::Missing("members")));
    };
    let mut seen = HashSet::with_capacity(members.len());
    for member in &members {
        if kinds(&member.value) != of {
            return Err(fields.wrong("members", "values of one type", node));
        }
        if !seen.insert(&*member.id) {
            let first = format!("{}:{}", fields.place.file, map.place.line);
            return Err(map.error(Problem::Duplicate { what: "member", name: member.id.to_string(), first }));
        }
    }
    Ok(AttributeType::Enum { of, members })
}

fn member(around: &Fields<'_, '_>, node: &Node<'_>) -> Result<Member, Error> {
    let fields = Fields::of(node, &around.place, "a member")?;
    let id = fields.need("id")?;
    let value = match fields.get("value") {
        None => Value::Text(id.clone().into()),
        Some(node) => match node.to_value() {
            value @ (Value::Text(_) | Value::Int(_) | Value::Bool(_)) => value,
            // As the model writes versions: `value: 2.0`.
            Value::Double(number) => Value::Text(number.to_string().into()),
            _ => return Err(fields.wrong("value", "text, a whole number or a truth value", node)),
        },
    };
    let lifecycle = Lifecycle::of(&fields)?;
    let details = Details {
        brief: fields.text("brief")?.unwrap_or_default().into(),
        note: fields.text("note")?.unwrap_or_default().into(),
        deprecated: lifecycle.why,
        annotations: fields.map("annotations")?.unwrap_or_default(),
        ..Details::default()
    };
    fields.finish()?;
    Ok(Member {
        id: id.into(),
        value,
        stability: lifecycle.stability.unwrap_or_default(),
        deprecated: lifecycle.deprecated,
        details: boxed(details),
    })
}

/// `examples`: a list, or a single one.
fn examples(fields: &Fields<'_, '_>) -> Result<Option<Vec<Value>>, Error> {
    Ok(fields.get("examples").map(|node| match node.to_value() {
        Value::List(examples) => examples,
        single => vec![single],
    }))
}

/// What a reference to an attribute, or its definition inside a signal, says about its use there.
pub(super) fn patch(fields: &Fields<'_, '_>) -> Result<Patch, Error> {
    let lifecycle = Lifecycle::of(fields)?;
    let patch = Patch {
        requirement: requirement(fields)?,
        sampling_relevant: fields.flag("sampling_relevant")?,
        role: fields.word("role", "`identifying` or `descriptive`", |word| match word {
            "identifying" => Some(Role::Identifying),
            "descriptive" => Some(Role::Descriptive),
            _ => None,
        })?,
        stability: lifecycle.stability,
        deprecated: lifecycle.deprecated.map(|deprecated| (deprecated, lifecycle.why)),
        brief: fields.text("brief")?.map(Cow::Owned),
        // An empty note takes the one below away.
        note: if fields.has("note") { Some(fields.text("note")?.unwrap_or_default().into()) } else { None },
        examples: examples(fields)?,
        annotations: fields.map("annotations")?,
        expected: None,
    };
    Ok(patch)
}

fn requirement(fields: &Fields<'_, '_>) -> Result<Option<(Requirement, Option<Sentence>)>, Error> {
    Ok(level(fields)?.map(|(level, sentence)| (level, sentence.map(Sentence::Written))))
}

/// A level and the sentence that says when it holds.
pub(super) type Level = (Requirement, Option<Cow<'static, str>>);

/// `requirement_level`: a word, or a map of one word and its condition.
pub(super) fn level(fields: &Fields<'_, '_>) -> Result<Option<Level>, Error> {
    const LEVELS: &str = "`required`, `conditionally_required`, `recommended` or `opt_in`";
    let Some(node) = fields.get("requirement_level") else { return Ok(None) };
    let Data::Map(entries) = &node.data else {
        let level = fields.word("requirement_level", LEVELS, Requirement::parse)?;
        return Ok(level.map(|level| (level, None)));
    };
    let [(word, sentence)] = &entries[..] else {
        return Err(fields.wrong("requirement_level", LEVELS, node));
    };
    let level = Requirement::parse(word).ok_or_else(|| fields.wrong("requirement_level", LEVELS, node))?;
    Ok(Some((level, text(sentence).map(Cow::Owned))))
}

/// `entity_associations`: names, or maps of `one_of` or `all_of`.
pub(super) fn associations(fields: &Fields<'_, '_>) -> Result<Option<Vec<Association>>, Error> {
    if fields.get("entity_associations").is_none() {
        return Ok(None);
    }
    let list = fields.list("entity_associations")?;
    list.iter().map(|node| association(node, &fields.place)).collect::<Result<_, _>>().map(Some)
}

fn association(node: &Node<'_>, around: &Place) -> Result<Association, Error> {
    if let Some(name) = text(node) {
        return Ok(Association::Entity(name.into()));
    }
    let fields = Fields::of(node, around, "entity_associations")?;
    let members =
        |list: &[Node<'_>]| list.iter().map(|node| association(node, around)).collect::<Result<Vec<_>, _>>();
    // The newer dialect's documentation also shows `ref`.
    if let Some(name) = fields.text("ref")? {
        return Ok(Association::Entity(name.into()));
    }
    match (fields.get("one_of"), fields.get("all_of")) {
        (Some(_), None) => members(fields.list("one_of")?).map(Association::OneOf),
        (None, Some(_)) => members(fields.list("all_of")?).map(Association::AllOf),
        _ => Err(fields.wrong("entity_associations", "a name, `one_of` or `all_of`", node)),
    }
}
