//! Traces.

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::trace::v1::span::{Event, Link};
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use otlp_core::trace::{ScopeSpansWriter, SpanKind, StatusCode, TracesWriter};
use otlp_core::{SpanId, TraceId};
use proptest::prelude::*;

use crate::random::Random;
use crate::value::{put_attributes, put_resource, put_scope};

fn span(r: &mut Random) -> Span {
    Span {
        trace_id: r.bytes(16),
        span_id: r.bytes(8),
        trace_state: r.text(),
        parent_span_id: r.id(8),
        flags: r.u32(),
        name: r.text(),
        kind: r.below(7) as i32 - 1,
        start_time_unix_nano: r.integer(),
        end_time_unix_nano: r.integer(),
        attributes: r.attributes(),
        dropped_attributes_count: r.u32(),
        events: r.many(3, |r| Event {
            time_unix_nano: r.integer(),
            name: r.text(),
            attributes: r.attributes(),
            dropped_attributes_count: r.u32(),
        }),
        dropped_events_count: r.u32(),
        links: r.many(3, |r| Link {
            trace_id: r.bytes(16),
            span_id: r.bytes(8),
            trace_state: r.text(),
            attributes: r.attributes(),
            dropped_attributes_count: r.u32(),
            flags: r.u32(),
        }),
        dropped_links_count: r.u32(),
        status: r.chance().then(|| Status { message: r.text(), code: r.below(4) as i32 }),
    }
}

fn request(r: &mut Random) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: r.many(3, |r| ResourceSpans {
            resource: Some(r.resource()),
            schema_url: r.text(),
            scope_spans: r.many(3, |r| ScopeSpans {
                scope: Some(r.scope()),
                schema_url: r.text(),
                spans: r.many(3, span),
            }),
        }),
    }
}

fn put(writer: &mut ScopeSpansWriter<'_>, span: &Span) {
    let (trace, own) = ids(&span.trace_id, &span.span_id);
    let mut out = writer.span();
    out.ids(trace, own, SpanId::from_slice(&span.parent_span_id));
    out.trace_state(&span.trace_state).flags(span.flags);
    out.name(&span.name).kind(SpanKind::from_number(span.kind));
    out.times(span.start_time_unix_nano, span.end_time_unix_nano);
    put_attributes!(out, &span.attributes);
    out.dropped_attributes(span.dropped_attributes_count);
    for event in &span.events {
        let mut out = out.event(event.time_unix_nano, &event.name);
        put_attributes!(out, &event.attributes);
        out.dropped_attributes(event.dropped_attributes_count);
    }
    if let Some(status) = &span.status {
        out.status(StatusCode::from_number(status.code), &status.message);
    }
    out.dropped_events(span.dropped_events_count);
    for link in &span.links {
        let (trace, span) = ids(&link.trace_id, &link.span_id);
        let mut out = out.link(trace, span);
        out.trace_state(&link.trace_state).flags(link.flags);
        put_attributes!(out, &link.attributes);
        out.dropped_attributes(link.dropped_attributes_count);
    }
    out.dropped_links(span.dropped_links_count);
}

pub(crate) fn ids(trace: &[u8], span: &[u8]) -> (TraceId, SpanId) {
    (TraceId::from_slice(trace).unwrap(), SpanId::from_slice(span).unwrap())
}

proptest! {
    #[test]
    fn written_and_decoded_is_the_same(seed: u64) {
        let r = &mut Random(seed);
        let mut writer = TracesWriter::new();
        // Twice through one writer: the second batch must not remember the first.
        for _ in 0..2 {
            let expected = request(r);
            for group in &expected.resource_spans {
                let mut resource = writer.resource(|out| put_resource(out, group.resource.as_ref().unwrap()));
                for group in &group.scope_spans {
                    let scope = group.scope.as_ref().unwrap();
                    let mut out = resource.scope_with(&scope.name, &scope.version, |out| put_scope(out, scope));
                    out.schema_url(&group.schema_url);
                    for span in &group.spans {
                        put(&mut out, span);
                    }
                }
                resource.schema_url(&group.schema_url);
            }
            let batch = writer.finish();
            prop_assert_eq!(crate::decode::<ExportTraceServiceRequest>(&batch), expected);
            writer.recycle(batch);
        }
    }
}
