//! Writing the compact form.

use std::fmt::Write as _;

use super::option;
use crate::registry::{
    Association, AttributeType, AttributeUse, Deprecation, Event, Metric, Origin, Refinement, Registry, Role,
    Span, Stability, Value, When,
};

impl Registry {
    /// The facts of the registry as text, for [`from_compact`](Self::from_compact). What authors wrote
    /// ([`Details`](super::super::Details), the sentences of conditions) is left out.
    pub fn to_compact(&self) -> String {
        let mut lines = Lines { text: String::new(), registry: self };
        lines.line("registry", &["1"]);
        for source in &self.sources {
            lines.line("source", &[&source.schema_url]);
        }
        for attribute in &self.attributes {
            let kind = match &attribute.value_type {
                AttributeType::Plain(value) => value.as_str().to_owned(),
                AttributeType::Enum { of, .. } => format!("enum:{}", of.as_str()),
                AttributeType::Template(value) => format!("template:{}", value.as_str()),
            };
            lines.line("a", &[&attribute.key, &kind, attribute.stability.as_str()]);
            lines.lifecycle(attribute.deprecated.as_ref(), attribute.origin);
            for member in attribute.members() {
                lines.line("m", &[&member.id, &value(&member.value), member.stability.as_str()]);
                lines.lifecycle(member.deprecated.as_ref(), Origin::default());
            }
        }
        self.metrics.iter().for_each(|metric| lines.metric(metric));
        self.spans.iter().for_each(|span| lines.span(span));
        self.events.iter().for_each(|event| lines.event(event));
        for entity in &self.entities {
            lines.line("entity", &[&entity.name, entity.stability.as_str()]);
            lines.lifecycle(entity.deprecated.as_ref(), entity.origin);
            lines.uses(&entity.attributes);
        }
        for group in &self.groups {
            let visibility = if group.public { "public" } else { "internal" };
            lines.line("group", &[&group.id, visibility, group.stability.as_str()]);
            lines.lifecycle(group.deprecated.as_ref(), group.origin);
            lines.uses(&group.attributes);
        }
        lines.refinements(&self.metric_refinements, Lines::metric);
        lines.refinements(&self.span_refinements, Lines::span);
        lines.refinements(&self.event_refinements, Lines::event);
        lines.text.push('\n');
        lines.text
    }
}

/// A value's one field.
fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("s{text}"),
        Value::Int(number) => format!("i{number}"),
        Value::Bool(truth) => format!("b{truth}"),
        Value::Double(number) => format!("f{number:?}"),
        // Neither members nor pinned values are ever anything else.
        Value::Null | Value::List(_) | Value::Map(_) => "n".to_owned(),
    }
}

struct Lines<'r> {
    text: String,
    registry: &'r Registry,
}

impl Lines<'_> {
    /// Starts a line.
    fn line(&mut self, kind: &str, fields: &[&str]) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(kind);
        for field in fields {
            self.field(field);
        }
    }

    /// One more field on the line.
    fn field(&mut self, field: &str) {
        self.text.push('\t');
        for character in field.chars() {
            match character {
                '\t' => self.text.push_str("\\t"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\\' => self.text.push_str("\\\\"),
                other => self.text.push(other),
            }
        }
    }

    fn option(&mut self, letter: char, rest: &str) {
        let mut field = String::with_capacity(rest.len() + 1);
        field.push(letter);
        field.push_str(rest);
        self.field(&field);
    }

    fn lifecycle(&mut self, deprecated: Option<&Deprecation>, origin: Origin) {
        match deprecated {
            None => {}
            Some(Deprecation::Renamed { to }) => self.option(option::DEPRECATED, &format!("r{to}")),
            Some(Deprecation::Obsoleted) => self.option(option::DEPRECATED, "o"),
            Some(Deprecation::Uncategorized) => self.option(option::DEPRECATED, "u"),
            Some(Deprecation::Unspecified) => self.option(option::DEPRECATED, "-"),
        }
        if origin != Origin::default() {
            let mut text = String::new();
            let _ = write!(text, "{}{}", origin.source, if origin.moved { "!" } else { "" });
            self.option(option::ORIGIN, &text);
        }
    }

    fn metric(&mut self, metric: &Metric) {
        let number = metric.number.map_or("-", |number| number.as_str());
        let stability = metric.stability.as_str();
        let requirement = metric.requirement.as_str();
        let fields =
            [&*metric.name, metric.instrument.as_str(), &*metric.unit, number, requirement, stability];
        self.line("metric", &fields);
        self.signal(metric.deprecated.as_ref(), metric.origin, &metric.entities);
        self.uses(&metric.attributes);
    }

    fn span(&mut self, span: &Span) {
        self.line(
            "span",
            &[&span.name, span.kind.as_str(), span.requirement.as_str(), span.stability.as_str()],
        );
        if let Some(base) = &span.extends {
            self.option(option::EXTENDS, base);
        }
        for name in &span.names {
            self.option(option::NAME, name);
        }
        self.signal(span.deprecated.as_ref(), span.origin, &span.entities);
        self.uses(&span.attributes);
    }

    fn event(&mut self, event: &Event) {
        self.line("event", &[&event.name, event.requirement.as_str(), event.stability.as_str()]);
        self.signal(event.deprecated.as_ref(), event.origin, &event.entities);
        self.uses(&event.attributes);
    }

    fn refinements<T>(&mut self, list: &[Refinement<T>], write: fn(&mut Self, &T)) {
        for refinement in list {
            self.line("refine", &[&refinement.id]);
            write(self, &refinement.signal);
        }
    }

    fn signal(&mut self, deprecated: Option<&Deprecation>, origin: Origin, entities: &[Association]) {
        self.lifecycle(deprecated, origin);
        self.associations(entities);
    }

    fn associations(&mut self, list: &[Association]) {
        for association in list {
            let (letter, members) = match association {
                Association::Entity(name) => {
                    self.option(option::ENTITY, name);
                    continue;
                }
                Association::OneOf(members) => (option::ONE_OF, members),
                Association::AllOf(members) => (option::ALL_OF, members),
            };
            self.option(letter, &members.len().to_string());
            self.associations(members);
        }
    }

    fn uses(&mut self, uses: &[AttributeUse]) {
        let registry = self.registry;
        for used in uses {
            self.line("u", &[&registry[used.attribute].key, used.requirement.as_str()]);
            if used.sampling_relevant {
                self.option(option::SAMPLING, "");
            }
            match used.role {
                None => {}
                Some(Role::Identifying) => self.option(option::IDENTIFYING, ""),
                Some(Role::Descriptive) => self.option(option::DESCRIPTIVE, ""),
            }
            if let Some(expected) = &used.expected {
                let letter = if expected.must { option::MUST } else { option::SHOULD };
                expected.values.iter().for_each(|item| self.option(letter, &value(item)));
            }
            if let Some(condition) = &used.condition {
                self.option(option::CONDITION, "");
                if let Some(when) = &condition.when {
                    self.when(when);
                }
                for mentioned in &condition.mentions {
                    self.option(option::MENTIONS, &registry[*mentioned].key);
                }
            }
            if let Some(stability) = used.stability {
                self.option(option::STABILITY, Stability::as_str(stability));
            }
            self.lifecycle(used.deprecated.as_ref(), Origin::default());
        }
    }

    fn when(&mut self, when: &When) {
        let (letter, attribute, values) = match when {
            When::Present(attribute) => (option::PRESENT, attribute, &[][..]),
            When::Absent(attribute) => (option::ABSENT, attribute, &[][..]),
            When::Equals(attribute, values) => (option::EQUALS, attribute, &values[..]),
            When::Differs(attribute, values) => (option::DIFFERS, attribute, &values[..]),
            When::Failed => return self.option(option::FAILED, ""),
        };
        let registry = self.registry;
        self.option(letter, &registry[*attribute].key);
        values.iter().for_each(|item| self.option(option::VALUE, &value(item)));
    }
}
