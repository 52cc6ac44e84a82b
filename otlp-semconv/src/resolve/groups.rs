//! The older dialect: `groups` of every kind, attributes defined where they are first used.

use super::attribute::{Lifecycle, associations, definition, patch};
use super::error::{Error, Place, Problem};
use super::field::Fields;
use super::item::{Base, Definitions, Item, Kind, Slot};
use super::yaml::Node;
use crate::registry::{Details, Instrument, Number, Requirement, SpanKind, Value};

/// Takes in the `groups` of one file.
pub(super) fn read(file: &Fields<'_, '_>, into: &mut Definitions) -> Result<(), Error> {
    file.list("groups")?.iter().try_for_each(|node| group(node, &file.place, into))
}

fn group(node: &Node<'_>, around: &Place, into: &mut Definitions) -> Result<(), Error> {
    let fields = Fields::of(node, around, "a group")?;
    let id = fields.need("id")?;
    let fields = fields.named(&id);
    let kind = kind(&fields, &id)?;
    // `id: span.` leaves no name.
    if kind.name().is_some_and(str::is_empty) {
        return Err(fields.error(Problem::Missing("name")));
    }
    let prefix = fields.text("prefix")?;
    let slots = fields
        .list("attributes")?
        .iter()
        .map(|node| slot(node, &fields.place, prefix.as_deref(), into))
        .collect::<Result<_, _>>()?;
    let lifecycle = Lifecycle::of(&fields)?;
    let details = Details {
        brief: fields.text("brief")?.unwrap_or_default().into(),
        note: fields.text("note")?.unwrap_or_default().into(),
        deprecated: lifecycle.why,
        annotations: fields.map("annotations")?.unwrap_or_default(),
        ..Details::default()
    };
    let base = fields.get("extends").map(|node| node.line);
    let base = match (base, fields.text("extends")?) {
        (Some(line), Some(name)) => Some(Base { line, name }),
        _ => None,
    };
    let entities = associations(&fields)?;
    // Known to the syntax, without meaning for what is resolved here.
    for field in ["display_name", "body", "constraints", "events", "tag"] {
        fields.get(field);
    }
    fields.finish()?;
    into.items.push(Item {
        place: fields.place,
        id,
        kind,
        base,
        refines: false,
        slots,
        stability: lifecycle.stability,
        requirement: None,
        deprecated: lifecycle.deprecated,
        entities,
        details,
    });
    Ok(())
}

fn kind(fields: &Fields<'_, '_>, id: &str) -> Result<Kind, Error> {
    const KINDS: &str = "`attribute_group`, `metric`, `span`, `event` or `entity`";
    // Before the kind was mandatory, a group without one was a span.
    let word = fields.text("type")?.unwrap_or_else(|| "span".to_owned());
    let without = |prefix: &str| id.strip_prefix(prefix).unwrap_or(id).to_owned();
    // Asked for by every kind, so that a misspelled field is found in each.
    let name = fields.text("name")?;
    let metric_name = fields.text("metric_name")?;
    let instrument = fields.word("instrument", INSTRUMENTS, Instrument::parse)?;
    let unit = fields.text("unit")?;
    let kind = fields.word("span_kind", SPAN_KINDS, SpanKind::parse)?;
    Ok(match &*word {
        "attribute_group" | "scope" => Kind::Group { public: false },
        // A group of metrics without one: what its metrics share.
        "metric_group" => Kind::Group { public: false },
        "metric" => Kind::Metric {
            name: metric_name.ok_or_else(|| fields.error(Problem::Missing("metric_name")))?,
            instrument,
            unit,
            number: number(fields)?,
        },
        "span" => Kind::Span { name: without("span."), kind },
        "event" => Kind::Event { name: name.unwrap_or_else(|| without("event.")) },
        // Resources became entities in 1.34.
        "entity" => Kind::Entity { name: name.unwrap_or_else(|| without("entity.")) },
        "resource" => Kind::Entity {
            name: name.unwrap_or_else(|| without("resource.").trim_start_matches("entity.").to_owned()),
        },
        _ => match fields.get("type") {
            Some(node) => return Err(fields.wrong("type", KINDS, node)),
            None => return Err(fields.error(Problem::Missing("type"))),
        },
    })
}

pub(super) const INSTRUMENTS: &str = "`counter`, `updowncounter`, `gauge` or `histogram`";
pub(super) const SPAN_KINDS: &str = "`internal`, `server`, `client`, `producer` or `consumer`";

/// The kind of a metric's numbers, which generators are told by an annotation.
pub(super) fn number(fields: &Fields<'_, '_>) -> Result<Option<Number>, Error> {
    let annotations =
        Details { annotations: fields.map("annotations")?.unwrap_or_default(), ..Details::default() };
    let value = annotations.annotation(&["code_generation", "metric_value_type"]);
    Ok(value.and_then(Value::as_str).and_then(Number::parse))
}

/// One of a group's attributes: a definition (`id`), which is a use too, or a reference (`ref`).
fn slot(
    node: &Node<'_>,
    around: &Place,
    prefix: Option<&str>,
    into: &mut Definitions,
) -> Result<Slot, Error> {
    let fields = Fields::of(node, around, "an attribute")?;
    let line = fields.place.line;
    fields.get("tag");
    let Some(id) = fields.text("id")? else {
        let key = fields.need("ref")?;
        let fields = fields.named(&key);
        let patch = Box::new(patch(&fields)?);
        // A reference keeps the type of what it refers to; older models repeat it.
        fields.get("type");
        fields.finish()?;
        return Ok(Slot::Attribute { line, key, patch });
    };
    let key = match prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}.{id}"),
        _ => id,
    };
    let fields = fields.named(&key);
    let defined = definition(&fields, key.clone())?;
    // Of the definition itself only what belongs to the use; the rest is the attribute's own.
    let patch = patch(&fields)?;
    let patch = super::item::Patch {
        requirement: patch.requirement,
        sampling_relevant: patch.sampling_relevant,
        role: patch.role,
        ..super::item::Patch::default()
    };
    fields.finish()?;
    into.attributes.push((fields.place, defined));
    Ok(Slot::Attribute { line, key, patch: Box::new(patch) })
}

/// Whether a requirement is one that signals may have themselves.
pub(super) fn signal_requirement(fields: &Fields<'_, '_>) -> Result<Option<Requirement>, Error> {
    fields.word("requirement_level", "`required`, `recommended` or `opt_in`", Requirement::parse)
}
