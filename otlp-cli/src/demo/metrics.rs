//! Metrics measured on the story: all five kinds, with exemplars that lead to its traces.

use std::collections::BTreeMap;

use otlp::metrics::{MetricsWriter, ScopeMetricsWriter, Temporality};
use otlp::trace::SpanKind;
use otlp::{Batch, SpanId, TraceId};

use super::random::Random;
use super::service::{About, SCHEMA, SERVICES, Service, describe};
use super::story::{PlannedSpan, SECOND, Story};
use super::traces::text_of;

/// Bounds that the conventions advise for durations of HTTP requests, in seconds.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Eight buckets for each doubling.
const SCALE: i32 = 3;

/// What has been counted since the start; cumulative metrics tell it again with every batch.
#[derive(Debug, Default)]
pub(super) struct Meter {
    since: u64,
    /// By route.
    http: BTreeMap<String, Cumulative>,
    orders: i64,
    consumed: i64,
    memory: BTreeMap<Service, u64>,
}

#[derive(Debug, Default, Clone)]
struct Cumulative {
    counts: [u64; BOUNDS.len() + 1],
    sum: f64,
    range: Option<(f64, f64)>,
    slowest: Option<(f64, u64, TraceId, SpanId)>,
}

impl Meter {
    pub(super) fn new(since: u64) -> Self {
        Self { since, ..Self::default() }
    }

    /// The metrics of all services at the end of this stretch of the story.
    pub(super) fn batch(&mut self, story: &Story, random: &Random) -> Batch {
        let mut writer = MetricsWriter::new();
        for about in &SERVICES {
            let spans: Vec<&PlannedSpan> =
                story.spans.iter().filter(|span| span.service == about.service).collect();
            let mut resource = writer.resource(|resource| describe!(resource, about));
            resource.schema_url(SCHEMA);
            let mut scope = resource.scope("shop.telemetry", "0.4.0");
            self.host(&mut scope, about, story.end, random);
            match about.service {
                Service::Frontend => self.http(&mut scope, &spans, story.end),
                Service::Checkout => {
                    self.orders += story.orders.len() as i64;
                    let orders = scope.metric("shop.orders").description("Orders placed").unit("{order}");
                    orders.sum(Temporality::Cumulative, true).point(self.orders).times(self.since, story.end);
                }
                Service::Payment => collections(&mut scope, story, random),
                Service::Mailer => self.consumed(&mut scope, &spans, story.end),
                Service::Inventory => connections(&mut scope, story.end, random),
                Service::Cart | Service::OrdersDb => {}
            }
            rpc(&mut scope, &spans, story);
        }
        writer.finish()
    }

    /// A gauge and an up-down sum that every service has.
    fn host(&mut self, scope: &mut ScopeMetricsWriter<'_>, about: &About, now: u64, random: &Random) {
        let load = 0.08 + about.service as usize as f64 * 0.05 + random.below(200) as f64 / 1_000.0;
        let cpu = scope.metric("process.cpu.utilization").description("Share of the CPUs in use").unit("1");
        cpu.gauge().point(load).times(0, now).attr("cpu.mode", "user");
        let usual = 90_000_000 + about.service as u64 * 35_000_000;
        let used = self.memory.entry(about.service).or_insert(usual);
        *used = *used + random.below(9_000_000) - 3_500_000;
        let memory = scope.metric("process.memory.usage").description("Physical memory in use").unit("By");
        memory.sum(Temporality::Cumulative, false).point(*used as i64).times(self.since, now);
    }

    /// A cumulative histogram of request durations, and the number of requests at work.
    fn http(&mut self, scope: &mut ScopeMetricsWriter<'_>, spans: &[&PlannedSpan], now: u64) {
        for span in spans.iter().filter(|span| span.kind == SpanKind::Server) {
            let Some(route) = text_of(span, "http.route") else { continue };
            let seconds = (span.end - span.start) as f64 / SECOND as f64;
            let total = self.http.entry(route.to_owned()).or_default();
            total.counts[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
            total.sum += seconds;
            let (min, max) = total.range.unwrap_or((seconds, seconds));
            total.range = Some((min.min(seconds), max.max(seconds)));
            if total.slowest.is_none_or(|(slowest, ..)| seconds > slowest) {
                total.slowest = Some((seconds, span.end, span.trace, span.id));
            }
        }
        let metric = scope
            .metric("http.server.request.duration")
            .description("Duration of HTTP server requests")
            .unit("s");
        let mut histogram = metric.histogram(Temporality::Cumulative);
        for (route, total) in &self.http {
            let mut point = histogram.point(total.counts.iter().sum());
            point.times(self.since, now).sum(total.sum).buckets(&BOUNDS, &total.counts);
            if let Some((min, max)) = total.range {
                point.range(min, max);
            }
            let method = if route.starts_with("/products") { "GET" } else { "POST" };
            point.attr("http.request.method", method).attr("http.route", route).attr("url.scheme", "https");
            if let Some((seconds, time, trace, span)) = total.slowest {
                point.exemplar(seconds, time).ids(trace, span);
            }
        }
        let active = spans.iter().filter(|span| span.parent.is_none() && span.end > now).count() as i64;
        let metric =
            scope.metric("http.server.active_requests").description("Requests at work").unit("{request}");
        metric
            .sum(Temporality::Cumulative, false)
            .point(active)
            .times(self.since, now)
            .attr("http.request.method", "POST")
            .attr("url.scheme", "https");
    }

    fn consumed(&mut self, scope: &mut ScopeMetricsWriter<'_>, spans: &[&PlannedSpan], now: u64) {
        self.consumed += spans.iter().filter(|span| span.kind == SpanKind::Consumer).count() as i64;
        let metric = scope
            .metric("messaging.client.consumed.messages")
            .description("Messages taken")
            .unit("{message}");
        let mut sum = metric.sum(Temporality::Cumulative, true);
        sum.point(self.consumed)
            .times(self.since, now)
            .attr("messaging.system", "kafka")
            .attr("messaging.destination.name", "orders");
    }
}

/// Connections of the pool, by state.
fn connections(scope: &mut ScopeMetricsWriter<'_>, now: u64, random: &Random) {
    let metric = scope
        .metric("db.client.connection.count")
        .description("Connections of the pool")
        .unit("{connection}");
    let mut sum = metric.sum(Temporality::Cumulative, false);
    let used = 2 + random.below(9) as i64;
    for (state, number) in [("used", used), ("idle", 16 - used)] {
        sum.point(number)
            .times(0, now)
            .attr("db.client.connection.state", state)
            .attr("db.client.connection.pool.name", "orders-db");
    }
}

/// A summary, as a bridge from Prometheus makes it.
fn collections(scope: &mut ScopeMetricsWriter<'_>, story: &Story, random: &Random) {
    let metric = scope
        .metric("go_gc_duration_seconds")
        .description("A summary of the pause duration of garbage collection cycles.")
        .unit("s");
    let mut summary = metric.summary();
    let count = 12 + random.below(5);
    let mut point = summary.point(count, count as f64 * 0.000_18);
    point.times(story.start, story.end);
    let mut value = 0.000_04;
    for quantile in [0.0, 0.25, 0.5, 0.75, 1.0] {
        value *= 1.3 + random.below(60) as f64 / 100.0;
        point.quantile(quantile, value);
    }
}

/// An exponential histogram of the durations of remote calls in this stretch, by method.
fn rpc(scope: &mut ScopeMetricsWriter<'_>, spans: &[&PlannedSpan], story: &Story) {
    let mut calls: BTreeMap<&str, Vec<&PlannedSpan>> = BTreeMap::new();
    for span in spans.iter().filter(|span| span.kind == SpanKind::Server) {
        if let Some(method) = text_of(span, "rpc.method") {
            calls.entry(method).or_default().push(span);
        }
    }
    if calls.is_empty() {
        return;
    }
    let metric = scope.metric("rpc.server.call.duration").description("Duration of incoming calls").unit("s");
    let mut histogram = metric.exponential_histogram(Temporality::Delta);
    for (method, spans) in calls {
        let mut buckets: BTreeMap<i32, u64> = BTreeMap::new();
        let (mut sum, mut min, mut max) = (0.0, f64::INFINITY, 0.0_f64);
        let mut slowest = spans[0];
        for span in &spans {
            let seconds = (span.end - span.start) as f64 / SECOND as f64;
            sum += seconds;
            min = min.min(seconds);
            max = max.max(seconds);
            if span.end - span.start > slowest.end - slowest.start {
                slowest = span;
            }
            // Bucket i ends at 2^((i + 1) / 2^scale), inclusive.
            *buckets.entry((seconds.log2() * f64::from(1 << SCALE)).ceil() as i32 - 1).or_default() += 1;
        }
        let (Some(first), Some(last)) = (buckets.keys().next(), buckets.keys().next_back()) else { continue };
        let counts: Vec<u64> =
            (*first..=*last).map(|index| buckets.get(&index).copied().unwrap_or(0)).collect();
        let mut point = histogram.point(spans.len() as u64, SCALE);
        point.times(story.start, story.end).sum(sum).range(min, max).positive(*first, &counts);
        point.attr("rpc.system.name", "grpc").attr("rpc.method", method);
        point.exemplar(max, slowest.end).ids(slowest.trace, slowest.id);
    }
}
