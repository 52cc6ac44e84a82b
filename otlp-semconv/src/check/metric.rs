//! Metrics and their points.

use otlp_core::Repeated;
use otlp_core::Signal;
use otlp_core::metrics::{
    DataView, ExemplarView, ExponentialHistogramPointView, HistogramPointView, MetricView, MetricsView,
    Number as WireNumber, NumberPointView, SummaryPointView,
};
use otlp_core::value::Attributes;

use super::{
    FindingId, Item, Run,
    attribute::{Bearer, Life},
    identity::Id,
    look::{Look, Scope, place},
    mix::Mix,
    name,
    requirement::Ended,
    seen::Seen,
    store::{Words, clip},
    tally::Counted,
    unknown::Kind,
};
use crate::registry::{Instrument, Metric, Number};

/// What is common to points of all kinds.
struct Point<'a> {
    attributes: Attributes<'a>,
    exemplars: Option<Repeated<'a, ExemplarView<'a>>>,
    number: Option<Number>,
    backwards: bool,
}

macro_rules! points {
    ($($view:ident: $point:ident => $exemplars:expr, $number:expr;)+) => {$(
        impl<'a> From<&$view<'a>> for Point<'a> {
            fn from($point: &$view<'a>) -> Self {
                Self {
                    attributes: $point.attributes(),
                    exemplars: $exemplars,
                    number: $number,
                    backwards: $point.time() != 0 && $point.start_time() > $point.time(),
                }
            }
        }
    )+};
}

points! {
    NumberPointView: it => Some(it.exemplars()), it.value().map(|value| match value {
        WireNumber::Int(_) => Number::Int,
        WireNumber::Double(_) => Number::Double,
    });
    HistogramPointView: it => Some(it.exemplars()), None;
    ExponentialHistogramPointView: it => Some(it.exemplars()), None;
    SummaryPointView: it => None, None;
}

impl Run<'_> {
    pub(super) fn metrics(&mut self, view: &MetricsView<'_>) {
        for (r, group) in view.resource_metrics().iter().enumerate() {
            let source = self.source(Signal::Metrics, group.resource(), group.schema_url(), || {
                format!("resourceMetrics[{r}]")
            });
            for (s, group) in group.scope_metrics().iter().enumerate() {
                let path = || format!("resourceMetrics[{r}].scopeMetrics[{s}]");
                let scope = self.scope(Signal::Metrics, &source, group.scope(), group.schema_url(), path);
                for (m, metric) in group.metrics().iter().enumerate() {
                    self.metric(&scope, &metric, &|| format!("{}.metrics[{m}]", path()));
                }
            }
        }
    }

    fn metric(&mut self, scope: &Scope, metric: &MetricView<'_>, path: &dyn Fn() -> String) {
        self.tally.metrics_seen += 1;
        let keyed = &self.checker.table.keyed;
        let data = metric.data();
        let mut mix = Mix::new(scope.seed);
        mix.add(keyed.text(metric.name().as_bytes()));
        mix.add(keyed.text(metric.unit().as_bytes()));
        let (number, is_monotonic) = match &data {
            None => (0, false),
            Some(DataView::Gauge(_)) => (1, false),
            Some(DataView::Sum(sum)) => (2, sum.is_monotonic()),
            Some(DataView::Histogram(_)) => (3, false),
            Some(DataView::ExponentialHistogram(_)) => (4, false),
            Some(_) => (5, false),
        };
        mix.add(number << 1 | u64::from(is_monotonic));
        let print = mix.get();
        if !self.is_known(print) {
            let mut look = self.look(Signal::Metrics, place(scope, Item::Metric, metric.name()), path());
            look.metric(metric, data.as_ref(), scope);
            let memory = look.end();
            self.remember(print, memory);
        }
        let Some(data) = data else { return };
        let mut at = 0;
        let mut look = |kind: &str, point: Point<'_>| {
            self.point(scope, metric.name(), print, &point, &|| {
                format!("{}.{kind}.dataPoints[{at}]", path())
            });
            at += 1;
        };
        match data {
            DataView::Gauge(data) => data.points().iter().for_each(|it| look("gauge", Point::from(&it))),
            DataView::Sum(data) => data.points().iter().for_each(|it| look("sum", Point::from(&it))),
            DataView::Histogram(data) => {
                data.points().iter().for_each(|it| look("histogram", Point::from(&it)))
            }
            DataView::ExponentialHistogram(data) => {
                data.points().iter().for_each(|it| look("exponentialHistogram", Point::from(&it)));
            }
            DataView::Summary(data) => data.points().iter().for_each(|it| look("summary", Point::from(&it))),
            _ => {}
        }
    }

    fn point(&mut self, scope: &Scope, name: &str, print: u64, point: &Point<'_>, path: &dyn Fn() -> String) {
        let mut mix = Mix::new(print);
        mix.add(point.number.map_or(0, |number| number as u64 + 1) << 1 | u64::from(point.backwards));
        self.checker.fold(&mut mix, &point.attributes);
        if !self.is_known(mix.get()) {
            let mut look = self.look(Signal::Metrics, place(scope, Item::Metric, name), path());
            look.point(name, point);
            let memory = look.end();
            self.remember(mix.get(), memory);
        }
        for (index, exemplar) in point.exemplars.iter().flat_map(Repeated::iter).enumerate() {
            self.exemplar(scope, name, print, &exemplar, &|| format!("{}.exemplars[{index}]", path()));
        }
    }

    fn exemplar(
        &mut self,
        scope: &Scope,
        name: &str,
        print: u64,
        exemplar: &ExemplarView<'_>,
        path: &dyn Fn() -> String,
    ) {
        let mut mix = Mix::new(print ^ 1);
        // An example may come from outside of any trace.
        let ids = [Id::trace(exemplar.trace_id_bytes()), Id::span(exemplar.span_id_bytes())];
        ids.iter().for_each(|id| mix.add(u64::from(id.is_right_or_absent())));
        self.checker.fold(&mut mix, &exemplar.filtered_attributes());
        if self.is_known(mix.get()) {
            return;
        }
        let mut look = self.look(Signal::Metrics, place(scope, Item::Metric, name), path());
        ids.into_iter().for_each(|id| look.optional_id(id));
        look.attributes(exemplar.filtered_attributes(), "filteredAttributes", Bearer::Item);
        let memory = look.end();
        self.remember(mix.get(), memory);
    }
}

impl<'c> Look<'_, 'c> {
    fn metric(&mut self, metric: &MetricView<'_>, data: Option<&DataView<'_>>, scope: &Scope) {
        let name = metric.name();
        if name.is_empty() {
            return self.note(
                FindingId::EmptyName,
                "name",
                "",
                || ".name".to_owned(),
                || Words::new("The metric has no name.".to_owned()).fix("name what is measured"),
            );
        }
        if !name::is_well_formed(name) {
            self.invalid_format(name, || ".name".to_owned());
        }
        let table = &self.checker.table;
        let Ok(index) = table.registry.metrics().binary_search_by(|known| (*known.name).cmp(name)) else {
            return self.unknown_metric(name);
        };
        let definition = &table.registry.metrics()[index];
        self.count(Counted::Metric(index as u32));
        let life = Life {
            deprecated: definition.deprecated.as_ref(),
            stability: definition.stability,
            origin: definition.origin,
        };
        self.lifecycle("metric", name, &life, String::new);
        if definition.unit != metric.unit() {
            self.note(
                FindingId::UnitMismatch,
                name,
                "",
                || ".unit".to_owned(),
                || {
                    let message = format!(
                        "The metric `{name}` has the unit `{}`, not `{}`.",
                        clip(metric.unit()),
                        definition.unit
                    );
                    Words::new(message).replace(&definition.unit)
                },
            );
        }
        self.instrument(definition, data);
        self.entities(&definition.entities, &scope.resource, &format!("the metric `{name}`"));
    }

    fn unknown_metric(&mut self, name: &str) {
        let table = &self.checker.table;
        let number = self.unknown().add(Kind::Metric, name, || table.nearest_metric(name).map(str::to_owned));
        let meant = number.and_then(|number| self.unknown().nearest(number)).map(str::to_owned);
        if let Some(number) = number {
            self.count(Counted::Unknown(number));
        }
        self.note(
            FindingId::MissingMetric,
            name,
            "",
            || ".name".to_owned(),
            || {
                let words = Words::new(format!("The metric `{}` is not in the registry.", clip(name)));
                match &meant {
                    Some(meant) => words.replace(meant),
                    None => words,
                }
            },
        );
    }

    fn instrument(&mut self, definition: &Metric, data: Option<&DataView<'_>>) {
        let (found, as_word) = match data {
            Some(DataView::Gauge(_)) => (Some(Instrument::Gauge), "gauge"),
            Some(DataView::Sum(sum)) if sum.is_monotonic() => (Some(Instrument::Counter), "counter"),
            Some(DataView::Sum(_)) => (Some(Instrument::UpDownCounter), "updowncounter"),
            Some(DataView::Histogram(_) | DataView::ExponentialHistogram(_)) => {
                (Some(Instrument::Histogram), "histogram")
            }
            Some(_) => (None, "summary"),
            None => (None, "none"),
        };
        if found == Some(definition.instrument) {
            return;
        }
        let (name, wanted) = (&*definition.name, definition.instrument.as_str());
        self.note(FindingId::UnexpectedInstrument, name, "", String::new, || {
            Words::new(format!("The metric `{name}` is of the instrument `{as_word}`, not `{wanted}`."))
                .replace(wanted)
        });
    }

    fn point(&mut self, name: &str, point: &Point<'_>) {
        if point.backwards {
            self.note(
                FindingId::TimeOrder,
                name,
                "",
                || ".timeUnixNano".to_owned(),
                || {
                    Words::new(format!(
                        "A point of the metric `{}` is earlier than the start of its range.",
                        clip(name)
                    ))
                    .fix("take both times from one clock")
                },
            );
        }
        let seen = self.attributes(point.attributes, "attributes", Bearer::Item);
        let Some(definition) = self.checker.table.registry.metric(name) else { return };
        if let (Some(wanted), Some(found)) = (definition.number, point.number)
            && wanted != found
        {
            self.note(FindingId::MetricValueType, name, "", String::new, || {
                let message = format!(
                    "The points of the metric `{name}` are of type `{}`, not `{}`.",
                    found.as_str(),
                    wanted.as_str()
                );
                Words::new(message).replace(wanted.as_str())
            });
        }
        let refined = self.refined(name, &seen);
        let uses = &refined.unwrap_or(definition).attributes;
        self.requirements(uses, &seen, Ended::Unknown, &format!("the metric `{name}`"));
        self.unexpected_of_metric(&seen, name);
    }

    /// The refinement of a metric whose pinned values are all there.
    fn refined(&self, name: &str, seen: &Seen<'_>) -> Option<&'c Metric> {
        let fits = |metric: &Metric| {
            let mut pins =
                metric.attributes.iter().filter_map(|used| Some((used.attribute, used.expected.as_ref()?)));
            pins.clone().next().is_some()
                && pins.all(|(attribute, pin)| !pin.must || seen.is_one_of(attribute, &pin.values))
        };
        let refined = self.checker.table.registry.metric_refinements().iter().map(|refined| &refined.signal);
        refined.filter(|metric| metric.name == name).find(|metric| fits(metric))
    }

    /// Attributes of the metric's own namespace that neither it nor a refinement has.
    fn unexpected_of_metric(&mut self, seen: &Seen<'_>, name: &str) {
        let table = &self.checker.table;
        let registry = table.registry;
        let refined = registry.metric_refinements().iter().map(|refined| &refined.signal);
        let all = || refined.clone().chain(registry.metric(name)).filter(|metric| metric.name == name);
        for index in seen.indices() {
            let attribute = table.attribute(index);
            let own = attribute.namespace() == name::root(name);
            let of_entity = table.traits(index).of_resources || !table.traits(index).of_items;
            let has =
                || all().any(|metric| metric.attributes.iter().any(|used| used.attribute.index() == index));
            if own && !of_entity && attribute.deprecated.is_none() && !has() {
                self.note(FindingId::UnexpectedAttribute, &attribute.key, "", String::new, || {
                    Words::new(format!(
                        "The attribute `{}` is none of those that the metric `{name}` has.",
                        attribute.key
                    ))
                });
            }
        }
    }
}
