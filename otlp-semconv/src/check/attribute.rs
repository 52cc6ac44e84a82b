//! The rules for single attributes.

use otlp_core::value::{AttributeView, Attributes, ValueView};

use super::{
    FindingId,
    look::Look,
    name,
    seen::{Seen, is_equal},
    shape::Shape,
    store::{Words, clip},
    table::{Known, is_open, renamed_to},
    tally::Counted,
    unknown::Kind,
};
use crate::registry::{Attribute, AttributeType, Deprecation, Member, Origin, Stability, ValueType};

/// What carries the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    Resource,
    Scope,
    Item,
}

impl<'c> Look<'_, 'c> {
    /// Looks at all attributes of one thing; gives those that the registry knows.
    pub(super) fn attributes<'a>(
        &mut self,
        attributes: Attributes<'a>,
        list: &str,
        bearer: Bearer,
    ) -> Seen<'a> {
        let mut seen = Seen::new(self.checker.table.registry.attributes().len());
        for (at, attribute) in attributes.iter().enumerate() {
            self.attribute(&attribute, list, at, bearer, &mut seen);
        }
        self.mixed_versions(&seen);
        seen
    }

    fn attribute<'a>(
        &mut self,
        attribute: &AttributeView<'a>,
        list: &str,
        at: usize,
        bearer: Bearer,
        seen: &mut Seen<'a>,
    ) {
        self.key_value(attribute.key(), attribute.value(), list, at, bearer, seen);
    }

    /// Looks at one key and its value.
    pub(super) fn key_value<'a>(
        &mut self,
        key: &str,
        value: ValueView<'a>,
        list: &str,
        at: usize,
        bearer: Bearer,
        seen: &mut Seen<'a>,
    ) {
        let under = || format!(".{list}[{at}]");
        if key.is_empty() {
            return self.note(FindingId::EmptyName, "", "", under, || {
                Words::new("An attribute has no key.".to_owned()).fix("give it one, or leave it out")
            });
        }
        let table = &self.checker.table;
        let known = table.known(key);
        if !key.contains('.') {
            self.note(FindingId::MissingNamespace, key, "", under, || {
                Words::new(format!("The attribute `{}` has no namespace.", clip(key)))
                    .fix("put your company's or application's name and a dot in front of it")
            });
        }
        let (index, is_template) = match known {
            Known::Exact(index) => (index, false),
            Known::Template(index) => (index, true),
            Known::Unknown => return self.unknown_key(key, list, at),
        };
        let definition = table.attribute(index);
        self.count(Counted::Attribute(index as u32));
        // What stands behind a template's dot is the user's own.
        if !name::is_well_formed(&definition.key) {
            self.invalid_format(key, under);
        }
        if !is_template && table.traits(index).illegal {
            self.illegal_namespace(key, under);
        }
        if is_template {
            self.note(FindingId::TemplateAttribute, key, "", under, || {
                Words::new(format!("The attribute `{}` is of the template `{}`.", clip(key), definition.key))
            });
        }
        self.lifecycle(
            "attribute",
            key,
            &Life {
                deprecated: definition.deprecated.as_ref(),
                stability: definition.stability,
                origin: definition.origin,
            },
            under,
        );
        self.value(definition, key, &value, under);
        self.place_of(definition, index, key, bearer, under);
        seen.add(index, value);
    }

    /// Whether a definition is deprecated or not stable.
    pub(super) fn lifecycle(&mut self, what: &str, name: &str, life: &Life<'_>, under: impl Fn() -> String) {
        let moved = life.origin.moved && self.checker.report_moved;
        if let Some(deprecation) = life.deprecated {
            self.note(FindingId::Deprecated, name, "", &under, || {
                let name = clip(name);
                match deprecation {
                    // Such a short name stood for many things, of which the registry knows one.
                    Deprecation::Renamed { to } if what == "attribute" && !name.contains('.') => {
                        Words::new(format!("The attribute `{name}` is deprecated: the registry renamed one of that name to `{to}`."))
                            .fix("use what the definition of this item has instead")
                    }
                    Deprecation::Renamed { to } => {
                        Words::new(format!("The {what} `{name}` is deprecated: it was renamed to `{to}`.")).replace(to)
                    }
                    Deprecation::Obsoleted => {
                        Words::new(format!("The {what} `{name}` is deprecated: it is obsolete."))
                            .fix("leave it out")
                    }
                    _ => Words::new(format!("The {what} `{name}` is deprecated."))
                        .fix("see the registry for what took its place"),
                }
            });
        } else if moved {
            self.note(FindingId::Deprecated, name, "moved", &under, || {
                Words::new(format!("The {what} `{}` has moved to a registry of its own.", clip(name)))
            });
        }
        if life.stability != Stability::Stable {
            self.note(FindingId::NotStable, name, "", &under, || {
                let name = clip(name);
                Words::new(format!(
                    "The {what} `{name}` is not stable but `{}`: it may change.",
                    life.stability.as_str()
                ))
            });
        }
    }

    fn value(
        &mut self,
        definition: &'c Attribute,
        key: &str,
        value: &ValueView<'_>,
        under: impl Fn() -> String,
    ) {
        let shape = Shape::of(value);
        let wanted = definition.value_type.value();
        if !shape.fits(wanted) {
            return self.note(FindingId::TypeMismatch, key, shape.name(), under, || {
                let key = clip(key);
                let message = format!(
                    "The attribute `{key}` is of type `{}`, not `{}`.",
                    shape.name(),
                    wanted.as_str()
                );
                let mut words = Words::new(message).fix(fix_of_type(wanted, shape));
                words.replacement = Some(wanted.as_str().to_owned());
                words
            });
        }
        if let AttributeType::Enum { members, .. } = &definition.value_type
            && !shape.is_empty()
            && !is_open(definition)
            // See `lifecycle`: the members are of one of many.
            && (definition.deprecated.is_none() || key.contains('.'))
        {
            self.member(members, key, value, under);
        }
    }

    fn member(&mut self, members: &[Member], key: &str, value: &ValueView<'_>, under: impl Fn() -> String) {
        let text = text(value);
        let Some(member) = members.iter().find(|member| is_equal(value, &member.value)) else {
            return self.note(FindingId::UndefinedEnumVariant, key, "", under, || {
                let known = || members.iter().filter_map(|member| member.value.as_str());
                let near =
                    value.as_str().and_then(|text| known().find(|known| known.eq_ignore_ascii_case(text)));
                let words = Words::new(format!("`{text}` is no known value of the attribute `{key}`."));
                match near {
                    Some(near) => words.replace(near),
                    None => words,
                }
            });
        };
        let Some(deprecation) = &member.deprecated else { return };
        self.note(FindingId::DeprecatedValue, key, &text, under, || {
            let words = Words::new(format!("The value `{text}` of the attribute `{key}` is deprecated."));
            // Authors write the other member's value, or its id.
            let to = renamed_to(Some(deprecation));
            let new = to.map(|to| {
                let by_id =
                    members.iter().find(|member| member.id == to).and_then(|member| member.value.as_str());
                by_id.unwrap_or(to)
            });
            match new {
                Some(new) => words.replace(new),
                None => words.fix("see the registry for what took its place"),
            }
        });
    }

    /// Whether an attribute is where it belongs.
    fn place_of(
        &mut self,
        definition: &Attribute,
        index: usize,
        key: &str,
        bearer: Bearer,
        under: impl Fn() -> String,
    ) {
        let traits = self.checker.table.traits(index);
        let (wrong, says, fix) = match bearer {
            Bearer::Resource => (
                traits.of_items && !traits.of_resources,
                "is one of spans, metrics or events, but stands on a resource",
                "set it on the items that it is about",
            ),
            Bearer::Item => (
                traits.of_resources && !traits.of_items,
                "is one of resources, but stands on an item",
                "set it on the resource",
            ),
            Bearer::Scope => return,
        };
        if wrong && definition.deprecated.is_none() {
            self.note(FindingId::WrongSignal, key, "", under, || {
                Words::new(format!("The attribute `{}` {says}.", clip(key))).fix(fix)
            });
        }
    }

    fn unknown_key(&mut self, key: &str, list: &str, at: usize) {
        let under = || format!(".{list}[{at}]");
        let table = &self.checker.table;
        let index = self.unknown().add(Kind::Attribute, key, || table.nearest(key));
        let meant = index.and_then(|index| self.unknown().nearest(index)).map(str::to_owned);
        if let Some(index) = index {
            self.count(Counted::Unknown(index));
        }
        self.note(FindingId::MissingAttribute, key, "", under, || {
            let words = Words::new(format!("The attribute `{}` is not in the registry.", clip(key)));
            match &meant {
                Some(meant) => words.replace(meant),
                None => words,
            }
        });
        if let Some(meant) = &meant {
            self.note(FindingId::MisspelledAttribute, key, "", under, || {
                Words::new(format!("The attribute `{}` is probably meant to be `{meant}`.", clip(key)))
                    .replace(meant)
            });
        }
        if !name::is_well_formed(key) {
            self.invalid_format(key, under);
        }
        self.illegal_namespace(key, under);
        if let Some(namespace) = table.namespace(key) {
            self.note(FindingId::ExtendsNamespace, key, "", under, || {
                Words::new(format!(
                    "The attribute `{}` is in the registry's namespace `{namespace}`.",
                    clip(key)
                ))
            });
        }
    }

    pub(super) fn invalid_format(&mut self, name: &str, under: impl Fn() -> String) {
        self.note(FindingId::InvalidFormat, name, "", under, || {
            Words::new(format!("The name `{}` breaks the rules for names.", clip(name)))
                .fix("write lower-case letters and digits, joined by `.` or `_`, a letter first")
        });
    }

    fn illegal_namespace(&mut self, key: &str, under: impl Fn() -> String) {
        if let Some(owner) = self.checker.table.owner(key) {
            self.note(FindingId::IllegalNamespace, key, "", under, || {
                Words::new(format!(
                    "The attribute `{}` is in the namespace of `{owner}`, which is an attribute.",
                    clip(key)
                ))
                .fix("choose another namespace")
            });
        }
    }

    /// Whether attributes stand together that are of the time before and after a renaming.
    fn mixed_versions(&mut self, seen: &Seen<'_>) {
        let table = &self.checker.table;
        for old in seen.indices() {
            let Some(to) = renamed_to(table.attribute(old).deprecated.as_ref()) else { continue };
            let same_root = |new: &usize| {
                table.traits(*new).renamed_to
                    && table.attribute(*new).deprecated.is_none()
                    && table.attribute(*new).namespace() == name::root(to)
            };
            let both = seen.indices().find(|new| *table.attribute(*new).key == *to);
            let Some(new) = both.or_else(|| seen.indices().find(same_root)) else { continue };
            let (old, new) = (&*table.attribute(old).key, &*table.attribute(new).key);
            self.note(FindingId::MixedVersions, old, "", String::new, || {
                Words::new(format!(
                    "`{old}` stands beside the newer `{new}`: attributes of two versions of the conventions."
                ))
                .replace(to)
            });
        }
    }
}

/// How far a definition has come.
#[derive(Debug)]
pub(super) struct Life<'r> {
    pub(super) deprecated: Option<&'r Deprecation>,
    pub(super) stability: Stability,
    pub(super) origin: Origin,
}

fn fix_of_type(wanted: ValueType, shape: Shape) -> String {
    match (wanted, shape.name()) {
        (ValueType::Strings, "string") => "send it as an array of one string".to_owned(),
        (ValueType::Int, "string") => "send it as a number".to_owned(),
        _ => format!("send it as `{}`", wanted.as_str()),
    }
}

/// A value of an enum, as text.
fn text(value: &ValueView<'_>) -> String {
    match value {
        ValueView::Str(text) => clip(text).to_owned(),
        ValueView::Int(number) => number.to_string(),
        ValueView::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}
