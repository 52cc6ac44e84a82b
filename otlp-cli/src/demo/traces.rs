//! The story's spans as a batch.

use otlp::Batch;
use otlp::trace::{ScopeSpansWriter, StatusCode, TracesWriter};

use super::service::{SCHEMA, SERVICES, describe};
use super::story::{Attr, PlannedSpan, Story};

/// Writes planned attributes. A macro, because each kind of thing has a writer of its own.
macro_rules! put {
    ($writer:expr, $attributes:expr) => {
        for (key, value) in $attributes {
            match value {
                $crate::demo::story::Attr::Text(text) => $writer.attr(*key, text.as_str()),
                $crate::demo::story::Attr::Int(value) => $writer.attr(*key, *value),
            };
        }
    };
}
pub(super) use put;

/// All spans of the story, by service.
pub(super) fn batch(story: &Story) -> Batch {
    let mut writer = TracesWriter::new();
    for about in &SERVICES {
        let mut spans = story.spans.iter().filter(|span| span.service == about.service).peekable();
        if spans.peek().is_none() {
            continue;
        }
        let mut resource = writer.resource(|resource| describe!(resource, about));
        resource.schema_url(SCHEMA);
        let mut scope = resource.scope(&format!("shop.{}", about.name), about.version);
        for span in spans {
            put_span(&mut scope, span);
        }
    }
    writer.finish()
}

fn put_span(scope: &mut ScopeSpansWriter<'_>, planned: &PlannedSpan) {
    let mut span = scope.span();
    span.ids(planned.trace, planned.id, planned.parent).name(&planned.name).kind(planned.kind);
    // Sampled; bits 8 and 9: it is known whether the parent is remote, and servers' and consumers' parents are.
    let remote = matches!(planned.kind, otlp::trace::SpanKind::Server | otlp::trace::SpanKind::Consumer);
    span.flags(0x101 | if remote && planned.parent.is_some() { 0x200 } else { 0 });
    span.times(planned.start, planned.end);
    put!(span, &planned.attributes);
    for (time, name, attributes) in &planned.events {
        let mut event = span.event(*time, name);
        put!(event, attributes);
    }
    for (trace, to) in &planned.links {
        span.link(*trace, *to).attr("link.reason", "order");
    }
    if let Some(why) = &planned.error {
        span.status(StatusCode::Error, why);
    }
}

/// The text of an attribute, if it is one and stands there.
pub(super) fn text_of<'a>(span: &'a PlannedSpan, key: &str) -> Option<&'a str> {
    span.attributes.iter().find_map(|(name, value)| match value {
        Attr::Text(text) if *name == key => Some(text.as_str()),
        _ => None,
    })
}
