//! The list of everything that was generated, for the test that counts it.

use otlp_semconv::registry::{Attribute, ValueType};

use super::attribute::module;

/// Paths of what was generated, in Rust.
#[derive(Default)]
pub(super) struct Index {
    attributes: String,
    members: String,
    metrics: String,
    metric_attributes: String,
    spans: String,
    events: String,
    entities: String,
}

impl Index {
    pub(super) fn attribute(&mut self, attribute: &Attribute, name: &str) {
        let module = module(attribute.namespace());
        let call = if attribute.is_template() { "(\"\").name().prefix()" } else { ".name()" };
        self.attributes.push_str(&format!("{module}::{name}{call},\n"));
    }

    pub(super) fn member(&mut self, attribute: &Attribute, of: ValueType, name: &str, variant: &str) {
        let module = module(attribute.namespace());
        let value = match of {
            ValueType::String => format!("Value::Str({module}::{name}::{variant}.as_str())"),
            _ => format!("Value::Int({module}::{name}::{variant}.as_i64())"),
        };
        self.members.push_str(&format!("({:?}, {value}),\n", attribute.key));
    }

    pub(super) fn metric(&mut self, home: &str, name: &str) {
        self.metrics.push_str(&format!("fact(&{home}::metric::{name}),\n"));
    }

    pub(super) fn metric_attributes(&mut self, home: &str, name: &str) {
        self.metric_attributes
            .push_str(&format!("<{home}::metric::{name}<'_> as MetricAttributes>::METRIC.name(),\n"));
    }

    pub(super) fn builder(&mut self, part: &str, home: &str, name: &str) {
        let (list, item) = match part {
            "span" => (&mut self.spans, "Span>::TYPE"),
            "event" => (&mut self.events, "Event>::NAME"),
            _ => (&mut self.entities, "Entity>::TYPE"),
        };
        list.push_str(&format!("<{home}::{part}::{name}<'_> as crate::{item},\n"));
    }

    /// The file.
    pub(super) fn code(&self) -> String {
        let mut out = String::from(
            "//! Everything that was generated, for the test that counts it.\n\n\
             use crate::prelude::*;\nuse crate::{MetricAttributes, Number};\n\n",
        );
        let lists = [
            ("Keys of attributes; a template's ends in a dot.", "ATTRIBUTES", "&str", &self.attributes),
            ("Enum members.", "MEMBERS", "(&str, Value<'_>)", &self.members),
            ("Metrics.", "METRICS", "(&str, &str, Instrument, Option<Number>)", &self.metrics),
            ("Metrics that have attributes.", "METRIC_ATTRIBUTES", "&str", &self.metric_attributes),
            ("Span types.", "SPANS", "&str", &self.spans),
            ("Events.", "EVENTS", "&str", &self.events),
            ("Entities.", "ENTITIES", "&str", &self.entities),
        ];
        for (doc, name, of, items) in lists {
            out.push_str(&format!("/// {doc}\npub(crate) const {name}: &[{of}] = &[\n{items}];\n\n"));
        }
        out.push_str(
            "/// What there is to compare of a metric.\n\
             const fn fact<V: crate::MetricKind>(metric: &Metric<V>) -> (&str, &str, Instrument, Option<Number>) {\n\
             (metric.name(), metric.unit(), metric.instrument(), metric.number())\n}\n",
        );
        out
    }
}
