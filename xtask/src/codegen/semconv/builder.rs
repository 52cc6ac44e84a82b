//! The body of a builder: pinned attributes, arguments of `new`, setters.

use std::collections::BTreeSet;

use otlp_semconv::registry::{
    Attribute, AttributeType, AttributeUse, Registry, Requirement, Role, Value, ValueType,
};

use super::attribute::{Vocabulary, gate};
use super::gate::Gate;
use super::identifier::{setter, snake};

/// What a span's name shows where the attribute's value is not to be shown (`_OTHER`): `http-spans.md#name`.
const INSTEAD: &[(&str, &str)] = &[("{http.request.method}", "HTTP")];

/// The attributes of one signal, ready to be written.
pub(super) struct Body<'a> {
    registry: &'a Registry,
    slots: Vec<Slot<'a>>,
    /// What the builder needs: what its signal does, and what its required attributes do, whose types its `new` names.
    pub(super) gate: Gate,
}

struct Slot<'a> {
    attribute: &'a Attribute,
    used: &'a AttributeUse,
    form: Form,
    name: String,
    field: String,
    gate: Gate,
}

enum Form {
    /// One right value, as a literal.
    Pin(String),
    Need,
    May,
}

impl<'a> Body<'a> {
    /// Of these attributes; what starts with `home` and a dot is called by the rest.
    pub(super) fn new(
        registry: &'a Registry,
        vocabulary: &Vocabulary,
        home: &str,
        own: Gate,
        uses: &'a [AttributeUse],
    ) -> Self {
        let mut taken = BTreeSet::new();
        let mut slots = Vec::new();
        for used in uses {
            let attribute = &registry[used.attribute];
            let form = match pin(attribute, used) {
                Some(literal) => Form::Pin(literal),
                None if is_needed(used) => Form::Need,
                None => Form::May,
            };
            let gate = gate(attribute).and(Gate::of(
                attribute.stability,
                used.deprecated.is_some() || attribute.deprecated.is_some(),
            ));
            let mut name = setter(&attribute.key, home);
            if !taken.insert(name.clone()) {
                name = snake(&attribute.key);
                taken.insert(name.clone());
            }
            slots.push(Slot { attribute, used, form, name, field: vocabulary.field(attribute), gate });
        }
        let gate = slots
            .iter()
            .filter(|slot| matches!(slot.form, Form::Need))
            .fold(own, |gate, slot| gate.and(slot.gate));
        Self { registry, slots, gate }
    }

    /// Whether there is nothing to fill in.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The lines that the `builder` macro takes, after documentation and name.
    pub(super) fn lines(&self) -> String {
        let mut pins = String::new();
        let mut needs = String::new();
        let mut mays = String::new();
        for slot in &self.slots {
            let key = slot.key();
            let when = if slot.used.sampling_relevant { "SAMPLED" } else { "LATER" };
            let Slot { name, field, .. } = slot;
            match &slot.form {
                Form::Pin(literal) => pins.push_str(&format!("pin {key:?} = {literal} {when};\n")),
                Form::Need => {
                    needs.push_str(&format!("need {name}: {field} = {key:?} {when} {:?};\n", slot.doc()))
                }
                Form::May => {
                    let condition = slot.gate.within(self.gate).condition();
                    let cfg = condition.map(|condition| format!("[{condition}] ")).unwrap_or_default();
                    mays.push_str(&format!("may {cfg}{name}: {field} = {key:?} {when} {:?};\n", slot.doc()));
                }
            }
        }
        pins + &needs + &mays
    }

    /// What the builder's documentation says about arguments and pinned values.
    pub(super) fn doc(&self) -> String {
        let mut out = String::new();
        let needs: Vec<String> = self.forms(|form| matches!(form, Form::Need));
        if !needs.is_empty() {
            out.push_str(&format!("///\n/// `new` takes {}.\n", needs.join(", ")));
        }
        let pins: Vec<String> = self
            .slots
            .iter()
            .filter_map(|slot| match &slot.form {
                Form::Pin(literal) => {
                    Some(format!("`{}` to `{}`", slot.attribute.key, literal.trim_matches('"')))
                }
                _ => None,
            })
            .collect();
        if !pins.is_empty() {
            out.push_str(&format!("///\n/// Sets {}.\n", pins.join(" and ")));
        }
        out
    }

    fn forms(&self, is: fn(&Form) -> bool) -> Vec<String> {
        self.slots
            .iter()
            .filter(|slot| is(&slot.form))
            .map(|slot| format!("`{}`", slot.attribute.key))
            .collect()
    }

    /// Keys of the attributes that identify an entity.
    pub(super) fn identity(&self) -> Vec<&str> {
        let identifies = |slot: &&Slot<'_>| slot.used.role == Some(Role::Identifying);
        self.slots.iter().filter(identifies).map(|slot| slot.attribute.key.as_ref()).collect()
    }

    /// The templates of a span's name as lists of pieces, best first.
    pub(super) fn names(&self, templates: &[impl AsRef<str>]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for template in templates {
            let template = template.as_ref();
            let shown = INSTEAD.iter().find(|(key, _)| template.contains(key));
            let instead = shown.map(|(key, word)| template.replace(key, word));
            for pieces in [Some(template), instead.as_deref()]
                .into_iter()
                .flatten()
                .filter_map(|name| self.pieces(name))
            {
                if !names.contains(&pieces) {
                    names.push(pieces);
                }
            }
        }
        // An operation without its object is a better name than none.
        if let Some(start) = templates.last().and_then(|template| template.as_ref().split_once(" {"))
            && let Some(pieces) = self.pieces(start.0)
            && !names.contains(&pieces)
        {
            names.push(pieces);
        }
        names
    }

    /// A template of a span's name as pieces; `None` if it wants an attribute that the span does not have.
    fn pieces(&self, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut gate = Gate::default();
        let mut rest = template;
        while !rest.is_empty() {
            let (fixed, tail) = rest.split_once('{').unwrap_or((rest, ""));
            if !fixed.is_empty() {
                out.push_str(&format!("Fixed({fixed:?}), "));
            }
            if tail.is_empty() {
                break;
            }
            let (key, behind) = tail.split_once('}')?;
            rest = behind;
            let slot = self.slots.iter().find(|slot| slot.attribute.key == key)?;
            match &slot.form {
                Form::Pin(literal) if literal.starts_with('"') => {
                    out.push_str(&format!("Fixed({literal}), "))
                }
                Form::Pin(_) => return None,
                _ if !slot.is_nameable() => return None,
                Form::Need => out.push_str(&format!("of(Some(span.{})), ", slot.name)),
                Form::May => out.push_str(&format!("of(span.{}), ", slot.name)),
            }
            if matches!(slot.form, Form::May) {
                gate = gate.and(slot.gate);
            }
        }
        let cfg = gate.within(self.gate).line();
        Some(format!("{cfg}[{}]", out.trim_end_matches(", ")))
    }

    /// The registry that the attributes are of.
    pub(super) fn registry(&self) -> &Registry {
        self.registry
    }
}

impl Slot<'_> {
    /// The key; a template's with its dot.
    fn key(&self) -> String {
        let dot = if self.attribute.is_template() { "." } else { "" };
        format!("{}{dot}", self.attribute.key)
    }

    fn is_nameable(&self) -> bool {
        !self.attribute.is_template()
            && matches!(self.attribute.value_type.value(), ValueType::String | ValueType::Int)
    }

    fn doc(&self) -> String {
        let level = match self.used.requirement {
            _ if self.used.role == Some(Role::Identifying) => "identifying",
            Requirement::Required => "required",
            Requirement::Conditional => "required in some cases",
            Requirement::Recommended => "recommended",
            _ => "on request only",
        };
        let state = match &self.attribute.deprecated {
            Some(_) => "deprecated".to_owned(),
            None => self.attribute.stability.as_str().replace('_', " "),
        };
        let keys = if self.attribute.is_template() { "keys behind the dot; " } else { "" };
        let sampled = if self.used.sampling_relevant { ", for samplers too" } else { "" };
        format!("{keys}{level}, {state}{sampled}")
    }
}

/// Whether the builder cannot be made without it: what the convention requires, and what tells an entity from others.
fn is_needed(used: &AttributeUse) -> bool {
    match used.requirement {
        Requirement::Required => true,
        Requirement::Recommended => used.role == Some(Role::Identifying),
        _ => false,
    }
}

/// The literal of the only right value, if there is exactly one and it is of the attribute's type.
fn pin(attribute: &Attribute, used: &AttributeUse) -> Option<String> {
    let expected = used.expected.as_ref()?;
    let [value] = expected.values.as_slice() else { return None };
    if matches!(attribute.value_type, AttributeType::Template(_)) {
        return None;
    }
    match (value, attribute.value_type.value()) {
        (Value::Text(text), ValueType::String) => Some(format!("{text:?}")),
        (Value::Int(number), ValueType::Int) => Some(number.to_string()),
        (Value::Bool(truth), ValueType::Boolean) => Some(truth.to_string()),
        _ => None,
    }
}
