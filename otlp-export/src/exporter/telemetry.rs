//! The ledger as metrics, sent through the exporter itself.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use otlp_core::{
    Batch, Signal,
    metrics::{MetricsWriter, ScopeMetricsWriter, Temporality},
};

use super::{lane::Observed, outlet::Outlet, shared::Shared};
use crate::{DropReason, FailureKind, Protocol};

/// Upper bounds in seconds of the durations' buckets: those that the conventions advise for durations.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// More kinds of failure than this are counted as the last of them.
const MAX_KINDS: usize = 32;

/// Durations of attempts, by how they ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Operations(Vec<(Option<FailureKind>, Durations)>);

#[derive(Debug, Clone, Default)]
struct Durations {
    count: u64,
    sum: f64,
    buckets: [u64; BOUNDS.len() + 1],
}

impl Operations {
    pub(super) fn record(&mut self, took: Duration, failure: Option<FailureKind>) {
        let at = self.0.iter().position(|(kind, _)| *kind == failure).unwrap_or_else(|| {
            if self.0.len() < MAX_KINDS {
                self.0.push((failure, Durations::default()));
            }
            self.0.len() - 1
        });
        let durations = &mut self.0[at].1;
        let seconds = took.as_secs_f64();
        durations.count += 1;
        durations.sum += seconds;
        durations.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
    }
}

/// Writes the metrics every so often.
pub(super) struct SelfMetrics {
    interval: Duration,
    resource: Vec<(String, String)>,
    start: u64,
}

impl SelfMetrics {
    pub(super) fn new(interval: Duration, mut resource: Vec<(String, String)>) -> Self {
        if !resource.iter().any(|(key, _)| key == "service.name") {
            let name = env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| "unknown_service".to_owned());
            resource.insert(0, ("service.name".to_owned(), name));
        }
        Self { interval, resource, start: now() }
    }

    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Sends the metrics as they are now. A queue that is full refuses them as it does others; the ledger counts them.
    pub(super) fn send(&self, shared: &Shared) {
        let _ = shared.submit(self.write(shared));
    }

    fn write(&self, shared: &Shared) -> Batch {
        let mut writer = MetricsWriter::new();
        let mut resource = writer.resource(|resource| {
            for (key, value) in &self.resource {
                resource.attr(key.as_str(), value.as_str());
            }
        });
        let mut scope = resource.scope("otlp-export", env!("CARGO_PKG_VERSION"));
        let times = (self.start, now());
        let lanes: Vec<LaneNow<'_>> = shared.outlets.iter().flat_map(|outlet| LaneNow::of(outlet)).collect();
        // Profiles have no names in the conventions yet.
        for (signal, item, unit) in [
            (Signal::Traces, "span", "{span}"),
            (Signal::Metrics, "metric_data_point", "{data_point}"),
            (Signal::Logs, "log", "{log_record}"),
        ] {
            let lanes: Vec<_> = lanes.iter().filter(|lane| lane.signal == signal).collect();
            in_flight(&mut scope, item, unit, &lanes, times);
            exported(&mut scope, item, unit, &lanes, times);
            if signal != Signal::Metrics {
                queue(&mut scope, item, unit, &lanes, times);
            }
        }
        durations(&mut scope, &lanes, times);
        writer.finish()
    }
}

/// What the metrics say of one lane.
struct LaneNow<'a> {
    signal: Signal,
    /// `otel.component.type`.
    component: &'static str,
    /// `otel.component.name`.
    name: &'a str,
    capacity: usize,
    observed: Observed,
}

impl<'a> LaneNow<'a> {
    fn of(outlet: &'a Outlet) -> impl Iterator<Item = Self> + 'a {
        outlet.lanes().iter().map(|lane| LaneNow {
            signal: lane.signal,
            component: component(outlet.client(lane.signal).protocol(), lane.signal),
            name: &lane.name,
            capacity: lane.settings.queue_items,
            observed: lane.observe(),
        })
    }
}

const fn component(protocol: Protocol, signal: Signal) -> &'static str {
    match (protocol, signal) {
        (Protocol::Grpc, Signal::Traces) => "otlp_grpc_span_exporter",
        (Protocol::Grpc, Signal::Metrics) => "otlp_grpc_metric_exporter",
        (Protocol::Grpc, Signal::Logs) => "otlp_grpc_log_exporter",
        (Protocol::Grpc, Signal::Profiles) => "otlp_grpc_profile_exporter",
        (Protocol::HttpProtobuf, Signal::Traces) => "otlp_http_span_exporter",
        (Protocol::HttpProtobuf, Signal::Metrics) => "otlp_http_metric_exporter",
        (Protocol::HttpProtobuf, Signal::Logs) => "otlp_http_log_exporter",
        (Protocol::HttpProtobuf, Signal::Profiles) => "otlp_http_profile_exporter",
        (Protocol::HttpJson, Signal::Traces) => "otlp_http_json_span_exporter",
        (Protocol::HttpJson, Signal::Metrics) => "otlp_http_json_metric_exporter",
        (Protocol::HttpJson, Signal::Logs) => "otlp_http_json_log_exporter",
        (Protocol::HttpJson, Signal::Profiles) => "otlp_http_json_profile_exporter",
    }
}

/// Adds the attributes that name the lane.
macro_rules! of_lane {
    ($point:expr, $lane:expr, $times:expr) => {
        $point
            .times($times.0, $times.1)
            .attr("otel.component.type", $lane.component)
            .attr("otel.component.name", $lane.name)
    };
}

fn in_flight(
    scope: &mut ScopeMetricsWriter<'_>,
    item: &str,
    unit: &str,
    lanes: &[&LaneNow<'_>],
    times: (u64, u64),
) {
    let metric = scope.metric(&format!("otel.sdk.exporter.{item}.inflight")).unit(unit);
    let mut sum = metric.sum(Temporality::Cumulative, false);
    for lane in lanes {
        of_lane!(sum.point(signed(lane.observed.in_flight)), lane, times);
    }
}

/// Accepted items without `error.type`; with it those that were rejected or dropped.
fn exported(
    scope: &mut ScopeMetricsWriter<'_>,
    item: &str,
    unit: &str,
    lanes: &[&LaneNow<'_>],
    times: (u64, u64),
) {
    let metric = scope.metric(&format!("otel.sdk.exporter.{item}.exported")).unit(unit);
    let mut sum = metric.sum(Temporality::Cumulative, true);
    for lane in lanes {
        let account = &lane.observed.account;
        of_lane!(sum.point(signed(account.accepted)), lane, times);
        let drops = account.drops().map(|(reason, items): (DropReason, u64)| (reason.as_str(), items));
        let rejected = (account.rejected > 0).then_some(("rejected", account.rejected));
        for (reason, items) in drops.chain(rejected) {
            of_lane!(sum.point(signed(items)), lane, times).attr("error.type", reason);
        }
    }
}

fn queue(
    scope: &mut ScopeMetricsWriter<'_>,
    item: &str,
    unit: &str,
    lanes: &[&LaneNow<'_>],
    times: (u64, u64),
) {
    for (what, value) in [
        ("size", (|lane| lane.observed.account.pending) as fn(&LaneNow<'_>) -> u64),
        ("capacity", |lane| lane.capacity as u64),
    ] {
        let metric = scope.metric(&format!("otel.sdk.processor.{item}.queue.{what}")).unit(unit);
        let mut sum = metric.sum(Temporality::Cumulative, false);
        for lane in lanes {
            of_lane!(sum.point(signed(value(lane))), lane, times);
        }
    }
}

fn durations(scope: &mut ScopeMetricsWriter<'_>, lanes: &[LaneNow<'_>], times: (u64, u64)) {
    let metric = scope.metric("otel.sdk.exporter.operation.duration").unit("s");
    let mut histogram = metric.histogram(Temporality::Cumulative);
    for lane in lanes {
        for (failure, Durations { count, sum, buckets }) in &lane.observed.operations.0 {
            let mut point = histogram.point(*count);
            let point = of_lane!(point.sum(*sum).buckets(&BOUNDS, buckets), lane, times);
            match failure {
                None => {}
                Some(FailureKind::HttpStatus(status)) => {
                    point
                        .attr("http.response.status_code", i64::from(*status))
                        .attr("error.type", status.to_string().as_str());
                }
                Some(FailureKind::GrpcStatus(code)) => {
                    point.attr("error.type", code.to_string().as_str());
                }
                Some(kind) => {
                    point.attr("error.type", kind.to_string().as_str());
                }
            }
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
