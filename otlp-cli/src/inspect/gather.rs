//! Reads batches through their views, once, into a [`Summary`].

use otlp::{
    Batch,
    logs::LogsView,
    metrics::{DataView, MetricsView},
    profiles::ProfilesView,
    trace::{StatusCode, TracesView},
    value::{Attributes, ResourceView, ScopeView, ValueView},
};

use super::{count::Counter, summary::Summary};

/// Adds everything that a batch holds.
pub(super) fn gather(batch: &Batch, to: &mut Summary) {
    if let Some(view) = batch.traces() {
        traces(&view, to);
    } else if let Some(view) = batch.metrics() {
        metrics(&view, to);
    } else if let Some(view) = batch.logs() {
        logs(&view, to);
    } else if let Some(view) = batch.profiles() {
        profiles(&view, to);
    }
}

fn traces(view: &TracesView<'_>, to: &mut Summary) {
    for name in ["errors", "events", "links"] {
        to.extra(name, 0);
    }
    for group in view.resource_spans() {
        let mut items = 0;
        for scoped in group.scope_spans() {
            let mut in_scope = 0;
            for span in scoped.spans() {
                in_scope += 1;
                to.names.add(span.name(), 1);
                to.kinds.add(span.kind().as_str(), 1);
                to.traces.add(span.trace_id_bytes());
                to.extra("errors", u64::from(span.status_code() == StatusCode::Error));
                to.extra("events", span.events().len() as u64);
                to.extra("links", span.links().len() as u64);
                to.times.add(span.start_time());
                to.times.add(span.end_time());
                keys(span.attributes(), &[], &mut to.item_keys);
            }
            scope(scoped.scope(), in_scope, to);
            items += in_scope;
        }
        resource(group.resource(), items, &[], to);
    }
}

fn metrics(view: &MetricsView<'_>, to: &mut Summary) {
    for group in view.resource_metrics() {
        let mut items = 0;
        for scoped in group.scope_metrics() {
            let mut in_scope = 0;
            for metric in scoped.metrics() {
                let Some(data) = metric.data() else {
                    to.names.add(metric.name(), 0);
                    continue;
                };
                let points = points(&data, to);
                to.names.add(metric.name(), points);
                to.kinds.add(data.kind(), points);
                in_scope += points;
            }
            scope(scoped.scope(), in_scope, to);
            items += in_scope;
        }
        resource(group.resource(), items, &[], to);
    }
}

/// Times and attribute keys of a metric's points; gives their number.
fn points(data: &DataView<'_>, to: &mut Summary) -> u64 {
    macro_rules! each {
        ($data:expr) => {{
            let mut count = 0;
            for point in $data.points() {
                count += 1;
                to.times.add(point.time());
                keys(point.attributes(), &[], &mut to.item_keys);
            }
            count
        }};
    }
    match data {
        DataView::Gauge(data) => each!(data),
        DataView::Sum(data) => each!(data),
        DataView::Histogram(data) => each!(data),
        DataView::ExponentialHistogram(data) => each!(data),
        DataView::Summary(data) => each!(data),
        _ => 0,
    }
}

fn logs(view: &LogsView<'_>, to: &mut Summary) {
    for group in view.resource_logs() {
        let mut items = 0;
        for scoped in group.scope_logs() {
            let mut in_scope = 0;
            for record in scoped.log_records() {
                in_scope += 1;
                if !record.event_name().is_empty() {
                    to.names.add(record.event_name(), 1);
                }
                to.kinds.add(record.severity().as_str(), 1);
                if !record.trace_id_bytes().is_empty() {
                    to.traces.add(record.trace_id_bytes());
                }
                to.times.add(if record.time() == 0 { record.observed_time() } else { record.time() });
                keys(record.attributes(), &[], &mut to.item_keys);
            }
            scope(scoped.scope(), in_scope, to);
            items += in_scope;
        }
        resource(group.resource(), items, &[], to);
    }
}

fn profiles(view: &ProfilesView<'_>, to: &mut Summary) {
    let dictionary = view.dictionary();
    let strings: Vec<&str> = dictionary.strings().iter().collect();
    let attributes: Vec<i32> =
        dictionary.attributes().iter().map(|attribute| attribute.key_strindex()).collect();
    to.extra("samples", 0);
    for group in view.resource_profiles() {
        let mut items = 0;
        for scoped in group.scope_profiles() {
            let mut in_scope = 0;
            for profile in scoped.profiles() {
                in_scope += 1;
                if let Some(kind) = profile.sample_type() {
                    let (name, unit) =
                        (at(&strings, kind.type_strindex()), at(&strings, kind.unit_strindex()));
                    to.names.add(&format!("{name} ({unit})"), 1);
                }
                to.extra("samples", profile.samples().len() as u64);
                to.times.add(profile.time());
                if profile.time() != 0 {
                    to.times.add(profile.time().saturating_add(profile.duration()));
                }
                for index in profile.attribute_indices() {
                    let key = usize::try_from(index).ok().and_then(|index| attributes.get(index));
                    to.item_keys.add(key.map_or("", |key| at(&strings, *key)), 1);
                }
            }
            scope(scoped.scope(), in_scope, to);
            items += in_scope;
        }
        resource(group.resource(), items, &strings, to);
    }
}

fn at<'a>(strings: &[&'a str], index: i32) -> &'a str {
    usize::try_from(index).ok().and_then(|index| strings.get(index)).copied().unwrap_or_default()
}

/// Counts keys; `strings` is the table that a profiles' attribute may refer to instead.
fn keys(attributes: Attributes<'_>, strings: &[&str], to: &mut Counter) {
    for attribute in attributes {
        let key = attribute.key();
        to.add(if key.is_empty() { at(strings, attribute.key_strindex()) } else { key }, 1);
    }
}

fn resource(resource: Option<ResourceView<'_>>, items: u64, strings: &[&str], to: &mut Summary) {
    to.resources += 1;
    to.distinct_resources.add(resource.map_or(&[], |resource| resource.encoded()));
    let mut service = None;
    if let Some(resource) = resource {
        keys(resource.attributes(), strings, &mut to.resource_keys);
        service = resource.service_name().or_else(|| {
            let named = |key: &str, index| key == "service.name" || at(strings, index) == "service.name";
            let mut attributes = resource.attributes().into_iter();
            match attributes.find(|attribute| named(attribute.key(), attribute.key_strindex()))?.value() {
                ValueView::Str(name) => Some(name),
                ValueView::StrIndex(index) => Some(at(strings, index)),
                _ => None,
            }
        });
    }
    to.services.add(service.unwrap_or("(unknown)"), items);
}

fn scope(scope: Option<ScopeView<'_>>, items: u64, to: &mut Summary) {
    let Some(scope) = scope else { return to.scopes.add("(unknown)", items) };
    keys(scope.attributes(), &[], &mut to.scope_keys);
    match (scope.name(), scope.version()) {
        ("", _) => to.scopes.add("(unknown)", items),
        (name, "") => to.scopes.add(name, items),
        (name, version) => to.scopes.add(&format!("{name} {version}"), items),
    }
}
