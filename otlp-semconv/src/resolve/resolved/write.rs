//! Writing the resolved form.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::name;
use super::{ANNOTATION, FORMAT, text};
use crate::registry::{
    Association, Attribute, AttributeType, AttributeUse, Condition, Deprecation, Details, Entity, Event,
    Expected, Metric, Origin, Refinement, Registry, Requirement, Role, Source, Span, Stability, Value, When,
};

type Entries = Vec<(Cow<'static, str>, Value)>;

impl Registry {
    /// The registry in the resolved form, as YAML. Groups that are internal have no place in it.
    ///
    /// Where a registry holds no prose, as the built-in one, short sentences say its facts, so that reading gives
    /// them back.
    pub fn to_resolved_yaml(&self) -> String {
        text::yaml(&resolved(self))
    }

    /// The same as JSON, which every reader of YAML understands too.
    pub fn to_resolved_json(&self) -> String {
        text::json(&resolved(self))
    }
}

fn resolved(registry: &Registry) -> Value {
    let mut writer = Writer { registry, catalog: Vec::new(), known: HashMap::new() };
    for attribute in registry.attributes() {
        let details = attribute.details.as_deref().cloned().unwrap_or_default();
        let entry = writer.entry(attribute, &details, attribute.stability, attribute.deprecated.as_ref());
        writer.catalog.push(entry);
    }
    let attributes = (0..registry.attributes().len()).map(index).collect();
    let groups = registry.groups().iter().filter(|group| group.public).map(|group| {
        let mut entries = vec![text_entry("id", &group.id)];
        writer.uses(&mut entries, &group.attributes);
        signal(
            &mut entries,
            &group.details,
            group.stability,
            group.deprecated.as_ref(),
            group.origin,
            Vec::new(),
        );
        Value::Map(entries)
    });
    let groups = groups.collect();
    let spans = registry.spans().iter().map(|span| writer.span(None, span)).collect();
    let metrics = registry.metrics().iter().map(|metric| writer.metric(None, metric)).collect();
    let events = registry.events().iter().map(|event| writer.event(None, event)).collect();
    let entities = registry.entities().iter().map(|entity| writer.entity(entity)).collect();
    // Of every signal there is a refinement that refines nothing, so that generators need to look at these only.
    let span_refinements = refined(registry.spans(), registry.span_refinements(), |span| &span.name)
        .map(|(id, span)| writer.span(Some(id), span))
        .collect();
    let metric_refinements =
        refined(registry.metrics(), registry.metric_refinements(), |metric| &metric.name)
            .map(|(id, metric)| writer.metric(Some(id), metric))
            .collect();
    let event_refinements = refined(registry.events(), registry.event_refinements(), |event| &event.name)
        .map(|(id, event)| writer.event(Some(id), event))
        .collect();
    let url = |source: &Source| Value::Text(source.schema_url.clone());
    let own = registry.sources().first().cloned().unwrap_or_default();
    let mut file = vec![text_entry("file_format", FORMAT), ("schema_url".into(), url(&own))];
    if registry.sources().len() > 1 {
        file.push(("dependencies".into(), Value::List(registry.sources().iter().skip(1).map(url).collect())));
    }
    file.push(("attribute_catalog".into(), Value::List(writer.catalog)));
    let lists = [
        ("attributes", attributes),
        ("attribute_groups", groups),
        ("spans", spans),
        ("metrics", metrics),
        ("events", events),
        ("entities", entities),
    ];
    file.push(("registry".into(), map(lists)));
    let lists = [("spans", span_refinements), ("metrics", metric_refinements), ("events", event_refinements)];
    file.push(("refinements".into(), map(lists)));
    Value::Map(file)
}

/// Signals as their own refinements, then the refinements.
fn refined<'r, T>(
    signals: &'r [T],
    refinements: &'r [Refinement<T>],
    name: impl Fn(&'r T) -> &'r Cow<'static, str> + 'r,
) -> impl Iterator<Item = (&'r str, &'r T)> {
    let own = signals.iter().map(move |signal| (&**name(signal), signal));
    own.chain(refinements.iter().map(|refinement| (&*refinement.id, &refinement.signal)))
}

fn map<const N: usize>(lists: [(&'static str, Vec<Value>); N]) -> Value {
    Value::Map(lists.into_iter().map(|(name, list)| (name.into(), Value::List(list))).collect())
}

fn text_entry(key: &'static str, text: &str) -> (Cow<'static, str>, Value) {
    (key.into(), Value::Text(text.to_owned().into()))
}

fn index(at: usize) -> Value {
    Value::Int(i64::try_from(at).unwrap_or(i64::MAX))
}

struct Writer<'r> {
    registry: &'r Registry,
    /// First the definitions, in the order of their handles, then what uses refine.
    catalog: Vec<Value>,
    /// Refined entries that are in the catalog.
    known: HashMap<String, usize>,
}

impl Writer<'_> {
    /// An attribute as the catalog has it.
    fn entry(
        &self,
        attribute: &Attribute,
        details: &Details,
        stability: Stability,
        deprecated: Option<&Deprecation>,
    ) -> Value {
        let mut entries =
            vec![text_entry("key", &attribute.key), ("type".into(), attribute_type(&attribute.value_type))];
        if !details.examples.is_empty() {
            entries.push(("examples".into(), Value::List(details.examples.clone())));
        }
        common(&mut entries, Some(details), stability, deprecated, attribute.origin, Vec::new());
        Value::Map(entries)
    }

    fn uses(&mut self, entries: &mut Entries, uses: &[AttributeUse]) {
        let uses: Vec<Value> = uses.iter().map(|used| self.base(used)).collect();
        entries.push(("attributes".into(), Value::List(uses)));
    }

    /// The place in the catalog of an attribute as it is used.
    fn base(&mut self, used: &AttributeUse) -> Value {
        let attribute = &self.registry[used.attribute];
        let mut details =
            used.details.as_deref().or(attribute.details.as_deref()).cloned().unwrap_or_default();
        if let (Some(expected), None) = (&used.expected, &used.details) {
            details.note = pinned(expected).into();
        }
        let refined = used.details.is_some()
            || used.expected.is_some()
            || used.stability.is_some()
            || used.deprecated.is_some();
        if !refined {
            return index(used.attribute.index());
        }
        let stability = used.stability.unwrap_or(attribute.stability);
        let entry = self.entry(
            attribute,
            &details,
            stability,
            used.deprecated.as_ref().or(attribute.deprecated.as_ref()),
        );
        let next = self.catalog.len();
        let at = *self.known.entry(text::json(&entry)).or_insert(next);
        if at == next {
            self.catalog.push(entry);
        }
        index(at)
    }

    fn references(&mut self, uses: &[AttributeUse]) -> Value {
        let references = uses.iter().map(|used| {
            let mut entries =
                vec![("base".into(), self.base(used)), ("requirement_level".into(), self.level(used))];
            if used.sampling_relevant {
                entries.push(("sampling_relevant".into(), Value::Bool(true)));
            }
            Value::Map(entries)
        });
        Value::List(references.collect())
    }

    fn level(&self, used: &AttributeUse) -> Value {
        let level = Value::Text(used.requirement.as_str().into());
        let sentence = match (&used.condition, used.requirement) {
            (Some(condition), _) => self.sentence(condition),
            // The form has this level only with a condition.
            (None, Requirement::Conditional) => "If it applies.".to_owned(),
            (None, _) => return level,
        };
        Value::Map(vec![(used.requirement.as_str().into(), Value::Text(sentence.into()))])
    }

    /// The condition in words that are understood again.
    fn sentence(&self, condition: &Condition) -> String {
        if !condition.text.is_empty() {
            return condition.text.to_string();
        }
        let values = |values: &[Value]| values.iter().map(literal).collect::<Vec<_>>().join(" or ");
        match &condition.when {
            Some(When::Present(id)) => format!("If `{}` is set.", self.registry[*id].key),
            Some(When::Absent(id)) => format!("If `{}` is not set.", self.registry[*id].key),
            Some(When::Equals(id, list)) => format!("If `{}` is {}.", self.registry[*id].key, values(list)),
            Some(When::Differs(id, list)) => {
                format!("If `{}` is not {}.", self.registry[*id].key, values(list))
            }
            Some(When::Failed) => "If the operation failed.".to_owned(),
            None if condition.mentions.is_empty() => "If it applies.".to_owned(),
            None => {
                let keys = condition.mentions.iter().map(|id| format!("`{}`", self.registry[*id].key));
                format!("Depends on {}.", keys.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn metric(&mut self, id: Option<&str>, metric: &Metric) -> Value {
        let mut entries: Entries = id.map(|id| text_entry("id", id)).into_iter().collect();
        entries.push(text_entry("name", &metric.name));
        entries.push(text_entry("instrument", metric.instrument.as_str()));
        entries.push(text_entry("unit", &metric.unit));
        if metric.requirement != Requirement::default() {
            entries.push(text_entry("requirement_level", metric.requirement.as_str()));
        }
        entries.push(("attributes".into(), self.references(&metric.attributes)));
        associations(&mut entries, &metric.entities);
        let mut more = Vec::new();
        let told =
            metric.details.as_deref().and_then(|it| it.annotation(&["code_generation", "metric_value_type"]));
        if let (Some(number), None) = (metric.number, told) {
            more.push((
                "code_generation".into(),
                Value::Map(vec![text_entry("metric_value_type", number.as_str())]),
            ));
        }
        signal(
            &mut entries,
            &metric.details,
            metric.stability,
            metric.deprecated.as_ref(),
            metric.origin,
            more,
        );
        Value::Map(entries)
    }

    fn span(&mut self, id: Option<&str>, span: &Span) -> Value {
        let mut entries: Entries = id.map(|id| text_entry("id", id)).into_iter().collect();
        entries.push(text_entry("type", &span.name));
        entries.push(text_entry("kind", span.kind.as_str()));
        let words = self.span_name(span);
        entries.push(("name".into(), Value::Map(vec![text_entry("note", &words)])));
        entries.push(("attributes".into(), self.references(&span.attributes)));
        associations(&mut entries, &span.entities);
        let more = span.extends.iter().map(|base| text_entry("extends", base)).collect::<Vec<_>>();
        let more = if more.is_empty() { more } else { vec![(ANNOTATION.into(), Value::Map(more))] };
        signal(&mut entries, &span.details, span.stability, span.deprecated.as_ref(), span.origin, more);
        Value::Map(entries)
    }

    /// The rule for the span's name: its authors' words, or ours where those do not give the templates.
    fn span_name(&self, span: &Span) -> String {
        let none = Details::default();
        let details = span.details.as_deref().unwrap_or(&none);
        if !details.name.is_empty() || name::of_span(details, self.registry, &span.attributes) == span.names {
            return details.name.to_string();
        }
        let names: Vec<String> = span.names.iter().map(|name| format!("named `{name}`")).collect();
        names.join(", ")
    }

    fn event(&mut self, id: Option<&str>, event: &Event) -> Value {
        let mut entries: Entries = id.map(|id| text_entry("id", id)).into_iter().collect();
        entries.push(text_entry("name", &event.name));
        entries.push(("attributes".into(), self.references(&event.attributes)));
        associations(&mut entries, &event.entities);
        signal(
            &mut entries,
            &event.details,
            event.stability,
            event.deprecated.as_ref(),
            event.origin,
            Vec::new(),
        );
        Value::Map(entries)
    }

    fn entity(&mut self, entity: &Entity) -> Value {
        let of = |role| -> Vec<AttributeUse> {
            entity
                .attributes
                .iter()
                .filter(|used| (used.role == Some(Role::Identifying)) == role)
                .cloned()
                .collect()
        };
        let mut entries = vec![text_entry("type", &entity.name)];
        entries.push(("identity".into(), self.references(&of(true))));
        entries.push(("description".into(), self.references(&of(false))));
        signal(
            &mut entries,
            &entity.details,
            entity.stability,
            entity.deprecated.as_ref(),
            entity.origin,
            Vec::new(),
        );
        Value::Map(entries)
    }
}

/// What every signal has; `more` annotations are ours.
fn signal(
    entries: &mut Entries,
    details: &Option<Box<Details>>,
    stability: Stability,
    deprecated: Option<&Deprecation>,
    origin: Origin,
    more: Entries,
) {
    common(entries, details.as_deref(), stability, deprecated, origin, more);
}

fn common(
    entries: &mut Entries,
    details: Option<&Details>,
    stability: Stability,
    deprecated: Option<&Deprecation>,
    origin: Origin,
    more: Entries,
) {
    let none = Details::default();
    let details = details.unwrap_or(&none);
    entries.push(text_entry("brief", &details.brief));
    if !details.note.is_empty() {
        entries.push(text_entry("note", &details.note));
    }
    entries.push(text_entry("stability", stability.as_str()));
    if let Some(deprecated) = deprecated {
        entries.push(("deprecated".into(), deprecation(deprecated, &details.deprecated)));
    }
    let mut annotations = details.annotations.clone();
    for (key, value) in more {
        match annotations.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Value::Map(known))) => {
                known.extend(if let Value::Map(value) = value { value } else { Vec::new() })
            }
            _ => annotations.push((key, value)),
        }
    }
    if origin.moved {
        let moved = ("moved".into(), Value::Bool(true));
        match annotations.iter_mut().find(|(known, _)| known == ANNOTATION) {
            Some((_, Value::Map(known))) => known.push(moved),
            _ => annotations.push((ANNOTATION.into(), Value::Map(vec![moved]))),
        }
    }
    if !annotations.is_empty() {
        entries.push(("annotations".into(), Value::Map(annotations)));
    }
    if let Some(dependency) = usize::from(origin.source).checked_sub(1) {
        entries.push(("provenance".into(), Value::Map(vec![("source".into(), index(dependency))])));
    }
}

fn deprecation(deprecated: &Deprecation, why: &str) -> Value {
    let mut entries = vec![text_entry("reason", deprecated.reason())];
    if let Some(to) = deprecated.renamed_to() {
        entries.push(text_entry("renamed_to", to));
    }
    entries.push(text_entry("note", why));
    Value::Map(entries)
}

fn attribute_type(value_type: &AttributeType) -> Value {
    match value_type {
        AttributeType::Plain(value) => Value::Text(value.as_str().into()),
        AttributeType::Template(value) => Value::Text(format!("template[{}]", value.as_str()).into()),
        AttributeType::Enum { members, .. } => {
            let members = members.iter().map(|member| {
                let details = member.details.as_deref().cloned().unwrap_or_default();
                let mut entries = vec![text_entry("id", &member.id), ("value".into(), member.value.clone())];
                for (key, text) in [("brief", &details.brief), ("note", &details.note)] {
                    if !text.is_empty() {
                        entries.push(text_entry(key, text));
                    }
                }
                entries.push(text_entry("stability", member.stability.as_str()));
                if let Some(deprecated) = &member.deprecated {
                    entries.push(("deprecated".into(), deprecation(deprecated, &details.deprecated)));
                }
                if !details.annotations.is_empty() {
                    entries.push(("annotations".into(), Value::Map(details.annotations)));
                }
                Value::Map(entries)
            });
            map([("members", members.collect())])
        }
    }
}

fn associations(entries: &mut Entries, list: &[Association]) {
    fn value(association: &Association) -> Value {
        let members = |list: &[Association]| list.iter().map(value).collect();
        match association {
            Association::Entity(name) => Value::Text(name.clone()),
            Association::OneOf(list) => map([("one_of", members(list))]),
            Association::AllOf(list) => map([("all_of", members(list))]),
        }
    }
    if !list.is_empty() {
        entries.push(("entity_associations".into(), Value::List(list.iter().map(value).collect())));
    }
}

/// What is pinned, in words that are understood again.
fn pinned(expected: &Expected) -> String {
    let word = if expected.must { "MUST" } else { "SHOULD" };
    match &expected.values[..] {
        [value] => format!("{word} be set to {}.", literal(value)),
        values => {
            let lines: String = values.iter().map(|value| format!("\n* {}", literal(value))).collect();
            format!("{word} be set to one of the following values:\n{lines}")
        }
    }
}

fn literal(value: &Value) -> String {
    match value {
        // One pair of quotes is taken off again.
        Value::Text(text) => format!("`\"{text}\"`"),
        Value::Int(number) => format!("`{number}`"),
        Value::Bool(truth) => format!("`{truth}`"),
        Value::Double(number) => format!("`{number:?}`"),
        Value::Null | Value::List(_) | Value::Map(_) => "``".to_owned(),
    }
}
