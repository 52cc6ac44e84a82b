//! Spans put together into traces: who is whose child, whatever the parent references say.

use std::collections::{HashMap, HashSet};

use otlp::trace::{SpanKind, SpanView, StatusCode};
use otlp::{Batch, value::ResourceView};

use crate::render::value::{hex, pairs};

/// What is known about a trace before it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The trace id as it stands, any length.
    pub(crate) id: Vec<u8>,
    /// Name of the root span, or of the earliest.
    pub(crate) name: String,
    pub(crate) spans: usize,
    pub(crate) services: usize,
    pub(crate) errors: usize,
    /// Nanoseconds since the epoch; 0 where no span has a start.
    pub(crate) start: u64,
    /// Nanoseconds from the earliest start to the latest end.
    pub(crate) duration: u64,
}

/// Summaries of all traces, the most interesting first: errors, then many services, then many spans.
pub(crate) fn summaries(batches: &[Batch]) -> Vec<Summary> {
    #[derive(Default)]
    struct Seen<'a> {
        /// Has no parent, starts at, name.
        first: Option<(bool, u64, &'a str)>,
        spans: usize,
        services: HashSet<&'a str>,
        errors: usize,
        start: u64,
        end: u64,
    }
    let mut traces: HashMap<&[u8], Seen<'_>> = HashMap::new();
    each_span(batches, |resource, _, span| {
        let seen = traces.entry(span.trace_id_bytes()).or_default();
        let start = span.start_time();
        let root = is_nothing(span.parent_span_id_bytes());
        if seen.first.is_none_or(|(is_root, at, _)| (root && !is_root) || (root == is_root && start < at)) {
            seen.first = Some((root, start, span.name()));
        }
        seen.spans += 1;
        seen.services.insert(service_name(resource));
        seen.errors += usize::from(span.status_code() == StatusCode::Error);
        if start != 0 && (seen.start == 0 || start < seen.start) {
            seen.start = start;
        }
        seen.end = seen.end.max(start).max(span.end_time());
    });
    let mut summaries: Vec<Summary> = traces
        .into_iter()
        .map(|(id, seen)| Summary {
            id: id.to_vec(),
            name: seen.first.map_or_else(String::new, |(_, _, name)| name.to_owned()),
            spans: seen.spans,
            services: seen.services.len(),
            errors: seen.errors,
            start: seen.start,
            duration: seen.end.saturating_sub(seen.start),
        })
        .collect();
    summaries.sort_by(|a, b| {
        let rank = |s: &Summary| (s.errors > 0 && !is_nothing(&s.id), s.services, s.errors, s.spans);
        rank(b).cmp(&rank(a)).then(a.start.cmp(&b.start)).then(a.id.cmp(&b.id))
    });
    summaries
}

/// One trace, ready to be drawn.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The trace id in hex; empty if the spans have none.
    pub(crate) id: String,
    /// Names, in order of their first span.
    pub(crate) services: Vec<String>,
    /// Every span after its parent, siblings by start.
    pub(crate) spans: Vec<Span>,
    /// Nanoseconds since the epoch.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Spans beyond the limit, left out.
    pub(crate) left_out: usize,
}

/// One row of a waterfall.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) id: Vec<u8>,
    /// Levels below its root.
    pub(crate) depth: usize,
    /// Whether no sibling follows.
    pub(crate) last: bool,
    /// What is odd about its place.
    pub(crate) oddity: Option<Oddity>,
    /// Index in [`Trace::services`].
    pub(crate) service: usize,
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) error: bool,
    pub(crate) status: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) events: Vec<Event>,
    /// Hex of trace and span ids.
    pub(crate) links: Vec<(String, String)>,
}

/// Something that happened during a span.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) time: u64,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

/// What is odd about the place of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// Its parent is not among the spans.
    Orphan,
    /// It is its own ancestor.
    Cycle,
    /// It starts before its parent: the clocks differ.
    Early,
}

impl Oddity {
    /// In words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "parent is missing",
            Self::Cycle => "is its own ancestor",
            Self::Early => "starts before its parent",
        }
    }
}

impl Span {
    /// Nanoseconds; 0 if it ends before it starts.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Puts the wanted traces together, each with at most `limit` spans, in the order of `ids`.
pub(crate) fn assemble(batches: &[Batch], ids: &[&[u8]], limit: usize) -> Vec<Trace> {
    let place: HashMap<&[u8], usize> = ids.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let mut traces: Vec<Trace> = ids
        .iter()
        .map(|id| Trace {
            id: hex(id),
            services: Vec::new(),
            spans: Vec::new(),
            start: 0,
            end: 0,
            left_out: 0,
        })
        .collect();
    let mut parents: Vec<Vec<Vec<u8>>> = vec![Vec::new(); ids.len()];
    let mut services: Vec<HashMap<&str, usize>> = vec![HashMap::new(); ids.len()];
    each_span(batches, |resource, scope, span| {
        let Some(&index) = place.get(span.trace_id_bytes()) else { return };
        let trace = &mut traces[index];
        if trace.spans.len() == limit {
            trace.left_out += 1;
            return;
        }
        let service = service_name(resource);
        let service = *services[index].entry(service).or_insert_with(|| {
            trace.services.push(service.to_owned());
            trace.services.len() - 1
        });
        trace.spans.push(read(span, service, scope));
        parents[index].push(span.parent_span_id_bytes().to_vec());
    });
    for (trace, parents) in traces.iter_mut().zip(parents) {
        let spans = std::mem::take(&mut trace.spans);
        trace.start = spans.iter().map(|span| span.start).filter(|start| *start != 0).min().unwrap_or(0);
        trace.end = spans.iter().map(|span| span.end.max(span.start)).max().unwrap_or(0).max(trace.start);
        trace.spans = in_tree_order(spans, &parents);
        renumber_services(trace);
    }
    traces
}

fn read(span: &SpanView<'_>, service: usize, scope: &str) -> Span {
    let status = span.status();
    Span {
        id: span.span_id_bytes().to_vec(),
        depth: 0,
        last: true,
        oddity: None,
        service,
        scope: scope.to_owned(),
        name: span.name().to_owned(),
        kind: span.kind(),
        start: span.start_time(),
        end: span.end_time(),
        error: span.status_code() == StatusCode::Error,
        status: status.map_or_else(String::new, |status| status.message().to_owned()),
        attributes: pairs(span.attributes()),
        events: span
            .events()
            .iter()
            .map(|event| Event {
                time: event.time(),
                name: event.name().to_owned(),
                attributes: pairs(event.attributes()),
            })
            .collect(),
        links: span
            .links()
            .iter()
            .map(|link| (hex(link.trace_id_bytes()), hex(link.span_id_bytes())))
            .collect(),
    }
}

/// Orders spans so that each follows its parent. Spans without a parent, with one that is missing, and one span of each cycle
/// are roots; no span is lost or drawn twice.
fn in_tree_order(spans: Vec<Span>, parents: &[Vec<u8>]) -> Vec<Span> {
    let mut by_id: HashMap<&[u8], usize> = HashMap::with_capacity(spans.len());
    for (index, span) in spans.iter().enumerate() {
        if !is_nothing(&span.id) {
            by_id.entry(&span.id).or_insert(index);
        }
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    let mut roots: Vec<(usize, Option<Oddity>)> = Vec::new();
    for (index, parent) in parents.iter().enumerate() {
        match by_id.get(parent.as_slice()) {
            _ if is_nothing(parent) => roots.push((index, None)),
            Some(&parent) => children[parent].push(index),
            None => roots.push((index, Some(Oddity::Orphan))),
        }
    }
    let by_start = |index: &usize| (spans[*index].start, spans[*index].end);
    for list in &mut children {
        list.sort_by_key(by_start);
    }
    roots.sort_by_key(|(index, _)| by_start(index));

    // Index, depth, whether it is the last of its siblings, what is odd about it.
    let mut order: Vec<(usize, usize, bool, Option<Oddity>)> = Vec::with_capacity(spans.len());
    let mut seen = vec![false; spans.len()];
    let mut stack = Vec::new();
    let mut walk = |root: usize, oddity: Option<Oddity>, seen: &mut Vec<bool>| {
        stack.push((root, 0, true, oddity));
        while let Some((index, depth, last, oddity)) = stack.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            order.push((index, depth, last, oddity));
            let fresh: Vec<usize> = children[index].iter().copied().filter(|child| !seen[*child]).collect();
            for (place, &child) in fresh.iter().enumerate().rev() {
                let early = spans[child].start < spans[index].start && spans[child].start != 0;
                stack.push((child, depth + 1, place + 1 == fresh.len(), early.then_some(Oddity::Early)));
            }
        }
    };
    for (root, oddity) in roots {
        walk(root, oddity, &mut seen);
    }
    let mut rest: Vec<usize> = (0..spans.len()).filter(|index| !seen[*index]).collect();
    rest.sort_by_key(by_start);
    for index in rest {
        if !seen[index] {
            walk(index, Some(Oddity::Cycle), &mut seen);
        }
    }
    drop(by_id);
    let mut spans: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|(index, depth, last, oddity)| Some(Span { depth, last, oddity, ..spans[index].take()? }))
        .collect()
}

/// Gives services their numbers, and so their colours, in the order in which the drawing shows them.
fn renumber_services(trace: &mut Trace) {
    let mut new: Vec<Option<usize>> = vec![None; trace.services.len()];
    let mut names = Vec::new();
    for span in &mut trace.spans {
        let service = *new[span.service].get_or_insert_with(|| {
            names.push(trace.services[span.service].clone());
            names.len() - 1
        });
        span.service = service;
    }
    trace.services = names;
}

/// Calls `f` with the resource, the scope's name and the span, for all spans.
fn each_span<'a>(batches: &'a [Batch], mut f: impl FnMut(Option<ResourceView<'a>>, &'a str, &SpanView<'a>)) {
    for traces in batches.iter().filter_map(Batch::traces) {
        for group in traces.resource_spans() {
            let resource = group.resource();
            for group in group.scope_spans() {
                let scope = group.scope().map_or("", |scope| scope.name());
                for span in group.spans() {
                    f(resource, scope, &span);
                }
            }
        }
    }
}

/// `service.name`, or what stands for it.
pub(crate) fn service_name(resource: Option<ResourceView<'_>>) -> &str {
    resource.and_then(|resource| resource.service_name()).filter(|name| !name.is_empty()).unwrap_or("unknown")
}

/// The service, or what else a resource is commonly known by.
pub(crate) fn source_name(resource: Option<ResourceView<'_>>) -> &str {
    const NAMES: [&str; 5] = ["service.name", "k8s.pod.name", "container.name", "k8s.node.name", "host.name"];
    let attributes = resource.map(|resource| resource.attributes());
    let value = |key| attributes?.value_of(key)?.as_str().filter(|name| !name.is_empty());
    NAMES.iter().find_map(|key| value(key)).unwrap_or("unknown")
}

/// No id, or all zero, which W3C calls invalid.
fn is_nothing(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0)
}
