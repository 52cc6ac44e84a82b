//! The newer dialect, `file_format: definition/2`: attributes, signals, refinements and imports in sections of their
//! own. Imports stand in files of the older dialect too.

use super::attribute::{Lifecycle, associations, definition, patch};
use super::error::{Error, Place, Problem};
use super::field::{Fields, text};
use super::groups::{INSTRUMENTS, SPAN_KINDS, number, signal_requirement};
use super::item::{Base, Definitions, Import, Item, Kind, Patch, Slot};
use super::yaml::Node;
use crate::registry::{Details, Instrument, Role, SpanKind};

/// Takes in the sections of one file.
pub(super) fn read(file: &Fields<'_, '_>, into: &mut Definitions) -> Result<(), Error> {
    for node in file.list("attributes")? {
        let fields = Fields::of(node, &file.place, "an attribute")?;
        let key = fields.need("key")?;
        let fields = fields.named(&key);
        let attribute = definition(&fields, key)?;
        fields.finish()?;
        into.attributes.push((fields.place, attribute));
    }
    for (section, refines, kind) in SECTIONS {
        for node in file.list(section)? {
            into.items.push(item(node, &file.place, *refines, *kind)?);
        }
    }
    file.get("imports").map_or(Ok(()), |node| imports(node, &file.place, into))
}

/// How the kind of a section's items is read; the id or name is known by then.
type ReadKind = fn(&Fields<'_, '_>, String) -> Result<Kind, Error>;

const SECTIONS: &[(&str, bool, ReadKind)] = &[
    ("attribute_groups", false, group),
    ("metrics", false, metric),
    ("spans", false, span),
    ("events", false, |_, name| Ok(Kind::Event { name })),
    ("entities", false, |_, name| Ok(Kind::Entity { name })),
    ("metric_refinements", true, metric),
    ("span_refinements", true, span),
    ("event_refinements", true, |_, name| Ok(Kind::Event { name })),
    // An entity's refinement has its own type on the wire, so it is an entity like others.
    ("entity_refinements", true, |fields, _| fields.need("id").map(|name| Kind::Entity { name })),
];

fn group(fields: &Fields<'_, '_>, _: String) -> Result<Kind, Error> {
    let public = fields.word("visibility", "`public` or `internal`", |word| match word {
        "public" => Some(true),
        "internal" => Some(false),
        _ => None,
    })?;
    Ok(Kind::Group { public: public.unwrap_or(true) })
}

fn metric(fields: &Fields<'_, '_>, name: String) -> Result<Kind, Error> {
    let instrument = fields.word("instrument", INSTRUMENTS, Instrument::parse)?;
    Ok(Kind::Metric { name, instrument, unit: fields.text("unit")?, number: number(fields)? })
}

fn span(fields: &Fields<'_, '_>, name: String) -> Result<Kind, Error> {
    Ok(Kind::Span { name, kind: fields.word("kind", SPAN_KINDS, SpanKind::parse)? })
}

fn item(node: &Node<'_>, around: &Place, refines: bool, kind: ReadKind) -> Result<Item, Error> {
    let fields = Fields::of(node, around, "a definition")?;
    // Spans and entities have a type, metrics and events a name, groups an id; refinements an id and a `ref`.
    let mut name = None;
    for field in if refines { &["ref"][..] } else { &["type", "name", "id"][..] } {
        // A span's `name` is a map: how its name is made.
        if let Some(word) = fields.get(field).and_then(text) {
            name = name.or(Some(word));
        }
    }
    let missing = if refines { "ref" } else { "id" };
    let name = name.filter(|name| !name.is_empty()).ok_or_else(|| fields.error(Problem::Missing(missing)))?;
    let fields = fields.named(&name);
    let base = match fields.get("ref") {
        Some(node) if refines => Some(Base { line: node.line, name: name.clone() }),
        _ => None,
    };
    let kind = kind(&fields, name.clone())?;
    let (id, fields) = match (refines, &kind) {
        (true, _) => {
            let id = fields.need("id")?;
            let fields = fields.named(&id);
            (id, fields)
        }
        (false, Kind::Group { .. }) => (name, fields),
        (false, kind) => (format!("{}.{name}", kind.word()), fields),
    };
    let lifecycle = Lifecycle::of(&fields)?;
    let span_name = match fields.get("name") {
        Some(node) if matches!(kind, Kind::Span { .. }) => {
            let name = Fields::of(node, &fields.place, "name")?;
            name.text("note")?.unwrap_or_default()
        }
        _ => String::new(),
    };
    let mut slots = Vec::new();
    for (field, role) in [
        ("attributes", None),
        ("identity", Some(Role::Identifying)),
        ("description", Some(Role::Descriptive)),
    ] {
        for node in fields.list(field)? {
            slots.push(slot(node, &fields.place, role)?);
        }
    }
    let details = Details {
        brief: fields.text("brief")?.unwrap_or_default().into(),
        note: fields.text("note")?.unwrap_or_default().into(),
        deprecated: lifecycle.why,
        name: span_name.into(),
        annotations: fields.map("annotations")?.unwrap_or_default(),
        ..Details::default()
    };
    let requirement = signal_requirement(&fields)?;
    let entities = associations(&fields)?;
    fields.finish()?;
    Ok(Item {
        place: fields.place,
        id,
        kind,
        base,
        refines,
        slots,
        stability: lifecycle.stability,
        requirement,
        deprecated: lifecycle.deprecated,
        entities,
        details,
    })
}

/// A reference to an attribute or to a group of them.
fn slot(node: &Node<'_>, around: &Place, role: Option<Role>) -> Result<Slot, Error> {
    let fields = Fields::of(node, around, "an attribute")?;
    let line = fields.place.line;
    if let Some(id) = fields.text("ref_group")? {
        fields.finish()?;
        return Ok(Slot::Group { line, id });
    }
    let key = fields.need("ref")?;
    let fields = fields.named(&key);
    let patch = Patch { role, ..patch(&fields)? };
    fields.finish()?;
    Ok(Slot::Attribute { line, key, patch: Box::new(patch) })
}

fn imports(node: &Node<'_>, around: &Place, into: &mut Definitions) -> Result<(), Error> {
    let fields = Fields::of(node, around, "imports")?;
    for (field, what) in [
        ("attributes", "attribute"),
        ("attribute_groups", "group"),
        ("metrics", "metric"),
        ("spans", "span"),
        ("events", "event"),
        ("entities", "entity"),
    ] {
        for node in fields.list(field)? {
            let place = Place { line: node.line, ..fields.place.clone() };
            let pattern = text(node).ok_or_else(|| fields.wrong(field, "a list of names", node))?;
            into.imports.push(Import { place, what, pattern });
        }
    }
    fields.finish()
}
