//! Aggregating encoded metrics: points of one series become one point, delta becomes cumulative and back.
//!
//! A series is what the protocol says it is: resource, scope, metric name, unit, kind, temporality and attributes, compared
//! byte by byte as they are encoded. Producers write the attributes of a series in the same order each time; equal
//! attributes in another order are another series.
//!
//! Nothing is guessed. A point that the rules do not cover (no temporality, other buckets, a summary) is passed on as it is
//! or, where that would be wrong, left out; both are counted in the [`Report`], by metric and reason.
//!
//! ```
//! use otlp_core::metrics::{MetricsWriter, Temporality};
//! use otlp_simd::aggregate::{Aggregation, aggregate};
//!
//! let mut writer = MetricsWriter::new();
//! for (time, count) in [(1_000, 5), (2_000, 7)] {
//!     let mut shop = writer.resource(|resource| _ = resource.attr("service.name", "shop"));
//!     let mut scope = shop.scope("", "");
//!     let mut requests = scope.metric("requests").sum(Temporality::Delta, true);
//!     requests.point(count).times(time - 1_000, time).attr("http.route", "/cart");
//! }
//! let aggregated = aggregate(&[writer.finish()], &Aggregation::default());
//! assert_eq!((aggregated.batch.items(), aggregated.report.problems.len()), (1, 0));
//! let metrics = aggregated.batch.metrics().ok_or("metrics")?;
//! let point = metrics.metrics().next().and_then(|metric| metric.sum()?.points().get(0)).ok_or("a point")?;
//! assert_eq!((point.as_int(), point.start_time(), point.time()), (Some(12), 0, 2_000));
//! # Ok::<(), &str>(())
//! ```

mod column;
mod convert;
mod cumulative;
mod delta;
mod exponential;
mod group;
mod histogram;
mod identity;
mod option;
mod point;
mod report;
mod series;
#[cfg(test)]
mod tests;
mod write;

pub use cumulative::ToCumulative;
pub use delta::{FirstPoint, ToDelta};
pub use group::aggregate;
pub use option::{Aggregation, NumberFunction};
pub use report::{Aggregated, Problem, ProblemKind, Report};
