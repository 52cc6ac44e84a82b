//! Metrics, span types, events and entities.

use std::collections::BTreeMap;

use otlp_semconv::registry::{
    Deprecation, Entity, Event, Instrument, Metric, Number, Origin, Registry, Span, Stability,
};

use super::attribute::{Vocabulary, deprecate, home, notice};
use super::builder::Body;
use super::facade::{Module, Modules, lifecycle};
use super::gate::Gate;
use super::identifier::{Names, pascal, screaming};
use super::index::Index;

/// Adds all signals to their modules.
pub(super) fn write(registry: &Registry, vocabulary: &Vocabulary, modules: &mut Modules, index: &mut Index) {
    let mut writer = Writer { registry, vocabulary, modules, index, names: BTreeMap::new() };
    live_first(registry.metrics(), |metric| metric.deprecated.is_some())
        .for_each(|metric| writer.metric(metric));
    live_first(registry.spans(), |span| span.deprecated.is_some())
        .for_each(|span| writer.span(span, &span.name, ""));
    for refined in registry.span_refinements() {
        let name = refined.id.strip_prefix("span.").unwrap_or(&refined.id);
        writer.span(&refined.signal, name, &format!(", a form of `{}`", refined.signal.name));
    }
    live_first(registry.events(), |event| event.deprecated.is_some()).for_each(|event| writer.event(event));
    live_first(registry.entities(), |entity| entity.deprecated.is_some())
        .for_each(|entity| writer.entity(entity));
}

/// What is alive chooses its name first.
fn live_first<T>(items: &[T], is_old: impl Fn(&T) -> bool) -> impl Iterator<Item = &T> {
    let (old, live): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_old(item));
    live.into_iter().chain(old)
}

/// Code within a macro's braces, which rustfmt leaves as it is.
fn indented(code: &str) -> String {
    code.lines().map(|line| format!("    {line}\n")).collect()
}

struct Writer<'a> {
    registry: &'a Registry,
    vocabulary: &'a Vocabulary,
    modules: &'a mut Modules,
    index: &'a mut Index,
    /// Names given within a module's part.
    names: BTreeMap<(String, &'static str), Names>,
}

/// What all signals have.
struct Common<'a> {
    name: &'a str,
    stability: Stability,
    deprecated: Option<&'a Deprecation>,
    origin: Origin,
}

impl Common<'_> {
    fn gate(&self) -> Gate {
        Gate::of(self.stability, self.deprecated.is_some())
    }

    fn state(&self, registry: &Registry) -> String {
        lifecycle(registry, self.stability, self.deprecated.is_some(), self.origin)
    }
}

macro_rules! common {
    ($item:expr, $name:expr) => {
        Common {
            name: $name,
            stability: $item.stability,
            deprecated: $item.deprecated.as_ref(),
            origin: $item.origin,
        }
    };
}

impl Writer<'_> {
    fn module(&mut self, name: &str) -> &mut Module {
        self.modules.entry(home(name)).or_default()
    }

    fn give(&mut self, part: &'static str, name: &str, style: fn(&str) -> String, suffix: &str) -> String {
        self.names.entry((home(name), part)).or_default().give(name, style, suffix)
    }

    fn metric(&mut self, metric: &Metric) {
        let common = common!(metric, &metric.name);
        let (gate, state, home) = (common.gate(), common.state(self.registry), home(&metric.name));
        let constant = self.give("metric", &metric.name, screaming, "_DEPRECATED");
        let number = match metric.number {
            Some(Number::Int) => ("whole numbers", "i64"),
            Some(Number::Double) => ("doubles", "f64"),
            _ => ("numbers", "AnyNumber"),
        };
        let (instrument, kind) = match metric.instrument {
            Instrument::Counter => ("counter", "Counter"),
            Instrument::UpDownCounter => ("up-down counter", "UpDownCounter"),
            Instrument::Gauge => ("gauge", "Gauge"),
            _ => ("histogram", "Histogram"),
        };
        let (numbers, number) = number;
        let mut code = format!(
            "/// `{}`: {instrument} of {numbers} in `{}`, {state}.\n{}{}pub const {constant}: Metric<{kind}<{number}>> =\nMetric::new({:?}, {:?}, Stability::{:?}){};\n\n",
            metric.name,
            metric.unit,
            gate.line(),
            notice(metric.deprecated.as_ref()),
            metric.name,
            metric.unit,
            metric.stability,
            deprecate(metric.deprecated.as_ref()),
        );
        let body = Body::new(self.registry, self.vocabulary, &home, gate, &metric.attributes);
        if !body.is_empty() {
            let name = self.give("metric", &metric.name, pascal, "Deprecated");
            code.push_str(&format!(
                "{}metric! {{ {name}: {kind}<{number}>, {constant};\n{}}}\n\n",
                body.gate.builders_line(),
                indented(&format!(
                    "/// Attributes of [`{constant}`].\n{}{name}\n{}",
                    body.doc(),
                    body.lines()
                )),
            ));
            self.index.metric_attributes(&home, &name);
        }
        self.index.metric(&home, &constant);
        self.module(&metric.name).metrics.add(gate, &code);
    }

    fn span(&mut self, span: &Span, name: &str, form: &str) {
        let common = common!(span, name);
        let home = home(name);
        let body = Body::new(self.registry, self.vocabulary, &home, common.gate(), &span.attributes);
        let templates = body.names(&span.names);
        let argument = if templates.iter().any(|pieces| pieces.contains("span.")) { "span" } else { "_span" };
        let kind = pascal(span.kind.as_str());
        let code = self.builder("span", &common, &body, |rust, state| {
            (
                format!(
                    "span! {{ {rust}: {name:?}, {kind}, {:?};\n    |{argument}| {};\n",
                    span.stability,
                    templates.join(" ").replace('\n', " ")
                ),
                format!("Span `{name}`{form}: {} kind, {state}.", span.kind.as_str()),
            )
        });
        self.module(name).spans.add(body.gate, &code);
    }

    fn event(&mut self, event: &Event) {
        let common = common!(event, &event.name);
        let home = home(&event.name);
        let body = Body::new(self.registry, self.vocabulary, &home, common.gate(), &event.attributes);
        let code = self.builder("event", &common, &body, |rust, state| {
            (
                format!("event! {{ {rust}: {:?}, {:?};\n", event.name, event.stability),
                format!("Event `{}`: {state}.", event.name),
            )
        });
        self.module(&event.name).events.add(body.gate, &code);
    }

    fn entity(&mut self, entity: &Entity) {
        let common = common!(entity, &entity.name);
        let body = Body::new(self.registry, self.vocabulary, &entity.name, common.gate(), &entity.attributes);
        let code = self.builder("entity", &common, &body, |rust, state| {
            (
                format!(
                    "entity! {{ {rust}: {:?}, &{:?}, {:?};\n",
                    entity.name,
                    body.identity(),
                    entity.stability
                ),
                format!("Entity `{}`: {state}.", entity.name),
            )
        });
        self.module(&entity.name).entities.add(body.gate, &code);
    }

    /// A builder's macro call: `head` gives its first line and the first sentence of the documentation.
    fn builder(
        &mut self,
        part: &'static str,
        common: &Common<'_>,
        body: &Body<'_>,
        head: impl Fn(&str, &str) -> (String, String),
    ) -> String {
        let rust = self.give(part, common.name, pascal, "Deprecated");
        let (head, doc) = head(&rust, &common.state(body.registry()));
        self.index.builder(part, &home(common.name), &rust);
        let notice = notice(common.deprecated);
        format!(
            "{}{head}{}}}\n\n",
            body.gate.line(),
            indented(&format!("/// {doc}\n{}{notice}{rust}\n{}", body.doc(), body.lines()))
        )
    }
}
