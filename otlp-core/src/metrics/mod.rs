//! Metrics: data points in metrics in scopes in resources.

mod temporality;
mod view;

pub use temporality::Temporality;
pub use view::{
    BucketsView, DataView, ExemplarView, ExponentialHistogramPointView, ExponentialHistogramView, GaugeView,
    HistogramPointView, HistogramView, MetricView, MetricsView, Number, NumberPointView, QuantileView,
    ResourceMetricsView, ScopeMetricsView, SumView, SummaryPointView, SummaryView,
};
