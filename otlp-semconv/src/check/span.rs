//! Spans, their events and links.

use otlp_core::Signal;
use otlp_core::trace::{EventView, LinkView, SpanView, StatusCode, TracesView};

use super::{
    FindingId, Item, Run,
    attribute::{Bearer, Life},
    identity::Id,
    look::{Look, Scope, place},
    matching::{Confidence, Definition, Verdict},
    mix::Mix,
    name::root,
    naming,
    requirement::Ended,
    seen::Seen,
    store::{Words, clip},
    tally::Counted,
};

/// Where a span stands: resource, scope, span.
type At = [usize; 3];

impl Run<'_> {
    pub(super) fn traces(&mut self, view: &TracesView<'_>) {
        for (r, group) in view.resource_spans().iter().enumerate() {
            let source = self.source(Signal::Traces, group.resource(), group.schema_url(), || {
                format!("resourceSpans[{r}]")
            });
            for (s, group) in group.scope_spans().iter().enumerate() {
                let scope = self.scope(Signal::Traces, &source, group.scope(), group.schema_url(), || {
                    format!("resourceSpans[{r}].scopeSpans[{s}]")
                });
                let mut at = 0;
                group.spans().iter().for_each(|span| {
                    self.span(&scope, &span, [r, s, at]);
                    at += 1;
                });
            }
        }
    }

    #[inline]
    fn span(&mut self, scope: &Scope, span: &SpanView<'_>, at: At) {
        let print = self.print_of_span(scope, span);
        if !self.is_known(print) {
            let mut look = self.look(Signal::Traces, place(scope, Item::Span, span.name()), path(at));
            look.span(span, scope);
            let memory = look.end();
            self.remember(print, memory);
        }
        if !span.events().is_empty() {
            for (index, event) in span.events().iter().enumerate() {
                self.span_event(scope, &event, at, index);
            }
        }
        if !span.links().is_empty() {
            for (index, link) in span.links().iter().enumerate() {
                self.span_link(scope, span.name(), &link, at, index);
            }
        }
    }

    /// A number for all that [`Look::span`] looks at.
    #[inline]
    fn print_of_span(&self, scope: &Scope, span: &SpanView<'_>) -> u64 {
        let mut mix = Mix::new(scope.seed);
        mix.add(self.checker.table.keyed.text(span.name().as_bytes()));
        let mut flags = u64::from(span.kind_number() as u32) | u64::from(is_failed(span)) << 32;
        flags |= u64::from(Id::trace(span.trace_id_bytes()).is_right()) << 33;
        flags |= u64::from(Id::span(span.span_id_bytes()).is_right()) << 34;
        flags |= u64::from(Id::parent(span.parent_span_id_bytes()).is_right_or_absent()) << 35;
        flags |= u64::from(is_backwards(span)) << 36;
        mix.add(flags);
        self.checker.fold_under(&mut mix, &span.attributes(), span.name());
        mix.get()
    }

    fn span_event(&mut self, scope: &Scope, event: &EventView<'_>, at: At, index: usize) {
        self.tally.span_events += 1;
        let mut mix = Mix::new(scope.seed ^ 1);
        mix.add(self.checker.table.keyed.text(event.name().as_bytes()));
        self.checker.fold(&mut mix, &event.attributes());
        if self.is_known(mix.get()) {
            return;
        }
        let path = format!("{}.events[{index}]", path(at));
        let mut look = self.look(Signal::Traces, place(scope, Item::SpanEvent, event.name()), path);
        look.span_event(event, scope);
        let memory = look.end();
        self.remember(mix.get(), memory);
    }

    fn span_link(&mut self, scope: &Scope, name: &str, link: &LinkView<'_>, at: At, index: usize) {
        self.tally.span_links += 1;
        let mut mix = Mix::new(scope.seed ^ 2);
        mix.add(self.checker.table.keyed.text(name.as_bytes()));
        let ids = [Id::trace(link.trace_id_bytes()), Id::span(link.span_id_bytes())];
        ids.iter().for_each(|id| mix.add(u64::from(id.is_right())));
        self.checker.fold(&mut mix, &link.attributes());
        if self.is_known(mix.get()) {
            return;
        }
        let path = format!("{}.links[{index}]", path(at));
        let mut look = self.look(Signal::Traces, place(scope, Item::SpanLink, name), path);
        ids.into_iter().for_each(|id| look.id(id));
        look.attributes(link.attributes(), "attributes", Bearer::Item);
        let memory = look.end();
        self.remember(mix.get(), memory);
    }
}

fn path([resource, scope, span]: At) -> String {
    format!("resourceSpans[{resource}].scopeSpans[{scope}].spans[{span}]")
}

fn is_failed(span: &SpanView<'_>) -> bool {
    span.status_code() == StatusCode::Error
}

/// Whether the end is before the start; an end of 0 is unknown.
fn is_backwards(span: &SpanView<'_>) -> bool {
    span.end_time() != 0 && span.end_time() < span.start_time()
}

impl<'c> Look<'_, 'c> {
    fn span(&mut self, span: &SpanView<'_>, scope: &Scope) {
        self.id(Id::trace(span.trace_id_bytes()));
        self.id(Id::span(span.span_id_bytes()));
        self.optional_id(Id::parent(span.parent_span_id_bytes()));
        if is_backwards(span) {
            self.note(
                FindingId::TimeOrder,
                "",
                "",
                || ".endTimeUnixNano".to_owned(),
                || {
                    Words::new("The span ends before it starts.".to_owned())
                        .fix("take both times from one clock, or the end as start plus a monotonic duration")
                },
            );
        }
        if span.name().is_empty() {
            self.note(
                FindingId::EmptyName,
                "name",
                "",
                || ".name".to_owned(),
                || Words::new("The span has no name.".to_owned()).fix("name the operation"),
            );
        }
        let seen = self.attributes(span.attributes(), "attributes", Bearer::Item);
        let checker = self.checker;
        match checker.matcher.weigh(&seen, span.kind(), span.name(), &checker.table) {
            Verdict::Nothing => self.count(Counted::SpanOfNone),
            Verdict::Several => self.count(Counted::SpanOfSeveral),
            Verdict::WrongKind(definitions) => {
                self.count(Counted::SpanOfOtherKind);
                self.kind_mismatch(span, &definitions);
            }
            Verdict::One(index, confidence) => {
                self.count(Counted::Span(index as u32, confidence == Confidence::Certain));
                self.matched(span, &seen, &checker.matcher.definitions[index], confidence, scope);
            }
        }
    }

    fn matched(
        &mut self,
        span: &SpanView<'_>,
        seen: &Seen<'_>,
        definition: &'c Definition<'c>,
        confidence: Confidence,
        scope: &Scope,
    ) {
        let of = definition.span;
        let life = Life { deprecated: of.deprecated.as_ref(), stability: of.stability, origin: of.origin };
        self.lifecycle("span type", definition.id, &life, String::new);
        if confidence != Confidence::Certain {
            return;
        }
        let ended = if is_failed(span) { Ended::Failed } else { Ended::Well };
        let owner = format!("spans of type `{}`", definition.id);
        self.requirements(&of.attributes, seen, ended, &owner);
        self.entities(&of.entities, &scope.resource, &owner);
        self.unexpected(seen, definition);
        let table = &self.checker.table;
        let value = |key: &str| seen.value(table.find(key.as_bytes())?);
        let names = naming::names(&definition.names, value);
        if let Some(expected) = names.first()
            && !span.name().is_empty()
            && names.iter().all(|name| name != span.name())
        {
            self.note(
                FindingId::SpanNameMismatch,
                span.name(),
                "",
                || ".name".to_owned(),
                || {
                    Words::new(format!(
                        "The span is called `{}`; by the rule for spans of type `{}` it is `{}`.",
                        clip(span.name()),
                        definition.id,
                        clip(expected),
                    ))
                    .replace(clip(expected))
                },
            );
        }
    }

    /// Attributes of the definition's own namespace that neither it nor its relatives have.
    fn unexpected(&mut self, seen: &Seen<'_>, definition: &Definition<'_>) {
        let (table, matcher) = (&self.checker.table, &self.checker.matcher);
        for index in seen.indices() {
            let attribute = table.attribute(index);
            if attribute.deprecated.is_some()
                || !table.traits(index).of_items
                || !definition.roots.contains(&root(&attribute.key))
            {
                continue;
            }
            let has = |other: &Definition<'_>| {
                other.span.kind == definition.span.kind
                    && other.span.attributes.iter().any(|used| used.attribute.index() == index)
            };
            if !matcher.definitions.iter().any(has) {
                self.note(FindingId::UnexpectedAttribute, &attribute.key, "", String::new, || {
                    Words::new(format!(
                        "The attribute `{}` is none of those that spans of type `{}` have.",
                        attribute.key, definition.id
                    ))
                });
            }
        }
    }

    fn kind_mismatch(&mut self, span: &SpanView<'_>, definitions: &[usize]) {
        let definitions: Vec<_> =
            definitions.iter().map(|index| &self.checker.matcher.definitions[*index]).collect();
        let mut kinds: Vec<_> = definitions.iter().map(|definition| definition.span.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let Some(first) = definitions.first() else { return };
        self.note(
            FindingId::KindMismatch,
            first.id,
            "",
            || ".kind".to_owned(),
            || {
                let kinds = kinds.join("` or `");
                let message = format!(
                    "The span has all that spans of type `{}` have, but it is of kind `{}`, not `{kinds}`.",
                    first.id,
                    span.kind()
                );
                Words::new(message).replace(&kinds)
            },
        );
    }

    fn span_event(&mut self, event: &EventView<'_>, scope: &Scope) {
        if event.name().is_empty() {
            self.note(
                FindingId::EmptyName,
                "name",
                "",
                || ".name".to_owned(),
                || Words::new("The event has no name.".to_owned()).fix("name it"),
            );
        }
        let seen = self.attributes(event.attributes(), "attributes", Bearer::Item);
        self.event(event.name(), &seen, scope);
    }

    /// An event that the registry has.
    pub(super) fn event(&mut self, name: &str, seen: &Seen<'_>, scope: &Scope) -> bool {
        let registry = self.checker.table.registry;
        let Ok(index) = registry.events().binary_search_by(|event| (*event.name).cmp(name)) else {
            return false;
        };
        let definition = &registry.events()[index];
        self.count(Counted::Event(index as u32));
        let life = Life {
            deprecated: definition.deprecated.as_ref(),
            stability: definition.stability,
            origin: definition.origin,
        };
        self.lifecycle("event", name, &life, String::new);
        let owner = format!("the event `{name}`");
        self.requirements(&definition.attributes, seen, Ended::Unknown, &owner);
        self.entities(&definition.entities, &scope.resource, &owner);
        true
    }
}
