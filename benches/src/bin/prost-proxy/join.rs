//! Trees of generated types put together: equal resources and scopes stand once.

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

pub fn resource(all: &mut Vec<ResourceSpans>, group: ResourceSpans) {
    let same =
        |other: &&mut ResourceSpans| other.resource == group.resource && other.schema_url == group.schema_url;
    match all.iter_mut().find(same) {
        None => all.push(group),
        Some(found) => group.scope_spans.into_iter().for_each(|inner| scope(&mut found.scope_spans, inner)),
    }
}

fn scope(all: &mut Vec<ScopeSpans>, group: ScopeSpans) {
    let same = |other: &&mut ScopeSpans| other.scope == group.scope && other.schema_url == group.schema_url;
    match all.iter_mut().find(same) {
        None => all.push(group),
        Some(found) => found.spans.extend(group.spans),
    }
}
